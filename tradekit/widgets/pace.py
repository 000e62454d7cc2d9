"""How fast a screen follows: facts at once, then at most one flush a period; ticks wait for the period.

Pure bookkeeping on a caller's clock; knows no thread, no loop and no widget.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

__all__ = ["BUDGET_HZ", "STATUS", "TOP_HZ", "Batch", "Coalescer", "period_for"]

TOP_HZ = 20.0  # flushes a second of one viewer at most
STATUS = "status"  # in a batch's `changed`: the connection's own state, beside the names of the state's parts
BUDGET_HZ = 100.0  # flushes a second of all viewers in a process


def period_for(viewers: int) -> float:
    """Seconds between two flushes when that many viewers share a process."""
    return max(1.0 / TOP_HZ, viewers / BUDGET_HZ)


class Batch(NamedTuple):
    """What a flush carries: names of what changed, events in order, and the latest tick by key."""

    changed: frozenset[str]
    events: tuple[Any, ...]
    ticks: dict[str, Any]


class Coalescer:
    """Collects what arrives and says when the next flush is due.

    period      seconds between flushes; may change at any time
    keep_events how many of the newest events a flush carries at most
    """

    def __init__(self, period: float, *, keep_events: int = 200) -> None:
        self.period = period
        self._keep_events = keep_events
        self._changed: set[str] = set()
        self._events: list[Any] = []
        self._ticks: dict[str, Any] = {}
        self._facts = False
        self._last_fact = float("-inf")
        self._last = float("-inf")

    def fact(self, changed: Iterable[str], events: Iterable[Any] = ()) -> None:
        """Something happened: `changed` names what it touched."""
        self._facts = True
        self._changed.update(changed)
        self._events.extend(events)
        del self._events[: -self._keep_events]

    def tick(self, key: str, value: Any) -> None:
        """A display value moved; only the latest by key is kept."""
        self._ticks[key] = value

    def due(self) -> float | None:
        """When to flush next [the caller's seconds; the past means now], or None while nothing waits."""
        times = []
        if self._facts:
            times.append(self._last_fact + self.period)
        if self._ticks:
            times.append(self._last + self.period)
        return min(times, default=None)

    def take(self, now: float) -> Batch | None:
        """Everything that waits, if a flush is due at `now`; else None."""
        due = self.due()
        if due is None or due > now:
            return None
        if self._facts:
            self._last_fact = now
        self._last = now
        batch = Batch(frozenset(self._changed), tuple(self._events), self._ticks)
        self._facts, self._changed, self._events, self._ticks = False, set(), [], {}
        return batch
