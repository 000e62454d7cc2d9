"""The check finds each usual way to look ahead, says where it shows, and leaves honest strategies alone."""

from typing import Any

import numpy as np
import pandas as pd
import param
import pytest

from tests.builders import MINUTE, START, columns, flat
from tradekit.errors import DataError, StrategyError
from tradekit.indicators.averages import EMA
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderFilled
from tradekit.run.lookahead import check_lookahead
from tradekit.strategy.base import Strategy
from tradekit.strategy.library import InsideBarBreakout, SmaCross, SmaCrossVector
from tradekit.strategy.vector import Bars, VectorStrategy

COUNT = 300
WALK = (np.round(100 * 64 * np.exp(np.random.default_rng(4).normal(0, 0.01, COUNT).cumsum())) / 64).tolist()
BARS = columns([flat(n, price) for n, price in enumerate(WALK)])


class Vector(VectorStrategy):
    """The base of those below."""

    window: Any = 5


class Momentum(Vector):
    """Honest: higher than four bars ago."""

    def target(self, bars: Bars) -> Any:
        before = np.concatenate((np.full(4, np.nan), bars.close[:-4]))[: len(bars)]
        return np.where(bars.close > before, 1.0, -1.0)


class Tomorrow(Vector):
    """shift(-1)."""

    def target(self, bars: Bars) -> Any:
        close = pd.Series(bars.close)
        return (close.shift(-1) > close).to_numpy(float)


class Rolled(Vector):
    """The same with np.roll, which brings the first bar round to the end."""

    def target(self, bars: Bars) -> Any:
        return np.roll(bars.close, -1) > bars.close


class AboveTheMean(Vector):
    """The mean of all the data."""

    def target(self, bars: Bars) -> Any:
        return np.where(bars.close > bars.close.mean(), 1.0, 0.0)


class Scaled(Vector):
    """Normalised over the full sample."""

    def target(self, bars: Bars) -> Any:
        return (bars.close - bars.close.min()) / (np.ptp(bars.close) or 1.0)


class Centred(Vector):
    """A smoother that reaches two bars ahead."""

    def target(self, bars: Bars) -> Any:
        return np.where(bars.close > np.convolve(bars.close, np.ones(5) / 5, "same"), 1.0, 0.0)


class Rare(Vector):
    """Looks ahead on a few bars only."""

    def target(self, bars: Bars) -> Any:
        found = np.zeros(len(bars))
        found[:-1][np.diff(bars.close) > 2.5] = 1.0
        return found


class LongMemory(Vector):
    """An average that never forgets, in a short window."""

    def target(self, bars: Bars) -> Any:
        return bars.close - self.ind(EMA, bars.close, 5)


@pytest.mark.parametrize("peeker", [Tomorrow, Rolled, AboveTheMean, Scaled, Centred, Rare])
def test_a_target_that_looks_ahead_is_found(peeker: type[VectorStrategy]) -> None:
    report = check_lookahead(peeker, BARS)
    assert not report.ok
    assert {peek.how for peek in report.peeks} >= {"prefix"}
    assert "It looks at later bars" in str(report)
    lines = str(report).splitlines()
    assert sorted(set(lines)) == sorted(lines), "a bar that many cuts show is told once"


def test_a_memory_longer_than_the_window_is_found() -> None:
    report = check_lookahead(LongMemory, BARS)
    assert {peek.how for peek in report.peeks} == {"window"}
    assert "make `window` longer" in str(report)


@pytest.mark.parametrize("strategy", [Momentum, SmaCrossVector, SmaCrossVector(fast=3, slow=7)])
def test_an_honest_target_passes(strategy: Any) -> None:
    report = check_lookahead(strategy, BARS)
    assert report.ok, report
    assert 15 <= report.prefixes <= 20
    assert 120 <= report.windows <= 200
    counts = f"{report.prefixes} prefixes and {report.windows} windows of 300 bars"
    assert f"no lookahead found; {counts}" in str(report)
    assert report.frame.empty


def test_the_report_says_what_was_decided_where() -> None:
    def target(self: Any, bars: Bars) -> Any:
        return np.where(bars.ts == START + 7 * MINUTE, 1.0 + (bars.ts[-1] > START + 7 * MINUTE), np.nan)

    report = check_lookahead(type("Odd", (Vector,), {"target": target}), BARS)
    (told,) = {str(peek) for peek in report.peeks if peek.how == "prefix"}
    assert (
        told
        == "BTC bar 7 (2022-12-13 00:07:00 UTC): position 2 with all bars, position 1 with the bars up to it"
    )
    row = report.frame.iloc[0]
    assert (row["bar"], row["whole"], row["ts"]) == (
        7,
        "position 2",
        pd.Timestamp("2022-12-13 00:07", tz="UTC"),
    )


class Planned(Strategy):
    """Acts on a plan that it was made with, one entry a bar."""

    def __init__(self, plan: Any = (), **params: Any) -> None:
        super().__init__(**params)
        self.plan = list(plan)

    def on_start(self) -> None:
        self.n = 0

    def on_bar(self, bar: Bar) -> None:
        wish = self.plan[self.n]
        self.n += 1
        if wish == "signal":
            self.signal("up", 1)
        elif wish == "limit":
            self.buy(1, limit=bar.close - 50)
        elif wish == "cancel":
            self.cancel_all()
        else:
            self.buy_to(wish)


def honest(bars: pd.DataFrame) -> Strategy:
    return Planned((bars["close"].diff() > 0).astype(int).tolist())


def reads_beyond(bars: pd.DataFrame) -> Strategy:
    return Planned((bars["close"].shift(-3) > bars["close"]).astype(int).tolist())


def scaled(bars: pd.DataFrame) -> Strategy:
    return Planned((bars["close"] > bars["close"].median()).astype(int).tolist())


@pytest.mark.parametrize("maker", [reads_beyond, scaled])
def test_a_plan_made_from_later_bars_is_found(maker: Any) -> None:
    report = check_lookahead(maker, BARS)
    assert not report.ok
    assert report.windows == 0
    assert "market buy 1" in str(report.frame[["whole", "part"]].to_numpy().tolist())


@pytest.mark.parametrize("wish", ["signal", "limit", "cancel", 1])
def test_a_wish_that_only_the_whole_or_only_the_part_has_is_found(wish: Any) -> None:
    for when_whole in (True, False):

        def maker(bars: pd.DataFrame, when_whole: bool = when_whole) -> Strategy:
            plan: list[Any] = ["limit" if wish == "cancel" else 0] + [0] * (len(bars) - 1)
            if (len(bars) == COUNT) is when_whole and len(bars) > 40:
                plan[40] = wish
            return Planned(plan)

        report = check_lookahead(maker, BARS, cuts=6)
        assert not report.ok
        assert report.peeks[0].bar == 40
        assert "nothing" in {report.peeks[0].whole, report.peeks[0].part}


@pytest.mark.parametrize("strategy", [SmaCross(fast=3, slow=8), InsideBarBreakout, honest])
def test_an_honest_strategy_passes(strategy: Any) -> None:
    report = check_lookahead(strategy, BARS, fee=0.001, cuts=10)
    assert report.ok, report
    assert 6 <= report.prefixes <= 10


def test_what_is_wished_for_on_a_later_fill_and_at_the_end_is_no_lookahead() -> None:
    class Answering(SmaCross):
        def on_fill(self, fill: OrderFilled) -> None:
            self.signal("filled", 1)

        def on_stop(self) -> None:
            self.buy(3)

    report = check_lookahead(Answering(fast=2, slow=4), BARS, cuts=30)
    assert report.ok, report


def test_a_vector_strategy_with_callbacks_is_held_to_both() -> None:
    class Both(Tomorrow):
        def on_fill(self, fill: OrderFilled) -> None:
            self.signal("filled", 1)

    by_target, by_event = (
        check_lookahead(Tomorrow, BARS, cuts=14),
        check_lookahead(Both, BARS, cuts=14, windows=0),
    )
    assert by_event.prefixes > by_target.prefixes
    assert not by_event.ok


def test_several_instruments_are_cut_at_the_same_moment() -> None:
    other = columns([flat(n, 50.0 + n % 9, instrument="ETH") for n in range(10, 200)], Instrument(id="ETH"))
    for strategy in (SmaCross(fast=3, slow=8), Momentum):
        report = check_lookahead(strategy, [BARS, other], cuts=6)
        assert report.ok, report
    assert {peek.instrument for peek in check_lookahead(Tomorrow, [BARS, other]).peeks} == {"BTC", "ETH"}


def test_the_checked_strategy_is_left_as_it_was() -> None:
    class Counting(SmaCross):
        count = param.Integer(0)

        def on_start(self) -> None:
            super().on_start()
            self.seen = 0

    strategy = Counting(fast=3, slow=8)
    check_lookahead(strategy, BARS)
    assert not hasattr(strategy, "seen")
    assert type(strategy) is Counting


def test_ticks_and_a_function_that_gives_no_strategy_are_refused() -> None:
    with pytest.raises(DataError, match="cuts bars only: leave `ticks` out"):
        check_lookahead(SmaCross, BARS, ticks=[])
    with pytest.raises(StrategyError, match="the function gave int: let it return a strategy"):
        check_lookahead(lambda bars: 3, BARS)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("count", [1, 4, 6])
def test_a_few_bars_are_enough_to_ask(count: int) -> None:
    assert check_lookahead(Momentum, BARS.part(0, count)).ok
    assert check_lookahead(SmaCross, BARS.part(0, count)).ok


AHEAD = pd.Series(WALK).shift(-1)


class Knows(Strategy):
    """Reads tomorrow from a table of its module: the same with fewer bars."""

    def on_start(self) -> None:
        self.n = -1

    def on_bar(self, bar: Bar) -> None:
        self.n += 1
        self.buy_to(1 if AHEAD[self.n] > bar.close else 0)


def test_data_that_no_part_was_without_is_named_as_not_checked() -> None:
    report = check_lookahead(Knows, BARS)
    assert (report.ok, report.unchecked) == (True, ["AHEAD"])
    assert "Not checked: AHEAD. It reads that besides the bars" in str(report)
    assert check_lookahead(lambda bars: Knows(), BARS).unchecked == []
    assert check_lookahead(SmaCross, BARS).unchecked == []
