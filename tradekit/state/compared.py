"""How the link to the venue, its books' differences from ours, holds and alerts are kept in the state.

Pure. Knows no query and no policy: who finds and who settles a difference is the order management's business.
"""

from collections.abc import Callable
from typing import Any

from tradekit.core.event import Event
from tradekit.model.reconciliation import (
    AlertRaised,
    DifferenceFound,
    DifferenceResolved,
    HoldChanged,
    LinkChanged,
    ReconciliationCompleted,
)
from tradekit.state.doubts import hold
from tradekit.state.seen import Alert, Difference, Link
from tradekit.state.shape import State

__all__ = ["ALERTS_KEPT", "HANDLERS"]

ALERTS_KEPT = 100

Touched = tuple[tuple[str, ...], ...]


def _link(state: State, event: Event, data: LinkChanged) -> Touched:
    state.health.link = Link("up" if data.up else "down", event.ts, data.reason)
    hold(state, "*", "link", "" if data.up else f"the link to the venue is down: {data.reason or 'lost'}")
    return (("health",), ("risk",))


def _completed(state: State, event: Event, data: ReconciliationCompleted) -> Touched:
    kept = state.health.reconciliation
    kept.last, kept.rounds, kept.reasons = event.ts, kept.rounds + 1, dict(data.failed)
    kept.failed = 0 if data.ok else kept.failed + 1
    kept.done = event.ts if data.ok else kept.done
    for one in kept.differences.values():
        one.rounds += 1
    kept.status = "failed" if not data.ok else "open" if kept.open else "green"
    return (("health",),)


def _found(state: State, event: Event, data: DifferenceFound) -> Touched:
    """A difference whose values have moved keeps its age: it is still the same books that disagree."""
    differences = state.health.reconciliation.differences
    known = differences.get(data.id)
    since, rounds = (event.ts, 0) if known is None or known.refused else (known.since, known.rounds)
    differences[data.id] = Difference(
        data.id, data.kind, data.instrument, data.ours, data.theirs, data.text, since, data.proposed, rounds,
        data.reported,
    )  # fmt: skip
    return (("health",),)


def _resolved(state: State, event: Event, data: DifferenceResolved) -> Touched:
    kept = state.health.reconciliation
    known = kept.differences.get(data.id)
    if known is None:
        return ()
    if data.how == "refused":
        known.refused = data.user or "somebody"
    else:
        del kept.differences[data.id]
    if kept.status == "open" and not kept.open:
        kept.status = "green"
    return (("health",),)


def _held(state: State, event: Event, data: HoldChanged) -> Touched:
    hold(state, data.instrument, data.by, data.reason)
    return (("risk",),)


def _alert(state: State, event: Event, data: AlertRaised) -> Touched:
    alerts = state.health.alerts
    alerts.append(Alert(event.seq, event.ts, data.kind, data.text, data.instrument, data.order))
    if len(alerts) > ALERTS_KEPT:
        del alerts[0]
    return (("health",),)


HANDLERS: dict[str, Callable[[State, Event, Any], Touched]] = {
    "link.changed": _link,
    "reconciliation.completed": _completed,
    "difference.found": _found,
    "difference.resolved": _resolved,
    "hold.changed": _held,
    "alert.raised": _alert,
}
