"""How far a price moves: the average true range, as TA-Lib defines it.

Knows nothing of direction.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from tradekit.indicators.base import Floats, Indicator, columns_of, positive_period
from tradekit.indicators.wilder import WilderAverage

__all__ = ["ATR"]


class ATR(Indicator):
    """Average true range, Wilder's smoothing over `period` true ranges.

    The first bar has no close before it and so no true range: the first value comes with bar `period` + 1.
    """

    __slots__ = ("_average", "_last_close", "period")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low", "close")

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("ATR", period)
        super().__init__(warmup=self.period + 1)
        self._average = WilderAverage(self.period)
        self._last_close: float | None = None

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        last = self._last_close
        self._last_close = close
        if last is None:
            return
        average = self._average
        average.update((high if high > last else last) - (low if low < last else last))
        if average.ready:
            self.ready = True
            self.value = average.value

    def array(self, high: ArrayLike, low: ArrayLike, close: ArrayLike) -> Floats:
        """Take many bars; the average true range after each, nan while not ready, shape (bars,)."""
        highs, lows, closes = columns_of("ATR", high, low, close)
        out = np.full(len(closes), np.nan)
        if not len(closes):
            return out
        before = np.empty(len(closes))
        before[0] = closes[0] if self._last_close is None else self._last_close
        before[1:] = closes[:-1]
        ranges = np.maximum(highs, before) - np.minimum(lows, before)
        averages = self._average.batch(ranges if self._last_close is not None else ranges[1:])
        self._last_close = float(closes[-1])
        if averages:
            out[len(out) - len(averages) :] = averages
            self.ready = True
            self.value = averages[-1]
        return out
