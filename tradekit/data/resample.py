"""Whole columns of bars into longer bars at once: equal, to the last bit, to feeding them to an `Aggregator`.

Knows no files.
"""

from typing import TYPE_CHECKING, overload

import numpy as np

from tradekit.data.aggregate import bin_origin, check_lengths, out_of_order
from tradekit.data.columns import BarColumns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["resample"]


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

    Raises DataError when the timeframe is no whole number of the bars' own, or when bars overlap.
    """
    if isinstance(bars, BarColumns):
        return _resampled(bars, timeframe, partial)
    made = _resampled(BarColumns.from_frame(bars), timeframe, partial).frame()
    made.attrs["source"] = f"{bars.attrs['source']} resampled to {timeframe}"
    return made


def _resampled(bars: BarColumns, timeframe: str, partial: bool) -> BarColumns:
    source, length = check_lengths(bars.timeframe, timeframe)
    overlaps = np.flatnonzero(np.diff(bars.ts) < source)
    if len(overlaps):
        before, after = bars.ts[overlaps[0] : overlaps[0] + 2].tolist()
        raise out_of_order(bars.instrument, timeframe, after, before + source)
    starts = bars.ts - (bars.ts - bin_origin(timeframe)) % length
    firsts = np.flatnonzero(np.diff(starts, prepend=starts[:1] - 1)) if len(bars) else np.empty(0, np.int64)
    lasts = np.append(firsts[1:], len(bars))[: len(firsts)] - 1
    if len(firsts) and not partial and bars.ts[-1] + source < starts[-1] + length:
        firsts, lasts = firsts[:-1], lasts[:-1]
    end = int(lasts[-1]) + 1 if len(lasts) else 0
    bins = np.repeat(np.arange(len(firsts)), lasts - firsts + 1)
    return BarColumns(
        bars.spec,
        timeframe,
        ts=starts[firsts],
        open=bars.open[firsts],
        high=np.maximum.reduceat(bars.high[:end], firsts) if end else bars.high[:0],
        low=np.minimum.reduceat(bars.low[:end], firsts) if end else bars.low[:0],
        close=bars.close[lasts],
        # bincount adds from left to right as a stream does; add.reduceat would add in pairs
        volume=np.bincount(bins, weights=bars.volume[:end], minlength=len(firsts)).astype(np.float64),
        closed=bars.closed,
    )
