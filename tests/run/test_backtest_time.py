"""Time in a backtest: sessions, timers, warm-up, and how they are ordered."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tests.builders import BTC, MINUTE, START, columns, flat
from tests.data.test_calendar import ns, year
from tests.run.test_backtest_ticks import quotes
from tradekit.core.codec import encode_event
from tradekit.data.columns import BarColumns
from tradekit.errors import DataError, StrategyError
from tradekit.indicators.averages import SMA
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, Quote, TimerFired
from tradekit.run.backtest import backtest
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy

ACME = Instrument(id="ACME", calendar="XNYS")
BARS = columns([flat(n, 100.0 + n) for n in range(6)])


def sessions_of(*days: str, spec: Instrument = ACME, without: int = 0) -> BarColumns:
    """The minutes of some sessions; `without` leaves out so many at the end of each."""
    table = year("XNYS", 2022)
    at = [int(np.flatnonzero(table.days == np.datetime64(day))[0]) for day in days]
    ts = np.concatenate([np.arange(table.opens[i], table.closes[i] - without * MINUTE, MINUTE) for i in at])
    price = 100 + np.arange(len(ts)) * 0.01
    return BarColumns(
        spec, "1m", ts=ts, open=price, high=price, low=price, close=price, volume=np.ones(len(ts))
    )


class Diary(Strategy):
    """Writes down what it hears and when."""

    timeframes = ("1D", "1h")
    begin: Callable[["Diary"], Any] | None = None

    def on_start(self) -> None:
        self.heard: list[tuple[str, str]] = []
        if self.begin is not None:
            self.begin()

    def note(self, what: str) -> None:
        at = datetime.fromtimestamp(self.state.time // 10**9, UTC)
        self.heard.append((at.strftime("%m-%d %H:%M"), what))

    def on_bar(self, bar: Bar) -> None:
        self.note(f"{bar.timeframe} {bar.volume:g}")


class Timed(Diary):
    timeframes = ()

    def on_timer(self, timer: TimerFired) -> None:
        self.note(timer.name)

    def on_quote(self, quote: Quote) -> None:
        self.note("quote")


def stories(result: Any) -> list[str]:
    return [encode_event(event).decode() for event in result.events()]


def of_type(result: Any, *tags: str) -> list[Any]:
    return [event for event in result.events() if event.type in tags]


# --- sessions -----------------------------------------------------------------------------------------------


def test_days_and_hours_are_those_of_the_session_across_a_change_of_the_clocks() -> None:
    diary = Diary()
    backtest(diary, sessions_of("2022-11-04", "2022-11-07"))
    days = [(at, what) for at, what in diary.heard if what.startswith("1D")]
    assert days == [("11-04 20:00", "1D 390"), ("11-07 21:00", "1D 390")]
    assert diary.heard[:2] == [("11-04 14:30", "1h 60"), ("11-04 15:30", "1h 60")]
    assert ("11-07 15:30", "1h 60") in diary.heard
    assert diary.heard[6:8] == [("11-04 20:00", "1D 390"), ("11-04 20:00", "1h 30")]


def test_the_bar_that_ends_with_the_session_comes_before_its_close_and_that_before_the_next_open() -> None:
    result = backtest(Diary(), sessions_of("2022-11-23", "2022-11-25"))
    hours = of_type(result, "market.opened", "market.closed")
    assert [(event.type, event.ts, event.data.session) for event in hours] == [
        ("market.opened", ns("2022-11-23T14:30"), "2022-11-23"),
        ("market.closed", ns("2022-11-23T21:00"), "2022-11-23"),
        ("market.opened", ns("2022-11-25T14:30"), "2022-11-25"),
        ("market.closed", ns("2022-11-25T18:00"), "2022-11-25"),
    ]
    assert hours[0].data.following == "2022-11-25"
    assert hours[1].data.opens == ns("2022-11-25T14:30")
    events = list(result.events())
    before = events[events.index(hours[1]) - 1]
    assert (before.type, before.ts, before.data.timeframe) == ("bar.closed", ns("2022-11-23T21:00"), "1h")
    assert events[-1] == hours[3]


def test_a_market_that_closes_and_opens_at_one_moment_closes_first() -> None:
    rolls = columns([flat(n, 1.0, start=ns("2022-12-13T21:58"), instrument="EUR") for n in range(4)])
    bars = BarColumns(
        Instrument(id="EUR", calendar="FX"), "1m",
        **{name: getattr(rolls, name) for name in ("ts", "open", "high", "low", "close", "volume")},
    )  # fmt: skip
    told = [event.type for event in backtest(Timed(), bars).events() if event.ts == ns("2022-12-13T22:00")]
    assert told == ["bar.closed", "market.closed", "market.opened"]


def test_a_day_whose_last_minutes_are_missing_closes_with_the_session() -> None:
    diary = Diary()
    result = backtest(diary, [sessions_of("2022-11-23", "2022-11-25", without=3), BARS_OF_THE_WEEK])
    assert ("11-23 21:00", "1D 387") in diary.heard
    assert result.final.health.series["ACME.1m"].missing == 3


BARS_OF_THE_WEEK = columns([flat(n, 1.0, start=ns("2022-11-23"), timeframe="1h") for n in range(72)])


def test_sessions_are_folded_and_the_events_are_dense() -> None:
    result = backtest(Diary(), sessions_of("2022-11-23", "2022-11-25"))
    state = State()
    for number, event in enumerate(result.events(), start=1):
        assert event.seq == number
        apply(state, event)
    assert state == result.final
    assert state.markets["XNYS"].session == "2022-11-25"
    assert state.health.series["ACME.1m"].missing == 0


# --- timers -------------------------------------------------------------------------------------------------


def timed(begin: Callable[[Any], None], bars: Any = BARS, **options: Any) -> tuple[Timed, Any]:
    made = Timed()
    Timed.begin = begin  # type: ignore[assignment]
    try:
        return made, backtest(made, bars, **options)
    finally:
        Timed.begin = None


def test_a_timer_fires_once_at_its_moment() -> None:
    made, result = timed(lambda s: s.set_timer("noon", at=START + 90 * 10**9))
    fired = of_type(result, "timer.fired")
    assert [(event.ts, event.data.name, event.cause) for event in fired] == [(START + 90 * 10**9, "noon", 0)]
    assert [what for _, what in made.heard].index("noon") == 1
    assert result.final.timers == {}


def test_a_timer_fires_again_and_again_from_now_or_from_its_moment() -> None:
    _, result = timed(lambda s: s.set_timer("tick", every="2m"))
    assert [event.ts for event in of_type(result, "timer.fired")] == [START + n * MINUTE for n in (2, 4, 6)]
    _, result = timed(lambda s: s.set_timer("tick", at=START + MINUTE, every="2m"))
    assert [event.ts for event in of_type(result, "timer.fired")] == [START + n * MINUTE for n in (1, 3, 5)]


def test_at_one_moment_a_timer_comes_last() -> None:
    spec = quotes(1)
    at = type(spec)(BTC, ts=np.array([START + MINUTE]), bid=spec.bid, ask=spec.ask)
    made, _ = timed(lambda s: s.set_timer("t", at=START + MINUTE), ticks=at)
    assert [what for _, what in made.heard][:3] == ["1m 10", "quote", "t"]


def test_a_cleared_timer_fires_no_more() -> None:
    def begin(strategy: Any) -> None:
        strategy.set_timer("t", every="1m")
        strategy.clear_timer("t")
        strategy.clear_timer("never set")

    _, result = timed(begin)
    assert of_type(result, "timer.fired") == []
    assert len(of_type(result, "timer.cleared")) == 1


def test_what_is_wished_for_on_a_timer_is_about_the_first_instrument_and_caused_by_it() -> None:
    class Buyer(Timed):
        def on_start(self) -> None:
            self.set_timer("t", at=START + 90 * 10**9)

        def on_bar(self, bar: Bar) -> None:
            pass

        def on_timer(self, timer: TimerFired) -> None:
            self.buy(1)

    other = columns([flat(n, 5.0, instrument="ETH") for n in range(6)])
    result = backtest(Buyer(), [BARS, other])
    (fired,), (order,) = of_type(result, "timer.fired"), of_type(result, "order.submitted")
    assert (order.data.instrument, order.cause, order.ts) == ("BTC", fired.seq, fired.ts)
    assert result.fills["price"].tolist() == [102.0]  # not at the open of the bar under way, which was before


@pytest.mark.parametrize(
    ("begin", "words"),
    [
        (lambda s: s.set_timer("t", at=START - 1), "which is over"),
        (lambda s: s.set_timer("t"), "says neither `at` nor `every`"),
        (lambda s: s.set_timer("t", every="soon"), "cannot fire every 'soon'"),
    ],
)
def test_a_timer_without_sense_is_refused(begin: Callable[[Any], None], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        timed(begin)


def test_a_timer_that_nobody_hears_is_refused() -> None:
    class Deaf(Strategy):
        def on_start(self) -> None:
            self.set_timer("t", every="1m")

    with pytest.raises(StrategyError, match="Deaf sets a timer and has no on_timer"):
        backtest(Deaf(), BARS)


# --- warm-up ------------------------------------------------------------------------------------------------


class Averaging(Strategy):
    """Buys on the first bar it is called with."""

    def on_start(self) -> None:
        self.average = self.indicator(SMA, 3)
        self.seen: list[tuple[int, bool]] = []

    def on_bar(self, bar: Bar) -> None:
        self.seen.append((bar.ts, self.average.ready))
        if len(self.seen) == 1:
            self.buy(1)


@pytest.mark.parametrize("stepwise", [False, True])
def test_warm_up_feeds_indicators_and_calls_nobody(stepwise: bool) -> None:
    strategy = Averaging()
    result = backtest(strategy, BARS, warmup=3, stepwise=stepwise)
    assert strategy.seen == [(START + n * MINUTE, True) for n in (3, 4, 5)]
    assert result.fills["price"].tolist() == [104.0]
    assert len(result.equity) == 3
    assert result.stats["bars"] == 3


def test_both_loops_warm_up_alike() -> None:
    quick, slow = (backtest(Averaging(), BARS, warmup=2, stepwise=s) for s in (False, True))
    assert stories(quick) == stories(slow)


def test_neither_timers_nor_ticks_are_heard_while_it_warms_up() -> None:
    made, _ = timed(lambda s: s.set_timer("t", every="1m"), warmup=2, ticks=quotes(20))
    assert made.heard[0] == ("12-13 00:02", "quote")


def test_several_series_warm_up_alike_in_every_loop() -> None:
    other = columns([flat(n, 5.0, instrument="ETH") for n in range(6)])
    quick, slow = (backtest(Averaging(), [BARS, other], warmup=2, stepwise=s) for s in (False, True))
    assert stories(quick) == stories(slow)


@pytest.mark.parametrize("warmup", [6, -1])
def test_a_warm_up_that_leaves_nothing_is_refused(warmup: int) -> None:
    with pytest.raises(DataError, match=f"warmup is {warmup} bars and BTC has 6"):
        backtest(Averaging(), BARS, warmup=warmup)
