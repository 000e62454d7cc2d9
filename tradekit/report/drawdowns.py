"""How deep and how long an equity curve was below its highest point: as numbers and drawdown by drawdown.

Knows a curve and its moments, nothing of what made it.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["drawdown_frame", "drawdown_numbers"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_DAY_NS = 86_400e9


class _Spells(NamedTuple):
    """Runs of points below the high before them: first point, the point after the last, drawdown of every point."""

    starts: Ints
    ends: Ints
    depth: Floats


def drawdown_numbers(curve: Floats, moments: Ints | None) -> dict[str, float | int | None]:
    """Depth and length; `moments` are the points' times [UTC ns], None where they are not known.

    max_drawdown         lowest equity / highest before it - 1: negative, 0 when there was none
    ulcer_index          sqrt(mean(drawdown ** 2)) over the points after the first
    max_drawdown_bars    most consecutive points below the highest
    max_drawdown_days    longest time from a high to its recovery, or to the end [days]
    """
    if curve[0] <= 0:
        return dict.fromkeys(("max_drawdown", "ulcer_index", "max_drawdown_bars", "max_drawdown_days"))
    starts, ends, depth = _spells(curve)
    later = depth[1:]
    days = None
    if moments is not None:
        lengths = moments[np.minimum(ends, len(curve) - 1)] - moments[starts - 1]
        days = float(lengths.max(initial=0)) / _DAY_NS
    return {
        "max_drawdown": float(depth.min()),
        "ulcer_index": float(np.sqrt(np.mean(later * later))) if len(later) else None,
        "max_drawdown_bars": int((ends - starts).max(initial=0)),
        "max_drawdown_days": days,
    }


def drawdown_frame(equity: "pd.Series[float]", opening: float) -> "pd.DataFrame":
    """Every drawdown of a curve, the deepest first; the earlier first among equals.

    equity   after each bar, UTC DatetimeIndex, ascending; opening before the first

    start, valley, end  times (UTC) of the high before it, its lowest point, and the first point as high again; NaT
                        while it lasts
    depth               lowest / high - 1: negative
    bars                points below the high
    days                from start to end, or to the last point
    recovery_days       from valley to end; nan while it lasts
    """
    stamps: Ints = equity.index.to_numpy(dtype="datetime64[ns]").view(np.int64)
    moments = np.insert(stamps, 0, stamps[0])
    curve: Floats = np.insert(equity.to_numpy(np.float64), 0, opening)
    starts, ends, depth = _spells(curve)
    lowest = np.minimum.reduceat(depth, starts) if len(starts) else np.empty(0)
    points = np.flatnonzero(depth < 0)
    low = points[depth[points] == lowest[np.searchsorted(starts, points, side="right") - 1]]
    valleys = low[np.searchsorted(low, starts)]  # the first that is as low as its spell's lowest
    over = ends < len(curve)
    until = moments[np.minimum(ends, len(curve) - 1)]
    begun, deepest = moments[starts - 1], moments[valleys]
    table = pd.DataFrame(
        {
            "start": _times(begun),
            "valley": _times(deepest),
            "end": _times(until).where(over),
            "depth": lowest,
            "bars": ends - starts,
            "days": (until - begun) / _DAY_NS,
            "recovery_days": np.where(over, (until - deepest) / _DAY_NS, np.nan),
        }
    )
    return table.sort_values("depth", kind="stable", ignore_index=True)


def _spells(curve: Floats) -> _Spells:
    peak = np.maximum.accumulate(curve)
    depth: Floats = np.divide(curve, peak, out=np.ones(len(curve)), where=peak > 0) - 1.0
    below = np.concatenate(([False], depth < 0, [False]))
    edges = np.flatnonzero(below[1:] != below[:-1])
    return _Spells(edges[::2], edges[1::2], depth)


def _times(stamps: Ints) -> "pd.Series[pd.Timestamp]":
    return pd.Series(pd.DatetimeIndex(stamps.view("datetime64[ns]"), tz="UTC"))
