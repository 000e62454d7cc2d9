"""How far a price moves: the average true range, as TA-Lib defines it.

Knows nothing of direction.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from tradekit.indicators.base import Floats, Indicator, columns_of, positive_period
from tradekit.indicators.wilder import smoothed

__all__ = ["ATR"]


class ATR(Indicator):
    """Average true range, Wilder's smoothing over `period` true ranges.

    The first bar has no close before it and so no true range: the first value comes with bar `period` + 1.
    """

    __slots__ = ("_last_close", "_seen", "_smooth", "period")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low", "close")

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("ATR", period)
        super().__init__(warmup=self.period + 1)
        self._last_close: float | None = None
        self._seen = 0  # true ranges so far, counted until ready
        self._smooth = 0.0  # their sum, from ready on their average

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        last = self._last_close
        self._last_close = close
        if last is None:
            return
        width = (high if high > last else last) - (low if low < last else last)
        period = self.period
        if self.ready:
            self.value = self._smooth = (self._smooth * (period - 1) + width) / period
            return
        self._seen += 1
        self._smooth += width
        if self._seen == period:
            self.value = self._smooth = self._smooth / period
            self.ready = True

    def array(self, high: ArrayLike, low: ArrayLike, close: ArrayLike) -> Floats:
        """Take many bars; the average true range after each, nan while not ready, shape (bars,)."""
        highs, lows, closes = columns_of("ATR", high, low, close)
        out = np.full(len(closes), np.nan)
        head = self._until_ready(out, highs, lows, closes)
        if head == len(out) or self._last_close is None:
            return out
        before = np.insert(closes[head:-1], 0, self._last_close)
        widths = np.maximum(highs[head:], before) - np.minimum(lows[head:], before)
        out[head:] = smoothed(self._smooth, widths.tolist(), self.period)
        self._last_close = float(closes[-1])
        self.value = self._smooth = float(out[-1])
        return out
