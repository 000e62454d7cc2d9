"""The journal in memory: for backtests, tests and sessions that asked to keep nothing.

Promises order and atomic steps like any journal, and no durability at all; knows no file.
"""

import logging
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from tradekit.core.clock import Clock, SystemClock, new_id
from tradekit.core.event import Event
from tradekit.core.journal import Journal, OnCommit, Verdict
from tradekit.core.step import Ack, Stored, stamp
from tradekit.core.subject import fits, tokens
from tradekit.errors import JournalError

__all__ = ["MemoryJournal"]

log = logging.getLogger(__name__)


class MemoryJournal(Journal):
    """A journal that ends with its process; each append is "durable" at once."""

    def __init__(self, *, clock: Clock | None = None, journal_id: str | None = None) -> None:
        self._id = journal_id or new_id()
        self._clock = clock or SystemClock()
        self._rows: list[Stored] = []
        self._times: list[int] = []  # session time after each row
        self._callbacks: tuple[OnCommit, ...] = ()
        self._closed = False
        self._turn = threading.RLock()

    @property
    def id(self) -> str:
        """The journal's random identity."""
        return self._id

    @property
    def schema(self) -> int:
        """Always 1: nothing is stored."""
        return 1

    @property
    def epoch(self) -> int:
        """Always 1: it is opened once."""
        return 1

    @property
    def last_seq(self) -> int:
        """The last seq given out."""
        return len(self._rows)

    @property
    def durable_seq(self) -> int:
        """The same as `last_seq`."""
        return len(self._rows)

    @property
    def failure(self) -> JournalError | None:
        """None: memory does not fail."""
        return None

    def append(self, events: Sequence[Event], *, critical: bool) -> tuple[Stored, ...]:
        """Keep one step, all or nothing, and tell the callbacks."""
        with self._turn:
            if self._closed:
                raise JournalError("the journal is closed; open it again to write")
            step = stamp(events, len(self._rows), 1, self._clock.now())
            times, time = [], self._times[-1] if self._times else None
            for row in step:
                time = row.event.ts if time is None else max(time, row.event.ts)
                times.append(time)
            self._rows.extend(step)
            # last: who asks for a moment is not told of an event that cannot be read
            self._times.extend(times)
            for callback in self._callbacks if step else ():
                try:
                    callback(step)
                except Exception:
                    log.exception("a commit callback failed at seq %d; the commit stands", len(self._rows))
            return step

    def append_async(self, events: Sequence[Event], *, critical: bool) -> Ack:
        """The same as `append`: its promise holds at once."""
        return Ack(self.append(events, critical=critical))

    def on_commit(self, callback: OnCommit) -> None:
        """Call back after each append, from the thread that appended."""
        self._callbacks = (*self._callbacks, callback)

    def flush(self) -> None:
        """Nothing is ever buffered."""

    def events(
        self,
        since: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        *,
        subject: str | None = None,
        checked: bool = False,
    ) -> Iterator[Event]:
        """The events after `since` up to `until`; there is no chain to check."""
        wanted = None if types is None else frozenset(types)
        pattern = None if subject is None else tokens(subject)
        events = (row.event for row in self._slice(since, until))
        return (
            event
            for event in events
            if (wanted is None or event.type in wanted)
            and (pattern is None or fits(pattern, event.subject.split(".")))
        )

    def payloads(self, since: int = 0, until: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The (seq, payload) pairs after `since` up to `until`."""
        for row in self._slice(since, until):
            yield row.event.seq, row.payload

    def at_time(self, ts: int) -> int:
        """The last seq whose session time is at or before `ts` [UTC ns]."""
        return bisect_right(self._times, ts)

    def verify(self) -> Verdict:
        """Memory needs no proof: the verdict counts."""
        return Verdict(True, len(self._rows), len(self._rows), [])

    def close(self) -> None:
        """No more appends; what is there can still be read."""
        self._closed = True

    def _slice(self, since: int, until: int | None) -> list[Stored]:
        return self._rows[max(since, 0) : until if until is None else max(until, 0)]
