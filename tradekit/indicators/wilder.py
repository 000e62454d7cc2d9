"""Wilder's smoothing: the slow average inside ATR and RSI.

Knows neither of them; it smooths a series of numbers.
"""

from tradekit.indicators.base import Floats

__all__ = ["WilderAverage"]


class WilderAverage:
    """The mean of the first `period` values, then (previous * (period - 1) + value) / period.

    value  the average; before `ready` the plain sum so far
    """

    __slots__ = ("_seen", "period", "ready", "value")

    def __init__(self, period: int) -> None:
        self.period = period
        self.value = 0.0
        self.ready = False
        self._seen = 0

    def update(self, value: float) -> None:
        """Take the next value."""
        if self.ready:
            self.value = (self.value * (self.period - 1) + value) / self.period
            return
        self._seen += 1
        self.value += value
        if self._seen == self.period:
            self.value /= self.period
            self.ready = True

    def batch(self, values: Floats) -> list[float]:
        """Take many values; the averages from the first ready one on (so possibly fewer than were given)."""
        given: list[float] = values.tolist()
        head = 0 if self.ready else min(self.period - self._seen, len(given))
        for value in given[:head]:
            self.update(value)
        out = [self.value] if head and self.ready else []
        average, period, kept = self.value, self.period, self.period - 1
        append = out.append
        for value in given[head:]:
            average = (average * kept + value) / period
            append(average)
        self.value = average
        return out
