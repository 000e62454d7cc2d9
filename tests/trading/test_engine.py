"""The step: pure, in order, closed bars only, and safe from what a strategy does."""

import re
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given

from tests.builders import BTC, MINUTE, START, bar, filled, flat, law, opened
from tests.run.scripted import runs
from tests.trading.desk import Desk, Quiet, types
from tradekit.core.codec import encode_event
from tradekit.errors import OrderError, StrategyError
from tradekit.indicators.averages import SMA
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar, MarkUpdated
from tradekit.model.order import OrderAccepted, OrderFilled, OrderRejected, Side
from tradekit.model.session import RiskChanged, SessionClosed, StrategyFailed
from tradekit.state.reducer import apply
from tradekit.state.shape import Order, State
from tradekit.strategy.base import Strategy
from tradekit.trading.dealing import number
from tradekit.trading.engine import Engine


class Diary(Strategy):
    """Writes down what it hears."""

    act: Any = None

    def on_start(self) -> None:
        self.heard: list[Any] = ["start"]

    def on_bar(self, bar: Bar) -> None:
        self.heard.append((bar.timeframe, bar.close, str(self.position())))
        if self.act is not None:
            self.act(self, bar)

    def on_mark(self, mark: MarkUpdated) -> None:
        self.heard.append(mark.last)

    def on_order(self, order: Order) -> None:
        self.heard.append((order.id, order.status.value))

    def on_fill(self, fill: OrderFilled) -> None:
        self.heard.append((fill.id, str(self.position())))

    def on_stop(self) -> None:
        self.heard.append("stop")


def heard(desk: Desk) -> list[Any]:
    diary: Any = desk.strategy
    return list(diary.heard)


@given(runs())
@law(8)
def test_the_same_facts_twice_give_the_same_events(run: dict[str, Any]) -> None:
    stories = []
    for _ in range(2):
        desk = Desk(run["make"](), specs=[run["bars"].spec])
        for one in run["bars"].bars():
            desk.bar(one)
        stories.append([encode_event(event) for event in desk.journal])
    assert stories[0] == stories[1]


def test_everything_that_happens_is_heard_in_order() -> None:
    desk = Desk(Diary())
    desk.bar(flat(0, 100.0), lambda s, b: s.buy(2))
    desk.bar(flat(1, 101.0))
    desk.tell(MarkUpdated("BTC", 99.5))
    desk.tell(SessionClosed("test", "over"))
    assert heard(desk) == [
        "start",
        ("1m", 100.0, "0"),
        ("s-1", "accepted"),
        ("s-1", "filled"),
        ("s-1", "2"),
        ("1m", 101.0, "2"),
        99.5,
        "stop",
    ]


def test_an_intent_in_a_callback_is_seen_by_the_next_wish() -> None:
    def act(s: Any, b: Bar) -> None:
        s.buy_to(1)
        assert [o.status for o in s.state.orders.values()] == ["submitted"]
        assert [o.id for o in s._desk.dealing.working.values()] == ["s-1"]

    assert types(Desk(raising=True).bar(flat(0, 100.0), act)) == [
        "bar.closed",
        "order.submitted",
        "order.accepted",
    ]


def test_reports_of_orders_that_nobody_knows_are_folded_and_not_heard() -> None:
    desk = Desk(Diary())
    desk.tell(OrderAccepted("x", "BTC", "v"))
    desk.tell(OrderRejected("x", "BTC", "no"))
    desk.tell(filled("x", Side.BUY, 1, 100))
    assert heard(desk) == ["start", ("x", "1")]
    assert desk.position == 1


def test_a_second_opening_does_not_start_the_strategy_again() -> None:
    desk = Desk(Diary())
    desk.tell(opened())
    assert heard(desk) == ["start"]


# --- bars of several lengths --------------------------------------------------------------------------------


class Coarse(Diary):
    timeframes: ClassVar[tuple[str, ...]] = ("5m", "15m")


def test_coarser_bars_that_close_at_the_same_moment_come_first_and_only_closed_ones_come() -> None:
    desk = Desk(Coarse())
    for n in range(14):
        desk.bar(flat(n, float(n)))
    assert [entry[:2] for entry in heard(desk)[1:]] == [("5m", 4.0), ("5m", 9.0)]
    told = desk.bar(flat(14, 14.0))
    assert [event.key for event in told] == ["BTC.1m", "BTC.15m", "BTC.5m"]
    assert [entry[:2] for entry in heard(desk)[3:]] == [("15m", 14.0), ("5m", 14.0)]
    assert {event.cause for event in told[1:]} == {told[0].seq}
    assert {event.ts for event in told} == {START + 15 * MINUTE}


def test_a_bin_whose_last_bar_is_missing_closes_late_with_its_own_time() -> None:
    desk = Desk(Coarse())
    desk.bar(flat(3, 3.0))
    told = desk.bar(flat(7, 7.0))
    assert [(event.key, event.ts - START) for event in told] == [
        ("BTC.1m", 8 * MINUTE),
        ("BTC.5m", 5 * MINUTE),
    ]


def test_what_a_screen_wants_to_see_is_made_and_not_heard() -> None:
    desk = Desk(Diary(), timeframes=("5m",))
    for n in range(5):
        desk.bar(flat(n, float(n)))
    assert list(desk.state.bars["BTC"]) == ["1m", "5m"]
    assert {entry[0] for entry in heard(desk)[1:]} == {"1m"}


def test_no_bar_is_heard_before_its_close_and_each_sees_the_past_only() -> None:
    seen: list[tuple[int, int]] = []

    class Watching(Coarse):
        def on_bar(self, bar: Bar) -> None:
            now = self.state.time
            seen.append((bar.ts + duration(bar.timeframe), now))
            for one in self.bars(9):
                assert one.ts + duration(one.timeframe) <= now

    desk = Desk(Watching(), raising=True)
    for n in range(31):
        desk.bar(flat(n, float(n)))
    assert seen
    assert all(close <= now for close, now in seen)


def test_a_strategy_hears_its_own_instruments_only() -> None:
    class OnlyEth(Diary):
        instruments: ClassVar[tuple[str, ...]] = ("ETH",)

    desk = Desk(OnlyEth(), specs=[BTC, Instrument(id="ETH")])
    desk.bar(flat(0, 1.0))
    desk.bar(flat(0, 2.0, instrument="ETH"))
    assert [entry[1] for entry in heard(desk)[1:]] == [2.0]


def test_a_strategys_indicator_follows_the_first_instrument_that_it_sees() -> None:
    class OnlyEth(Strategy):
        instruments: ClassVar[tuple[str, ...]] = ("ETH",)
        act: Any = None

        def on_start(self) -> None:
            self.last = self.indicator(SMA, 1)

    desk = Desk(OnlyEth(), specs=[BTC, Instrument(id="ETH")])
    desk.bar(flat(0, 2.0, instrument="ETH"))
    desk.bar(flat(0, 1.0))
    strategy: Any = desk.strategy
    assert strategy.last.value == 2.0


def test_a_timeframe_that_the_feed_cannot_give_is_an_error() -> None:
    class Fine(Diary):
        timeframes: ClassVar[tuple[str, ...]] = ("1m",)

    with pytest.raises(StrategyError, match="1m"):
        Desk(Fine(), raising=True).bar(flat(0, 1.0, timeframe="1h"))


def test_bars_are_the_last_of_a_series_oldest_first() -> None:
    desk = Desk(Coarse(), specs=[BTC, Instrument(id="ETH")])
    for n in range(10):
        desk.bar(flat(n, float(n)))
    strategy = desk.strategy
    assert [one.close for one in strategy.bars(9)] == [4.0, 9.0]
    assert [one.close for one in strategy.bars(2, timeframe="1m")] == [8.0, 9.0]
    assert strategy.bars(0) == []
    assert strategy.bars(3, instrument="ETH") == []
    plain = Desk(Diary())
    plain.bar(flat(0, 7.0))
    assert plain.strategy.bars(3) == [flat(0, 7.0)]


# --- what a strategy does wrong -----------------------------------------------------------------------------


def wrong(s: Any, b: Bar) -> None:
    raise ValueError("what now")


def test_live_a_strategys_exception_halts_the_session_and_says_where() -> None:
    desk = Desk()
    told = desk.bar(flat(0, 100.0), wrong)
    assert types(told) == ["bar.closed", "strategy.failed", "risk.changed"]
    failed, halted = told[1].data, told[2].data
    assert isinstance(failed, StrategyFailed)
    assert re.fullmatch(r"on_bar \(line \d+ of desk\.py\)", failed.where)
    assert failed.error == "ValueError: what now"
    assert halted == RiskChanged(
        True, True, False, f"the strategy failed in {failed.where}: ValueError: what now", "engine"
    )
    assert types(desk.bar(flat(1, 100.0), wrong)) == ["bar.closed", "strategy.failed"]  # halted already


def test_in_a_backtest_it_comes_out_with_its_cause() -> None:
    with pytest.raises(
        StrategyError, match=r"Quiet\.on_bar \(line \d+ of desk\.py\) raised ValueError: what now"
    ) as caught:
        Desk(raising=True).bar(flat(0, 100.0), wrong)
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_error_of_ours_comes_out_as_it_is_with_its_place_in_the_strategy() -> None:
    with pytest.raises(OrderError, match=r"above zero.* \(Quiet\.on_bar, line \d+ of desk\.py\)$"):
        Desk(raising=True).bar(flat(0, 100.0), lambda s, b: s.buy(-1))


def test_in_a_backtest_the_kits_own_errors_come_out_as_they_are() -> None:
    with pytest.raises(OrderError, match="quantity is 0"):
        Desk(raising=True).bar(flat(0, 100.0), lambda s, b: s.buy(0))


def test_an_engine_that_took_over_a_doubtful_state_folds_and_leaves_the_strategy_alone() -> None:
    engine = Engine(Quiet())
    engine.adopt(State(), doubt="why")
    engine.step(opened(), START)
    engine.step(bar(0, (1.0, 2.0, 0.5, 1.5)), START + MINUTE)
    assert engine.state.marks["BTC"].last == 1.5
    assert engine.strategy._dealer is None


# --- laws ---------------------------------------------------------------------------------------------------


@given(runs())
@law(8)
def test_the_engines_state_is_the_fold_of_what_it_told(run: dict[str, Any]) -> None:
    desk = Desk(run["make"](), specs=[run["bars"].spec])
    for one in run["bars"].bars():
        desk.bar(one)
    state = State()
    for event in desk.journal:
        apply(state, event)
    assert state == desk.state


@given(runs())
@law(10)
def test_what_is_dealt_with_is_what_the_state_says(run: dict[str, Any]) -> None:
    desk = Desk(run["make"](), specs=[run["bars"].spec])
    dealing = desk.engine.dealing
    for one in run["bars"].bars():
        desk.bar(one)
        assert dealing.working == {o.id: o for o in desk.state.orders.values() if o.working}
        assert dealing.goals.get("BTC", 0) == number(dealing.expected("BTC"))


def test_a_long_walk_leaves_goal_and_position_in_step() -> None:
    random = np.random.default_rng(1)
    desk = Desk()
    for n in range(200):
        target = int(random.integers(-2, 3))
        desk.bar(flat(n, 100.0 + n % 5), lambda s, b, target=target: s.buy_to(target))
        assert desk.engine.dealing.expected("BTC") == target
    desk.bar(flat(200, 100.0))
    assert desk.position == target
