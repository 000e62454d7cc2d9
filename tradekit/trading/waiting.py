"""Orders that wait here for another one's fill, and reduce-only orders that must not outgrow what is left to reduce.

Pure. For venues that hold no orders back and keep none within a position by themselves.
"""

from decimal import Decimal

from tradekit.core.event import Fact
from tradekit.model.doubt import EXTERNAL
from tradekit.model.money import ZERO
from tradekit.model.order import (
    OrderCanceled,
    OrderCancelRequested,
    OrderReplaced,
    OrderReplaceRequested,
    OrderSubmitted,
    Status,
)
from tradekit.state.exposure import leg_of
from tradekit.state.shape import Order, State

__all__ = ["as_sent", "done_here", "orphaned", "rechecked", "replaced_here", "room_for", "waits_here"]


def waits_here(state: State, order: Order) -> bool:
    """Whether an order has not been sent yet: it waits for its parent's first fill, or for a close to be whole."""
    if not order.parent or order.status is not Status.SUBMITTED:
        return False
    parent = state.orders.get(order.parent)
    if parent is None:
        return False
    return parent.status is not Status.FILLED if parent.reduce_only else not parent.filled


def orphaned(state: State) -> list[Fact]:
    """The ends of what waits here for a parent that has ended without what it was waited for."""
    facts: list[Fact] = []
    for order in state.orders.values():
        parent = state.orders.get(order.parent) if order.parent else None
        if parent is not None and not parent.working and waits_here(state, order):
            facts.append(OrderCanceled(order.id, order.instrument, f"{parent.id} was {parent.status}"))
    return facts


def as_sent(order: Order) -> OrderSubmitted:
    """The intent of an order that is sent now."""
    return OrderSubmitted(
        order.id, order.instrument, order.strategy, order.account, order.side, order.type, order.qty, order.limit,
        order.stop, order.tif, order.reduce_only, order.parent, order.group, order.tag, order.reason, order.trail,
        order.trail_pct, order.expires, order.post_only, order.share, order.position,
    )  # fmt: skip


def done_here(order: Order, asked: OrderCancelRequested | OrderReplaceRequested) -> list[Fact]:
    """What is asked of an order that waits here, done: nobody else has to be asked."""
    if isinstance(asked, OrderCancelRequested):
        return [OrderCanceled(order.id, order.instrument, asked.reason or "not sent yet")]
    return list(replaced_here(order, asked))


def replaced_here(order: Order, request: OrderReplaceRequested) -> list[Fact]:
    """The new terms of an order that nobody else has seen."""
    trails = request.trail is not None or request.trail_pct is not None
    return [
        OrderReplaced(
            order.id,
            order.instrument,
            order.qty if request.qty is None else request.qty,
            order.limit if request.limit is None else request.limit,
            order.stop if request.stop is None else request.stop,
            request.trail if trails else order.trail,
            request.trail_pct if trails else order.trail_pct,
        )
    ]


def room_for(state: State, order: Order) -> Decimal:
    """How much a reduce-only order may still trade: what is held against it, for an exit at most what its entry has."""
    room = max(ZERO, -leg_of(state, as_sent(order)) * order.side.sign)
    parent = state.orders.get(order.parent) if order.parent else None
    return room if parent is None else min(room, max(ZERO, parent.filled - order.filled))


def rechecked(state: State, instrument: str) -> list[Fact]:
    """Keep the reduce-only orders of an instrument at what is left to reduce, end those with nothing left.

    The exits of an entry that still fills grow with it; no other order is ever made larger.
    """
    facts: list[Fact] = []
    for order in state.orders.values():
        if (
            order.instrument != instrument
            or not order.reduce_only
            or not order.working
            or order.cancel_requested
        ):
            continue
        if order.strategy == EXTERNAL or waits_here(state, order):
            continue
        room = room_for(state, order)
        wrong = order.leaves > room or (order.parent in state.orders and order.leaves < room)
        if not room and order.leaves:
            facts.append(OrderCancelRequested(order.id, instrument, "reduce-only: nothing is left to reduce"))
        elif wrong and not order.replace_requested:
            text = f"reduce-only: {room:f} are left to reduce"
            facts.append(OrderReplaceRequested(order.id, instrument, order.filled + room, reason=text))
    return facts
