"""Which bars of a series are missing, by the calendar of its instrument.

Knows no cure: whether a quiet minute is missing or had no trade, only the venue can say.
"""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.data.calendar import sessions_of
from tradekit.data.columns import BarColumns
from tradekit.data.sessions import Sessions, Span, span_of
from tradekit.errors import DataError
from tradekit.model.instrument import duration

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["missing_bars", "outside_bars"]

Stamps: TypeAlias = NDArray[np.int64]


def missing_bars(bars: "pd.DataFrame | BarColumns") -> "pd.DataFrame":
    """The holes between a series' first and last bar: a row each, in the order of time.

    bars  a frame made by `load_bars`, or BarColumns

    Columns: start (when the first missing bar would have opened, UTC), end (when the last would have closed, UTC), bars
    (how many). Where the instrument's calendar has sessions, only bars within them are missed; a bar of a day or a week
    is one session or week.
    """
    import pandas as pd

    made = bars if isinstance(bars, BarColumns) else BarColumns.from_frame(bars)
    table = sessions_of(made)
    starts, ends, counts = _holes(made) if table is None else _session_holes(made, table)
    frame = {"start": pd.to_datetime(starts, utc=True), "end": pd.to_datetime(ends, utc=True), "bars": counts}
    return pd.DataFrame(frame)


def outside_bars(bars: "pd.DataFrame | BarColumns") -> int:
    """How many bars lie outside of every session of their instrument's calendar: they count for no longer bar."""
    made = bars if isinstance(bars, BarColumns) else BarColumns.from_frame(bars)
    table = sessions_of(made)
    return 0 if table is None else int((table.of(made.ts, duration(made.timeframe)) < 0).sum())


def _holes(bars: BarColumns) -> tuple[Stamps, Stamps, Stamps]:
    length = duration(bars.timeframe)
    counts = np.diff(bars.ts) // length - 1
    at = np.flatnonzero(counts > 0)
    starts = bars.ts[at] + length
    return starts, starts + counts[at] * length, counts[at]


def _session_holes(bars: BarColumns, table: Sessions) -> tuple[Stamps, Stamps, Stamps]:
    """Every bar that the sessions could hold has a number, counted on from one session to the next."""
    length = duration(bars.timeframe)
    span = span_of(bars.timeframe)
    if span is Span.WEEK:
        raise DataError(
            "missing bars are counted for parts of sessions and for days; give bars of 1D or shorter"
        )
    whole = span is Span.SESSION
    slots = np.ones(len(table), np.int64) if whole else -((table.opens - table.closes) // length)
    before = np.concatenate([[0], np.cumsum(slots)])
    at = table.of(bars.ts, length)
    at, ts = at[at >= 0], bars.ts[at >= 0]
    numbers = before[at] + (0 if whole else np.maximum(ts - table.opens[at], 0) // length)
    counts = np.diff(numbers) - 1
    holes = np.flatnonzero(counts > 0)
    first, last = numbers[holes] + 1, numbers[holes + 1] - 1

    def opens(numbers: Stamps) -> Stamps:
        session = np.searchsorted(before, numbers, side="right") - 1
        starts: Stamps = table.opens[session] + (numbers - before[session]) * length
        return starts

    def closes(numbers: Stamps) -> Stamps:
        session = np.searchsorted(before, numbers, side="right") - 1
        ends: Stamps = table.closes[session]
        return ends if whole else np.minimum(opens(numbers) + length, ends)

    return opens(first), closes(last), counts[holes]
