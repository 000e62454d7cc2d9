"""How fast a price moves: the relative strength index, as TA-Lib defines it.

Knows nothing of what level calls for a trade.
"""

import numpy as np
from numpy.typing import ArrayLike

from tradekit.indicators.base import Floats, Indicator, columns_of, positive_period
from tradekit.indicators.wilder import WilderAverage

__all__ = ["RSI"]


class RSI(Indicator):
    """Relative strength index, 0 to 100: the share of rises in the smoothed moves of the last `period` steps.

    The first value comes with value `period` + 1. While no price has moved at all it is 0, as in TA-Lib.
    """

    __slots__ = ("_falls", "_last", "_rises", "period")

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("RSI", period)
        super().__init__(warmup=self.period + 1)
        self._rises = WilderAverage(self.period)
        self._falls = WilderAverage(self.period)
        self._last: float | None = None

    def update(self, value: float) -> None:
        """Take the next value."""
        last = self._last
        self._last = value
        if last is None:
            return
        step = value - last
        rises, falls = self._rises, self._falls
        rises.update(step if step > 0.0 else 0.0)
        falls.update(-step if step < 0.0 else 0.0)
        if rises.ready:
            self.ready = True
            moved = rises.value + falls.value
            self.value = 100.0 * rises.value / moved if moved else 0.0

    def array(self, values: ArrayLike) -> Floats:
        """Take many values; the index after each, nan while not ready, shape (values,)."""
        (given,) = columns_of("RSI", values)
        out = np.full(len(given), np.nan)
        if not len(given):
            return out
        steps = np.diff(given) if self._last is None else np.diff(given, prepend=self._last)
        self._last = float(given[-1])
        rises = np.array(self._rises.batch(np.where(steps > 0.0, steps, 0.0)))
        falls = np.array(self._falls.batch(np.where(steps < 0.0, -steps, 0.0)))
        if len(rises):
            moved = rises + falls
            strength = np.divide(100.0 * rises, moved, out=np.zeros(len(moved)), where=moved != 0.0)
            out[len(out) - len(strength) :] = strength
            self.ready = True
            self.value = float(strength[-1])
        return out
