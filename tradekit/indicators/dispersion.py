"""How values lie about their mean and about a straight line: deviation, z-score, linear regression.

Definitions as in TA-Lib where it has them. Knows nothing of what is measured; the caller chooses the field.
"""

from math import sqrt
from typing import ClassVar

import numpy as np

from tradekit.indicators.base import Floats, positive_period
from tradekit.indicators.windows import Window, Windowed, spread, spreads, weighted

__all__ = ["STDDEV", "LinearRegression", "ZScore"]


class STDDEV(Windowed):
    """Standard deviation of the last `period` values, of the population (divided by `period`), as TA-Lib's."""

    __slots__ = ("period",)

    def __init__(self, period: int = 20) -> None:
        self.period = positive_period("STDDEV", period, least=2)
        super().__init__(self.period)

    def _look(self, window: Window) -> None:
        self.value = sqrt(spread(window)[1])

    def _over(self, values: Floats) -> tuple[Floats]:
        return (np.sqrt(spreads(values, self.period)[1]),)


class ZScore(Windowed):
    """By how many standard deviations (of the population) the newest value lies above the mean of the window.

    0 where nothing in the window differs.
    """

    __slots__ = ("period",)

    def __init__(self, period: int = 20) -> None:
        self.period = positive_period("ZScore", period, least=2)
        super().__init__(self.period)

    def _look(self, window: Window) -> None:
        below, variance = spread(window)
        self.value = -below / sqrt(variance) if variance else 0.0

    def _over(self, values: Floats) -> tuple[Floats]:
        below, variance = spreads(values, self.period)
        deviation = np.sqrt(variance)
        return (np.divide(-below, deviation, out=np.zeros(len(below)), where=deviation != 0.0),)


class LinearRegression(Windowed):
    """The straight line through the last `period` values by least squares.

    value  the line at the newest bar (TA-Lib's LINEARREG)
    slope  its rise in one bar (TA-Lib's LINEARREG_SLOPE)
    """

    __slots__ = ("_offsets", "_squares", "period", "slope")
    outputs: ClassVar[tuple[str, ...]] = ("value", "slope")
    prices: ClassVar[tuple[str, ...]] = ("value",)
    slope: float

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("LinearRegression", period, least=2)
        super().__init__(self.period)
        middle = (self.period - 1) / 2
        self._offsets = [place - middle for place in range(self.period)]
        self._squares = sum(offset * offset for offset in self._offsets)  # halves squared: exact

    def _look(self, window: Window) -> None:
        newest = window[-1]
        moves = [value - newest for value in window]
        self.slope = slope = weighted(moves, self._offsets) / self._squares
        self.value = newest + (weighted(moves, [1.0] * self.period) / self.period + slope * self._offsets[-1])

    def _over(self, values: Floats) -> tuple[Floats, Floats]:
        newest = values[self.period - 1 :]
        total, sloped = np.zeros(len(newest)), np.zeros(len(newest))
        for start, offset in enumerate(self._offsets):
            moves = values[start : start + len(newest)] - newest
            total += moves
            sloped += offset * moves
        slope = sloped / self._squares
        return newest + (total / self.period + slope * self._offsets[-1]), slope
