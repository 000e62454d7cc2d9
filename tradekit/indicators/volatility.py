"""How far a price moves: the average true range, plain and in per cent, as TA-Lib defines it.

Knows nothing of direction.
"""

from typing import ClassVar

import numpy as np

from tradekit.indicators.base import Floats, Indicator, positive_period
from tradekit.indicators.wilder import smoothed

__all__ = ["ATR", "NATR"]


class ATR(Indicator):
    """Average true range, Wilder's smoothing over `period` true ranges.

    The first bar has no close before it and so no true range: the first value comes with bar `period` + 1.
    """

    __slots__ = ("_last_close", "_seen", "_smooth", "period")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low", "close")

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("ATR", period)
        super().__init__(warmup=self.period + 1)
        self._last_close = float("nan")
        self._seen = 0  # true ranges so far, counted until ready
        self._smooth = 0.0  # their sum, from ready on their average

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        last = self._last_close
        self._last_close = close
        if last != last:  # nan: this is the first bar
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

    def _lines(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats]:
        before = np.insert(closes[:-1], 0, self._last_close)
        widths = np.maximum(highs, before) - np.minimum(lows, before)
        averages = smoothed(self._smooth, widths.tolist(), self.period)
        self._last_close, self._smooth = float(closes[-1]), averages[-1]
        return (np.array(averages),)


class NATR(Indicator):
    """Normalised average true range: the average true range in per cent of the close; 0 at a close of 0."""

    __slots__ = ("_range", "period")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low", "close")

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("NATR", period)
        super().__init__(warmup=self.period + 1)
        self._range = ATR(self.period)

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        self._range.update(high, low, close)
        if self._range.ready:
            self.ready = True
            self.value = self._range.value / close * 100.0 if close else 0.0

    def _lines(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats]:
        ranges = self._range.array(highs, lows, closes)
        return (np.divide(ranges, closes, out=np.zeros(len(closes)), where=closes != 0.0) * 100.0,)
