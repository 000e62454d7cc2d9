"""A step on its way into the journal: numbered, stamped, encoded once, and acknowledged with its group.

Knows neither the queue it waits in nor the disk.
"""

import asyncio
import contextlib
import re
import threading
from collections.abc import Generator, Sequence

import msgspec

from tradekit.core.codec import encode_event
from tradekit.core.event import Event
from tradekit.core.redact import secrets
from tradekit.errors import JournalError

__all__ = ["Ack", "Group", "Stored", "stamp"]


class Stored(msgspec.Struct, frozen=True, gc=False):
    """An event as the journal holds it: stamped with epoch and recorded, and its one encoding (JSON)."""

    event: Event
    payload: bytes


class Group:
    """Steps that one commit makes durable: they share their fate and one wake-up."""

    __slots__ = ("_loops", "_turn", "_woken", "at", "done", "error", "rows", "steps")

    def __init__(self, at: float = 0.0) -> None:
        self.at = at  # arrival of its first step [monotonic s]
        self.rows: list[Stored] = []
        self.steps = 0
        self.done = False
        self.error: JournalError | None = None
        self._turn = threading.Lock()
        self._woken: threading.Event | None = None
        self._loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}

    def resolve(self, error: JournalError | None = None) -> None:
        """Tell everybody who waits: one call for each event loop, one event for all threads."""
        with self._turn:
            self.error, self.done = error, True
            loops, self._loops = self._loops, {}
        for loop, waiters in loops.items():
            with contextlib.suppress(RuntimeError):  # it has closed, and nobody waits there any more
                loop.call_soon_threadsafe(_release, waiters)
        if self._woken is not None:
            self._woken.set()

    def wait(self, timeout_s: float | None) -> bool:
        """Block until resolved; False when that took longer."""
        with self._turn:
            if self.done:
                return True
            self._woken = self._woken or threading.Event()
        return self._woken.wait(timeout_s)

    def waiter(self) -> "asyncio.Future[None] | None":
        """A future of the running loop that is done when this is; None when it is already."""
        loop = asyncio.get_running_loop()
        with self._turn:
            if self.done:
                return None
            future = loop.create_future()
            self._loops.setdefault(loop, []).append(future)
            return future


def _release(waiters: "list[asyncio.Future[None]]") -> None:
    for waiter in waiters:
        if not waiter.done():  # somebody may have stopped waiting
            waiter.set_result(None)


class Ack:
    """The promise of one append: `await` it in an event loop, or ask for `result()` in a thread.

    Done when the append's own class of durability holds. Who stops waiting does not stop the commit.
    """

    __slots__ = ("_group", "stored")

    def __init__(self, stored: tuple[Stored, ...], group: Group | None = None) -> None:
        self.stored = stored
        self._group = group  # None: nothing to wait for

    def done(self) -> bool:
        """Whether waiting would return at once."""
        return self._group is None or self._group.done

    def result(self, timeout_s: float | None = None) -> tuple[Stored, ...]:
        """Block until done; raises JournalError when the commit failed, TimeoutError when it took longer."""
        group = self._group
        if group is not None:
            if not group.done and not group.wait(timeout_s):
                raise TimeoutError(f"the journal did not commit within {timeout_s} s; it may still do so")
            if group.error is not None:
                raise group.error
        return self.stored

    def __await__(self) -> Generator[None, None, tuple[Stored, ...]]:
        if self._group is not None:
            waiter = self._group.waiter()
            if waiter is not None:
                yield from waiter
        return self.result()


_TAG = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_tags: set[str] = set()
_INT64 = 1 << 63


def stamp(events: Sequence[Event], last_seq: int, epoch: int, recorded: int) -> tuple[Stored, ...]:
    """Check one step's seqs and causes, stamp epoch and recorded [UTC ns], and encode each event once.

    Registered secrets are blotted out of texts, so that none is ever written. Raises JournalError for anything else
    that the journal could not give back as it came.
    """
    step: list[Stored] = []
    seq, guarded = last_seq, bool(secrets)
    for event in events:
        seq += 1
        tag = event.type
        if event.seq != seq:
            raise JournalError(f"event {tag} proposes seq {event.seq}; the journal's next is {seq}")
        if not 0 <= event.cause < seq:
            raise JournalError(
                f"event {seq} ({tag}) names cause {event.cause}; a cause comes before its effect"
            )
        if tag not in _tags:
            _check_tag(tag)
        ts = event.ts
        if not -_INT64 <= ts < _INT64:
            raise JournalError(f"event {seq} ({tag}) has ts {ts}: give UTC nanoseconds")
        stamped = Event(seq, epoch, ts, recorded, tag, event.v, event.cause, event.key, event.data)
        try:
            stored = Stored(stamped, encode_event(stamped))
            step.append(_blotted(stored) if guarded and secrets.holds(stored.payload) else stored)
        except (TypeError, ValueError, OverflowError) as error:
            raise JournalError(f"event {seq} ({tag}) cannot be written: {error}") from error
    return tuple(step)


def _blotted(stored: Stored) -> Stored:
    """The event and its encoding without the secret: whoever hears of the commit must not meet it either."""
    e = stored.event
    key, data = secrets.clean(e.key), secrets.clean_value(e.data)
    event = Event(e.seq, e.epoch, e.ts, e.recorded, e.type, e.v, e.cause, key, data)
    return Stored(event, encode_event(event))


def _check_tag(tag: str) -> None:
    if _TAG.fullmatch(tag) is None:
        raise JournalError(
            f"event type {tag!r} is not a tag; write lower-case words joined by dots: order.filled"
        )
    _tags.add(tag)
