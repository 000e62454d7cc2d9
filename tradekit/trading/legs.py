"""A change at a venue that changes no orders: the old order's end, and a new order, its next leg, for what is left.

Pure. Knows neither when the old one has ended nor what was sent before.
"""

from collections.abc import Iterable

import msgspec

from tradekit.core.event import Fact
from tradekit.model.doubt import About
from tradekit.model.order import OrderCanceled, OrderReplaceRejected, OrderSubmitted
from tradekit.state.shape import Order, State
from tradekit.trading.matching import LEG
from tradekit.trading.risk import reduces
from tradekit.trading.waiting import as_sent

__all__ = ["leg", "next_leg", "started"]


def leg(order: Order) -> str:
    """What the next leg of an order is called."""
    return f"{order.id}{LEG}{len(order.earlier) + 1}"


def started(orders: Iterable[Order]) -> list[Order]:
    """The orders whose change waits for a new leg: the old one has ended for certain, and all it filled is known."""
    return [
        one for one in orders if one.doubt is not None and one.doubt.about is About.LEG and one.told is None
    ]


def next_leg(state: State, order: Order) -> OrderSubmitted | tuple[Fact, ...]:
    """The new order for what is left by now of one that is changed, or what is told of it where none may go out."""
    left = (order.qty if order.wanted is None else order.wanted) - order.filled
    if left <= 0:
        return _ended(order, "nothing is left of it", "replaced")
    following = msgspec.structs.replace(as_sent(order), id=leg(order), qty=left, **(order.wants or {}))
    risk = state.risk
    if risk.killed or ((risk.halted or not risk.armed) and not reduces(state, following)):
        why = "killed" if risk.killed else "halted" if risk.halted else "disarmed"
        return _ended(order, f"{why} meanwhile: {risk.reason}", f"{why} while it was changed")
    return following


def _ended(order: Order, refused: str, canceled: str) -> tuple[Fact, ...]:
    return (
        OrderReplaceRejected(order.id, order.instrument, refused),
        OrderCanceled(order.id, order.instrument, canceled),
    )
