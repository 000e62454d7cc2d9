"""The journal's port: an append-only log of events with a dense seq, written by one, read by many.

Knows no storage (memory and sqlite are below it) and no fact of the trade.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

import msgspec

from tradekit.core.event import Event
from tradekit.core.step import Ack, Stored
from tradekit.errors import JournalError

__all__ = ["Ack", "Journal", "JournalReader", "OnCommit", "Stored", "Verdict"]


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `verify` found: `problems` says in words where the journal does not prove what it claims.

    events    how many were read and hold together
    archived  how many of them lie in the archive
    missing   runs "first..last" whose archive is not there: proved by their tombstones, not read
    """

    ok: bool
    events: int
    last_seq: int
    problems: list[str]
    archived: int = 0
    missing: list[str] = []


OnCommit = Callable[[tuple[Stored, ...]], None]


class JournalReader(ABC):
    """Reading: any number of readers, in any process, while the one writer writes.

    `since` is exclusive and `until` inclusive everywhere, so `events(since=n)` goes on after seq n.
    """

    @property
    @abstractmethod
    def id(self) -> str:
        """The journal's random identity, given at creation (hexadecimal)."""

    @property
    @abstractmethod
    def schema(self) -> int:
        """The version of the storage format."""

    @property
    @abstractmethod
    def epoch(self) -> int:
        """How many times a writer has opened this journal."""

    @property
    @abstractmethod
    def last_seq(self) -> int:
        """The last seq given out, 0 when empty; a writer may be buffering it (see `Journal.durable_seq`)."""

    @abstractmethod
    def events(
        self,
        since: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        *,
        subject: str | None = None,
        checked: bool = False,
    ) -> Iterator[Event]:
        """The durable events in seq order, those of `types` and those that fit `subject` only, if given.

        `subject` is a pattern as for the bus: "order.*.BTC-USD", "bar.closed.>". `checked` verifies the hash
        chain on the way and raises JournalCorruptError at the first break. What was pruned is read from the
        archive; where that is not there, NotFoundError names the missing range.
        """

    @abstractmethod
    def payloads(self, since: int = 0, until: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The durable (seq, payload) pairs in seq order; the payload is the event's one encoding."""

    @abstractmethod
    def at_time(self, ts: int) -> int:
        """The last seq whose session time (running maximum of ts) is at or before `ts` [UTC ns]."""

    @abstractmethod
    def verify(self) -> Verdict:
        """Read everything and compare it with what the journal claims; damage is told, never raised."""

    @abstractmethod
    def close(self) -> None:
        """Let go of every file; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()


class Journal(JournalReader):
    """Writing: one process, one thread that appends; each append is one atomic step, never split.

    A failed commit closes the journal for writing (fail-stop): what was not acknowledged fails with
    JournalError, nothing is tried again, and the next open verifies the whole file.
    """

    @abstractmethod
    def append(self, events: Sequence[Event], *, critical: bool) -> tuple[Stored, ...]:
        """Write one step: all its events or none, numbered last_seq + 1 onwards.

        Critical: returns once it and everything before it is on stable storage. Otherwise the step is
        buffered and may be lost, as a suffix of the log only, for 100 ms or 1,000 events, whichever is less.
        Raises JournalError, with nothing written, for a wrong seq or cause or a number that is not finite.
        """

    @abstractmethod
    def append_async(self, events: Sequence[Event], *, critical: bool) -> Ack:
        """The same without waiting: `stored = await journal.append_async(step, critical=True)`.

        Refusals are raised here and now; only a failed commit is raised by the wait. Steps are written in the
        order of the calls, so a caller may have many on the way.
        """

    @abstractmethod
    def on_commit(self, callback: OnCommit) -> None:
        """Call back after each durable commit, in seq order, from the thread that committed.

        It must be quick and may not append; what it raises is logged and never fails the commit.
        """

    @property
    @abstractmethod
    def durable_seq(self) -> int:
        """The last seq that is on stable storage."""

    @property
    @abstractmethod
    def failure(self) -> JournalError | None:
        """Why the journal closed itself for writing, or None."""

    @abstractmethod
    def flush(self) -> None:
        """Return once everything appended so far is on stable storage."""
