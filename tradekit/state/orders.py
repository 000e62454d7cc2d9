"""How an order's facts change the state: the order's own life, then the ledger's.

Pure. A report for an order that the state does not know creates nothing and loses nothing (the journal has it); a fill
is booked all the same. What a report makes of a status is `state.lifecycle`'s table.
"""

from collections.abc import Callable
from typing import Any

from tradekit.core.event import Event
from tradekit.model.doubt import OrderGivenUp
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderDenied,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTrailed,
    OrderTriggered,
    Status,
)
from tradekit.state import ledger
from tradekit.state.doubts import settled
from tradekit.state.lifecycle import News, moved, stronger
from tradekit.state.shape import Order, State

__all__ = ["ENDED_KEPT", "HANDLERS", "change_refused", "known_fill", "refused_with"]

ENDED_KEPT = 500  # orders kept in state, but never less than work; older ones are read from the journal
_NOT_CANCELED = "not canceled: "
_NOT_REPLACED = "not replaced: "

Touched = tuple[tuple[str, ...], ...]


# --- our side -----------------------------------------------------------------------------------------------


def _submitted(state: State, event: Event, data: OrderSubmitted) -> Touched:
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
        trail=data.trail,
        trail_pct=data.trail_pct,
        expires=data.expires,
        post_only=data.post_only,
        share=data.share,
        position=data.position,
    )
    return (("orders", data.id),)


def _denied(state: State, event: Event, data: OrderDenied) -> Touched:
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


def _cancel_requested(order: Order, data: OrderCancelRequested) -> None:
    order.cancel_requested = True
    order.asked = order.updated


def _replace_requested(order: Order, data: OrderReplaceRequested) -> None:
    order.replace_requested = True
    order.asked = order.updated
    order.wanted = data.qty
    prices = {name: getattr(data, name) for name in ("limit", "stop", "trail", "trail_pct")}
    order.wants = {name: price for name, price in prices.items() if price is not None}


# --- the venue's side ---------------------------------------------------------------------------------------


def _accepted(order: Order, data: OrderAccepted) -> None:
    if not order.venue_id:
        order.venue_id = data.venue_id
    elif data.venue_id not in ("", order.venue_id, *order.earlier):
        order.earlier = (*order.earlier, data.venue_id)  # told behind the replacement of that id
    order.status = moved(order.status, News.HELD if data.held else News.ACCEPTED)


def _triggered(order: Order, data: OrderTriggered) -> None:
    order.status = moved(order.status, News.TRIGGERED)


def _trailed(order: Order, data: OrderTrailed) -> None:
    order.stop = data.stop


def _ended(news: News) -> Callable[[Order, Any], None]:
    def end(order: Order, data: OrderCanceled | OrderRejected | OrderExpired) -> None:
        before = order.status
        order.status = moved(before, news)
        order.end = stronger(order.end, news)
        if order.status is not before:
            order.note = data.reason

    return end


def _given_up(order: Order, data: OrderGivenUp) -> None:
    if order.working:
        answered = order.venue_id or order.filled
        order.status = moved(order.status, News.CANCELED if answered else News.REJECTED)
        order.note, order.given_up = data.reason, True


def _cancel_rejected(order: Order, data: OrderCancelRejected) -> None:
    """The order works on, and may be asked to end again. One that has ended meanwhile keeps its end."""
    order.cancel_requested = False
    if order.working:
        order.note = f"{_NOT_CANCELED}{data.reason}"


def _replaced(order: Order, data: OrderReplaced) -> None:
    """The terms in force are these; the quantity counts from the order's beginning, so it may be filled with that."""
    order.replace_requested, order.wanted, order.wants = False, None, None
    if change_refused(order):
        order.note = ""
    if data.qty < order.qty:
        order.largest = max(order.largest, order.qty)
    order.qty, order.limit, order.stop = data.qty, data.limit, data.stop
    order.trail, order.trail_pct = data.trail, data.trail_pct
    if data.venue_id and data.venue_id != order.venue_id:
        if order.venue_id:
            order.earlier = (*order.earlier, order.venue_id)
        order.venue_id = data.venue_id
    if order.filled >= order.qty:
        order.status = moved(order.status, News.FULL)
        return
    order.status = moved(order.status, News.ENLARGED)
    if order.end:  # what had filled to the full before its end was told, and has not any more
        order.status = moved(order.status, News(order.end))


def _replace_rejected(order: Order, data: OrderReplaceRejected) -> None:
    order.replace_requested, order.wanted, order.wants = False, None, None
    if order.working:
        order.note = f"{_NOT_REPLACED}{data.reason}"


def refused_with(order: Order, reason: str) -> bool:
    """Whether an order's last cancel or change was refused with these words."""
    return order.note in (f"{_NOT_CANCELED}{reason}", f"{_NOT_REPLACED}{reason}")


def change_refused(order: Order) -> bool:
    """Whether the last change that was asked for was refused."""
    return order.note.startswith(_NOT_REPLACED)


def _change(change: Callable[[Order, Any], None]) -> Callable[[State, Event, Any], Touched]:
    """A fold of what changes a known order and nothing else."""

    def fold(state: State, event: Event, data: OrderFact) -> Touched:
        order = state.orders.get(data.id)
        if order is None:
            return ()
        order.updated = event.ts
        worked = order.working
        change(order, data)
        if order.doubt is not None:
            settled(state, order, event.type)
        if worked and not order.working:
            _forget_oldest(state, data.id)
        return (("orders", data.id),)

    return fold


# --- fills --------------------------------------------------------------------------------------------------


def _filled(state: State, event: Event, data: OrderFilled) -> Touched:
    if known_fill(state, data):
        return ()
    order = state.orders.get(data.id)
    if order is not None:
        worked = order.working
        _execute(order, event, data)
        if order.doubt is not None or order.told is not None:
            settled(state, order, event.type)
        if worked and not order.working:
            _forget_oldest(state, data.id)
    ledger.fill(state, event, data, order.tag if order is not None else "")
    return (("orders", data.id), ("fills",), ("positions",), ("account",), ("pnl",))


def _execute(order: Order, event: Event, data: OrderFilled) -> None:
    """The order's part of a fill, in whatever status it is: a fill is a fact."""
    order.executions[data.exec_id] = event.seq
    order.filled += data.qty
    order.value += data.qty * data.price
    order.fees += data.fee
    order.updated = event.ts
    if order.share is not None and order.filled > order.qty:
        order.qty = order.filled  # the venue has sized it
    if not order.working and order.status is not Status.FILLED:
        late = f"{data.qty:f} filled after it was {order.status}"
        order.note = f"{order.note}; {late}" if order.note else late
    order.status = moved(order.status, News.FULL if order.filled >= order.qty else News.PART)


def known_fill(state: State, data: OrderFilled) -> bool:
    """Whether this very execution has been booked: venues tell them again, at a reconnect for instance.

    Executions are remembered with their order for as long as the state keeps it; for an order that it does not know,
    as long as the fill is among the last ones. An execution without an id is never taken for a known one.
    """
    if not data.exec_id:
        return False
    order = state.orders.get(data.id)
    if order is not None:
        return data.exec_id in order.executions
    return any(fill.exec_id == data.exec_id and fill.order == data.id for fill in reversed(state.fills))


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


HANDLERS: dict[str, Callable[[State, Event, Any], Touched]] = {
    "order.submitted": _submitted,
    "order.denied": _denied,
    "order.accepted": _change(_accepted),
    "order.triggered": _change(_triggered),
    "order.trailed": _change(_trailed),
    "order.filled": _filled,
    "order.canceled": _change(_ended(News.CANCELED)),
    "order.rejected": _change(_ended(News.REJECTED)),
    "order.expired": _change(_ended(News.EXPIRED)),
    "order.given_up": _change(_given_up),
    "order.cancel_requested": _change(_cancel_requested),
    "order.cancel_rejected": _change(_cancel_rejected),
    "order.replace_requested": _change(_replace_requested),
    "order.replaced": _change(_replaced),
    "order.replace_rejected": _change(_replace_rejected),
}
