"""Averages that lag less: double and triple exponential, and Kaufman's adaptive one, as TA-Lib defines them.

Knows nothing of what the average is of; the caller chooses the field.
"""

from collections import deque
from typing import ClassVar

import numpy as np

from tradekit.indicators.averages import EMA
from tradekit.indicators.base import Floats, Indicator, positive_period
from tradekit.indicators.windows import Window, weighted, weighted_all

__all__ = ["DEMA", "KAMA", "TEMA"]


class DEMA(Indicator):
    """Double exponential moving average: 2 * EMA less the EMA of the EMA (Mulloy 1994)."""

    __slots__ = ("_once", "_twice", "period")
    prices: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, period: int) -> None:
        self.period = positive_period("DEMA", period)
        super().__init__(warmup=2 * self.period - 1)
        self._once, self._twice = EMA(self.period), EMA(self.period)

    def update(self, value: float) -> None:
        """Take the next value."""
        once, twice = self._once, self._twice
        once.update(value)
        if once.ready:
            twice.update(once.value)
            if twice.ready:
                self.ready = True
                self.value = 2.0 * once.value - twice.value

    def _lines(self, given: Floats) -> tuple[Floats]:
        once = self._once.array(given)
        return (2.0 * once - self._twice.array(once),)


class TEMA(Indicator):
    """Triple exponential moving average: 3 * EMA - 3 * EMA of the EMA + EMA of that (Mulloy 1994)."""

    __slots__ = ("_once", "_thrice", "_twice", "period")
    prices: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, period: int) -> None:
        self.period = positive_period("TEMA", period)
        super().__init__(warmup=3 * self.period - 2)
        self._once, self._twice, self._thrice = EMA(self.period), EMA(self.period), EMA(self.period)

    def update(self, value: float) -> None:
        """Take the next value."""
        once, twice, thrice = self._once, self._twice, self._thrice
        once.update(value)
        if once.ready:
            twice.update(once.value)
            if twice.ready:
                thrice.update(twice.value)
                if thrice.ready:
                    self.ready = True
                    self.value = 3.0 * once.value - 3.0 * twice.value + thrice.value

    def _lines(self, given: Floats) -> tuple[Floats]:
        once = self._once.array(given)
        twice = self._twice.array(once)
        return (3.0 * once - 3.0 * twice + self._thrice.array(twice),)


class KAMA(Indicator):
    """Kaufman's adaptive moving average: quick in a trend, slow in noise (Kaufman 1995; limits 2 and 30 bars).

    The way covered in `period` steps over the sum of the steps is the efficiency, 0 to 1; it moves the weight
    between that of an EMA of 30 and of one of 2. Starts from value `period`, the first is that of value
    `period` + 1. Where nothing has moved the efficiency is 1, as in TA-Lib.
    """

    __slots__ = ("_average", "_steps", "_values", "period")
    prices: ClassVar[tuple[str, ...]] = ("value",)

    _SLOW = 2.0 / 31.0
    _RANGE = 2.0 / 3.0 - 2.0 / 31.0

    def __init__(self, period: int = 10) -> None:
        self.period = positive_period("KAMA", period, least=2)
        super().__init__(warmup=self.period + 1)
        self._values: Window = deque(maxlen=self.period + 1)
        self._steps: Window = deque(maxlen=self.period)  # how far each value is from the one before it
        self._average = 0.0

    def update(self, value: float) -> None:
        """Take the next value."""
        values, steps = self._values, self._steps
        if values:
            steps.append(abs(value - values[-1]))
        values.append(value)
        if len(steps) < self.period:
            self._average = value
            return
        self.ready = True
        way, total = value - values[0], weighted(steps, [1.0] * self.period)
        efficiency = 1.0 if total <= way or not total else abs(way / total)
        weight = efficiency * self._RANGE + self._SLOW
        self._average += weight * weight * (value - self._average)
        self.value = self._average

    def _lines(self, given: Floats) -> tuple[Floats]:
        period = self.period
        values = np.concatenate((list(self._values)[1:], given))  # `period` of them before the given ones
        steps = np.concatenate((list(self._steps)[1:], np.abs(values[period:] - values[period - 1 : -1])))
        way, total = given - values[: len(given)], weighted_all(steps, [1.0] * period)
        efficiency = np.ones(len(given))
        np.divide(way, total, out=efficiency, where=(total > way) & (total != 0.0))
        weights = np.abs(efficiency) * self._RANGE + self._SLOW
        averages: list[float] = []
        average = self._average
        for value, weight in zip(given.tolist(), (weights * weights).tolist(), strict=True):
            average += weight * (value - average)
            averages.append(average)
        self._average = average
        self._values.extend(given.tolist())
        self._steps.extend(steps[-period:].tolist())
        return (np.array(averages),)
