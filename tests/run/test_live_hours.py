"""When exchanges open and close, live: by the clock, by bars of the past, and over a restart."""

from typing import Any

import pytest

from tests.builders import DAY, MINUTE, START
from tradekit.model.market import MarketClosed, MarketOpened
from tradekit.run.live_hours import LiveHours, Told

HOUR = 60 * MINUTE
OPENS, CLOSES = START + 14 * HOUR + 30 * MINUTE, START + 21 * HOUR  # of New York, on this Tuesday
SECOND = 1_000_000_000
NYSE = {"SPY": "XNYS"}


def hours(
    after: dict[str, int] | None = None, *, now: int, calendars: dict[str, str] | None = None
) -> LiveHours:
    made = LiveHours(calendars or NYSE)
    made.begin(after or {}, now)
    return made


def brief(told: list[Told]) -> list[tuple[int, str, str]]:
    """Hours after START, what, and of which session."""
    return [
        (round((ts - START) / HOUR, 2), "open" if isinstance(fact, MarketOpened) else "closed", fact.session)
        for ts, fact in told
        if isinstance(fact, MarketOpened | MarketClosed)
    ]


def test_a_start_within_a_session_tells_that_it_has_opened() -> None:
    made = hours(now=OPENS + HOUR)
    ((ts, fact),) = made.by_clock(OPENS + HOUR)
    assert ts == OPENS
    assert fact == MarketOpened("XNYS", "2022-12-13", CLOSES, "2022-12-14")
    assert made.by_clock(OPENS + 2 * HOUR) == []


def test_a_start_while_it_rests_tells_the_session_before_and_when_the_next_opens() -> None:
    now = START + 10 * HOUR
    (_, (_, closed)) = hours(now=now).by_clock(now)
    assert closed == MarketClosed("XNYS", "2022-12-12", OPENS)


def test_a_session_ends_once_its_last_bar_has_had_time_to_be_told() -> None:
    made = hours(now=OPENS)
    made.by_clock(OPENS)
    assert made.by_clock(CLOSES + 14 * SECOND) == []
    assert brief(made.by_clock(CLOSES + 15 * SECOND)) == [(21.0, "closed", "2022-12-13")]
    assert brief(made.by_clock(OPENS + DAY - SECOND)) == []
    assert brief(made.by_clock(OPENS + DAY)) == [(38.5, "open", "2022-12-14")]


def test_the_bar_that_ends_with_a_session_comes_before_its_end_and_the_next_days_after_its_beginning() -> (
    None
):
    made = hours({"SPY": OPENS + HOUR}, now=OPENS + 2 * DAY)
    assert brief(made.before(CLOSES)) == [(14.5, "open", "2022-12-13")]
    assert brief(made.before(OPENS + DAY + MINUTE)) == [
        (21.0, "closed", "2022-12-13"), (38.5, "open", "2022-12-14"),
    ]  # fmt: skip


def test_a_restart_tells_nothing_again_and_what_has_passed() -> None:
    during = {"XNYS.opened": OPENS, "XNYS.closed": OPENS}
    assert brief(hours(during, now=CLOSES + DAY).by_clock(OPENS + DAY)) == [
        (21.0, "closed", "2022-12-13"), (38.5, "open", "2022-12-14"),
    ]  # fmt: skip
    resting = {"XNYS.opened": OPENS, "XNYS.closed": CLOSES}
    assert hours(resting, now=CLOSES + HOUR).by_clock(CLOSES + HOUR) == []


def test_where_a_session_begins_as_another_ends_it_ends_first() -> None:
    roll = START + 22 * HOUR  # 17:00 in New York
    made = hours(now=START + 12 * HOUR, calendars={"EURUSD": "FX"})
    made.by_clock(START + 12 * HOUR)
    assert brief(made.by_clock(roll + MINUTE)) == [
        (22.0, "closed", "2022-12-13"), (22.0, "open", "2022-12-14"),
    ]  # fmt: skip
    again = hours({"FX.opened": roll - DAY, "FX.closed": roll}, now=roll + 1, calendars={"EURUSD": "FX"})
    assert brief(again.by_clock(roll + MINUTE)) == [(22.0, "open", "2022-12-14")]


def test_a_weekend_and_summer_time_are_the_calendars() -> None:
    friday = 1_678_464_000_000_000_000  # 2023-03-10 16:00 UTC; clocks change on the Sunday
    made = hours(now=friday)
    made.by_clock(friday)
    told = made.by_clock(friday + 3 * DAY)
    assert [fact.session for _, fact in told if isinstance(fact, MarketOpened)] == ["2023-03-13"]
    assert told[-1][0] == friday + 3 * DAY - 150 * MINUTE  # 13:30 UTC, an hour earlier than on Friday


def test_what_never_rests_has_no_hours() -> None:
    made = hours(now=OPENS, calendars={"BTC": "24/7"})
    assert made.by_clock(OPENS + DAY) == made.before(OPENS + DAY) == []
    assert not made.quiet("BTC", MINUTE, OPENS)


@pytest.mark.parametrize(
    ("now", "quiet"),
    [
        (OPENS - 1, True),
        (OPENS + MINUTE, True),
        (OPENS + 2 * MINUTE, False),
        (CLOSES - 1, False),
        (CLOSES, True),
    ],
)
def test_nothing_need_be_told_while_it_rests_or_before_the_first_bar_is_due(now: int, quiet: bool) -> None:
    assert hours(now=now).quiet("SPY", MINUTE, now) is quiet


def test_exchanges_are_told_in_the_order_of_time() -> None:
    calendars: dict[str, Any] = {"SPY": "XNYS", "VOD": "XLON"}
    made = hours(now=START + 9 * HOUR, calendars=calendars)
    made.by_clock(START + 9 * HOUR)
    told = brief(made.by_clock(START + DAY))
    assert told == sorted(told)
    assert [what for _, what, _ in told] == ["open", "closed", "closed"]
