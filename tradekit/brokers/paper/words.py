"""The simulated exchange's facts in the words of a venue: statements of orders and trades.

Knows no book and no account.
"""

from decimal import Decimal

import msgspec

from tradekit.core.event import Fact
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderType,
)
from tradekit.model.said import FillSaid, OrderSaid, What
from tradekit.sim.book import Resting

__all__ = ["fill_said", "order_said", "shown"]

_WHAT: dict[type[Fact], What] = {
    OrderAccepted: What.NEW,
    OrderCanceled: What.CANCELED,
    OrderExpired: What.EXPIRED,
    OrderRejected: What.REJECTED,
    OrderReplaced: What.REPLACED,
    OrderCancelRejected: What.CANCEL_REJECTED,
    OrderReplaceRejected: What.REPLACE_REJECTED,
}


def shown(resting: Resting) -> OrderSaid:
    """An order of the book. The level of a trailing stop moves with the market: it is not told."""
    order = resting.order
    return OrderSaid(
        what=What.NEW, order=order.id, venue_id=f"sim-{order.id}", instrument=order.instrument, side=order.side,
        type=order.type, qty=order.qty, limit=order.limit,
        stop=None if order.type is OrderType.TRAILING_STOP else order.stop, cum=order.qty - resting.leaves,
    )  # fmt: skip


def order_said(fact: Fact, before: OrderSaid | None, ts: int) -> OrderSaid | None:
    """What is told of an order at `ts` [UTC ns], by the last word on it; None for what no venue tells."""
    what = _WHAT.get(type(fact))
    if what is None:
        return None
    name: str = getattr(fact, "id", "")
    told = OrderSaid(
        what=what, order=name, venue_id=f"sim-{name}" if what is not What.REJECTED else "",
        instrument=getattr(fact, "instrument", ""), side=None if before is None else before.side,
        reason=getattr(fact, "reason", ""), cum=None if before is None else before.cum, ts=ts,
    )  # fmt: skip
    if not isinstance(fact, OrderReplaced):
        return told
    return msgspec.structs.replace(told, qty=fact.qty, limit=fact.limit, stop=fact.stop)


def fill_said(fill: OrderFilled, venue_id: str, cum: Decimal, ts: int) -> FillSaid:
    """A trade; `cum` is what has filled of its order with it [base units]."""
    return FillSaid(
        exec_id=fill.exec_id, qty=fill.qty, price=fill.price, order=fill.id, venue_id=venue_id,
        instrument=fill.instrument, side=fill.side, cum=cum, fee=fill.fee, fee_currency=fill.fee_currency, ts=ts,
    )  # fmt: skip
