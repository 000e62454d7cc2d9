"""Whole columns of bars into longer bars at once: equal, to the last bit, to feeding them to an `Aggregator`.

Knows no files.
"""

from typing import TYPE_CHECKING, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from tradekit.data.aggregate import bin_origin, check_lengths, out_of_order, reaches_over
from tradekit.data.calendar import sessions_of
from tradekit.data.columns import BarColumns
from tradekit.data.sessions import Sessions, Span, span_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["resample"]

Stamps: TypeAlias = NDArray[np.int64]


@overload
def resample(bars: BarColumns, timeframe: str, *, partial: bool = False) -> BarColumns: ...
@overload
def resample(bars: "pd.DataFrame", timeframe: str, *, partial: bool = False) -> "pd.DataFrame": ...


def resample(
    bars: "BarColumns | pd.DataFrame", timeframe: str, *, partial: bool = False
) -> "BarColumns | pd.DataFrame":
    """The bars of `timeframe` made from shorter ones, in the form they were given in.

    bars     BarColumns, or a frame made by `load_bars` (bid_ and ask_ columns are left out)
    partial  also give the last bin when its end has not been reached yet

    Where the instrument's calendar has sessions, bins count from a session's open and end with it at the latest; 1D is
    a session, 1W the sessions of a week, and bars outside of every session count for none. A frame has a column more,
    `bars`: how many source bars each was made from, so that missing ones show.

    Raises DataError when the timeframe is no whole number of the bars' own, when bars overlap, or when one reaches over
    the end of a bin that counts from a session's open.
    """
    if isinstance(bars, BarColumns):
        return _resampled(bars, timeframe, partial)[0]
    made, counts = _resampled(BarColumns.from_frame(bars), timeframe, partial)
    frame = made.frame()
    frame["bars"] = counts
    frame.attrs["source"] = f"{bars.attrs['source']} resampled to {timeframe}"
    return frame


class _Bins(NamedTuple):
    """Of each source bar: a number that its bin's others share, its bin's start and end, and its own end [UTC ns]."""

    numbers: Stamps
    starts: Stamps
    ends: Stamps
    closes: Stamps


def _resampled(bars: BarColumns, timeframe: str, partial: bool) -> tuple[BarColumns, Stamps]:
    source, length = check_lengths(bars.timeframe, timeframe)
    table = sessions_of(bars)
    kept: slice | NDArray[np.bool_] = slice(None)
    if table is None:
        starts = bars.ts - (bars.ts - bin_origin(timeframe)) % length
        bins = _Bins(starts, starts, starts + length, bars.ts + source)
        _check_order(bars, timeframe, bins.closes)
    else:
        at = table.of(bars.ts, source)
        kept = at >= 0
        bins = _by_session(table, at[kept], bars.ts[kept], source, timeframe)
        closes = bars.ts + source
        closes[kept] = bins.closes
        _check_order(bars, timeframe, closes)
        over = np.flatnonzero(bins.closes > bins.ends)
        if len(over):
            ts, end = int(bars.ts[kept][over[0]]), int(bins.ends[over[0]])
            raise reaches_over(bars.instrument, timeframe, ts, end)
    return _grouped(bars, timeframe, bins, kept, partial, own_ends=table is not None)


def _by_session(table: Sessions, at: Stamps, ts: Stamps, source: int, timeframe: str) -> _Bins:
    opens, closes = table.opens[at], table.closes[at]
    own = np.minimum(ts + source, closes)
    span = span_of(timeframe)
    if span is Span.SESSION:
        return _Bins(opens, opens, closes, own)
    if span is Span.WEEK:
        return _Bins(table.weeks[at], opens, table.week_ends(at), own)
    length = check_lengths(timeframe, timeframe)[0]
    starts = opens + np.maximum(ts - opens, 0) // length * length
    return _Bins(starts, starts, np.minimum(starts + length, closes), own)


def _check_order(bars: BarColumns, timeframe: str, closes: Stamps) -> None:
    overlaps = np.flatnonzero(bars.ts[1:] < closes[:-1])
    if len(overlaps):
        at = int(overlaps[0])
        raise out_of_order(bars.instrument, timeframe, int(bars.ts[at + 1]), int(closes[at]))


def _grouped(
    bars: BarColumns,
    timeframe: str,
    bins: _Bins,
    kept: "slice | NDArray[np.bool_]",
    partial: bool,
    own_ends: bool,
) -> tuple[BarColumns, Stamps]:
    numbers = bins.numbers
    count = len(numbers)
    firsts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 1)) if count else np.empty(0, np.int64)
    lasts = np.append(firsts[1:], count)[: len(firsts)] - 1
    if len(firsts) and not partial and max(bins.closes[-1], bars.ts[-1]) < bins.ends[-1]:
        firsts, lasts = firsts[:-1], lasts[:-1]
    end = int(lasts[-1]) + 1 if len(lasts) else 0
    counts = lasts - firsts + 1
    open_, high, low, close, volume = (
        getattr(bars, name)[kept] for name in ("open", "high", "low", "close", "volume")
    )
    made = BarColumns(
        bars.spec,
        timeframe,
        ts=bins.starts[firsts],
        open=open_[firsts],
        high=np.maximum.reduceat(high[:end], firsts) if end else high[:0],
        low=np.minimum.reduceat(low[:end], firsts) if end else low[:0],
        close=close[lasts],
        # bincount adds from left to right as a stream does; add.reduceat would add in pairs
        volume=np.bincount(
            np.repeat(np.arange(len(firsts)), counts), weights=volume[:end], minlength=len(firsts)
        ).astype(np.float64),
        closes=bins.ends[lasts] if own_ends else None,
        closed=bars.closed,
    )
    return made, counts
