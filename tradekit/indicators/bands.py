"""Bands about a price: Bollinger's, Donchian's and Keltner's.

Knows nothing of what a touch calls for.
"""

from math import sqrt
from typing import ClassVar

import numpy as np

from tradekit.indicators.averages import EMA
from tradekit.indicators.base import Floats, Indicator, positive_number, positive_period
from tradekit.indicators.volatility import ATR
from tradekit.indicators.windows import Window, Windowed, highest, lowest, spread, spreads

__all__ = ["BBANDS", "Donchian", "Keltner"]

_BANDS = ("value", "upper", "lower")


class BBANDS(Windowed):
    """Bollinger bands: the mean of the last `period` values, and `deviations` standard deviations about it.

    value         the mean, the middle band
    upper, lower  the bands; the deviation is that of the population, as in TA-Lib and Bollinger's own
    """

    __slots__ = ("deviations", "lower", "period", "upper")
    outputs: ClassVar[tuple[str, ...]] = _BANDS
    prices: ClassVar[tuple[str, ...]] = _BANDS
    upper: float
    lower: float

    def __init__(self, period: int = 20, deviations: float = 2.0) -> None:
        self.period = positive_period("BBANDS", period, least=2)
        self.deviations = positive_number("BBANDS", "number of deviations", deviations)
        super().__init__(self.period)

    def _look(self, window: Window) -> None:
        above, variance = spread(window)
        self.value = middle = window[-1] + above
        width = self.deviations * sqrt(variance)
        self.upper, self.lower = middle + width, middle - width

    def _over(self, values: Floats) -> tuple[Floats, Floats, Floats]:
        above, variance = spreads(values, self.period)
        middle = values[self.period - 1 :] + above
        width = self.deviations * np.sqrt(variance)
        return middle, middle + width, middle - width


class Donchian(Windowed):
    """Donchian channel: the highest high and the lowest low of the last `period` bars, the newest among them.

    value         the middle between the two
    upper, lower  TA-Lib's MAX of the highs and MIN of the lows

    A breakout is a close beyond the channel of the bar before: keep `upper` from one bar to the next.
    """

    __slots__ = ("lower", "period", "upper")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low")
    outputs: ClassVar[tuple[str, ...]] = _BANDS
    prices: ClassVar[tuple[str, ...]] = _BANDS
    upper: float
    lower: float

    def __init__(self, period: int = 20) -> None:
        self.period = positive_period("Donchian", period)
        super().__init__(self.period)

    def _look(self, highs: Window, lows: Window) -> None:
        self.upper, self.lower = max(highs), min(lows)
        self.value = (self.upper + self.lower) / 2.0

    def _over(self, highs: Floats, lows: Floats) -> tuple[Floats, Floats, Floats]:
        upper, lower = highest(highs, self.period), lowest(lows, self.period)
        return (upper + lower) / 2.0, upper, lower


class Keltner(Indicator):
    """Keltner channel: an EMA of the close, and `multiple` average true ranges about it (Raschke's form).

    value         EMA over `period` bars
    upper, lower  value plus and less `multiple` times ATR(`ranges`)
    """

    __slots__ = ("_middle", "_range", "lower", "multiple", "upper")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low", "close")
    outputs: ClassVar[tuple[str, ...]] = _BANDS
    prices: ClassVar[tuple[str, ...]] = _BANDS
    upper: float
    lower: float

    def __init__(self, period: int = 20, multiple: float = 2.0, ranges: int = 10) -> None:
        self._middle = EMA(positive_period("Keltner", period))
        self._range = ATR(positive_period("Keltner", ranges, what="period of the ranges"))
        self.multiple = positive_number("Keltner", "multiple", multiple)
        super().__init__(warmup=max(self._middle.warmup, self._range.warmup))

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        middle, ranges = self._middle, self._range
        middle.update(close)
        ranges.update(high, low, close)
        if middle.ready and ranges.ready:
            self.ready = True
            self.value = middle.value
            width = self.multiple * ranges.value
            self.upper, self.lower = middle.value + width, middle.value - width

    def _lines(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats, Floats, Floats]:
        middle = self._middle.array(closes)
        width = self.multiple * self._range.array(highs, lows, closes)
        return middle, middle + width, middle - width
