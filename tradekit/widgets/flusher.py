"""The one thread of a process that writes widgets: it wakes when something is due and flushes each in turn.

Knows no widget class; a widget that is collected or leaves is forgotten, with the last one the thread ends.
"""

import contextlib
import logging
import threading
import weakref
from queue import Empty, SimpleQueue
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
        self._members: set[weakref.ref[Flushed]] = set()
        self._starting = threading.Lock()  # guards `_thread`; no other lock is taken while it is held
        self._thread: threading.Thread | None = None
        self._called = False
        self._calls: SimpleQueue[None] = SimpleQueue()
        self._beat_at = float("-inf")

    def join(self, member: Flushed) -> None:
        """Flush `member` (held weakly) from now on."""
        new: threading.Thread | None = None
        self._members.add(weakref.ref(member))
        with self._starting:
            if self._thread is None:
                self._thread = new = threading.Thread(target=self._run, name="tradekit-widgets", daemon=True)
        if new is not None:
            new.start()
        self.wake()

    def leave(self, member: Flushed) -> None:
        """Flush `member` no more. Takes no lock: a member that is collected may leave in the middle of anything."""
        self._members.discard(weakref.ref(member))
        self.wake()

    def wake(self) -> None:
        """Something may be due; any thread may say so, whatever it holds: it waits for nobody."""
        if not self._called:
            self._called = True
            self._calls.put(None)

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread is not None

    def _alive(self) -> list[Flushed]:
        found = []
        for reference in self._members.copy():  # what is collected meanwhile may leave
            member = reference()
            if member is None:
                self._members.discard(reference)
            else:
                found.append(member)
        return found

    def _run(self) -> None:
        while not self._ends():
            self._sleep()
            now = self.clock.monotonic()
            beating = now - self._beat_at >= BEAT_S
            if beating:
                self._beat_at = now
            members = self._alive()
            pace = Pace.of_widgets(len(members))
            while members:
                self._flush(members.pop(), now, pace, beating)

    def _ends(self) -> bool:
        """Whether nobody is left; whoever joins from then on starts another thread."""
        if self._alive():
            return False
        with self._starting:
            if self._members:
                return False
            self._thread = None
            return True

    def _sleep(self) -> None:
        """Until something is due."""
        self._called = False  # from here on a call ends the sleep; what was said before is seen below
        times = [due for member in self._alive() if (due := member.stream.due()) is not None]
        pause = max(0.0, min([*times, self._beat_at + BEAT_S]) - self.clock.monotonic())
        with contextlib.suppress(Empty):
            self._calls.get(timeout=pause)

    def _flush(self, member: Flushed, now: float, pace: Pace, beating: bool) -> None:
        try:
            if beating:
                member.beat()
            member.stream.set_pace(pace)
            batch = member.stream.take(now)
            if batch is not None:
                member.flush(batch)
        except Exception:
            # one that left meanwhile has nothing to show, and no page
            if weakref.ref(member) in self._members:
                _log.exception("a widget could not be flushed; the others go on")


FLUSHER = Flusher(SystemClock())
