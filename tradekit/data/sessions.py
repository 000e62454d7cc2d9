"""Trading sessions as a plain table: when each opens and closes in UTC, and which of them a bar belongs to.

Knows no exchange: `calendar` fills the table.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.errors import DataError
from tradekit.model.instrument import duration

__all__ = ["ROUND_THE_CLOCK", "Sessions", "Span", "same_week", "span_of"]

Stamps: TypeAlias = NDArray[np.int64]

ROUND_THE_CLOCK = "24/7"  # the calendar of an instrument that never rests
_DAY = 86_400_000_000_000


class Span(Enum):
    """What a bar covers where there are sessions."""

    PART = "part"  # of a session: bins count from its open, the last one ends with it
    SESSION = "session"
    WEEK = "week"  # the sessions whose days lie in one week, Monday to Sunday


def span_of(timeframe: str) -> Span:
    """What a bar of this timeframe covers; raises DataError for one that is neither part of a session nor a week."""
    length = duration(timeframe)
    if length < _DAY:
        return Span.PART
    if length == _DAY:
        return Span.SESSION
    if timeframe == "1W":
        return Span.WEEK
    raise DataError(f"sessions make no {timeframe} bars; choose one shorter than a day, 1D (a session) or 1W")


def same_week(day: str, other: str) -> bool:
    """Whether two days ("2022-12-13") lie in one week, Monday to Sunday."""
    return date.fromisoformat(day).isocalendar()[:2] == date.fromisoformat(other).isocalendar()[:2]


@dataclass(frozen=True)
class Sessions:
    """The trading sessions of one calendar, one after the other; each is [open, close).

    days            the date that each is known by, datetime64[D], shape (sessions,)
    opens, closes   [UTC ns], int64
    early           whether it closes before its usual hour
    """

    calendar: str
    days: "NDArray[np.datetime64]"
    opens: Stamps
    closes: Stamps
    early: "NDArray[np.bool_]"

    def __len__(self) -> int:
        return len(self.opens)

    @property
    def weeks(self) -> Stamps:
        """A number for the week (Monday to Sunday) of each session's day."""
        return (self.days.astype("datetime64[D]").astype(np.int64) + 3) // 7

    @property
    def holidays(self) -> "NDArray[np.datetime64]":
        """Mondays to Fridays between the first and the last session on which there is none."""
        every = np.arange(self.days[0], self.days[-1])
        working = every[np.is_busday(every)]
        return working[~np.isin(working, self.days)]

    def of(self, ts: Stamps, length: int = 1) -> Stamps:
        """The position of the session that each stretch of `length` [ns] from `ts` [UTC ns] meets first, or -1.

        A bar is such a stretch: a daily one that is labelled by its date's midnight belongs to that date's session.
        """
        found = np.searchsorted(self.closes, ts, side="right")
        known = np.minimum(found, len(self) - 1)
        return np.where((found < len(self)) & (self.opens[known] < ts + length), known, -1)

    def week_ends(self, at: Stamps) -> Stamps:
        """When the week of the sessions at these positions ends: the close of its last session [UTC ns]."""
        weeks = self.weeks
        return self.closes[np.searchsorted(weeks, weeks[at], side="right") - 1]

    def closes_of(self, ts: Stamps, timeframe: str) -> Stamps:
        """When the bars of `timeframe` that open at `ts` close [UTC ns]: with their session at the latest."""
        length = duration(timeframe)
        at = self.of(ts, length)
        span = span_of(timeframe)
        if span is Span.WEEK:
            ends = self.week_ends(at)
        elif span is Span.SESSION:
            ends = self.closes[at]
        else:
            ends = np.minimum(ts + length, self.closes[at])
        return np.where(at >= 0, ends, ts + length)
