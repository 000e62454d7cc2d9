"""Strategies to start from: a moving-average cross in both styles, and the break of an hourly inside bar.

They are examples of the house's way to write one; what they earn is nobody's promise.
"""

from typing import Any, ClassVar

import numpy as np
import param

from tradekit.indicators.averages import SMA
from tradekit.indicators.volatility import ATR
from tradekit.model.market import Bar
from tradekit.strategy.base import Strategy
from tradekit.strategy.vector import Bars, VectorStrategy

__all__ = ["InsideBarBreakout", "SmaCross", "SmaCrossVector"]


class SmaCross(Strategy):
    """Long while the fast average is above the slow one, flat otherwise."""

    fast = param.Integer(10, bounds=(2, 200), doc="fast window [bars]")
    slow = param.Integer(20, bounds=(3, 400), doc="slow window [bars]")
    qty = param.Number(
        1.0, bounds=(0, None), inclusive_bounds=(False, True), doc="position while long [units]"
    )

    def on_start(self) -> None:
        """Two averages of the close."""
        self.f, self.s = self.indicator(SMA, self.fast), self.indicator(SMA, self.slow)

    def on_bar(self, bar: Bar) -> None:
        """Hold what the averages say."""
        if not self.s.ready:
            return
        if self.f.value > self.s.value:
            self.buy_to(self.qty)
        else:
            self.close()


class SmaCrossVector(VectorStrategy):
    """The same cross in the style for research at array speed."""

    fast = param.Integer(10, bounds=(2, 200), doc="fast window [bars]")
    slow = param.Integer(20, bounds=(3, 400), doc="slow window [bars]")
    qty = param.Number(
        1.0, bounds=(0, None), inclusive_bounds=(False, True), doc="position while long [units]"
    )

    @property
    def window(self) -> int:
        """As many bars as the longer average needs."""
        return max(self.fast, self.slow)

    def target(self, bars: Bars) -> Any:
        """Long where the fast average is above the slow one."""
        fast, slow = self.ind(SMA, bars.close, self.fast), self.ind(SMA, bars.close, self.slow)
        return np.where(fast > slow, self.qty, 0.0)


class InsideBarBreakout(Strategy):
    """Trade the break of an inside bar's mother.

    An hourly bar that lies within the one before it (its mother) marks the mother's range. The first 15-minute close
    beyond that range enters in its direction at the next open, with a stop `stop_atr` average true ranges (15 m)
    behind the close and a target `risk_reward` times as far ahead. A range is used once; a newer one replaces it.
    """

    timeframes: ClassVar[tuple[str, ...]] = ("15m", "1h")

    risk_reward = param.Number(
        2.0, bounds=(0.1, 20), doc="distance of the target as a multiple of the stop's"
    )
    stop_atr = param.Number(
        1.5, bounds=(0.1, 20), doc="distance of the stop [average true ranges of 15 m bars]"
    )
    volume_filter = param.Number(
        1.0, bounds=(0, 20), doc="least volume of the breaking bar [multiple of its 20-bar average]; 0 is off"
    )
    qty = param.Number(0.5, bounds=(0, None), inclusive_bounds=(False, True), doc="size of an entry [units]")

    def on_start(self) -> None:
        """Range and volume averages on the 15-minute bars."""
        self.atr = self.indicator(ATR, 14, timeframe="15m")
        self.volume = self.indicator(SMA, 20, on="volume", timeframe="15m")
        self.mother: Bar | None = None
        self.high = self.low = 0.0
        self.waiting = False

    def on_bar(self, bar: Bar) -> None:
        """Hourly bars set the range, 15-minute bars break it."""
        if bar.timeframe == "1h":
            self._mark_range(bar)
        elif self.waiting and self.atr.ready and self.position() == 0:
            self._try_break(bar)

    def _mark_range(self, bar: Bar) -> None:
        mother, self.mother = self.mother, bar
        if mother is not None and bar.high <= mother.high and bar.low >= mother.low:
            self.high, self.low, self.waiting = mother.high, mother.low, True
            self.signal("inside_bar", 0, note=f"range {mother.low:g} to {mother.high:g}")

    def _try_break(self, bar: Bar) -> None:
        up, down = bar.close > self.high, bar.close < self.low
        if not (up or down):
            return
        if self.volume_filter and not (
            self.volume.ready and bar.volume >= self.volume_filter * self.volume.value
        ):
            return
        self.waiting = False
        way = 1 if up else -1
        stop = self.stop_atr * self.atr.value
        self.signal("breakout", way, note=f"closed at {bar.close:g} beyond {self.low:g} to {self.high:g}")
        enter = self.buy if up else self.sell
        enter(
            self.qty,
            stop_loss=bar.close - way * stop,
            take_profit=bar.close + way * stop * self.risk_reward,
            tag="breakout",
            reason="15m close beyond the mother bar",
        )
