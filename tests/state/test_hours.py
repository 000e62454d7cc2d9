"""Market hours, timers and the regularity of bars, folded."""

from tests.builders import BTC, MINUTE, START, bar, event, flat, opened
from tradekit.core.event import Fact
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarketClosed, MarketOpened, TimerCleared, TimerFired, TimerSet
from tradekit.state.hours import late
from tradekit.state.reducer import apply
from tradekit.state.seen import Market, SeriesHealth, Timer
from tradekit.state.shape import State

ACME = Instrument(id="ACME", calendar="XNYS")


def folded(*facts: tuple[Fact, int]) -> State:
    state = State()
    apply(state, event(opened(instruments=[BTC, ACME])))
    for seq, (fact, ts) in enumerate(facts, start=2):
        apply(state, event(fact, seq=seq, ts=ts))
    return state


def closing(number: int, **more: str) -> tuple[Fact, int]:
    return flat(number, 1.0, **more), START + (number + 1) * MINUTE


def test_a_market_is_open_from_one_fact_to_the_other() -> None:
    told = MarketOpened("XNYS", "2022-12-13", START + 9, "2022-12-14")
    assert folded((told, START)).markets == {"XNYS": Market(True, "2022-12-13", START, START + 9)}
    over = MarketClosed("XNYS", "2022-12-13", START + 99)
    assert folded((told, START), (over, START + 9)).markets == {
        "XNYS": Market(False, "2022-12-13", START, START + 9, START + 99)
    }


def test_a_close_without_an_open_is_taken_too() -> None:
    market = folded((MarketClosed("XNYS", "2022-12-13"), START)).markets["XNYS"]
    assert (market.open, market.opens, market.next) == (False, 0, 0)


def test_a_timer_stands_until_it_has_fired_or_is_cleared() -> None:
    once, again = (TimerSet("once", START + 5), START), (TimerSet("again", START + 3, 10), START)
    state = folded(once, again)
    assert state.timers == {"once": Timer(START + 5), "again": Timer(START + 3, 10)}
    assert state.due() == (START + 3, "again")
    assert folded(once, (TimerFired("once"), START + 5)).timers == {}
    assert folded(again, (TimerFired("again"), START + 3)).timers == {"again": Timer(START + 13, 10)}
    assert folded(once, (TimerCleared("once"), START)).due() is None
    assert folded((TimerFired("unknown"), START), (TimerCleared("unknown"), START)).timers == {}


def test_timers_of_one_moment_come_due_by_name() -> None:
    state = folded((TimerSet("b", START + 5), START), (TimerSet("a", START + 5), START))
    assert state.due() == (START + 5, "a")


def test_bars_that_never_came_are_counted_once_a_later_one_comes() -> None:
    state = folded(closing(0), closing(1), closing(5))
    assert state.health.series["BTC.1m"] == SeriesHealth(START + 6 * MINUTE, missing=3)


def test_a_late_bar_is_counted_and_changes_nothing_else() -> None:
    state = folded(closing(0), closing(5))
    known = [*state.bars["BTC"]["1m"]], state.marks["BTC"]
    for number in (5, 2):
        assert late(state, flat(number, 99.0))
        apply(state, event(flat(number, 99.0), seq=9))
    assert ([*state.bars["BTC"]["1m"]], state.marks["BTC"]) == known
    assert state.health.series["BTC.1m"] == SeriesHealth(START + 6 * MINUTE, missing=4, late=2)


def test_a_first_bar_is_never_late() -> None:
    assert not late(State(), flat(0, 1.0))


def test_a_bar_made_from_shorter_ones_is_not_watched() -> None:
    state = folded(closing(0))
    made = bar(0, (1, 1, 1, 1), timeframe="15m")
    apply(state, event(made, seq=3, cause=2))
    assert set(state.health.series) == {"BTC.1m"}


def test_while_the_market_rests_no_bar_is_missing() -> None:
    def session(day: str, since: int, until: int) -> list[tuple[Fact, int]]:
        return [(MarketOpened("XNYS", day, until), since), (MarketClosed("XNYS", day), until)]

    first = session("2022-12-13", START, START + 5 * MINUTE)
    second = session("2022-12-14", START + 60 * MINUTE, START + 65 * MINUTE)
    of = {"instrument": "ACME"}
    state = folded(first[0], *(closing(n, **of) for n in range(5)), first[1], second[0], closing(60, **of))
    assert state.health.series["ACME.1m"].missing == 0
    state = folded(first[0], closing(0, **of), closing(2, **of), first[1], second[0], closing(62, **of))
    assert state.health.series["ACME.1m"].missing == 1 + 2 + 2  # in the middle, at the end, at the beginning
