"""How fast a screen follows: facts at once and no faster than it shows them, what merely flows at 20 Hz.

Pure bookkeeping on a caller's clock; knows no thread, no loop and no widget.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

__all__ = ["BUDGET_HZ", "FLOWING", "PATIENCE_S", "STATUS", "TOP_HZ", "Batch", "Coalescer", "Pace", "Turn"]

TOP_HZ = 20.0  # flushes a second of one viewer at most, where nothing but bars, marks and ticks moves
BUDGET_HZ = 100.0  # flushes a second of all viewers in a process
PATIENCE_S = 2.0  # a page that has not shown a message after so long is written to all the same
STATUS = "status"  # in a batch's `changed`: the connection's own state, beside the names of the state's parts
FLOWING = frozenset(  # what the market moves by itself; a change of anything else is a fact
    {"seq", "time", "bars", "marks", "rates", "positions", "account", "pnl", "health"}
)


class Pace(NamedTuple):
    """Seconds between two flushes that carry facts, and between two of which the later carries none."""

    facts: float
    flow: float

    @classmethod
    def of_pages(cls, viewers: int) -> "Pace":
        """For pages, which say themselves when they have shown a message, when so many share a process."""
        return cls(viewers / BUDGET_HZ, max(1.0 / TOP_HZ, viewers / BUDGET_HZ))

    @classmethod
    def of_widgets(cls, viewers: int) -> "Pace":
        """For widgets in a notebook, which say nothing: even facts come at 20 Hz at most."""
        period = max(1.0 / TOP_HZ, viewers / BUDGET_HZ)
        return cls(period, period)


class Batch(NamedTuple):
    """What a flush carries: names of what changed, events in order, and the latest tick by key."""

    changed: frozenset[str]
    events: tuple[Any, ...] = ()
    ticks: dict[str, Any] = {}  # noqa: RUF012  # never written to

    def joined(self, later: "Batch") -> "Batch":
        """Both as one. Events are left out: whoever waits reads what is the case by then."""
        return Batch(self.changed | later.changed, (), self.ticks | later.ticks)


class Coalescer:
    """Collects what arrives and says when the next flush is due.

    pace         how long flushes are apart; may change at any time
    keep_events  how many of the newest events a flush carries at most
    """

    def __init__(self, pace: Pace, *, keep_events: int = 200) -> None:
        self.pace = pace
        self._keep_events = keep_events
        self._changed: set[str] = set()
        self._events: list[Any] = []
        self._ticks: dict[str, Any] = {}
        self._facts = False
        self._last_fact = float("-inf")
        self._last = float("-inf")

    def change(self, changed: Iterable[str], events: Iterable[Any] = ()) -> None:
        """Something changed: `changed` names what; unless all of it only flows, that is a fact."""
        self._changed.update(changed)
        self._facts = self._facts or not self._changed <= FLOWING
        self._events.extend(events)
        del self._events[: -self._keep_events]

    def tick(self, key: str, value: Any) -> None:
        """A display value moved; only the latest by key is kept."""
        self._ticks[key] = value

    def due(self) -> float | None:
        """When to flush next [the caller's seconds; the past means now], or None while nothing waits."""
        times = []
        if self._facts:
            times.append(self._last_fact + self.pace.facts)
        if self._changed or self._ticks:
            times.append(self._last + self.pace.flow)
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


class Turn:
    """A page's turn: one message is under way at most; what comes meanwhile waits until the page has shown it."""

    def __init__(self) -> None:
        self._number = 0
        self._free = float("-inf")

    @property
    def free(self) -> float:
        """When the next message may go [the caller's seconds; the past means now]."""
        return self._free

    @property
    def next(self) -> int:
        """The number of the next message."""
        return self._number + 1

    def sent(self, now: float) -> None:
        """The next message went."""
        self._number += 1
        self._free = now + PATIENCE_S

    def shown(self, number: int) -> None:
        """The page has shown a message; the last one ends the turn."""
        if number == self._number:
            self._free = float("-inf")
