"""A history at several bar lengths, so that a chart shows a few hundred bars at any zoom and stays small.

Knows no chart: arrays in, arrays out. Times are the middle of each bar [UTC ms], as a browser's axis counts.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradekit.model.instrument import duration, timeframe_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Level", "curve_at", "fill_columns", "levels", "timeframe_of"]

Columns: TypeAlias = dict[str, NDArray[Any]]

FINEST_BARS = 12_000  # the most bars of one level: with all the coarser ones, 1 MB in a page
COARSEST_BARS = 250  # a level of so few can always be shown whole
_DAY = 86_400_000_000_000
_MONDAY = 4 * _DAY  # 1970-01-05: a week begins on Monday
_STEPS = (
    "1s",
    "5s",
    "15s",
    "30s",
    "1m",
    "2m",
    "5m",
    "15m",
    "30m",
    "1h",
    "2h",
    "4h",
    "8h",
    "1D",
    "3D",
    "1W",
    "4W",
)


class Level(msgspec.Struct, frozen=True):
    """The whole history in bars of one length [ns]: columns x (middle [UTC ms]), open, high, low, close."""

    timeframe: str
    length: int
    columns: Columns

    def __len__(self) -> int:
        return len(self.columns["x"])


def timeframe_of(bars: "pd.DataFrame") -> str:
    """The length of the bars: as `load_bars` noted it, else the commonest distance between them."""
    if "timeframe" in bars.attrs:
        return str(bars.attrs["timeframe"])
    steps, counts = np.unique(np.diff(_stamps(bars)), return_counts=True)
    return timeframe_text(int(steps[counts.argmax()])) if len(steps) else "1m"


def levels(bars: "pd.DataFrame") -> list[Level]:
    """The history at each length that a chart may need, the finest first.

    The finest is the bars' own where there are at most 12,000 of them; the coarsest has at most 250 bars, or is
    four-weekly.
    """
    own = timeframe_of(bars)
    stamps = _stamps(bars)
    lengths = [
        duration(own),
        *(n for n in map(duration, _STEPS) if n > duration(own) and n % duration(own) == 0),
    ]
    made: list[Level] = []
    for length in lengths:
        firsts = _firsts(stamps, length)
        last_resort = length == lengths[-1]
        if len(firsts) > FINEST_BARS and not last_resort:
            continue
        made.append(_level(bars, stamps, firsts, length))
        if len(firsts) <= COARSEST_BARS:
            break
    return made


def curve_at(equity: "pd.DataFrame", length: int) -> Columns:
    """Equity at the end of each stretch of `length` [ns] and its deepest drawdown within: x, equity, drawdown."""
    stamps = _stamps(equity)
    firsts = _firsts(stamps, length)
    lasts = np.append(firsts[1:], len(stamps))[: len(firsts)] - 1
    return {
        "x": _middles(stamps[firsts], length),
        "equity": equity["equity"].to_numpy(np.float64)[lasts],
        "drawdown": np.minimum.reduceat(equity["drawdown"].to_numpy(np.float64), firsts),
    }


def fill_columns(fills: "pd.DataFrame", length: int) -> Columns:
    """The fills as numbers: x (middle of their bar), side (1 bought, -1 sold), price, qty, fee, realised."""
    columns: Columns = {
        "x": _stamps(fills) / 1e6 + length / 2e6,
        "price": fills["price"].to_numpy(np.float64),
    }
    columns["side"] = np.where(fills["side"].astype(str) == "buy", 1, -1).astype(np.int8)
    for name in ("qty", "fee", "realised"):
        columns[name] = fills[name].to_numpy(np.float32)
    return columns


def _level(bars: "pd.DataFrame", stamps: NDArray[np.int64], firsts: NDArray[np.int64], length: int) -> Level:
    prices: Mapping[str, NDArray[np.float64]] = {
        name: bars[name].to_numpy(np.float64) for name in ("open", "high", "low", "close")
    }
    starts, lasts = stamps[firsts], np.append(firsts[1:], len(stamps))[: len(firsts)] - 1
    columns = {
        "x": _middles(starts, length),
        "open": prices["open"][firsts],
        "high": np.maximum.reduceat(prices["high"], firsts),
        "low": np.minimum.reduceat(prices["low"], firsts),
        "close": prices["close"][lasts],
    }
    return Level(timeframe_text(length), length, columns)


def _firsts(stamps: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Where each stretch of `length` begins."""
    bins = _bins(stamps, length)
    return np.flatnonzero(np.diff(bins, prepend=bins[:1] - 1))


def _bins(stamps: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    return (stamps - (_MONDAY if length % (7 * _DAY) == 0 else 0)) // length


def _middles(stamps: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """The middle [UTC ms] of the stretch that each moment lies in."""
    origin = _MONDAY if length % (7 * _DAY) == 0 else 0
    return np.asarray((_bins(stamps, length) * length + origin + length / 2) / 1e6, dtype=np.float64)


def _stamps(frame: "pd.DataFrame") -> NDArray[np.int64]:
    stamps: NDArray[np.int64] = frame.index.to_numpy(dtype="datetime64[ns]").view(np.int64)
    return stamps
