"""Delivery: a bus's events to handlers that await, each from a bounded queue of its own on an event loop.

A slow handler delays nobody else; what its queue does when it is full is its stated policy. Knows no journal: what
must not be missed is read from there.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

from tradekit.core.bus import Bus
from tradekit.core.event import Event
from tradekit.errors import ConfigError, RefusedError

__all__ = ["AsyncHandler", "Delivery", "Line", "OnError", "Policy"]

log = logging.getLogger(__name__)

AsyncHandler = Callable[[Event], Awaitable[object]]
KeyOf = Callable[[Event], str]
OnError = Callable[[str, str, Exception], object]  # handler's name, subject, what it raised


class Policy(StrEnum):
    """What a full queue does with one more event."""

    BLOCK = "block"  # the publisher awaits `room`; one that does not is refused
    DROP_OLDEST = "drop_oldest"  # the longest waiting one is forgotten and counted
    CONFLATE = (
        "conflate"  # the latest of each key takes the place of the one before; beyond that like drop_oldest
    )


class Line:
    """One handler's queue and its task. `waiting`, `dropped`, `conflated`, `delivered` and `errors` are counts."""

    def __init__(
        self,
        name: str,
        handler: AsyncHandler,
        *,
        size: int,
        policy: Policy,
        key: KeyOf,
        on_error: OnError | None,
    ) -> None:
        self.name, self.policy, self.size = name, policy, size
        self.dropped = self.conflated = self.delivered = self.errors = 0
        self._handler, self._key, self._on_error = handler, key, on_error
        self._order: deque[Event] = deque()
        self._latest: dict[
            str, Event
        ] = {}  # by key, in the order in which the keys came: a conflating line's queue
        self._some, self._room, self._idle = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._room.set()
        self._busy = self._closed = False
        self._task: asyncio.Task[None] = asyncio.get_running_loop().create_task(
            self._run(), name=f"deliver {name}"
        )

    @property
    def waiting(self) -> int:
        """How many events are queued."""
        return len(self._latest) if self.policy is Policy.CONFLATE else len(self._order)

    @property
    def full(self) -> bool:
        """Whether one more event would be one too many."""
        return self.waiting >= self.size and not self._closed

    def put(self, event: Event) -> None:
        """Queue an event, now, from the loop's own thread; raises RefusedError on a full line that blocks."""
        if self._closed:
            return
        if self.policy is Policy.CONFLATE:
            self._put_latest(event)
        elif len(self._order) < self.size:
            self._order.append(event)
        elif self.policy is Policy.BLOCK:
            raise RefusedError(
                f"{self.size} events wait for {self.name}; await its room before publishing", code="busy"
            )
        else:
            self._order.popleft()
            self._order.append(event)
            self.dropped += 1
        self._some.set()
        if self.full:
            self._room.clear()

    async def room(self) -> None:
        """Return once the line can take an event; at once unless it is full."""
        while self.full:
            await self._room.wait()

    async def settled(self) -> None:
        """Return once all that was queued has been handled, or the line is closed."""
        while (self.waiting or self._busy) and not self._closed:
            self._idle.clear()
            await self._idle.wait()

    async def close(self, *, drain: bool = False) -> None:
        """Deliver no more; with `drain` only after all that waits. A second call does nothing."""
        if drain:
            await self.settled()
        self._closed = True
        self._room.set()
        self._idle.set()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _put_latest(self, event: Event) -> None:
        key = self._key(event)
        if key in self._latest:
            self.conflated += 1
        elif len(self._latest) >= self.size:
            del self._latest[next(iter(self._latest))]
            self.dropped += 1
        self._latest[key] = event

    def _take(self) -> Event:
        if self.policy is Policy.CONFLATE:
            return self._latest.pop(next(iter(self._latest)))
        return self._order.popleft()

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            event = self._take()
            self._busy = True
            if not self.waiting:
                self._some.clear()
            self._room.set()
            await self._hand_over(event)
            self._busy = False
            self._idle.set()

    async def _hand_over(self, event: Event) -> None:
        try:
            await self._handler(event)
            self.delivered += 1
        except Exception as error:
            self.errors += 1
            log.warning("handler %s failed at %s (seq %d): %r", self.name, event.subject, event.seq, error)
            if self._on_error is not None:
                try:
                    self._on_error(self.name, event.subject, error)
                except Exception:
                    log.exception("the delivery's error handler failed")


class Delivery:
    """Lines from one bus to awaiting handlers, for the loop that publishes on it; close it with the loop running.

    on_error  told of each failure of a handler; it gets the next event all the same
    """

    def __init__(self, bus: Bus, *, on_error: OnError | None = None) -> None:
        self._bus, self._on_error = bus, on_error
        self._lines: dict[Line, Callable[[], None]] = {}

    def subscribe(
        self,
        pattern: str,
        handler: AsyncHandler,
        *,
        size: int = 1_000,
        policy: Policy = Policy.BLOCK,
        key: KeyOf | None = None,
    ) -> Line:
        """Await `handler(event)` for every event whose subject fits, one after the other, in order.

        size  events that may wait; `policy` says what happens beyond
        key   what CONFLATE keeps the latest of (default: the subject)

        Raises ConfigError for a bad pattern or size. Called in the loop's thread.
        """
        if size < 1:
            raise ConfigError(f"a queue of {size} events holds nothing; give at least 1")
        name = getattr(handler, "__qualname__", None) or repr(handler)
        line = Line(
            name,
            handler,
            size=size,
            policy=policy,
            key=key or (lambda event: event.subject),
            on_error=self._on_error,
        )
        self._lines[line] = self._bus.subscribe(pattern, line.put).cancel
        return line

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines that are open."""
        return tuple(self._lines)

    async def publish(self, event: Event) -> None:
        """Publish on the bus once every line that blocks has room: the way in for who may be held up."""
        while full := [line for line in self._lines if line.policy is Policy.BLOCK and line.full]:
            await full[0].room()  # another may have filled up meanwhile
        self._bus.publish(event)

    async def cancel(self, line: Line, *, drain: bool = False) -> None:
        """Close one line; a second call does nothing."""
        unsubscribe = self._lines.pop(line, None)
        if unsubscribe is not None:
            unsubscribe()
            await line.close(drain=drain)

    async def close(self, *, drain: bool = False) -> None:
        """Close every line; with `drain` after what waits was handled."""
        for line in self.lines:
            await self.cancel(line, drain=drain)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close(drain=kind is None)
