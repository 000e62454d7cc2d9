"""Days: trading sessions where there are any, else UTC days; they follow each other and add up."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, DAY, MINUTE, START, filled, law, opened
from tests.state.books import STOCK, book, tell
from tradekit.model.account import CashKind, CashMoved
from tradekit.model.market import MarketClosed, MarketOpened, MarkUpdated
from tradekit.model.order import Side
from tradekit.state import days
from tradekit.state.shape import State

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
HOUR = 60 * MINUTE


def bounds(state: State) -> dict[str, tuple[float, float]]:
    return {name: (day.start, day.end) for name, day in state.pnl.days.items()}


# --- UTC days -----------------------------------------------------------------------------------------------


def test_a_close_at_midnight_belongs_to_the_day_that_ends_and_a_fill_to_the_one_that_begins() -> None:
    state = tell(book(filled("a", BUY, 1, 100)), MarkUpdated("BTC", 110.0), ts=START + DAY)
    assert bounds(state) == {"2022-12-13": (10_000.0, 10_010.0)}
    tell(state, filled("b", SELL, 1, 105, fee=1), ts=START + DAY)
    assert bounds(state) == {"2022-12-13": (10_000.0, 10_010.0), "2022-12-14": (10_010.0, 10_004.0)}
    assert (state.pnl.days["2022-12-14"].realised, state.pnl.days["2022-12-14"].fees) == (D(5), D(1))


def test_news_of_a_day_that_has_ended_counts_in_the_latest() -> None:
    state = tell(book(), filled("a", BUY, 1, 100), ts=START + 2 * DAY)
    tell(state, filled("b", BUY, 1, 100, fee=3), ts=START)
    assert {name: day.fees for name, day in state.pnl.days.items()} == {"2022-12-15": D(3)}


def test_only_the_latest_days_are_kept() -> None:
    state = book()
    for n in range(405):
        tell(state, MarkUpdated("BTC", 1.0), ts=START + n * DAY + MINUTE)
    assert len(state.pnl.days) == 400
    assert next(iter(state.pnl.days)) == "2022-12-18"


STEPS = st.lists(
    st.tuples(
        st.integers(0, 5 * 24),
        st.one_of(
            st.builds(lambda n: MarketOpened("XNYS", f"2022-12-{n}", 0), st.integers(12, 20)),
            st.builds(lambda name: MarkUpdated(name, 101.0), st.sampled_from(["AAPL", "BTC"])),
            st.builds(lambda side, fee: filled("o", side, 1, 100, fee=fee), st.sampled_from(Side), st.integers(0, 3)),
            st.builds(lambda one: opened(instruments=[one]), st.sampled_from([BTC, STOCK])),
        ),
    ),
    max_size=20,
)  # fmt: skip


@given(STEPS, st.sampled_from([BTC, STOCK]))
@law(150)
def test_a_day_that_is_known_to_last_is_the_day_that_the_calendar_gives(
    steps: list[tuple[int, Any]], first: Any
) -> None:
    """`until` spares asking and changes nothing: with it forgotten before each fact the days are the same."""
    quick, plain = book(instruments=[first]), book(instruments=[first])
    for hour, fact in steps:
        plain.pnl.until = 0
        tell(quick, fact, ts=START + hour * HOUR)
        tell(plain, fact, ts=START + hour * HOUR)
        assert (quick.pnl.days, quick.account) == (plain.pnl.days, plain.account)


# --- trading sessions ---------------------------------------------------------------------------------------


def test_the_day_of_a_fact_is_the_session_that_opened_last() -> None:
    """A future's session of the 14th opens on the evening of the 13th and ends on the afternoon of the 14th."""
    state = book(instruments=[STOCK])
    tell(state, MarketOpened("XNYS", "2022-12-14", 0), ts=START + 23 * HOUR)
    tell(state, filled("a", BUY, 1, 100, fee=1, instrument="AAPL"), ts=START + 23 * HOUR + MINUTE)
    tell(state, MarkUpdated("AAPL", 90.0), ts=START + DAY + 21 * HOUR)
    tell(state, MarketClosed("XNYS", "2022-12-14"), ts=START + DAY + 21 * HOUR)
    assert bounds(state) == {"2022-12-14": (10_000.0, 9_989.0)}


def test_what_happens_between_two_sessions_belongs_to_the_one_before() -> None:
    state = book(instruments=[STOCK])
    tell(state, MarketOpened("XNYS", "2022-12-13", 0), ts=START + 14 * HOUR)
    tell(state, MarketClosed("XNYS", "2022-12-13"), ts=START + 21 * HOUR)
    tell(state, CashMoved("main", "USD", D(-7), CashKind.FEE), ts=START + DAY + 5 * HOUR)
    assert bounds(state) == {"2022-12-13": (10_000.0, 9_993.0)}
    assert state.pnl.days["2022-12-13"].flows == D(-7)


def test_a_session_begins_its_day_when_it_opens_so_that_a_daily_limit_starts_anew() -> None:
    state = book(filled("a", BUY, 1, 100, instrument="AAPL"), instruments=[STOCK])
    tell(state, MarkUpdated("AAPL", 40.0))
    tell(state, MarketOpened("XNYS", "2022-12-14", 0), ts=START + DAY)
    assert bounds(state)["2022-12-14"] == (9_940.0, 9_940.0)


def test_where_something_trades_around_the_clock_the_utc_day_counts_too() -> None:
    state = book(instruments=[STOCK, BTC])
    tell(state, MarketOpened("XNYS", "2022-12-13", 0), ts=START + 14 * HOUR)
    tell(state, MarkUpdated("BTC", 1.0), ts=START + DAY + HOUR)
    assert list(state.pnl.days) == ["2022-12-13", "2022-12-14"]


@pytest.mark.parametrize("monday", [date(2022, 3, 7), date(2022, 10, 31)])
def test_sessions_across_a_shift_of_summer_time_are_days_of_their_own(monday: date) -> None:
    """New York's sessions of two weeks, between which the clocks are changed."""
    dates = [monday + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]
    opens, state = set(), book(instruments=[STOCK])
    for one in dates:
        first, last = (_new_york(one, at) for at in (time(9, 30), time(16)))
        opens.add(first % DAY)
        tell(state, MarketOpened("XNYS", one.isoformat(), last), ts=first)
        tell(state, filled("a", BUY, 1, 100, fee=1, instrument="AAPL"), ts=first)
        tell(state, MarkUpdated("AAPL", 100.0), ts=last)
    assert len(opens) == 2
    assert list(state.pnl.days) == [one.isoformat() for one in dates]
    assert {day.fees for day in state.pnl.days.values()} == {D(1)}
    assert {day.end - day.start for day in state.pnl.days.values()} == {-1.0}


def _new_york(day: date, at: time) -> int:
    return int(datetime.combine(day, at, ZoneInfo("America/New_York")).timestamp()) * 1_000_000_000


# --- laws ---------------------------------------------------------------------------------------------------

FACTS = st.one_of(
    st.builds(
        lambda side, qty, price: filled("o", side, qty, price, fee="0.01"),
        st.sampled_from(Side), st.integers(1, 3), st.decimals(90, 110, places=2),
    ),
    st.builds(MarkUpdated, st.just("BTC"), st.floats(90, 110)),
    st.builds(CashMoved, st.just("main"), st.just("USD"), st.decimals(-9, 9, places=2), st.sampled_from(CashKind)),
    st.integers(13, 28).map(lambda day: MarketOpened("XNYS", f"2022-12-{day}", 0)),
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 36), FACTS)), st.sampled_from([[STOCK], [BTC, STOCK]]))
@law(40)
def test_the_days_follow_each_other_and_add_up_to_the_whole(
    steps: list[tuple[int, Any]], traded: list[Any]
) -> None:
    state, ts = book(instruments=traded), START
    for hours, fact in steps:
        ts += hours * HOUR
        tell(state, fact, ts=ts)
    found = list(state.pnl.days.values())
    assert list(state.pnl.days) == sorted(state.pnl.days)
    if found:
        assert found[0].start == 10_000.0
        assert found[-1].end == state.account.equity
        assert [a.end for a in found[:-1]] == [b.start for b in found[1:]]
    assert sum((day.realised for day in found), D(0)) == state.account.realised
    assert sum((day.fees for day in found), D(0)) == state.account.fees
    assert sum((day.flows for day in found), D(0)) == sum(state.account.flows.values(), D(0))


# --- the curve ----------------------------------------------------------------------------------------------


def test_the_curve_in_state_is_bounded() -> None:
    state = book()
    for n in range(days.CURVE_KEPT + 3):
        days.add_point(state, START + n)
    assert len(state.pnl.curve) == days.CURVE_KEPT
    assert state.pnl.curve[0].ts == START + 3


def test_a_later_point_of_the_curve_at_the_same_moment_takes_its_place() -> None:
    state = book()
    days.add_point(state, START)
    state.account.equity = 5.0
    days.add_point(state, START)
    assert [(p.ts, p.equity) for p in state.pnl.curve] == [(START, 5.0)]
