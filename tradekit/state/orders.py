"""How an order's facts change the state: the order's own life, then the ledger's.

Pure. A report for an order that the state does not know creates nothing and loses nothing (the journal has it).
"""

from collections.abc import Callable
from typing import Any

from tradekit.core.event import Event
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    Status,
)
from tradekit.state import ledger
from tradekit.state.shape import Order, State

__all__ = ["ENDED_KEPT", "HANDLERS"]

ENDED_KEPT = 500  # orders kept in state, but never less than work; older ones are read from the journal


def _submitted(state: State, event: Event, data: OrderSubmitted) -> tuple[tuple[str, ...], ...]:
    state.strategy.intents += 1
    state.orders[data.id] = Order(
        data.id,
        data.strategy,
        data.account,
        data.instrument,
        data.side,
        data.type,
        data.qty,
        Status.SUBMITTED,
        data.limit,
        data.stop,
        data.tif,
        data.reduce_only,
        data.parent,
        data.group,
        data.tag,
        data.reason,
        created=event.ts,
        updated=event.ts,
        intent=event.seq,
        cause=event.cause,
    )
    return (("orders", data.id),)


def _denied(state: State, event: Event, data: OrderDenied) -> tuple[tuple[str, ...], ...]:
    state.strategy.intents += 1
    denials = state.risk.denials
    denials[data.rule] = denials.get(data.rule, 0) + 1
    state.orders[data.id] = Order(
        data.id,
        data.strategy,
        data.account,
        data.instrument,
        data.side,
        data.type,
        data.qty,
        Status.DENIED,
        note=f"{data.rule}: {data.value} against {data.bound}"
        if data.bound
        else f"{data.rule}: {data.value}",
        created=event.ts,
        updated=event.ts,
        intent=event.seq,
        cause=event.cause,
    )
    _forget_oldest(state, data.id)
    return (("orders", data.id), ("risk",))


def _accepted(state: State, event: Event, data: OrderAccepted) -> tuple[tuple[str, ...], ...]:
    order = state.orders.get(data.id)
    if order is None:
        return ()
    order.venue_id = data.venue_id
    order.updated = event.ts
    if order.status in (Status.SUBMITTED, Status.HELD):  # an ack behind a fill never steps back
        order.status = Status.HELD if data.held else Status.ACCEPTED
    return (("orders", data.id),)


def _filled(state: State, event: Event, data: OrderFilled) -> tuple[tuple[str, ...], ...]:
    order = state.orders.get(data.id)
    if order is not None:
        order.filled += data.qty
        order.value += data.qty * data.price
        order.fees += data.fee
        order.updated = event.ts
        if order.filled >= order.qty:
            order.status = Status.FILLED
            _forget_oldest(state, data.id)
        elif order.status in (Status.SUBMITTED, Status.HELD):
            order.status = Status.ACCEPTED
    ledger.fill(state, event, data, order.tag if order is not None else "")
    return (("orders", data.id), ("fills",), ("positions",), ("account",), ("pnl",))


def _ended(status: Status) -> Callable[[State, Event, Any], tuple[tuple[str, ...], ...]]:
    def end(
        state: State, event: Event, data: OrderCanceled | OrderRejected | OrderExpired
    ) -> tuple[tuple[str, ...], ...]:
        order = state.orders.get(data.id)
        if order is None:
            return ()
        order.updated = event.ts
        if order.status.working:
            order.status, order.note = status, data.reason
            _forget_oldest(state, data.id)
        return (("orders", data.id),)

    return end


def _cancel_requested(state: State, event: Event, data: OrderCancelRequested) -> tuple[tuple[str, ...], ...]:
    order = state.orders.get(data.id)
    if order is None:
        return ()
    order.cancel_requested, order.updated = True, event.ts
    return (("orders", data.id),)


def _forget_oldest(state: State, latest: str) -> None:
    """Drop the oldest ended order once there are too many, but not the `latest`: it has news to tell.

    Orders are in the order of their intents.
    """
    if len(state.orders) <= ENDED_KEPT:
        return
    for order_id, order in state.orders.items():
        if not order.status.working and order_id != latest:
            del state.orders[order_id]
            return


HANDLERS: dict[str, Callable[[State, Event, Any], tuple[tuple[str, ...], ...]]] = {
    "order.submitted": _submitted,
    "order.denied": _denied,
    "order.accepted": _accepted,
    "order.filled": _filled,
    "order.canceled": _ended(Status.CANCELED),
    "order.rejected": _ended(Status.REJECTED),
    "order.expired": _ended(Status.EXPIRED),
    "order.cancel_requested": _cancel_requested,
}
