"""Orders that were recorded elsewhere, wished for again bar by bar: a fill rule is tried without its strategy.

Knows no indicators and decides nothing.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import param

from tradekit.errors import StrategyError
from tradekit.model.market import Bar
from tradekit.model.order import OrderType, Side, Status
from tradekit.state.shape import Order, Position
from tradekit.strategy.base import Strategy

__all__ = ["RecordedOrders"]

_MOVES = frozenset({"move_sl", "move_tp"})


class RecordedOrders(Strategy):
    """Wishes for recorded orders on the bars they were recorded on.

    Each record is a dict with the number of its `bar` (from 0) and its `action`:

    buy, sell            `size` [units], or a share of what is available when it is below 1 or left out; `limit`,
                         `stop`, `sl`, `tp` [quote currency]
    close_position       `portion` of each open trade (1 when left out)
    move_sl, move_tp     the stop or target of each open trade to `price`; made where there is none
    cancel_entry_orders  ends every entry that waits

    Records of one bar are wished for in their order; of several moves of the stop (or target) only the last. What a
    record leaves out may also be null.
    """

    orders = param.List(default=[], item_type=dict, doc="the records")
    file = param.String(
        "", doc="JSON file with the records: a list, or an object that has it as `orders_submitted`"
    )

    def on_start(self) -> None:
        """Sort the records by their bars."""
        self.number = -1
        self.actions: dict[str, Callable[[dict[str, Any]], object]] = {
            "buy": self._enter,
            "sell": self._enter,
            "close_position": self._close,
            "move_sl": self._move,
            "move_tp": self._move,
            "cancel_entry_orders": self._cancel_entries,
        }
        self.due: dict[int, list[dict[str, Any]]] = {}
        for number, given in enumerate([*self.orders, *self._from_file()]):
            record = {name: value for name, value in given.items() if value is not None}
            if record.get("action") not in self.actions or "bar" not in record:
                known = ", ".join(self.actions)
                raise StrategyError(
                    f"record {number} is {given}: it needs a `bar` and an `action` of {known}"
                )
            self.due.setdefault(int(record["bar"]), []).append(record)

    def on_bar(self, bar: Bar) -> None:
        """Wish for what was recorded on this bar."""
        self.number += 1
        due = self.due.get(self.number, [])
        last = {record["action"]: record for record in due}
        for record in due:
            if record["action"] not in _MOVES or record is last[record["action"]]:
                self.actions[record["action"]](record)

    def _from_file(self) -> list[dict[str, Any]]:
        if not self.file:
            return []
        try:
            found = json.loads(Path(self.file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StrategyError(f"the records in {self.file} cannot be read: {error}") from error
        records = found.get("orders_submitted") if isinstance(found, dict) else found
        if not isinstance(records, list):
            raise StrategyError(
                f"{self.file} has no records: write a list, or an object with it as orders_submitted"
            )
        return records

    def _enter(self, record: dict[str, Any]) -> None:
        size = record.get("size")
        share = size is None or size < 1
        wish = self.buy if record["action"] == "buy" else self.sell
        wish(
            None if share else size,
            share=(size or 1) if share else None,
            limit=record.get("limit"),
            stop=record.get("stop"),
            stop_loss=record.get("sl"),
            take_profit=record.get("tp"),
        )

    def _close(self, record: dict[str, Any]) -> None:
        self.close(portion=record.get("portion", 1))

    def _move(self, record: dict[str, Any]) -> None:
        loss = record["action"] == "move_sl"
        price = {"stop" if loss else "limit": record["price"]}
        for trade in self._open_trades():
            exit_order = self._exit_of(trade, OrderType.STOP if loss else OrderType.LIMIT)
            if exit_order is not None:
                self.replace(exit_order.id, **price)
                continue
            wish = self.sell if trade.qty > 0 else self.buy
            wish(abs(trade.qty), position=trade.position, reduce_only=True, **price)

    def _cancel_entries(self, record: dict[str, Any]) -> None:
        for order in self._working():
            if not (order.parent or order.position or order.reduce_only):
                self.cancel(order.id)

    def _open_trades(self) -> list[Position]:
        return [p for p in self.state.positions.values() if p.qty]

    def _working(self) -> list[Order]:
        return [order for order in self.state.orders.values() if order.status.working]

    def _exit_of(self, trade: Position, kind: OrderType) -> Order | None:
        """The order that protects a trade, made with it (its entry is the parent) or later (it names the trade)."""
        away = Side.SELL if trade.qty > 0 else Side.BUY
        for order in self._working():
            of_trade = trade.position in (order.position, order.parent) or not trade.position
            if of_trade and order.type is kind and order.side is away and order.status is not Status.HELD:
                return order
        return None
