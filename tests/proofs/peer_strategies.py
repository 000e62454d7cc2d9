"""The strategies that are compared with backtesting.py trade for trade, as tradekit writes them.

`peer_library` has the same ones in that library's own way. They are made to try fill rules, not to earn.
"""

from typing import Any

import param

from tradekit.indicators.averages import SMA
from tradekit.indicators.momentum import RSI
from tradekit.model.market import Bar
from tradekit.model.order import OrderType
from tradekit.strategy.base import Strategy


class Cross(Strategy):
    """Two averages of the close; `crossed` is +1 or -1 on the bar where the fast one crosses the slow one."""

    fast = param.Integer(10, bounds=(1, None), doc="fast window [bars]")
    slow = param.Integer(20, bounds=(2, None), doc="slow window [bars]")
    size = param.Number(1.0, bounds=(0, None), doc="units, or a share of what is available up to 1")

    def on_start(self) -> None:
        self.f, self.s = self.indicator(SMA, self.fast), self.indicator(SMA, self.slow)
        self.side = 0

    def on_bar(self, bar: Bar) -> None:
        if not self.s.ready:
            return
        gap = round(self.f.value - self.s.value, 10)  # where both are equal, the last digits are chance
        before, self.side = self.side, (gap > 0) - (gap < 0) or self.side
        if before and self.side != before:
            self.crossed(self.side, bar)

    def crossed(self, way: int, bar: Bar) -> None:
        self.enter(way)

    def enter(self, way: int, **terms: Any) -> str:
        """Buy (+1) or sell (-1) the size."""
        wish = self.buy if way > 0 else self.sell
        return wish(share=self.size, **terms) if self.size <= 1 else wish(self.size, **terms)


class Bracket(Cross):
    """When flat, follow a cross with a stop and a target off the close."""

    loss = param.Number(0.03, doc="distance of the stop [fraction of the close]")
    gain = param.Number(0.06, doc="distance of the target [fraction of the close]")

    def crossed(self, way: int, bar: Bar) -> None:
        if not self.position():
            close = bar.close
            stop = close * (1 - self.loss) if way > 0 else close * (1 + self.loss)
            target = close * (1 + self.gain) if way > 0 else close * (1 - self.gain)
            self.enter(way, stop_loss=stop, take_profit=target)


class Reversal(Cross):
    """Buy one size up, sell another down, whatever is open."""

    down = param.Number(20.0, doc="units of a sale")

    def crossed(self, way: int, bar: Bar) -> None:
        if way > 0:
            self.buy(self.size)
        else:
            self.sell(self.down)


class RsiLong(Strategy):
    """Buy a share when the RSI is low and nothing is held, leave when it is high."""

    window = param.Integer(14, doc="[bars]")
    low = param.Number(30.0, doc="buy below")
    high = param.Number(70.0, doc="leave above")
    share = param.Number(0.95, doc="of what is available")

    def on_start(self) -> None:
        self.rsi = self.indicator(RSI, self.window)

    def on_bar(self, bar: Bar) -> None:
        if not self.rsi.ready:
            return
        if self.rsi.value < self.low and not self.position():
            self.buy(share=self.share)
        elif self.rsi.value > self.high and self.position():
            self.close()


class RsiShort(RsiLong):
    """Sell a share short when the RSI is high and nothing is held, with a stop and a target off the close."""

    share = param.Number(0.5, doc="of what is available")
    loss = param.Number(0.05, doc="distance of the stop [fraction of the close]")
    gain = param.Number(0.05, doc="distance of the target [fraction of the close]")

    def on_bar(self, bar: Bar) -> None:
        if self.rsi.ready and self.rsi.value > self.high and not self.position():
            self.sell(
                share=self.share,
                stop_loss=bar.close * (1 + self.loss),
                take_profit=bar.close * (1 - self.gain),
            )


class Trailing(Strategy):
    """Buy a new high with a stop under the close, and raise the stop with each close."""

    window = param.Integer(20, doc="[bars]")
    distance = param.Number(0.05, doc="of the stop [fraction of the close]")
    size = param.Number(40.0, doc="units")

    def on_start(self) -> None:
        self.highs: list[float] = []

    def on_bar(self, bar: Bar) -> None:
        known, self.highs = self.highs, [*self.highs[-self.window + 1 :], bar.high]
        if len(known) < self.window:
            return
        if self.position():
            self._raise(bar.close * (1 - self.distance))
        elif bar.close > max(known):
            self.buy(self.size, stop_loss=bar.close * (1 - self.distance))

    def _raise(self, level: float) -> None:
        for order in self.state.orders.values():
            stops = order.working and order.type is OrderType.STOP
            if stops and order.stop is not None and level > float(order.stop):
                self.replace(order.id, stop=level)


class LimitDip(Strategy):
    """Above its average and flat: a limit under the close with a stop and a target off the limit, for a few bars."""

    window = param.Integer(50, doc="[bars]")
    dip = param.Number(0.01, doc="of the limit [fraction of the close]")
    loss = param.Number(0.03, doc="of the stop [fraction of the limit]")
    gain = param.Number(0.02, doc="of the target [fraction of the limit]")
    life = param.Integer(3, doc="of the limit [bars]")
    size = param.Number(30.0, doc="units")

    def on_start(self) -> None:
        self.average = self.indicator(SMA, self.window)
        self.number, self.sent, self.entry = 0, 0, ""

    def on_bar(self, bar: Bar) -> None:
        self.number += 1
        if self.number <= self.window:
            return
        if self._waits() and self.number - self.sent >= self.life:
            self.cancel(self.entry)
        elif self._waits():
            return
        if bar.close > self.average.value and not self.position():
            limit = bar.close * (1 - self.dip)
            self.sent = self.number
            self.entry = self.buy(
                self.size,
                limit=limit,
                stop_loss=limit * (1 - self.loss),
                take_profit=limit * (1 + self.gain),
            )

    def _waits(self) -> bool:
        order = self.state.orders.get(self.entry)
        return order is not None and order.working


class StopBreakout(Strategy):
    """Flat: a stop over the highest high, for a few bars; leave at a close on the lowest low."""

    window = param.Integer(20, doc="of the high [bars]; the low is half as long")
    above = param.Number(0.001, doc="the high [fraction]")
    life = param.Integer(5, doc="of the stop [bars]")
    size = param.Number(30.0, doc="units")

    def on_start(self) -> None:
        self.highs: list[float] = []
        self.lows: list[float] = []
        self.number, self.sent, self.entry = 0, 0, ""

    def on_bar(self, bar: Bar) -> None:
        self.number += 1
        self.highs = [*self.highs[-self.window + 1 :], bar.high]
        self.lows = [*self.lows[-self.window // 2 + 1 :], bar.low]
        if self.number <= self.window:
            return
        if self.position():
            if bar.close <= min(self.lows):
                self.close()
            return
        order = self.state.orders.get(self.entry)
        if order is not None and order.working:
            if self.number - self.sent < self.life:
                return
            self.cancel(self.entry)
        self.sent = self.number
        self.entry = self.buy(self.size, stop=max(self.highs) * (1 + self.above))


class Pyramid(Strategy):
    """Above its average add a trade every few bars; below it close half of each, then all."""

    window = param.Integer(50, doc="[bars]")
    every = param.Integer(5, doc="add on bars that this divides")
    most = param.Integer(4, doc="trades at once")
    size = param.Number(10.0, doc="units of a trade")

    def on_start(self) -> None:
        self.average = self.indicator(SMA, self.window)
        self.number = -1

    def on_bar(self, bar: Bar) -> None:
        self.number += 1
        if self.number < self.window:
            return
        trades = sum(1 for p in self.state.positions.values() if p.qty)
        if bar.close > self.average.value:
            if self.number % self.every == 0 and trades < self.most:
                self.buy(self.size)
        elif trades and self.number % 7 == 0:
            self.close(portion=0.5)
        elif trades and self.number % 7 == 3:
            self.close()
