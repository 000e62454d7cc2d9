"""Where the close stands in its recent range, or off its mean: stochastics, Williams' %R, commodity channel index.

As TA-Lib defines them. Knows nothing of what level calls for a trade.
"""

from typing import ClassVar

import numpy as np

from tradekit.indicators.averages import SMA
from tradekit.indicators.base import Floats, Indicator, positive_period
from tradekit.indicators.momentum import RSI
from tradekit.indicators.windows import NOISE, Window, Windowed, highest, lowest

__all__ = ["CCI", "StochRSI", "Stochastic", "WilliamsR"]

_BAR = ("high", "low", "close")


class _Place(Windowed):
    """Where the close stands between the lowest low and the highest high of the last `span` bars, 0 to 100."""

    __slots__ = ()
    inputs: ClassVar[tuple[str, ...]] = _BAR

    def _look(self, highs: Window, lows: Window, closes: Window) -> None:
        high, low = max(highs), min(lows)
        moved = high - low > NOISE * abs(high)
        self.value = (closes[-1] - low) / ((high - low) / 100.0) if moved else 0.0

    def _over(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats]:
        high, low = highest(highs, self.warmup), lowest(lows, self.warmup)
        close, width = closes[self.warmup - 1 :], high - low
        moved = width > NOISE * np.abs(high)
        return (np.divide(close - low, width / 100.0, out=np.zeros(len(low)), where=moved),)


class Stochastic(Indicator):
    """Stochastic oscillator (Lane): the close's place in the range of the last `period` bars, smoothed, 0 to 100.

    value   %K: the place, averaged over `smooth` bars (1 gives the fast stochastic, TA-Lib's STOCHF)
    signal  %D: the average of %K over `signal` bars

    0 where the range is nothing. Averages are simple.
    """

    __slots__ = ("_k", "_place", "_signal", "signal")
    inputs: ClassVar[tuple[str, ...]] = _BAR
    outputs: ClassVar[tuple[str, ...]] = ("value", "signal")
    signal: float

    def __init__(self, period: int = 14, smooth: int = 3, signal: int = 3) -> None:
        self._place = _Place(positive_period("Stochastic", period))
        self._k = SMA(positive_period("Stochastic", smooth, what="smoothing"))
        self._signal = SMA(positive_period("Stochastic", signal, what="signal period"))
        super().__init__(warmup=period + smooth + signal - 2)

    def update(self, high: float, low: float, close: float) -> None:
        """Take the next bar's high, low and close."""
        place, k, signal = self._place, self._k, self._signal
        place.update(high, low, close)
        if place.ready:
            k.update(place.value)
            if k.ready:
                signal.update(k.value)
                if signal.ready:
                    self.ready = True
                    self.value, self.signal = k.value, signal.value

    def _lines(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats, Floats]:
        k = self._k.array(self._place.array(highs, lows, closes))
        return k, self._signal.array(k)


class StochRSI(Indicator):
    """The stochastic oscillator of the relative strength index (Chande and Kroll 1994), 0 to 100.

    value   the place of RSI(`period`) in its range over `window` bars, averaged over `smooth` (1: TA-Lib's STOCHRSI;
            charts that say "14, 14, 3, 3" smooth over 3)
    signal  the average of `value` over `signal` bars
    """

    __slots__ = ("_rsi", "_stochastic", "signal")
    outputs: ClassVar[tuple[str, ...]] = ("value", "signal")
    signal: float

    def __init__(self, period: int = 14, window: int = 5, signal: int = 3, smooth: int = 1) -> None:
        self._rsi = RSI(positive_period("StochRSI", period))
        window = positive_period("StochRSI", window, what="window")
        smooth = positive_period("StochRSI", smooth, what="smoothing")
        signal = positive_period("StochRSI", signal, what="signal period")
        self._stochastic = Stochastic(window, smooth, signal)
        super().__init__(warmup=self._rsi.warmup + self._stochastic.warmup - 1)

    def update(self, value: float) -> None:
        """Take the next value."""
        rsi, stochastic = self._rsi, self._stochastic
        rsi.update(value)
        if rsi.ready:
            stochastic.update(rsi.value, rsi.value, rsi.value)
            self.ready = stochastic.ready
            self.value, self.signal = stochastic.value, stochastic.signal

    def _lines(self, given: Floats) -> tuple[Floats, Floats]:
        rsi = self._rsi.array(given)
        made = self._stochastic.arrays(rsi, rsi, rsi)
        return made["value"], made["signal"]


class WilliamsR(Windowed):
    """Williams' %R: how far the close lies under the highest high, in per cent of the range, -100 to 0."""

    __slots__ = ("period",)
    inputs: ClassVar[tuple[str, ...]] = _BAR

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("WilliamsR", period)
        super().__init__(self.period)

    def _look(self, highs: Window, lows: Window, closes: Window) -> None:
        high = max(highs)
        width = high - min(lows)
        self.value = (high - closes[-1]) / (width / -100.0) if width > NOISE * abs(high) else 0.0

    def _over(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats]:
        high, close = highest(highs, self.period), closes[self.period - 1 :]
        width = high - lowest(lows, self.period)
        moved = width > NOISE * np.abs(high)
        return (np.divide(high - close, width / -100.0, out=np.zeros(len(high)), where=moved),)


class CCI(Windowed):
    """Commodity channel index (Lambert 1980): the typical price off its mean, in 0.015 mean absolute deviations.

    The typical price is (high + low + close) / 3; 0 where it has not moved in `period` bars.
    """

    __slots__ = ("period",)
    inputs: ClassVar[tuple[str, ...]] = _BAR

    def __init__(self, period: int = 20) -> None:
        self.period = positive_period("CCI", period, least=2)
        super().__init__(self.period)

    def _look(self, highs: Window, lows: Window, closes: Window) -> None:
        typical = [(high + low + close) / 3.0 for high, low, close in zip(highs, lows, closes, strict=True)]
        newest, period = typical[-1], self.period
        total = away = 0.0
        for price in typical:
            total += price - newest
        mean = total / period
        for price in typical:
            away += abs(price - newest - mean)
        away /= period
        self.value = -mean / (0.015 * away) if away > NOISE * abs(newest) else 0.0

    def _over(self, highs: Floats, lows: Floats, closes: Floats) -> tuple[Floats]:
        typical, period = (highs + lows + closes) / 3.0, self.period
        newest = typical[period - 1 :]
        count = len(newest)
        mean, away = np.zeros(count), np.zeros(count)
        for start in range(period):
            mean += typical[start : start + count] - newest
        mean /= period
        for start in range(period):
            away += np.abs(typical[start : start + count] - newest - mean)
        away /= period
        moved = away > NOISE * np.abs(newest)
        return (np.divide(-mean, 0.015 * away, out=np.zeros(count), where=moved),)
