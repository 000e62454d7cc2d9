"""How monitors of positions are kept in the state: what was entered and left under each, and what it has come to.

Pure. Knows no price.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import msgspec

from tradekit.core.event import Event
from tradekit.model.account import SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, EXACT, ZERO
from tradekit.model.monitor import MonitorEnded, MonitorMoved, MonitorSet, Part
from tradekit.model.order import OrderType, Status
from tradekit.state.seen import Monitor, Share
from tradekit.state.shape import Order, State

__all__ = ["HANDLERS", "STOPS", "counted", "is_kept", "split"]

Touched = tuple[tuple[str, ...], ...]
Handler = Callable[[State, Event, Any], Touched]

STOPS = frozenset({OrderType.STOP, OrderType.TRAILING_STOP})  # what protects a position
_LEAVES = {"time": "time exit", "stop": "stop loss"}
_TRIES_KEPT = 10  # the pause between two of them grows no more by then


def _set(state: State, event: Event, data: MonitorSet) -> Touched:
    state.monitors[data.id] = made = _made(state, data.id, data.instrument, data.strategy, data.parts)
    made.break_even, made.exit_after = data.break_even, data.exit_after
    return (("monitors", data.id),)


def _made(state: State, name: str, instrument: str, strategy: str, parts: tuple[Part, ...]) -> Monitor:
    """A monitor of the entry `name`; what has been entered and left by then counts."""
    made = Monitor(instrument, strategy)
    exits = {one.id: one for one in state.orders.values() if one.parent == name and one.reduce_only}
    filled = {one.id: one.filled for one in exits.values()}
    made.parts = tuple(
        Share(one.qty, one.stop, one.target, sum((filled.get(i, ZERO) for i in (one.stop, one.target)), ZERO))
        for one in parts
    )
    made.left = sum(filled.values(), ZERO)
    entry = state.orders.get(name)
    if entry is not None:
        made.side, made.position, made.tag = entry.side, entry.position, entry.tag
        made.entered, made.value = entry.filled, entry.value
        made.opened = made.updated = entry.updated if entry.filled else 0
    elif exits:  # it has filled so long ago that it is forgotten
        one = next(iter(exits.values()))
        made.side, made.position, made.tag = one.side.opposite, one.position, one.tag
        made.entered = sum((part.qty for part in parts), ZERO)
    return made


def _moved(state: State, event: Event, data: MonitorMoved) -> Touched:
    known = state.monitors.get(data.id)
    if known is None:
        return ()
    if data.what == "break_even":
        known.moved_to = data.price
    elif data.what == "watch":
        known.watched, known.updated = data.price, event.ts
    elif data.what in _LEAVES:
        known.leaving, known.tried = _LEAVES[data.what], event.ts
    elif data.what == "closing":
        known.closing, known.tried = (*known.closing, data.order)[-_TRIES_KEPT:], event.ts
    elif data.what == "parts":
        known.parts = tuple(
            msgspec.structs.replace(part, qty=qty) for part, qty in zip(known.parts, data.sizes, strict=False)
        )
    return (("monitors", data.id),)


def _ended(state: State, event: Event, data: MonitorEnded) -> Touched:
    state.monitors.pop(data.id, None)
    return (("monitors",),)


# --- fills --------------------------------------------------------------------------------------------------


def counted(filled: Handler) -> Handler:
    """Book a fill as `filled` does, and count it under the monitor that it concerns, if there is one."""

    def handler(state: State, event: Event, data: Any) -> Touched:
        if not state.monitors:
            return filled(state, event, data)
        order = state.orders.get(data.id)
        before = None if order is None else order.filled
        touched = filled(state, event, data)
        if order is not None and order.filled != before:
            _count(state, event, order, data)
        return touched

    return handler


def _count(state: State, event: Event, order: Order, data: Any) -> None:
    sign = 1 if event.type == "order.filled" else -1
    entry = state.monitors.get(order.id)
    if entry is not None:
        entry.entered += sign * data.qty
        entry.value += sign * data.qty * data.price
        entry.opened, entry.updated = entry.opened or event.ts, event.ts
        return
    for name, known in state.monitors.items():
        if order.id in known.closing or order.parent == name:
            known.left += sign * data.qty
            known.parts = tuple(
                msgspec.structs.replace(part, left=part.left + sign * data.qty)
                if order.id in (part.stop, part.target)
                else part
                for part in known.parts
            )


# --- splits -------------------------------------------------------------------------------------------------


def is_kept(order: Order) -> bool:
    """Whether an order is kept here until its price comes, because its venue takes none of its type."""
    return order.status is Status.HELD and not order.venue_id


def split(state: State, data: SplitEffected) -> Touched:
    """Give monitors, and orders that are kept here, their new quantities and prices; the paths of those orders.

    What is left of a position under a monitor becomes what it would become alone, as in the ledger. Whatever has exits
    at work is watched from now on: what its own orders have filled is counted in old units.
    """
    spec = state.instruments.get(data.instrument)
    if spec is None or not data.concerns(spec):
        return ()
    for name, part in _exits(state, data.instrument).items():
        if name not in state.monitors:
            entry = state.orders[name]
            state.monitors[name] = _made(state, name, entry.instrument, entry.strategy, (part,))
    for known in state.monitors.values():
        if known.instrument == data.instrument:
            _split(known, spec, data)
    kept = [one for one in state.orders.values() if one.instrument == data.instrument and is_kept(one)]
    for order in kept:
        _split_kept(order, spec, data)
    return tuple(("orders", one.id) for one in kept)


def _exits(state: State, instrument: str) -> dict[str, Part]:
    """The exits at work of what has been entered, by their entry."""
    found: dict[str, Part] = {}
    for order in state.orders.values():
        entry = state.orders.get(order.parent) if order.working and order.reduce_only else None
        if entry is not None and order.instrument == instrument and entry.filled and not entry.reduce_only:
            role = {"stop" if order.type in STOPS else "target": order.id}
            found[entry.id] = msgspec.structs.replace(found.get(entry.id, Part(entry.qty)), **role)
    return found


def _split(known: Monitor, spec: Instrument, data: SplitEffected) -> None:
    with localcontext(EXACT):
        before, entered = known.entered, data.units(known.entered, spec.lot)
        known.left = entered - data.units(max(ZERO, before - known.left), spec.lot)
        if before:
            lost = known.value * (before * data.new - entered * data.old) / (before * data.new)
            known.value -= lost.quantize(CENT, ROUND_HALF_EVEN)
        known.entered = entered
        known.parts = _split_parts(known.parts, spec.lot, data)
    known.break_even, known.moved_to, known.watched = (
        None if price is None else data.price(price, spec.tick)
        for price in (known.break_even, known.moved_to, known.watched)
    )


def _split_parts(parts: tuple[Share, ...], lot: Decimal | None, data: SplitEffected) -> tuple[Share, ...]:
    """Each part from where it begins to where it ends, in new units: together they are what their sum becomes."""
    made, end = [], ZERO
    for part in parts:
        begin, end = end, end + part.qty
        qty = data.units(end, lot) - data.units(begin, lot)
        left = max(ZERO, qty - data.units(part.qty - part.left, lot)) if part.left else ZERO
        made.append(msgspec.structs.replace(part, qty=qty, left=left))
    return tuple(made)


def _split_kept(order: Order, spec: Instrument, data: SplitEffected) -> None:
    order.qty = data.units(order.qty, spec.lot)
    order.limit, order.stop, order.trail = (
        None if price is None else data.price(price, spec.tick)
        for price in (order.limit, order.stop, order.trail)
    )


HANDLERS: dict[str, Handler] = {
    "monitor.set": _set,
    "monitor.moved": _moved,
    "monitor.ended": _ended,
}
