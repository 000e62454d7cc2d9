"""Moving averages of a price: simple, weighted and exponential, as TA-Lib defines them.

Knows nothing of what the average is of; the caller chooses the field.
"""

from typing import ClassVar

import numpy as np

from tradekit.indicators.base import Floats, Indicator, positive_period
from tradekit.indicators.windows import Window, Windowed, weighted, weighted_all

__all__ = ["EMA", "SMA", "WMA"]


class SMA(Indicator):
    """Simple moving average: the mean of the last `period` values.

    A running sum collects rounding errors for ever. Here a second sum gathers each run of `period` values
    from zero and replaces the running one when the run is full: an error lives for one window, never longer,
    at the price of one addition. Cutting the values into those runs also lets `array` do them all at once.
    """

    __slots__ = ("_fresh", "_next", "_sum", "_window", "period")
    prices: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, period: int) -> None:
        self.period = positive_period("SMA", period)
        super().__init__(warmup=self.period)
        self._window = [0.0] * self.period  # the last `period` values; `_next` is the oldest one's place
        self._next = 0
        self._sum = 0.0  # of the window
        self._fresh = 0.0  # of the values since `_next` was 0

    def update(self, value: float) -> None:
        """Take the next value."""
        window, place = self._window, self._next
        total = self._sum + (value - window[place])
        window[place] = value
        place += 1
        if place == self.period:
            total = self._fresh + value
            self._fresh = 0.0
            self._next = 0
            self.ready = True
        else:
            self._fresh += value
            self._next = place
        self._sum = total
        if self.ready:
            self.value = total / self.period

    def _lines(self, given: Floats) -> tuple[Floats]:
        out = np.empty(len(given))
        head = min(-self._next % self.period, len(given))  # up to the start of a run
        runs = (len(given) - head) // self.period
        tail = head + runs * self.period
        self._one_by_one(given, out, 0, head)
        if runs:
            self._whole_runs(given[head:tail], out[head:tail])
        self._one_by_one(given, out, tail, len(given))
        return (out,)

    def _one_by_one(self, given: Floats, out: Floats, start: int, stop: int) -> None:
        update = self.update
        for at, value in enumerate(given[start:stop].tolist(), start):
            update(value)
            out[at] = self.value

    def _whole_runs(self, given: Floats, out: Floats) -> None:
        """Runs of `period` values each, as rows: the sums of `update` in the same order of additions."""
        rows = given.reshape(-1, self.period)
        fresh = np.cumsum(rows, axis=1)[:, -1]  # cumsum adds strictly from left to right, np.sum does not
        steps = np.empty((len(rows), self.period + 1))
        steps[0, 0] = self._sum
        steps[1:, 0] = fresh[:-1]
        steps[0, 1:] = rows[0] - np.array(self._window)
        np.subtract(rows[1:], rows[:-1], out=steps[1:, 1:])
        sums = np.cumsum(steps, axis=1)[:, 1:]
        sums[:, -1] = fresh
        out[:] = (sums / self.period).ravel()
        self._window = rows[-1].tolist()
        self._sum = float(fresh[-1])
        self._fresh = 0.0


class EMA(Indicator):
    """Exponential moving average, weight 2 / (period + 1), started from the mean of the first `period`."""

    __slots__ = ("_seed", "_seen", "period", "weight")
    prices: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, period: int) -> None:
        self.period = positive_period("EMA", period)
        super().__init__(warmup=self.period)
        self.weight = 2.0 / (self.period + 1)
        self._seen = 0  # values so far, counted until ready
        self._seed = 0.0  # their sum

    def update(self, value: float) -> None:
        """Take the next value."""
        if self.ready:
            self.value += self.weight * (value - self.value)
            return
        self._seen += 1
        self._seed += value
        if self._seen == self.period:
            self.value = self._seed / self.period
            self.ready = True

    def _lines(self, given: Floats) -> tuple[Floats]:
        average, weight = self.value, self.weight
        averages: list[float] = []
        append = averages.append
        for value in given.tolist():
            average += weight * (value - average)
            append(average)
        return (np.array(averages),)


class WMA(Windowed):
    """Weighted moving average: the newest of the last `period` values weighs `period`, the oldest 1."""

    __slots__ = ("_divisor", "_weights", "period")
    prices: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, period: int) -> None:
        self.period = positive_period("WMA", period)
        super().__init__(self.period)
        self._weights = [float(weight) for weight in range(1, self.period + 1)]
        self._divisor = self.period * (self.period + 1) / 2

    def _look(self, window: Window) -> None:
        self.value = weighted(window, self._weights) / self._divisor

    def _over(self, values: Floats) -> tuple[Floats]:
        return (weighted_all(values, self._weights) / self._divisor,)
