"""The one thread of a process that writes widgets: it wakes when something is due and flushes each in turn.

Knows no widget class; a widget that is collected or leaves is forgotten, with the last one the thread ends.
"""

import logging
import threading
import weakref
from typing import Protocol

from tradekit.core.clock import Clock, SystemClock
from tradekit.widgets.pace import Batch, Pace
from tradekit.widgets.stream import Stream

__all__ = ["BEAT_S", "FLUSHER", "Flushed", "Flusher"]

BEAT_S = 2.0  # a pane that misses three calls itself stale (beat.js)

_log = logging.getLogger(__name__)


class Flushed(Protocol):
    """What can be flushed: it has a stream, and takes what the stream collected."""

    @property
    def stream(self) -> Stream:
        """The changes that were collected for it."""

    def flush(self, batch: Batch) -> object:
        """Show what changed; called on the flusher's thread alone."""

    def beat(self) -> object:
        """Tell the page that the kernel lives; called on the flusher's thread each `BEAT_S`."""


class Flusher:
    """Flushes its members from one daemon thread, so that each widget has one writer, busy cell or not."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._condition = threading.Condition()
        self._members: dict[int, weakref.ref[Flushed]] = {}
        self._thread: threading.Thread | None = None
        self._woken = False
        self._beat_at = float("-inf")

    def join(self, member: Flushed) -> None:
        """Flush `member` (held weakly) from now on."""
        new: threading.Thread | None = None
        with self._condition:
            self._members[id(member)] = weakref.ref(member)
            self._share()
            if self._thread is None:
                self._thread = new = threading.Thread(target=self._run, name="tradekit-widgets", daemon=True)
        if new is not None:
            new.start()  # not under the lock: what its start collects may leave
        self.wake()

    def leave(self, member: Flushed) -> None:
        """Flush `member` no more."""
        with self._condition:
            self._members.pop(id(member), None)
            self._share()
        self.wake()

    def wake(self) -> None:
        """Something may be due; any thread may say so."""
        with self._condition:
            self._woken = True
            self._condition.notify()

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread is not None

    def _share(self) -> None:
        pace = Pace.of_widgets(len(self._members))
        for member in self._alive():
            member.stream.set_pace(pace)

    def _alive(self) -> list[Flushed]:
        found = {key: reference() for key, reference in self._members.items()}
        for key in [key for key, member in found.items() if member is None]:
            del self._members[key]
        return [member for member in found.values() if member is not None]

    def _run(self) -> None:
        while True:
            if not self._wait():
                return
            now = self.clock.monotonic()
            with self._condition:
                members = self._alive()
            beating = now - self._beat_at >= BEAT_S
            if beating:
                self._beat_at = now
            while members:
                self._flush(members.pop(), now, beating)

    def _flush(self, member: Flushed, now: float, beating: bool) -> None:
        try:
            if beating:
                member.beat()
            batch = member.stream.take(now)
            if batch is not None:
                member.flush(batch)
        except Exception:
            if self._has(member):  # one that left meanwhile has nothing to show, and no page
                _log.exception("a widget could not be flushed; the others go on")

    def _has(self, member: Flushed) -> bool:
        with self._condition:
            return id(member) in self._members

    def _wait(self) -> bool:
        """Sleep until something is due; False when nobody is left."""
        with self._condition:
            times = [due for member in self._alive() if (due := member.stream.due()) is not None]
            if not self._members:
                self._thread = None
                return False
            pause = max(0.0, min([*times, self._beat_at + BEAT_S]) - self.clock.monotonic())
            if not self._woken:
                self._condition.wait(pause)
            self._woken = False
            return True


FLUSHER = Flusher(SystemClock())
