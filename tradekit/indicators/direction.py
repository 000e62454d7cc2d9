"""Whether a price has a direction, and how strong: directional movement, average directional index, Aroon.

As TA-Lib defines them. Knows nothing of what a direction calls for.
"""

from typing import ClassVar

import numpy as np

from tradekit.indicators.base import Floats, Indicator, positive_period
from tradekit.indicators.windows import Window, Windowed

__all__ = ["ADX", "DI", "Aroon"]

_BAR = ("high", "low", "close")


class DI(Indicator):
    """Directional indicators (Wilder 1978), 0 to 100: the smoothed moves up and down in per cent of the true range.

    value  +DI, as `plus`
    plus   +DI: how much of the range was new ground upwards
    minus  -DI: the same downwards

    A bar's move is the larger of its two new grounds, the other counts as none. The first sums are of `period` - 1
    moves, as in TA-Lib; the first value comes with bar `period` + 1. 0 where the range is nothing.
    """

    __slots__ = ("_close", "_down", "_high", "_low", "_ranges", "_seen", "_up", "minus", "period", "plus")
    inputs: ClassVar[tuple[str, ...]] = _BAR
    outputs: ClassVar[tuple[str, ...]] = ("value", "plus", "minus")
    plus: float
    minus: float

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("DI", period, least=2)
        super().__init__(warmup=self.period + 1)
        self._high = self._low = self._close = 0.0  # of the bar before
        self._seen = 0  # bars so far, counted until ready
        self._up = self._down = self._ranges = 0.0  # sums of `period` - 1, from then on smoothed

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        seen = self._seen
        if seen:
            rise, fall = high - self._high, self._low - low
            up = rise if rise > 0.0 and rise > fall else 0.0
            down = fall if fall > 0.0 and fall > rise else 0.0
            last = self._close
            width = (high if high > last else last) - (low if low < last else last)
            if seen >= self.period:
                period = self.period
                self._up += up - self._up / period
                self._down += down - self._down / period
                self._ranges += width - self._ranges / period
                self.ready = True
                self._show()
            else:
                self._up += up
                self._down += down
                self._ranges += width
        if not self.ready:
            self._seen = seen + 1
        self._high, self._low, self._close = high, low, close

    def _show(self) -> None:
        ranges = self._ranges
        self.value = self.plus = 100.0 * (self._up / ranges) if ranges else 0.0
        self.minus = 100.0 * (self._down / ranges) if ranges else 0.0

    def _lines(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats, Floats, Floats]:
        rise = np.diff(highs, prepend=self._high)
        fall = np.diff(-lows, prepend=-self._low)
        before = np.concatenate(([self._close], closes[:-1]))
        width = np.maximum(highs, before) - np.minimum(lows, before)
        up = self._smoothed(self._up, np.where((rise > 0.0) & (rise > fall), rise, 0.0))
        down = self._smoothed(self._down, np.where((fall > 0.0) & (fall > rise), fall, 0.0))
        ranges = self._smoothed(self._ranges, width)
        self._up, self._down, self._ranges = float(up[-1]), float(down[-1]), float(ranges[-1])
        self._high, self._low, self._close = float(highs[-1]), float(lows[-1]), float(closes[-1])
        nothing = np.zeros(len(ranges))
        plus = 100.0 * np.divide(up, ranges, out=nothing.copy(), where=ranges != 0.0)
        minus = 100.0 * np.divide(down, ranges, out=nothing, where=ranges != 0.0)
        return plus, plus, minus

    def _smoothed(self, total: float, moves: Floats) -> Floats:
        period, totals = self.period, []
        for move in moves.tolist():
            total += move - total / period
            totals.append(total)
        return np.array(totals)


class ADX(Indicator):
    """Average directional index (Wilder 1978), 0 to 100: how strong a direction is, whichever it be.

    value        the smoothed share that the difference of +DI and -DI has in their sum
    plus, minus  +DI and -DI (see `DI`), shown from the index's own first value on

    The first value is the mean of the first `period` shares and comes with bar 2 * `period`. A bar without any
    direction (+DI and -DI 0) leaves the index as it is, and counts as a share of 0 in the first mean, as in TA-Lib.
    """

    __slots__ = ("_index", "_moves", "_seen", "minus", "period", "plus")
    inputs: ClassVar[tuple[str, ...]] = _BAR
    outputs: ClassVar[tuple[str, ...]] = ("value", "plus", "minus")
    plus: float
    minus: float

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("ADX", period, least=2)
        super().__init__(warmup=2 * self.period)
        self._moves = DI(self.period)
        self._seen = 0  # shares so far, counted until ready
        self._index = 0.0  # their sum, from ready on their average

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        moves, period = self._moves, self.period
        moves.update(high, low, close)
        if not moves.ready:
            return
        total = moves.plus + moves.minus
        share = 100.0 * (abs(moves.minus - moves.plus) / total) if total else 0.0
        if self.ready:
            if total:
                self._index = (self._index * (period - 1) + share) / period
        else:
            self._seen += 1
            self._index += share
            if self._seen < period:
                return
            self._index /= period
            self.ready = True
        self.value, self.plus, self.minus = self._index, moves.plus, moves.minus

    def _lines(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats, Floats, Floats]:
        moves = self._moves.arrays(highs, lows, closes)
        plus, minus = moves["plus"], moves["minus"]
        total = plus + minus
        shares = 100.0 * np.divide(
            np.abs(minus - plus), total, out=np.full(len(total), np.nan), where=total != 0.0
        )
        index, kept, period, made = self._index, self.period - 1, self.period, []
        for share in shares.tolist():
            if share == share:  # nan: no direction at all
                index = (index * kept + share) / period
            made.append(index)
        self._index = index
        return np.array(made), plus, minus


class Aroon(Windowed):
    """Aroon (Chande 1995): how lately the highest high and the lowest low of the last `period` + 1 bars were.

    value  the oscillator, up less down, -100 to 100
    up     100 when the newest bar has the highest high, 0 when the oldest has it
    down   the same of the lowest low

    Of equal highs (lows) the latest counts, as in TA-Lib.
    """

    __slots__ = ("_step", "down", "period", "up")
    inputs: ClassVar[tuple[str, ...]] = ("high", "low")
    outputs: ClassVar[tuple[str, ...]] = ("value", "up", "down")
    up: float
    down: float

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("Aroon", period, least=2)
        super().__init__(self.period + 1)
        self._step = 100.0 / self.period

    def _look(self, highs: Window, lows: Window) -> None:
        step, period = self._step, self.period
        self.up = step * (period - _bars_since(highs, max(highs)))
        self.down = step * (period - _bars_since(lows, min(lows)))
        self.value = self.up - self.down

    def _over(self, highs: Floats, lows: Floats) -> tuple[Floats, Floats, Floats]:
        windows = np.lib.stride_tricks.sliding_window_view
        step, period = self._step, self.period
        up = step * (period - windows(highs, period + 1)[:, ::-1].argmax(axis=1))
        down = step * (period - windows(lows, period + 1)[:, ::-1].argmin(axis=1))
        return up - down, up, down


def _bars_since(window: Window, value: float) -> int:
    """How many bars ago `value` was seen last."""
    return next(ago for ago, one in enumerate(reversed(window)) if one == value)
