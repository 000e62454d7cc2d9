"""A book of trades: each entry opens a trade of its own, with its own stop and target, and exits name their trade.

The book is a fold of the facts that a venue tells (`trade_venue`), so a journal rebuilds it. Knows no fill rule.
"""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from tradekit.core.event import Fact
from tradekit.model.account import CashMoved
from tradekit.model.market import Bar
from tradekit.model.money import ZERO, exact
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTriggered,
    OrderType,
    Side,
)

__all__ = ["Kind", "OpenTrade", "Pending", "Request", "TradeBook", "kind_of"]

Request = OrderSubmitted | OrderCancelRequested | OrderReplaceRequested


class Kind(StrEnum):
    """What a pending order is for."""

    ENTRY = "entry"
    CLOSE = "close"  # of one trade, at the market
    LOSS = "loss"  # a trade's stop
    PROFIT = "profit"  # a trade's target


class OpenTrade(msgspec.Struct):
    """An open trade: `qty` is signed [base units], `price` what was paid; `loss` and `profit` its exits' ids."""

    id: str
    strategy: str
    account: str
    qty: Decimal
    price: Decimal
    loss: str = ""
    profit: str = ""

    @property
    def side(self) -> Side:
        """Which way it was opened."""
        return Side.BUY if self.qty > 0 else Side.SELL


class Pending(msgspec.Struct):
    """An order in the book; its terms are today's, not those it was sent with.

    trade  an exit's trade, "" for an entry
    own    the venue made it itself: nobody sent it
    """

    id: str
    kind: Kind
    side: Side
    qty: Decimal
    strategy: str
    account: str
    trade: str = ""
    limit: Decimal | None = None
    stop: Decimal | None = None
    share: Decimal | None = None
    reduce_only: bool = False
    parent: str = ""
    filled: Decimal = ZERO
    fills: int = 0
    own: bool = False

    @property
    def leaves(self) -> Decimal:
        """What may still trade [base units]."""
        return self.qty - self.filled


def kind_of(order: OrderSubmitted) -> Kind | None:
    """What an order is for, from its terms; None for one that such a book has no place for."""
    if not (order.parent or order.position):
        plain = order.type in (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT)
        return Kind.ENTRY if plain else None
    exits = {OrderType.STOP: Kind.LOSS, OrderType.LIMIT: Kind.PROFIT}
    if order.position:
        exits[OrderType.MARKET] = Kind.CLOSE
    return exits.get(order.type)


class TradeBook:
    """Cash, open trades and pending orders of one account in one instrument.

    cash       opening balance and all that was realised since, after fees
    trades     by id, the oldest first; a trade has the id of the order that opened it
    orders     all that is pending, by id; those that wait for a parent are not in `queue`
    queue      ids in the order in which they are tried: stops and closes go to the front, the latest first
    last       the bar that was shown last, `before` the one before it
    asked      what was sent and is not answered yet, in its order: after a sudden end it never reached the venue
    exclusive  each entry that is accepted brings closes of all open trades along
    """

    def __init__(self, cash: Decimal, *, exclusive: bool = False) -> None:
        self.cash = cash
        self.exclusive = exclusive
        self.trades: dict[str, OpenTrade] = {}
        self.orders: dict[str, Pending] = {}
        self.queue: list[str] = []
        self.last: Bar | None = None
        self.before: Bar | None = None
        self.asked: dict[tuple[str, str], Request] = {}
        self._folds: dict[type[Fact], Callable[[Any], None]] = {
            Bar: self.show,
            CashMoved: self._cash_moved,
            OrderSubmitted: self._asked,
            OrderCancelRequested: self._asked,
            OrderReplaceRequested: self._asked,
            OrderAccepted: self._accepted,
            OrderCancelRejected: self._cancel_rejected,
            OrderReplaceRejected: self._replace_rejected,
            OrderTriggered: self._triggered,
            OrderReplaced: self._replaced,
            OrderFilled: self._filled,
            OrderCanceled: self._ended,
            OrderRejected: self._refused,
            OrderExpired: self._ended,
        }

    # --- what it shows --------------------------------------------------------------------------------------

    def equity(self) -> Decimal:
        """Cash and what open trades are worth at the last close."""
        return self.cash + sum((t.qty * (self._close() - t.price) for t in self.trades.values()), start=ZERO)

    def available(self, margin: Decimal) -> Decimal:
        """What of the equity the open trades do not bind, valued at the last close; never below 0."""
        value = sum((abs(t.qty) for t in self.trades.values()), start=ZERO) * self._close()
        return max(ZERO, self.equity() - value * margin)

    def children(self, order_id: str) -> list[Pending]:
        """The orders that wait for an order's fill."""
        return [p for p in self.orders.values() if p.parent == order_id and p.id not in self.queue]

    def before_an_entry(self) -> list[str]:
        """The pending orders that a new exclusive entry ends.

        The queue is walked while it shrinks, so the order behind an ended one is passed over.
        """
        queue, found, at = list(self.queue), [], 0
        while at < len(queue):
            if self.orders[queue[at]].kind in (Kind.ENTRY, Kind.CLOSE):
                found.append(queue.pop(at))
            at += 1
        return found

    def _close(self) -> Decimal:
        return ZERO if self.last is None else exact(self.last.close)

    # --- the fold -------------------------------------------------------------------------------------------

    def fold(self, fact: Fact) -> None:
        """Take a fact into the book; one that is none of its business changes nothing."""
        fold = self._folds.get(type(fact))
        if fold is not None:
            fold(fact)

    def show(self, bar: Bar) -> None:
        """Take note of the latest bar."""
        if self.last is None or bar.ts > self.last.ts:
            self.before, self.last = self.last, bar

    def close_later(self, trade: OpenTrade, word: str) -> None:
        """Put an order of the venue's own at the front of the queue that closes all of a trade."""
        own = Pending(
            f"{trade.id}/{word}", Kind.CLOSE, trade.side.opposite, abs(trade.qty), trade.strategy, trade.account,
            trade.id, own=True,
        )  # fmt: skip
        self.orders[own.id] = own
        self.queue.insert(0, own.id)

    def _asked(self, data: Request) -> None:
        self.asked[data.TYPE, data.id] = data

    def _cash_moved(self, data: CashMoved) -> None:
        self.cash += data.amount

    def _cancel_rejected(self, data: OrderCancelRejected) -> None:
        self.asked.pop((OrderCancelRequested.TYPE, data.id), None)

    def _replace_rejected(self, data: OrderReplaceRejected) -> None:
        self.asked.pop((OrderReplaceRequested.TYPE, data.id), None)

    def _accepted(self, data: OrderAccepted) -> None:
        pending = self.orders.get(data.id)
        if pending is None:
            order = self.asked.pop((OrderSubmitted.TYPE, data.id), None)
            kind = kind_of(order) if isinstance(order, OrderSubmitted) else None
            if not isinstance(order, OrderSubmitted) or kind is None:
                return
            pending = self.orders[data.id] = _pending(order, kind)
        if data.held:
            return
        if pending.kind is Kind.ENTRY and self.exclusive and not pending.reduce_only:
            for trade in self.trades.values():
                self.close_later(trade, f"before {pending.id}")
        self._line_up(pending)

    def _refused(self, data: OrderRejected) -> None:
        self.asked.pop((OrderSubmitted.TYPE, data.id), None)

    def _line_up(self, pending: Pending) -> None:
        front = pending.kind in (Kind.LOSS, Kind.CLOSE)
        self.queue.insert(0 if front else len(self.queue), pending.id)
        trade = self.trades.get(pending.trade)
        if trade is not None and pending.kind is Kind.LOSS:
            trade.loss = pending.id
        elif trade is not None and pending.kind is Kind.PROFIT:
            trade.profit = pending.id

    def _triggered(self, data: OrderTriggered) -> None:
        if data.id in self.orders:
            self.orders[data.id].stop = None

    def _replaced(self, data: OrderReplaced) -> None:
        self.asked.pop((OrderReplaceRequested.TYPE, data.id), None)
        pending = self.orders.get(data.id)
        if pending is None:
            return
        sized = not pending.qty and bool(data.qty)
        pending.qty, pending.limit, pending.stop = data.qty, data.limit, data.stop
        if not sized and data.id in self.queue:  # as if it had been canceled and sent anew
            self.queue.remove(data.id)
            self._line_up(pending)

    def _filled(self, data: OrderFilled) -> None:
        trade = self.trades.get(data.position)
        signed = data.qty * data.side.sign
        self.cash -= data.fee
        if trade is None:
            self.trades[data.position] = OpenTrade(
                data.position, data.strategy, data.account, signed, data.price
            )
        else:
            self.cash += -signed * (data.price - trade.price)
            trade.qty += signed
            if not trade.qty:
                del self.trades[trade.id]
        pending = self.orders.get(data.id)
        if pending is not None:
            pending.fills += 1
            pending.filled += data.qty
            trade_gone = pending.trade == data.position and data.position not in self.trades
            if pending.leaves <= 0 or trade_gone:
                self._drop(data.id)

    def _ended(self, data: OrderFact) -> None:
        self.asked.pop((OrderCancelRequested.TYPE, data.id), None)
        pending = self._drop(data.id)
        trade = None if pending is None else self.trades.get(pending.trade)
        if trade is not None and trade.loss == data.id:
            trade.loss = ""
        elif trade is not None and trade.profit == data.id:
            trade.profit = ""

    def _drop(self, order_id: str) -> Pending | None:
        if order_id in self.queue:
            self.queue.remove(order_id)
        return self.orders.pop(order_id, None)


def _pending(order: OrderSubmitted, kind: Kind) -> Pending:
    return Pending(
        order.id, kind, order.side, order.qty, order.strategy, order.account, order.position or order.parent,
        order.limit, order.stop, order.share, order.reduce_only, order.parent,
    )  # fmt: skip
