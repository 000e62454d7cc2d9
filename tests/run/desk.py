"""A session's loop on a desk: memory journal, paper exchange, a feed that the test pushes bars into.

Knows no process, no bridge and no file.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Future
from typing import Any

from tests.builders import BTC, MINUTE, START, flat, opened
from tradekit.brokers.paper.venue import PaperVenue
from tradekit.core.bus import Bus
from tradekit.core.clock import SystemClock
from tradekit.core.event import Event
from tradekit.core.journal import Journal
from tradekit.core.memory import MemoryJournal
from tradekit.model.market import Bar
from tradekit.model.order import OrderSubmitted
from tradekit.model.session import HandlerFailed, SessionOpened
from tradekit.run.cycle import Cycle
from tradekit.run.gate import Gate
from tradekit.run.in_house import InHouse
from tradekit.run.loop import Asked, Loop
from tradekit.strategy.base import Strategy
from tradekit.trading.engine import Engine
from tradekit.trading.venue import Report

BOUND_S = 30.0


class HandFeed:
    """Delivers the bars that a test pushes; `end` is the end of its data."""

    name = "hand"
    source = "the test"
    ended = "the test has no more bars"
    start = START

    def __init__(self) -> None:
        self._bars: asyncio.Queue[Bar | None] = asyncio.Queue()
        self.after: Mapping[str, int] = {}

    def push(self, *bars: Bar) -> None:
        """These close next."""
        for bar in bars:
            self._bars.put_nowait(bar)

    def end(self) -> None:
        """No more bars."""
        self._bars.put_nowait(None)

    async def inputs(self, after: Mapping[str, int], due: Any) -> AsyncIterator[tuple[int, Bar]]:
        """What was pushed."""
        self.after = after
        while (bar := await self._bars.get()) is not None:
            yield bar.ts + MINUTE, bar


class HandWatch:
    """Steps take as long as a test says: `took` for the next one, then nothing."""

    def __init__(self) -> None:
        self.took = 0.0

    def begin(self) -> None:
        """A step starts."""

    def end(self) -> float:
        """How long the test says that it took [s]."""
        took, self.took = self.took, 0.0
        return took


class NotingVenue(PaperVenue):
    """Paper, with a note of each order that reached it and of the journal's last durable event then."""

    def __init__(self, journal: Journal) -> None:
        super().__init__([BTC])
        self.reached: dict[str, int] = {}
        self._journal = journal

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        """Take note, and the order."""
        self.reached[order.id] = self._journal.durable_seq
        return super().submit(order, ts)


class Desk:
    """A loop with everything around it; make it where an event loop runs."""

    def __init__(
        self,
        strategy: Strategy,
        *,
        journal: Journal | None = None,
        snapshot: Callable[[], None] | None = None,
        **loop: Any,
    ) -> None:
        self.journal = journal or MemoryJournal()
        self.feed, self.watch, self.gate = HandFeed(), HandWatch(), Gate()
        self.broker = NotingVenue(self.journal)
        self.engine = Engine(strategy)
        self.snapshots = 0
        self.bus = Bus(on_error=self._failed)
        self.cycle = Cycle(self.engine, self.broker)
        self.loop = Loop(
            InHouse(self.cycle, self.gate, start=START),
            self.journal,
            self.feed,  # type: ignore[arg-type]
            clock=SystemClock(),
            gate=self.gate,
            watch=self.watch,
            feed_after={},
            on_snapshot=snapshot or self._snapshot,
            tell=lambda stored: [self.bus.publish(one.event) for one in stored],
            **loop,
        )
        self.life: asyncio.Task[None] | None = None

    def _snapshot(self) -> None:
        self.snapshots += 1

    def _failed(self, handler: str, subject: str, error: Exception) -> None:
        if not subject.startswith("error.handler"):
            self.loop.note(HandlerFailed(handler, subject, str(error)))

    def open(self, fact: SessionOpened | None = None) -> None:
        """Let it run."""
        self.life = asyncio.create_task(self.loop.run(fact or opened()))

    async def close(self) -> None:
        """Stop it in good order."""
        assert self.life is not None
        self.loop.stop("the test is over")
        await self.life

    async def until(self, tag: str, *, count: int = 1) -> list[Event]:
        """Wait until the journal holds so many events of a type."""
        while len(found := self.events(tag)) < count:
            assert self.life is None or not self.life.done(), "the session has ended"
            await asyncio.sleep(0.001)
        return found

    def events(self, *tags: str) -> list[Event]:
        """The durable events (of these types)."""
        return list(self.journal.events(types=tags or None))

    def asked(self, name: str, /, *, id: str | None = None, **args: Any) -> "Future[int]":
        """Ask without waiting."""
        answer: Future[int] = Future()
        given = {} if id is None else {"id": id}
        self.loop.ask(Asked(name, args, "test", answer, **given))
        return answer

    async def ask(self, name: str, /, *, id: str | None = None, **args: Any) -> int:
        """Give a command and wait for its seq, or for the RefusedError."""
        return await asyncio.wrap_future(self.asked(name, id=id, **args))


def on_desk(strategy: Strategy, play: Callable[[Desk], Awaitable[None]], **more: Any) -> Desk:
    """Open a desk, play, close it; the desk, to be looked at."""

    async def whole() -> Desk:
        desk = Desk(strategy, **more)
        desk.open()
        async with asyncio.timeout(BOUND_S):
            await play(desk)
            await desk.close()
        return desk

    return asyncio.run(whole())


class Quiet(Strategy):
    """Does nothing."""


class Doing(Strategy):
    """Does what the test says, bar by bar: `todo[n]` is called with the strategy at the bar n."""

    def __init__(self, **todo: Callable[["Doing"], object]) -> None:
        super().__init__()
        self.todo = todo
        self.count = 0

    def on_bar(self, bar: Bar) -> None:
        todo = self.todo.get(f"bar{self.count}")
        self.count += 1
        if todo is not None:
            todo(self)


async def bars(desk: Desk, count: int, *, first: int = 0) -> None:
    desk.feed.push(*(flat(n, 100) for n in range(first, first + count)))
    await desk.until("bar.closed", count=first + count)
