"""Price and volume together: average price by volume, on-balance volume, money flow.

Knows nothing of who traded.
"""

from typing import ClassVar

import numpy as np

from tradekit.errors import StrategyError
from tradekit.indicators.base import Floats, Indicator, positive_period
from tradekit.indicators.windows import NOISE, Window, Windowed, weighted, weighted_all

__all__ = ["MFI", "OBV", "VWAP", "DailyVWAP"]

_BAR = ("high", "low", "close", "volume")
_HOUR = 3_600_000_000_000.0  # [ns]
_DAY = 24.0 * _HOUR


class _Mean(Windowed):
    """Mean of the last `span` prices weighted by their volume; the newest price where nothing has traded."""

    __slots__ = ()
    inputs: ClassVar[tuple[str, ...]] = ("price", "volume")

    def _look(self, prices: Window, volumes: Window) -> None:
        total = weighted(volumes, [1.0] * self.warmup)
        self.value = weighted(prices, volumes) / total if total else prices[-1]

    def _over(self, prices: Floats, volumes: Floats) -> tuple[Floats]:
        span, ones = self.warmup, [1.0] * self.warmup
        total = weighted_all(volumes, ones)
        money = weighted_all(volumes * prices, ones)
        return (np.divide(money, total, out=prices[span - 1 :].copy(), where=total != 0.0),)


class VWAP(Indicator):
    """Average price by volume: the typical price, (high + low + close) / 3, weighted by the volume.

    Over the last `period` bars, or over all bars since the first one (period None). Where nothing has traded it is
    the typical price of the newest bar. `DailyVWAP` begins anew each day.
    """

    __slots__ = ("_mean", "_money", "_volume", "period")
    inputs: ClassVar[tuple[str, ...]] = _BAR
    prices: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, period: int | None = None) -> None:
        self.period = None if period is None else positive_period("VWAP", period)
        super().__init__(warmup=self.period or 1)
        self._mean = None if self.period is None else _Mean(self.period)
        self._money = self._volume = 0.0  # of all bars

    def update(self, high: float, low: float, close: float, volume: float) -> None:
        """Take the next bar's high, low, close and volume."""
        typical, mean = (high + low + close) / 3.0, self._mean
        if mean is not None:
            mean.update(typical, volume)
            self.ready, self.value = mean.ready, mean.value
            return
        self._money += volume * typical
        self._volume += volume
        self.ready = True
        self.value = self._money / self._volume if self._volume else typical

    def _lines(self, highs: Floats, lows: Floats, closes: Floats, volumes: Floats) -> tuple[Floats]:
        typical = (highs + lows + closes) / 3.0
        if self._mean is not None:
            return (self._mean.array(typical, volumes),)
        averages, self._money, self._volume = _running(typical, volumes, self._money, self._volume)
        return (averages,)


class DailyVWAP(Indicator):
    """Average price by volume since the day's first bar; a day begins at `hour` o'clock UTC.

    Midnight UTC (0) suits markets that never close, and those whose session lies within one UTC day, such as the
    stock exchanges of New York, London and Frankfurt. Otherwise as `VWAP`.
    """

    __slots__ = ("_day", "_money", "_start", "_volume")
    inputs: ClassVar[tuple[str, ...]] = (*_BAR, "ts")
    prices: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, hour: float = 0) -> None:
        if isinstance(hour, bool) or not isinstance(hour, (int, float)) or not 0 <= hour < 24:
            raise StrategyError(f"DailyVWAP: the hour is {hour!r}; give one from 0 up to 24 [UTC]")
        super().__init__(warmup=1)
        self._start = hour * _HOUR
        self._day = float("nan")
        self._money = self._volume = 0.0  # of the day

    def update(self, high: float, low: float, close: float, volume: float, ts: float) -> None:
        """Take the next bar's high, low, close, volume and open time [UTC ns]."""
        day = (float(ts) - self._start) // _DAY
        if day != self._day:
            self._day, self._money, self._volume = day, 0.0, 0.0
        typical = (high + low + close) / 3.0
        self._money += volume * typical
        self._volume += volume
        self.ready = True
        self.value = self._money / self._volume if self._volume else typical

    def _lines(
        self, highs: Floats, lows: Floats, closes: Floats, volumes: Floats, ts: Floats
    ) -> tuple[Floats]:
        typical = (highs + lows + closes) / 3.0
        days = (ts - self._start) // _DAY
        starts = np.flatnonzero(np.diff(days, prepend=self._day)).tolist()
        out = np.empty(len(typical))
        for start, stop in zip([0, *starts], [*starts, len(out)], strict=True):
            part = slice(start, stop)
            if start < stop:  # the first part goes on with the day of the bar before
                money, volume = (self._money, self._volume) if days[start] == self._day else (0.0, 0.0)
                out[part], self._money, self._volume = _running(typical[part], volumes[part], money, volume)
                self._day = float(days[start])
        return (out,)


def _running(prices: Floats, volumes: Floats, money: float, volume: float) -> tuple[Floats, float, float]:
    """The mean price after each bar, going on from the money and volume so far; and both at the end."""
    moneys = np.cumsum(np.concatenate(([money], volumes * prices)))[1:]
    totals = np.cumsum(np.concatenate(([volume], volumes)))[1:]
    means = np.divide(moneys, totals, out=prices.copy(), where=totals != 0.0)
    return means, float(moneys[-1]), float(totals[-1])


class OBV(Indicator):
    """On-balance volume (Granville): the volume of rising bars less that of falling ones, summed up.

    Starts with the first bar's volume, as in TA-Lib.
    """

    __slots__ = ("_last",)
    inputs: ClassVar[tuple[str, ...]] = ("close", "volume")

    def __init__(self) -> None:
        super().__init__(warmup=1)
        self._last = 0.0

    def update(self, close: float, volume: float) -> None:
        """Take the next bar's close and volume."""
        if not self.ready:
            self.ready, self.value = True, volume
        elif close > self._last:
            self.value += volume
        elif close < self._last:
            self.value -= volume
        self._last = close

    def _lines(self, closes: Floats, volumes: Floats) -> tuple[Floats]:
        steps = np.sign(np.diff(closes, prepend=self._last)) * volumes
        self._last = float(closes[-1])
        return (np.cumsum(np.concatenate(([self.value], steps)))[1:],)


class _Share(Windowed):
    """The share of the first of two kinds of numbers in the sum of both over `span` bars, 0 to 100; 0 of nothing."""

    __slots__ = ()
    inputs: ClassVar[tuple[str, ...]] = ("rising", "falling")

    def _look(self, rising: Window, falling: Window) -> None:
        ones = [1.0] * self.warmup
        rises = weighted(rising, ones)
        total = rises + weighted(falling, ones)
        self.value = 100.0 * (rises / total) if total else 0.0

    def _over(self, rising: Floats, falling: Floats) -> tuple[Floats]:
        ones = [1.0] * self.warmup
        rises = weighted_all(rising, ones)
        total = rises + weighted_all(falling, ones)
        return (100.0 * np.divide(rises, total, out=np.zeros(len(total)), where=total != 0.0),)


class MFI(Indicator):
    """Money flow index, 0 to 100: the share of rising bars in the money that `period` bars have moved.

    A bar moves its typical price, (high + low + close) / 3, times its volume; one whose typical price stays moves
    nothing. The first value comes with bar `period` + 1; 0 where no money has moved.
    """

    __slots__ = ("_last", "_share", "period")
    inputs: ClassVar[tuple[str, ...]] = _BAR

    def __init__(self, period: int = 14) -> None:
        self.period = positive_period("MFI", period)
        super().__init__(warmup=self.period + 1)
        self._last = float("nan")  # the typical price before
        self._share = _Share(self.period)

    def update(self, high: float, low: float, close: float, volume: float) -> None:
        """Take the next bar's high, low, close and volume."""
        last, self._last = self._last, (high + low + close) / 3.0
        if last != last:  # nan: this is the first bar
            return
        money, step, noise = self._last * volume, self._last - last, NOISE * abs(self._last)
        self._share.update(money if step > noise else 0.0, money if step < -noise else 0.0)
        self.ready, self.value = self._share.ready, self._share.value

    def _lines(self, highs: Floats, lows: Floats, closes: Floats, volumes: Floats) -> tuple[Floats]:
        typical = (highs + lows + closes) / 3.0
        steps = np.diff(typical, prepend=self._last)
        money, noise = typical * volumes, NOISE * np.abs(typical)
        self._last = float(typical[-1])
        return (self._share.array(np.where(steps > noise, money, 0.0), np.where(steps < -noise, money, 0.0)),)
