"""One session's changes for one screen or many: watched on the connection's thread, taken when due.

Knows no thread that flushes and no widget: `wake` tells the owner that something waits.
"""

import threading
from collections.abc import Callable
from typing import Any

from tradekit.core.clock import Clock
from tradekit.core.event import Event
from tradekit.widgets.pace import STATUS, Batch, Coalescer, Pace
from tradekit.widgets.source import Replica

__all__ = ["Stream"]


class Stream:
    """Watches a replica from construction until `close`. `wake` is called on any thread: be brief there.

    heard    when the feed last said something (a bar or a tick) [monotonic s], None while it never did
    ticking  whether display ticks have come
    """

    def __init__(self, replica: Replica, wake: Callable[[], object], *, clock: Clock, pace: Pace) -> None:
        self._clock = clock
        self._wake = wake
        self._lock = threading.Lock()
        self._pending = Coalescer(pace)
        self.heard: float | None = None
        self.ticking = False
        self._subscription = replica.watch(self._changed, ticks=self._ticked, status=self._status)

    def set_pace(self, pace: Pace) -> None:
        """How long flushes are apart from now on."""
        with self._lock:
            self._pending.pace = pace

    def due(self) -> float | None:
        """When the next flush is due [monotonic s], None while nothing waits."""
        with self._lock:
            return self._pending.due()

    def take(self, now: float) -> Batch | None:
        """What waits, if a flush is due at `now` [monotonic s]."""
        with self._lock:
            return self._pending.take(now)

    def feed_age(self) -> float | None:
        """Seconds since the feed last said something; None while it never did."""
        return None if self.heard is None else self._clock.monotonic() - self.heard

    def nudge(self, name: str) -> None:
        """Ask for a flush as if `name` had changed; any thread may."""
        with self._lock:
            self._pending.change((name,))
        self._wake()

    def close(self) -> None:
        """Watch no more."""
        self._subscription.cancel()

    def _changed(self, changed: frozenset[str], events: list[Event]) -> None:
        if "bars" in changed or "marks" in changed:
            self.heard = self._clock.monotonic()
        with self._lock:
            self._pending.change(changed, events)
        self._wake()

    def _ticked(self, items: list[dict[str, Any]]) -> None:
        self.heard, self.ticking = self._clock.monotonic(), True
        with self._lock:
            for item in items:
                self._pending.tick(item["key"], item)
        self._wake()

    def _status(self, status: str) -> None:
        self.nudge(STATUS)
