"""How monitors of positions are kept in the state: what was entered and left under each, and what it has come to.

Pure. Knows no price.
"""

from collections.abc import Callable
from typing import Any

from tradekit.core.event import Event
from tradekit.model.monitor import MonitorEnded, MonitorMoved, MonitorSet
from tradekit.state.seen import Monitor
from tradekit.state.shape import State

__all__ = ["HANDLERS", "counted"]

Touched = tuple[tuple[str, ...], ...]
Handler = Callable[[State, Event, Any], Touched]


def _set(state: State, event: Event, data: MonitorSet) -> Touched:
    state.monitors[data.id] = Monitor(
        data.instrument, data.strategy, data.parts, data.break_even, data.exit_after
    )
    return (("monitors", data.id),)


def _moved(state: State, event: Event, data: MonitorMoved) -> Touched:
    known = state.monitors.get(data.id)
    if known is None:
        return ()
    if data.what == "time":
        known.leaving = True
    else:
        known.moved_to = data.price
    return (("monitors", data.id),)


def _ended(state: State, event: Event, data: MonitorEnded) -> Touched:
    state.monitors.pop(data.id, None)
    return (("monitors",),)


def counted(filled: Handler) -> Handler:
    """Book a fill as `filled` does, and count it under the monitor of its entry, if there is one."""

    def handler(state: State, event: Event, data: Any) -> Touched:
        if not state.monitors:
            return filled(state, event, data)
        order = state.orders.get(data.id)
        before = None if order is None else order.filled
        touched = filled(state, event, data)
        if order is not None and order.filled != before:
            _count(state, event, order.id, order.parent, data)
        return touched

    return handler


def _count(state: State, event: Event, order: str, parent: str, data: Any) -> None:
    entry, exit_of = state.monitors.get(order), state.monitors.get(parent)
    sign = 1 if event.type == "order.filled" else -1
    if entry is not None:
        entry.entered += sign * data.qty
        entry.value += sign * data.qty * data.price
        entry.opened, entry.updated = entry.opened or event.ts, event.ts
    elif exit_of is not None:
        exit_of.left += sign * data.qty


HANDLERS: dict[str, Handler] = {
    "monitor.set": _set,
    "monitor.moved": _moved,
    "monitor.ended": _ended,
}
