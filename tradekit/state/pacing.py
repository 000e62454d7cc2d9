"""How fast orders go out and how they are received: what the risk rules count, kept small in the state.

Pure. Knows no limit but the one that says how much to remember.
"""

from collections.abc import Callable
from typing import Any

from tradekit.core.event import Event
from tradekit.state.shape import State

__all__ = ["MINUTE", "counted"]

MINUTE = 60_000_000_000  # [ns]

Touched = tuple[tuple[str, ...], ...]
Handler = Callable[[State, Event, Any], Touched]


def counted(handlers: dict[str, Handler]) -> dict[str, Handler]:
    """The handlers of orders' facts, those that risk counts wrapped in the counting."""
    made = dict(handlers)
    for name, count in _COUNTS.items():
        made[name] = _both(made[name], count)
    return made


def _both(handler: Handler, count: Callable[[State], bool]) -> Handler:
    def fold(state: State, event: Event, data: Any) -> Touched:
        touched = handler(state, event, data)
        return (*touched, ("risk",)) if count(state) else touched

    return fold


def _sent(state: State) -> bool:
    """Remember when an order, or the change of one, went out: as many times as `max_orders_per_minute` allows."""
    most = state.risk.limits.get("max_orders_per_minute")
    if most is None:
        return False
    sent = state.risk.sent
    sent.append(state.time)
    del sent[: -int(most)]
    return True


def _rejected(state: State) -> bool:
    state.risk.rejects += 1
    state.risk.refused = state.time
    return True


def _received(state: State) -> bool:
    """The venue took an order: the row of rejects is over."""
    before, state.risk.rejects = state.risk.rejects, 0
    return before > 0


_COUNTS: dict[str, Callable[[State], bool]] = {
    "order.submitted": _sent,
    "order.replace_requested": _sent,
    "order.rejected": _rejected,
    "order.accepted": _received,
    "order.filled": _received,
}
