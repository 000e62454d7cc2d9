"""How fast a price moves: relative strength index, momentum and rate of change, as TA-Lib defines them.

Knows nothing of what level calls for a trade.
"""

import numpy as np

from tradekit.indicators.base import Floats, Indicator, positive_period
from tradekit.indicators.wilder import smoothed
from tradekit.indicators.windows import Window, Windowed

__all__ = ["MOM", "ROC", "RSI"]


class RSI(Indicator):
    """Relative strength index, 0 to 100: the share of rises in the smoothed moves of the last `period` steps.

    The first value comes with value `period` + 1. While no price has moved at all it is 0, as in TA-Lib.
    """

    __slots__ = ("_falls", "_last", "_rises", "_seen", "period")

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("RSI", period)
        super().__init__(warmup=self.period + 1)
        self._last = float("nan")  # the value before
        self._seen = 0  # steps so far, counted until ready
        self._rises = self._falls = 0.0  # their sums, from ready on their averages

    def update(self, value: float) -> None:
        """Take the next value."""
        last = self._last
        self._last = value
        if last != last:  # nan: this is the first bar
            return
        step = value - last
        rise, fall = (step, 0.0) if step > 0.0 else (0.0, -step)
        period = self.period
        if self.ready:
            kept = period - 1
            self._rises = rise = (self._rises * kept + rise) / period
            self._falls = fall = (self._falls * kept + fall) / period
        else:
            self._seen += 1
            self._rises += rise
            self._falls += fall
            if self._seen < period:
                return
            self._rises = rise = self._rises / period
            self._falls = fall = self._falls / period
            self.ready = True
        moved = rise + fall
        self.value = 100.0 * (rise / moved) if moved else 0.0

    def _lines(self, given: Floats) -> tuple[Floats]:
        steps = np.diff(given, prepend=self._last)
        rises = np.array(smoothed(self._rises, np.where(steps > 0.0, steps, 0.0).tolist(), self.period))
        falls = np.array(smoothed(self._falls, np.where(steps > 0.0, 0.0, -steps).tolist(), self.period))
        moved = rises + falls
        share = np.divide(rises, moved, out=np.zeros(len(moved)), where=moved != 0.0)
        self._last, self._rises, self._falls = float(given[-1]), float(rises[-1]), float(falls[-1])
        return (100.0 * share,)


class MOM(Windowed):
    """Momentum: the value less the one `period` bars before."""

    __slots__ = ("period",)

    def __init__(self, period: int = 10) -> None:
        self.period = positive_period("MOM", period)
        super().__init__(self.period + 1)

    def _look(self, window: Window) -> None:
        self.value = window[-1] - window[0]

    def _over(self, values: Floats) -> tuple[Floats]:
        return (values[self.period :] - values[: -self.period],)


class ROC(Windowed):
    """Rate of change: by how many per cent the value stands above the one `period` bars before; 0 from 0."""

    __slots__ = ("period",)

    def __init__(self, period: int = 10) -> None:
        self.period = positive_period("ROC", period)
        super().__init__(self.period + 1)

    def _look(self, window: Window) -> None:
        before = window[0]
        self.value = (window[-1] / before - 1.0) * 100.0 if before else 0.0

    def _over(self, values: Floats) -> tuple[Floats]:
        now, before = values[self.period :], values[: -self.period]
        return ((np.divide(now, before, out=np.ones(len(now)), where=before != 0.0) - 1.0) * 100.0,)
