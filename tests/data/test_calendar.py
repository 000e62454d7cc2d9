"""Trading sessions: the library's, to UTC; and the currency market's day."""

import warnings
from datetime import UTC, datetime
from typing import Any

import exchange_calendars
import numpy as np
import pytest

from tests.builders import columns, flat
from tradekit.data.calendar import in_sessions, sessions, sessions_of
from tradekit.data.sessions import Sessions
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument

pytestmark = pytest.mark.shell


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def session(table: Sessions, day: str) -> tuple[str, str]:
    """Open and close of the session of a day, as UTC clock times."""
    at = int(np.flatnonzero(table.days == np.datetime64(day))[0])
    shown = [datetime.fromtimestamp(int(one[at]) // 10**9, UTC) for one in (table.opens, table.closes)]
    return shown[0].strftime("%m-%d %H:%M"), shown[1].strftime("%m-%d %H:%M")


def year(calendar: str, number: int) -> Sessions:
    return sessions(calendar, ns(f"{number}-01-01"), ns(f"{number}-12-31"))


@pytest.mark.parametrize(
    ("calendar", "day", "opens", "closes"),
    [
        (
            "XNYS",
            "2022-03-11",
            "03-11 14:30",
            "03-11 21:00",
        ),  # the Friday before New York's clocks go forward
        ("XNYS", "2022-03-14", "03-14 13:30", "03-14 20:00"),
        ("XNYS", "2022-11-04", "11-04 13:30", "11-04 20:00"),
        ("XNYS", "2022-11-07", "11-07 14:30", "11-07 21:00"),
        ("XNYS", "2022-11-25", "11-25 14:30", "11-25 18:00"),  # the day after Thanksgiving
        ("XLON", "2022-03-25", "03-25 08:00", "03-25 16:30"),
        ("XLON", "2022-03-28", "03-28 07:00", "03-28 15:30"),
        ("CMES", "2022-03-14", "03-13 22:00", "03-14 22:00"),  # opens in Chicago on the evening of the change
        ("CMES", "2022-03-11", "03-10 23:00", "03-11 23:00"),
        ("FX", "2022-03-14", "03-13 21:00", "03-14 21:00"),
        ("FX", "2022-11-07", "11-06 22:00", "11-07 22:00"),
    ],
)
def test_a_session_opens_and_closes_by_the_exchanges_own_clock(
    calendar: str, day: str, opens: str, closes: str
) -> None:
    assert session(year(calendar, 2022), day) == (opens, closes)


@pytest.mark.parametrize("calendar", ["XNYS", "XETR", "us_futures"])
def test_the_table_is_the_librarys(calendar: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the newest pandas says to the library
        known = exchange_calendars.get_calendar(calendar, start="2022-01-01", end="2022-12-31").schedule
    table = year(calendar, 2022)
    inside = np.isin(table.days, known.index.to_numpy("datetime64[D]"))
    assert inside.sum() == len(known)
    for name, times in (("open", table.opens), ("close", table.closes)):
        assert times[inside].tolist() == known[name].to_numpy("datetime64[ns]").view(np.int64).tolist()


def test_holidays_and_early_closes_are_said() -> None:
    table = year("XNYS", 2022)
    assert {"2022-07-04", "2022-11-24", "2022-12-26"} <= {str(day) for day in table.holidays}
    assert "2022-07-05" not in {str(day) for day in table.holidays}
    assert [str(day) for day in table.days[table.early] if day.item().year == 2022] == ["2022-11-25"]


def test_the_table_reaches_beyond_what_was_asked_for() -> None:
    table = year("XNYS", 2022)
    assert table.closes[0] < ns("2022-01-01")
    assert table.opens[-1] > ns("2022-12-31")


def test_a_stretch_belongs_to_the_first_session_that_it_meets() -> None:
    table = year("XNYS", 2022)
    hour = 3_600_000_000_000
    starts = np.array(
        [ns(f"2022-12-13T{text}") for text in ("00:00", "13:00", "14:00", "14:30", "20:59", "21:00")]
    )
    at = int(np.flatnonzero(table.days == np.datetime64("2022-12-13"))[0])
    assert table.of(starts).tolist() == [-1, -1, -1, at, at, -1]
    assert table.of(starts, hour).tolist() == [-1, -1, at, at, at, -1]
    assert table.of(starts, 24 * hour).tolist() == [at, at, at, at, at, at + 1]
    assert table.of(np.array([ns("2030-01-01")])).tolist() == [-1]


@pytest.mark.parametrize(
    ("timeframe", "opens", "closes"),
    [
        ("1m", "2022-11-25T17:59", "2022-11-25T18:00"),
        ("1h", "2022-11-25T17:30", "2022-11-25T18:00"),
        ("1h", "2022-11-25T16:30", "2022-11-25T17:30"),
        ("1h", "2022-11-25T19:00", "2022-11-25T20:00"),  # outside: as long as it says
        ("1D", "2022-11-25T00:00", "2022-11-25T18:00"),
        ("1W", "2022-11-21T14:30", "2022-11-25T18:00"),
    ],
)
def test_a_bar_closes_with_its_session_at_the_latest(timeframe: str, opens: str, closes: str) -> None:
    bars = columns(
        [flat(0, 1.0, start=ns(opens), timeframe=timeframe)], Instrument(id="BTC", calendar="XNYS")
    )
    assert in_sessions(bars).closes.tolist() == [ns(closes)]


def test_round_the_clock_needs_no_table() -> None:
    bars = columns([flat(0, 1.0)])
    assert in_sessions(bars) is bars
    assert sessions_of(bars) is None


@pytest.mark.parametrize(
    ("calendar", "words"),
    [
        ("XNYX", r"there is no calendar 'XNYX' \(did you mean 'XNYS'\?\)"),
        ("24/7", "the calendar 24/7 has no sessions"),
    ],
)
def test_what_is_no_calendar_is_refused(calendar: str, words: Any) -> None:
    with pytest.raises(DataError, match=words):
        year(calendar, 2022)


def test_years_that_the_library_does_not_know_are_refused() -> None:
    with pytest.raises(DataError, match="the calendar XKRX does not cover 1949-12-12 to"):
        year("XKRX", 1950)
