"""A strategy for proofs: it has orders of every kind at work at almost any moment, and a memory of its own.

Knows nothing of markets; what it earns does not matter.
"""

import param

import tradekit as tk
from tradekit.model.market import Bar
from tradekit.model.order import OrderFilled
from tradekit.state.shape import Order


class Ladder(tk.Strategy):
    """Enters at the market or a limit, always with stop and target; adds on strength; cancels what is old."""

    qty = param.Number(0.25, bounds=(0, None), inclusive_bounds=(False, True), doc="size of an order [units]")
    patience = param.Integer(9, bounds=(1, 100), doc="age at which a rung is canceled [bars]")

    def on_start(self) -> None:
        self.fast, self.slow = self.indicator(tk.EMA, 5), self.indicator(tk.SMA, 13)
        self.atr = self.indicator(tk.ATR, 14)
        self.count = self.heard = self.traded = 0
        self.rungs: dict[str, int] = {}
        self.last_price = 0.0

    def on_bar(self, bar: Bar) -> None:
        self.count += 1
        if not (self.slow.ready and self.atr.ready):
            return
        for rung, placed in list(self.rungs.items()):
            if self.count - placed >= self.patience:
                self.cancel(rung, reason="too old")
                del self.rungs[rung]
        reach = self.atr.value
        if self.position() == 0 and not self.rungs:
            self._enter(bar.close, reach)
        elif self.position() != 0 and self.count % 4 == 0 and len(self.rungs) < 3:
            add = self.buy if self.position() > 0 else self.sell
            away = 0.4 if self.position() > 0 else -0.4
            self.rungs[add(self.qty, stop=bar.close + away * reach, tag="add")] = self.count
        if self.count % 50 == 0:
            self.close(reason="the round is over")

    def _enter(self, close: float, reach: float) -> None:
        up = self.fast.value > self.slow.value
        side, way = (self.buy, 1) if up else (self.sell, -1)
        self.signal("trend", way, note=f"{self.fast.value:g} against {self.slow.value:g}")
        terms = {"stop_loss": close - way * 1.2 * reach, "take_profit": close + way * 1.6 * reach}
        if self.count % 2:
            side(self.qty, tag="market", **terms)
        else:
            self.rungs[side(self.qty, limit=close - way * 0.3 * reach, tag="limit", **terms)] = self.count

    def on_fill(self, fill: OrderFilled) -> None:
        self.traded += 1
        self.last_price = float(fill.price)
        self.rungs.pop(fill.id, None)
        if self.traded % 5 == 0:
            self.signal("fifth", 0, note=fill.id)

    def on_order(self, order: Order) -> None:
        self.heard += 1
