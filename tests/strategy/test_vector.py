"""A vector strategy decides on exactly its last bars, live and in research, and says what is wrong with a target."""

from typing import Any

import numpy as np
import param
import pytest

from tests.builders import BTC, bar, columns, flat
from tests.trading.desk import Desk, orders
from tradekit.errors import StrategyError
from tradekit.indicators.averages import SMA
from tradekit.indicators.volatility import ATR
from tradekit.model.instrument import Instrument
from tradekit.run.vector import bars_of
from tradekit.state.reducer import BARS_KEPT
from tradekit.strategy.base import Strategy
from tradekit.strategy.library import SmaCrossVector
from tradekit.strategy.memo import Memo
from tradekit.strategy.vector import Bars, VectorStrategy, decided, decides_alone, units, window_of

ROWS = [bar(n, (90.0 + n, 95.0 + n, 85.0, 91.0 + n % 4), volume=n) for n in range(30)]


class Seeing(VectorStrategy):
    """Notes what it is shown; wishes for nothing."""

    window: Any = 3
    back = param.Integer(0, doc="bars that it looks back over instead, if any")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.seen: list[Bars] = []

    def target(self, bars: Bars) -> Any:
        self.seen.append(bars)
        return np.full(len(bars), np.nan)


class Wide(Seeing):
    """Its window is a parameter."""

    @property
    def window(self) -> int:
        return int(self.back)


class Giving(VectorStrategy):
    """Gives what the test says."""

    window: Any = 1
    given: Any = None

    def target(self, bars: Bars) -> Any:
        return self.given(bars) if callable(self.given) else self.given


def all_bars() -> Bars:
    return bars_of(columns(ROWS))


def test_live_it_is_shown_exactly_the_last_window_of_closed_bars() -> None:
    desk = Desk(Seeing())
    for row in ROWS:
        desk.bar(row)
    seen = desk.strategy.seen  # type: ignore[attr-defined]
    assert [len(bars) for bars in seen] == [3] * 28
    for number, bars in enumerate(seen):
        last = ROWS[number : number + 3]
        assert (bars.instrument, bars.timeframe) == ("BTC", "1m")
        for name in ("ts", "open", "high", "low", "close", "volume"):
            assert getattr(bars, name).tolist() == [getattr(row, name) for row in last]


def test_what_it_was_shown_may_be_kept_and_is_never_written_again() -> None:
    desk = Desk(Seeing())
    count = 3000  # more than a tail has room for
    for number in range(count):
        desk.bar(flat(number, float(number)))
    seen = desk.strategy.seen  # type: ignore[attr-defined]
    assert [bars.close.tolist() for bars in seen] == [[n, n + 1, n + 2] for n in range(count - 2)]
    with pytest.raises(ValueError, match="read-only"):
        seen[0].close[0] = 1


def test_each_instrument_is_shown_by_itself() -> None:
    desk = Desk(Seeing(), specs=[BTC, Instrument(id="ETH")])
    for number in range(3):
        desk.bar(flat(number, 100.0 + number))
        desk.bar(flat(number, 5.0, instrument="ETH"))
    shown = [(bars.instrument, bars.close.tolist()) for bars in desk.strategy.seen]  # type: ignore[attr-defined]
    assert shown == [("BTC", [100.0, 101.0, 102.0]), ("ETH", [5.0, 5.0, 5.0])]


@pytest.mark.parametrize("after", [4, 12])
def test_new_parameters_go_on_with_the_bars_that_are_known(after: int) -> None:
    desk = Desk(Wide(back=10))
    for number in range(12):
        desk.bar(flat(number, float(number)))
    desk.command("set_param", name="back", value=after)
    desk.bar(flat(12, 12.0))
    last = desk.strategy.seen[-1].close.tolist()  # type: ignore[attr-defined]
    assert last == [float(n) for n in range(13 - after, 13)]


def test_a_longer_window_than_the_state_keeps_goes_on_with_its_own_bars() -> None:
    desk = Desk(Wide(back=BARS_KEPT + 40))
    for number in range(BARS_KEPT + 50):
        desk.bar(flat(number, float(number)))
    desk.command("set_param", name="back", value=BARS_KEPT + 20)
    desk.bar(flat(BARS_KEPT + 50, 1.0))
    assert len(desk.strategy.seen[-1]) == BARS_KEPT + 20  # type: ignore[attr-defined]


def test_it_wishes_for_what_the_last_bar_says_and_nan_leaves_the_wish() -> None:
    wanted = iter([1, 1, np.nan, -2, np.nan, 0, True])
    desk = Desk(type("Giving", (Giving,), {"given": lambda self, bars: [next(wanted)]})())
    told = [orders(desk.bar(flat(n, 100.0))) for n in range(7)]
    assert [[(str(o.side), str(o.qty)) for o in one] for one in told] == [
        [("buy", "1")], [], [], [("sell", "3")], [], [("buy", "2")], [("buy", "1")],
    ]  # fmt: skip


def test_the_library_cross_decides_as_its_twin_in_the_other_style() -> None:
    rng = np.random.default_rng(2)
    bars = columns([flat(n, price) for n, price in enumerate(rng.integers(90 * 64, 110 * 64, 80) / 64)])
    strategy = SmaCrossVector(fast=3, slow=8, qty=2)
    wanted = decided(strategy, bars_of(bars), Memo())
    fast, slow = SMA(3).array(bars.close), SMA(8).array(bars.close)
    assert np.isnan(wanted[:7]).all()
    assert wanted[7:].tolist() == np.where(fast > slow, 2.0, 0.0)[7:].tolist()


def test_an_indicator_takes_columns_or_the_bars_themselves() -> None:
    bars = all_bars()
    made = Giving()
    expected = ATR(4).array(bars.high, bars.low, bars.close)
    for found in (made.ind(ATR, bars, 4), made.ind(ATR, bars.high, bars.low, bars.close, period=4)):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(made.ind(SMA, bars, 4), SMA(4).array(bars.close))


def test_within_one_call_an_indicator_is_computed_once() -> None:
    class Twice(Giving):
        def target(self, bars: Bars) -> Any:
            assert self.ind(SMA, bars.close, 3) is self.ind(SMA, bars.close, 3)
            return np.zeros(len(bars))

    decided(Twice(), all_bars(), Memo())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0], r"Giving.target gave shape \(2,\) for 30 bars: give one number a bar, nan for no wish"),
        (1.0, r"Giving.target gave shape \(\) for 30 bars"),
        (None, r"Giving.target gave NoneType: give an array of numbers|gave shape \(\)"),
        (lambda bars: ["x"] * len(bars), "Giving.target gave list: give an array of numbers"),
        (
            lambda bars: np.where(bars.ts == bars.ts[4], np.inf, 0),
            "gave inf at bar 4: give a finite position",
        ),
        (lambda bars: bars.nothing, "raised AttributeError: 'Bars' object has no attribute"),
    ],
)
def test_a_target_that_is_none_is_refused_in_words(given: Any, message: str) -> None:
    strategy = type("Giving", (Giving,), {"given": staticmethod(given) if callable(given) else given})()
    with pytest.raises(StrategyError, match=message):
        decided(strategy, all_bars(), Memo())


@pytest.mark.parametrize("window", [0, -1, 2.5, True, "3"])
def test_a_window_is_a_whole_number_above_zero(window: object) -> None:
    with pytest.raises(StrategyError, match=r"Giving.window is .*: give a whole number of bars"):
        window_of(type("Giving", (Giving,), {"window": window})())


def test_a_missing_window_or_target_is_named_with_what_to_do() -> None:
    with pytest.raises(StrategyError, match="VectorStrategy says no `window`: set `window = N`"):
        Desk(VectorStrategy(), raising=True)
    with pytest.raises(StrategyError, match="Bare has no `target`"):
        decided(type("Bare", (VectorStrategy,), {"window": 1})(), all_bars(), Memo())


def test_several_timeframes_are_refused() -> None:
    with pytest.raises(StrategyError, match="`target` sees bars of one timeframe"):
        Desk(type("Two", (Giving,), {"timeframes": ("1m", "5m")})(), raising=True)


def test_a_strategy_with_a_callback_of_its_own_does_not_decide_alone() -> None:
    assert decides_alone(SmaCrossVector())
    assert not decides_alone(Strategy())
    for name in ("on_fill", "on_bar", "on_start", "on_stop"):
        assert not decides_alone(type("Own", (Giving,), {name: lambda self, *_: None})())


def test_a_whole_target_is_written_as_a_whole_number() -> None:
    assert (repr(units(1.0)), repr(units(-0.5)), repr(units(0.0))) == ("1", "-0.5", "0")


def test_a_part_is_a_view_on_the_same_columns() -> None:
    bars = all_bars()
    part = bars.part(5, 9)
    assert (len(part), part.instrument) == (4, "BTC")
    assert all(
        np.shares_memory(getattr(part, name), getattr(bars, name)) for name in ("ts", "open", "volume")
    )
