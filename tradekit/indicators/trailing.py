"""Lines that trail a price and turn with it: parabolic stop and reverse, SuperTrend.

Knows nothing of orders; a strategy may place its stop there.
"""

from typing import ClassVar

import numpy as np

from tradekit.indicators.base import Floats, Indicator, positive_number, positive_period
from tradekit.indicators.volatility import ATR

__all__ = ["PSAR", "SuperTrend"]


class PSAR(Indicator):
    """Parabolic stop and reverse (Wilder 1978), as TA-Lib's SAR.

    value      the stop for this bar: below the price in a rise, above it in a fall
    direction  1 while the line trails a rise, -1 while it trails a fall

    The stop moves towards the extreme of the trend by a share that grows by `acceleration` with each new extreme, up
    to `maximum`, and never into the last two bars. The second bar gives the first value; the first trend is a fall
    when that bar's new low outdoes its new high, else a rise.
    """

    __slots__ = ("_extreme", "_high", "_low", "_next", "_weight", "acceleration", "direction", "maximum")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low")
    outputs: ClassVar[tuple[str, ...]] = ("value", "direction")
    prices: ClassVar[tuple[str, ...]] = ("value",)
    direction: float

    def __init__(self, acceleration: float = 0.02, maximum: float = 0.2) -> None:
        self.maximum = positive_number("PSAR", "maximum", maximum)
        self.acceleration = min(positive_number("PSAR", "acceleration", acceleration), self.maximum)
        super().__init__(warmup=2)
        self._high = self._low = float("nan")  # of the bar before
        self._next = self._extreme = self._weight = 0.0  # the stop for the next bar, the trend's extreme

    def update(self, high: float, low: float) -> None:
        """Take the next bar's high and low."""
        last_high, last_low = self._high, self._low
        self._high, self._low = high, low
        if not self.ready:
            if last_high != last_high:  # nan: this is the first bar
                return
            self.ready = True
            fall = last_low - low
            rises = not (fall > 0.0 and fall > high - last_high)
            self._weight = self.acceleration
            self._extreme, self._next = (high, last_low) if rises else (low, last_high)
            self.direction = 1.0 if rises else -1.0
            last_high, last_low = high, low
        stop, rises = self._next, self.direction > 0.0
        turns = low <= stop if rises else high >= stop
        if turns:
            rises = not rises
            self.direction = 1.0 if rises else -1.0
            stop = min(self._extreme, last_low, low) if rises else max(self._extreme, last_high, high)
            self._extreme, self._weight = high if rises else low, self.acceleration
        elif high > self._extreme if rises else low < self._extreme:
            self._extreme = high if rises else low
            self._weight = min(self._weight + self.acceleration, self.maximum)
        ahead = stop + self._weight * (self._extreme - stop)
        self._next = min(ahead, last_low, low) if rises else max(ahead, last_high, high)
        self.value = stop


class SuperTrend(Indicator):
    """SuperTrend (Seban): a band of `multiple` average true ranges off the middle, on the side that the trend left.

    value      the line: the lower band in a rise, the upper one in a fall
    direction  1 in a rise, -1 in a fall

    A band only moves towards the price, until the close before has passed it. The trend turns when the close reaches
    the line. It starts with bar `period` + 1, as a rise when that closes at or above its middle.
    """

    __slots__ = ("_close", "_lower", "_range", "_upper", "direction", "multiple")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low", "close")
    outputs: ClassVar[tuple[str, ...]] = ("value", "direction")
    prices: ClassVar[tuple[str, ...]] = ("value",)
    direction: float

    def __init__(self, period: int = 10, multiple: float = 3.0) -> None:
        self._range = ATR(positive_period("SuperTrend", period))
        self.multiple = positive_number("SuperTrend", "multiple", multiple)
        super().__init__(warmup=self._range.warmup)
        self._upper = self._lower = self._close = 0.0  # as of the bar before

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        self._range.update(high, low, close)
        if self._range.ready:
            middle, width = (high + low) / 2.0, self.multiple * self._range.value
            self._turn(middle, middle + width, middle - width, close)
        self._close = close

    def _turn(self, middle: float, upper: float, lower: float, close: float) -> None:
        if not self.ready:
            self.ready = True
            rises = close >= middle
        else:
            if upper >= self._upper >= self._close:
                upper = self._upper
            if lower <= self._lower <= self._close:
                lower = self._lower
            rises = self.direction > 0.0
        rises = close > (lower if rises else upper)
        self._upper, self._lower = upper, lower
        self.value = lower if rises else upper
        self.direction = 1.0 if rises else -1.0

    def _lines(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats, Floats]:
        middles = (highs + lows) / 2.0
        widths = self.multiple * self._range.array(highs, lows, closes)
        lines, directions = [], []
        columns = (middles, middles + widths, middles - widths, closes)
        for middle, upper, lower, close in zip(*(column.tolist() for column in columns), strict=True):
            self._turn(middle, upper, lower, close)
            self._close = close
            lines.append(self.value)
            directions.append(self.direction)
        return np.array(lines), np.array(directions)
