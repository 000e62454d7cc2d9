"""The trading sessions of exchanges, from the library `exchange_calendars`: holidays, early closes, DST, all to UTC.

The library is loaded when a calendar is first asked for; "24/7" never asks. Knows no bars.
"""

import warnings
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tradekit.data.columns import BarColumns
from tradekit.data.sessions import ROUND_THE_CLOCK, Sessions
from tradekit.errors import DataError, did_you_mean

__all__ = ["FX", "in_sessions", "sessions", "sessions_of"]

FX = "FX"  # the currency market's day, from 17:00 to 17:00 in New York
_ROLL = time(17, tzinfo=ZoneInfo("America/New_York"))
_MARGIN = timedelta(days=20)  # more than the longest rest of any exchange's in normal times


def sessions(calendar: str, start: int, end: int) -> Sessions:
    """The sessions of a calendar that touch the time from `start` to `end` [UTC ns], and some before and after.

    calendar  a name of `exchange_calendars` ("XNYS", "XLON", "CMES", "us_futures"), or "FX": the sessions of the
              currency market, from 17:00 to 17:00 in New York, named Monday to Friday by the day they end, with no
              holidays

    Raises DataError for a name that is not known, for "24/7", which has no sessions, and for years that the library
    does not cover.
    """
    first, last = (datetime.fromtimestamp(ns // 1_000_000_000, UTC).year for ns in (start, end))
    return _table(calendar, first, last)


def sessions_of(columns: BarColumns) -> Sessions | None:
    """The sessions that bars lie in, by their instrument's calendar; None where trading never rests."""
    if columns.spec.calendar == ROUND_THE_CLOCK or not len(columns):
        return None
    return sessions(columns.spec.calendar, int(columns.ts[0]), int(columns.ts[-1]))


def in_sessions(columns: BarColumns) -> BarColumns:
    """The same bars, which close with their session at the latest; the very same where trading never rests."""
    table = sessions_of(columns)
    return columns if table is None else columns.closing(table.closes_of(columns.ts, columns.timeframe))


@lru_cache(maxsize=64)
def _table(calendar: str, first: int, last: int) -> Sessions:
    begin, end = date(first, 1, 1) - _MARGIN, date(last, 12, 31) + _MARGIN
    return _currency_days(begin, end) if calendar == FX else _exchange_days(calendar, begin, end)


def _exchange_days(name: str, begin: date, end: date) -> Sessions:
    if name == ROUND_THE_CLOCK:
        raise DataError("the calendar 24/7 has no sessions: trading never rests")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what newer releases of pandas say to the library, not to us
        import exchange_calendars
        from exchange_calendars.errors import InvalidCalendarName

        try:
            known = exchange_calendars.get_calendar(name, start=begin.isoformat(), end=end.isoformat())
        except InvalidCalendarName as error:
            names = [*exchange_calendars.get_calendar_names(include_aliases=True), FX]
            raise DataError(
                f"there is no calendar {name!r}{did_you_mean(name, names)}; give a name of exchange_calendars such as "
                f"XNYS, FX for currencies, or 24/7"
            ) from error
        except ValueError as error:
            raise DataError(f"the calendar {name} does not cover {begin} to {end}: {error}") from error
        days = known.schedule.index.to_numpy(dtype="datetime64[D]")
        early = np.isin(days, known.early_closes.to_numpy(dtype="datetime64[D]"))
    opens, closes = _stamps(known.schedule["open"]), _stamps(known.schedule["close"])
    return Sessions(name, days=days, opens=opens, closes=closes, early=early)


def _currency_days(begin: date, end: date) -> Sessions:
    days = np.arange(np.datetime64(begin), np.datetime64(end))
    days = days[np.is_busday(days)]
    rolls = {day: _roll(day.item()) for day in (*days, *(days - 1))}
    return Sessions(
        FX,
        days=days,
        opens=np.array([rolls[day] for day in days - 1], dtype=np.int64),
        closes=np.array([rolls[day] for day in days], dtype=np.int64),
        early=np.zeros(len(days), dtype=np.bool_),
    )


def _roll(day: date) -> int:
    return int(datetime.combine(day, _ROLL).timestamp()) * 1_000_000_000


def _stamps(column: Any) -> "np.ndarray[Any, np.dtype[np.int64]]":
    return np.asarray(column.to_numpy(dtype="datetime64[ns]")).view(np.int64)
