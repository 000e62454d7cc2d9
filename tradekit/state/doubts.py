"""How doubt comes and goes: orders in doubt, missed, revived, adopted, claimed; trades busted or set aside.

Pure. A doubt holds its instrument back until a statement of the venue settles it. Knows no venue and no clock.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tradekit.core.event import Event
from tradekit.model.doubt import (
    EXTERNAL,
    SYNTHETIC,
    About,
    FillBusted,
    FillCharged,
    FillQuarantined,
    FillVoided,
    OrderAdopted,
    OrderClaimed,
    OrderDoubted,
    OrderMissed,
    OrderRevived,
)
from tradekit.model.order import OrderFilled, Side, Status
from tradekit.state import ledger
from tradekit.state.lifecycle import News, moved
from tradekit.state.seen import Doubt, Quarantined
from tradekit.state.shape import Order, State

__all__ = ["HANDLERS", "QUARANTINED_KEPT", "hold", "settled"]

QUARANTINED_KEPT = 100

Touched = tuple[tuple[str, ...], ...]

_SETTLE: dict[About, frozenset[str]] = {
    About.SUBMIT: frozenset(
        {"order.accepted", "order.triggered", "order.filled", "order.canceled", "order.rejected", "order.expired",
         "order.replaced", "order.revived", "order.given_up"}
    ),
    About.CANCEL: frozenset(
        {"order.canceled", "order.cancel_rejected", "order.rejected", "order.expired", "order.given_up"}
    ),
    About.REPLACE: frozenset(
        {"order.replaced", "order.replace_rejected", "order.canceled", "order.rejected", "order.expired",
         "order.given_up"}
    ),
    About.LEG: frozenset(
        {"order.replaced", "order.canceled", "order.rejected", "order.expired", "order.given_up"}
    ),
}  # fmt: skip
"""What settles a doubt. A part fill says nothing of a cancel or a replacement that is on its way; and the refusal of
either does not say that the order is there, for what is not there cannot be canceled or changed."""


def hold(state: State, instrument: str, by: str, reason: str) -> None:
    """Hold an instrument ("*" is all) back, or let it go again where there is no reason."""
    holds = state.risk.holds
    if reason:
        holds.setdefault(instrument, {})[by] = reason
    elif by in holds.get(instrument, ()):
        del holds[instrument][by]
        if not holds[instrument]:
            del holds[instrument]


def settled(state: State, order: Order, told: str) -> None:
    """Take a doubt back that the fact `told` (its type) has settled, and the hold that came with it."""
    if order.told is not None and order.filled >= order.told:
        order.told = order.told_average = None
        hold(state, order.instrument, f"{order.id} fills", "")
    doubt = order.doubt
    if doubt is not None and (told in _SETTLE[doubt.about] or order.status is Status.FILLED):
        order.doubt = None
        hold(state, order.instrument, order.id, "")


def _doubted(state: State, event: Event, data: OrderDoubted) -> Touched:
    order = state.orders.get(data.id)
    if order is None:
        return ()
    if data.about is About.FILLS:
        if data.cum is not None and data.cum > order.filled:
            order.told, order.told_average = data.cum, data.average
            hold(state, order.instrument, f"{order.id} fills", data.reason)
    elif order.working:
        if data.about is About.SUBMIT:
            order.status = moved(order.status, News.DOUBTED)
        order.doubt = Doubt(data.about, data.reason, event.ts)
        hold(state, order.instrument, order.id, f"{order.id} is in doubt: {data.reason}")
    return (("orders", data.id), ("risk",))


def _missed(state: State, event: Event, data: OrderMissed) -> Touched:
    order = state.orders.get(data.id)
    if order is None or not order.working:
        return ()
    known = order.doubt or Doubt(About.SUBMIT, data.reason or "the venue does not show it", event.ts)
    order.doubt = msgspec.structs.replace(
        known, missed=known.missed + 1, first=known.first or event.ts, last=event.ts
    )
    hold(state, order.instrument, order.id, f"{order.id} is in doubt: {known.reason}")
    return (("orders", data.id), ("risk",))


def _revived(state: State, event: Event, data: OrderRevived) -> Touched:
    order = state.orders.get(data.id)
    if order is None or order.status is Status.FILLED:
        return ()
    order.status = moved(order.status, News.REVIVED)
    if order.filled:
        order.status = moved(order.status, News.PART)
    order.venue_id = data.venue_id or order.venue_id
    order.end, order.given_up, order.updated = "", False, event.ts
    order.cancel_requested = False
    order.note = f"revived: {data.reason}"
    settled(state, order, event.type)
    return (("orders", data.id), ("risk",))


def _adopted(state: State, event: Event, data: OrderAdopted) -> Touched:
    if data.id in state.orders:
        return ()
    adopted = state.orders[data.id] = Order(
        data.id,
        EXTERNAL,
        data.account,
        data.instrument,
        data.side,
        data.type,
        data.qty,
        Status.ACCEPTED,
        data.limit,
        data.stop,
        reason=data.reason,
        venue_id=data.venue_id,
        created=event.ts,
        updated=event.ts,
        intent=event.seq,
    )
    for fill in state.fills:  # its trades may have been told before it was
        if fill.order == data.id:
            adopted.executions[fill.exec_id] = fill.seq
            adopted.filled += fill.qty
            adopted.value += fill.qty * fill.price
    if adopted.filled:
        adopted.status = moved(adopted.status, News.FULL if adopted.filled >= adopted.qty else News.PART)
    return (("orders", data.id),)


def _claimed(state: State, event: Event, data: OrderClaimed) -> Touched:
    order = state.orders.get(data.id)
    if order is None:
        return ()
    order.claimed = True
    return (("orders", data.id),)


def _busted(state: State, event: Event, data: FillBusted) -> Touched:
    """Book the opposite trade, once; what it was part of has filled less, and a full order that ended is canceled."""
    order = state.orders.get(data.id)
    if order is not None:
        if order.executions.get(data.exec_id, 0) <= 0:
            return ()  # it was never booked, or is void already
        order.executions[data.exec_id] = -event.seq
        order.filled -= data.qty
        order.value -= data.qty * data.price
        order.fees -= data.fee
        order.updated = event.ts
        if data.exec_id.startswith(SYNTHETIC):  # the real one takes its place
            order.status = moved(order.status, News.ENLARGED)
        elif order.status is Status.FILLED and order.filled < order.qty:
            order.status, order.end = Status.CANCELED, "canceled"
            order.note = data.reason
    opposite = Side(data.side).opposite
    undone = OrderFilled(
        data.id, data.instrument, data.strategy, data.account, f"bust:{data.exec_id}", opposite, data.qty, data.price,
        -data.fee, data.fee_currency, "bust", data.position,
    )  # fmt: skip
    ledger.fill(state, event, undone)
    return (("orders", data.id), ("fills",), ("positions",), ("account",), ("pnl",))


def _charged(state: State, event: Event, data: FillCharged) -> Touched:
    """Take the fee of a booked trade, once."""
    order = state.orders.get(data.id)
    seq = 0 if order is None else order.executions.get(data.exec_id, 0)
    if order is None or seq <= 0 or not ledger.charge(state, event, data, seq):
        return ()
    order.fees += data.fee
    order.updated = event.ts
    return (("orders", data.id), ("fills",), ("positions",), ("account",), ("pnl",))


def _voided(state: State, event: Event, data: FillVoided) -> Touched:
    """Take an execution for told and void."""
    order = state.orders.get(data.id)
    if order is None or data.exec_id in order.executions:
        return ()
    order.executions[data.exec_id] = -event.seq
    return (("orders", data.id),)


def _quarantined(state: State, event: Event, data: FillQuarantined) -> Touched:
    kept = state.health.reconciliation.quarantine
    kept.append(
        Quarantined(
            event.seq, data.id, data.instrument, data.venue_id, data.exec_id, data.side, data.qty, data.price,
            data.reason,
        )
    )  # fmt: skip
    if len(kept) > QUARANTINED_KEPT:
        del kept[0]
    return (("health",),)


HANDLERS: dict[str, Callable[[State, Event, Any], Touched]] = {
    "order.doubted": _doubted,
    "order.missed": _missed,
    "order.revived": _revived,
    "order.adopted": _adopted,
    "order.claimed": _claimed,
    "fill.busted": _busted,
    "fill.charged": _charged,
    "fill.voided": _voided,
    "fill.quarantined": _quarantined,
}
