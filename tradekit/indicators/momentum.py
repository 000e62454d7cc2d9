"""How fast a price moves: the relative strength index, as TA-Lib defines it.

Knows nothing of what level calls for a trade.
"""

import numpy as np
from numpy.typing import ArrayLike

from tradekit.indicators.base import Floats, Indicator, columns_of, positive_period
from tradekit.indicators.wilder import smoothed

__all__ = ["RSI"]


class RSI(Indicator):
    """Relative strength index, 0 to 100: the share of rises in the smoothed moves of the last `period` steps.

    The first value comes with value `period` + 1. While no price has moved at all it is 0, as in TA-Lib.
    """

    __slots__ = ("_falls", "_last", "_rises", "_seen", "period")

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("RSI", period)
        super().__init__(warmup=self.period + 1)
        self._last: float | None = None
        self._seen = 0  # steps so far, counted until ready
        self._rises = self._falls = 0.0  # their sums, from ready on their averages

    def update(self, value: float) -> None:
        """Take the next value."""
        last = self._last
        self._last = value
        if last is None:
            return
        step = value - last
        rise, fall = (step, 0.0) if step > 0.0 else (0.0, -step)
        period = self.period
        if self.ready:
            kept = period - 1
            self._rises = rise = (self._rises * kept + rise) / period
            self._falls = fall = (self._falls * kept + fall) / period
        else:
            self._seen += 1
            self._rises += rise
            self._falls += fall
            if self._seen < period:
                return
            self._rises = rise = self._rises / period
            self._falls = fall = self._falls / period
            self.ready = True
        moved = rise + fall
        self.value = 100.0 * rise / moved if moved else 0.0

    def array(self, values: ArrayLike) -> Floats:
        """Take many values; the index after each, nan while not ready, shape (values,)."""
        (given,) = columns_of("RSI", values)
        out = np.full(len(given), np.nan)
        head = self._until_ready(out, given)
        if head == len(out) or self._last is None:
            return out
        steps = np.diff(given[head:], prepend=self._last)
        rises = np.array(smoothed(self._rises, np.where(steps > 0.0, steps, 0.0).tolist(), self.period))
        falls = np.array(smoothed(self._falls, np.where(steps > 0.0, 0.0, -steps).tolist(), self.period))
        moved = rises + falls
        out[head:] = np.divide(100.0 * rises, moved, out=np.zeros(len(moved)), where=moved != 0.0)
        self._last, self._rises, self._falls = float(given[-1]), float(rises[-1]), float(falls[-1])
        self.value = float(out[-1])
        return out
