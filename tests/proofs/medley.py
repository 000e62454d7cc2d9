"""A strategy for proofs: one order of every type after the other, with every life, changed and canceled on the way.

Knows nothing of markets; what it earns does not matter.
"""

from collections.abc import Callable
from typing import Any

import param

import tradekit as tk
from tradekit.model.market import Bar
from tradekit.state.shape import Order


class Medley(tk.Strategy):
    """Every second bar another type of order; the third bar after it changes or cancels what still works."""

    qty = param.Number(0.5, bounds=(0, None), inclusive_bounds=(False, True), doc="size of an order [units]")

    def on_start(self) -> None:
        self.atr = self.indicator(tk.ATR, 14)
        self.count = self.ended = 0
        self.latest = ""

    def on_bar(self, bar: Bar) -> None:
        self.count += 1
        if not self.atr.ready:
            return
        if self.count % 2 == 0:
            kinds = self._kinds(bar.close, self.atr.value)
            trade, terms = kinds[self.count // 2 % len(kinds)]
            self.latest = trade(self.qty, **terms)
        elif self.count % 6 == 3 and self.latest:
            self.replace(self.latest, qty=self.qty * 2)
        elif self.count % 6 == 5 and self.latest:
            self.cancel(self.latest, reason="enough")
        if self.count % 60 == 0:
            self.close(reason="the round is over")

    def _kinds(self, close: float, reach: float) -> list[tuple[Callable[..., str], dict[str, Any]]]:
        near = 0.3 * reach
        return [
            (self.buy, {"tif": "ioc"}),
            (
                self.buy,
                {"limit": close - near, "tif": "day", "stop_loss_trail": reach, "take_profit": close + reach},
            ),
            (self.sell, {"stop": close - near, "limit": close - 2 * near}),
            (self.sell, {"trail": reach}),
            (self.buy, {"if_touched": close - near}),
            (self.buy, {"if_touched": close - near, "limit": close - near, "tif": "day"}),
            (self.sell, {"limit": close + near, "post_only": True}),
            (self.sell, {"limit": close - near, "tif": "fok"}),
            (self.buy, {"trail_pct": 0.1, "reduce_only": True}),
            (self.buy, {"stop": close + near, "group": "either"}),
            (self.sell, {"stop": close - near, "group": "either"}),
        ]

    def on_order(self, order: Order) -> None:
        if not order.working:
            self.ended += 1
            if self.ended % 7 == 0:
                self.signal("seventh", 0, note=f"{order.id} {order.status}")
