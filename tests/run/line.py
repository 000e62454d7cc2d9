"""A live session's execution in virtual time: paper behind a line that a test breaks, and a loop around it.

Knows no chance.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from decimal import Decimal
from typing import Any

import msgspec

from tests.builders import BTC, START, opened
from tests.run.desk import HandFeed, HandWatch
from tests.virtual import VirtualClock, in_virtual_time
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.core.event import Event
from tradekit.core.memory import MemoryJournal
from tradekit.model.market import TradeTick
from tradekit.model.said import Ask, Question, Said
from tradekit.run.at_broker import AtBroker
from tradekit.run.gate import Gate
from tradekit.run.loop import Asked, Loop
from tradekit.run.now import WallTime
from tradekit.run.restore import restore
from tradekit.strategy.base import Strategy
from tradekit.testing.faults import Faults, Scripted
from tradekit.testing.faulty import FaultyBroker
from tradekit.trading.dead_man import DeadMan
from tradekit.trading.engine import Engine
from tradekit.trading.names import Names
from tradekit.trading.office import Office
from tradekit.trading.reconcile.books import Practice


class Drifting(FaultyBroker):
    """A line to a venue whose clock runs away from ours, by so many millionths since it began to."""

    ppm, since = 0, 0

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """As it is, but for the venue's time."""
        answered = await super().ask(ask)
        if ask.question is not Question.TIME:
            return answered
        off = (self._now() - self.since) * self.ppm // 1_000_000
        return tuple(msgspec.structs.replace(one, ts=one.ts + off) for one in answered)


class Line:
    """A session at a broker; `script` says what goes wrong (see `Scripted`)."""

    def __init__(
        self, strategy: Strategy, *, script: dict[str, str] | None = None, faults: Faults | None = None,
        before: "Line | None" = None, rearms: bool = False, armed: bool = True, dead_man: DeadMan | None = None,
    ) -> None:  # fmt: skip
        self.clock, self.venues = self._clock(), VirtualClock(asyncio.get_running_loop())
        self.journal = MemoryJournal(clock=self.clock) if before is None else before.journal
        self.paper = self._venue() if before is None else before.paper
        self.line = Drifting(self.paper, faults or Faults(), Scripted(script or {}), now=self.venues.now)
        self.engine, self.gate, self.feed = Engine(strategy), Gate(), HandFeed()
        practice = Practice(flips=True, reduces=True, dead_man=dead_man or DeadMan())
        names = Names(self.journal.id, lambda: self.engine.state)
        self.execution = AtBroker(
            self.engine, Office(self.engine, practice, now=self.clock.now()), self.line, self.gate, names,
            time=WallTime(self.clock), clock=self.clock, rearms=rearms,
        )  # fmt: skip
        if before is not None:
            assert restore(self.execution, self.journal.events) is None
        self.loop = Loop(
            self.execution, self.journal, self.feed, clock=self.clock, gate=self.gate, watch=HandWatch(), feed_after={},
            on_snapshot=lambda: None, tell=lambda stored: None,
        )  # type: ignore[arg-type]  # fmt: skip
        self.task = asyncio.create_task(self.loop.run(opened(cash=Decimal(10_000), armed=armed)))

    def _clock(self) -> VirtualClock:
        return VirtualClock(asyncio.get_running_loop())

    def _venue(self) -> PaperBroker:
        paper = PaperBroker([BTC], cash=Decimal(10_000), currency="USD", now=self.venues.now)
        paper.market(TradeTick("BTC", 110.0, 1.0), START)
        return paper

    def events(self, *tags: str) -> list[Event]:
        return list(self.journal.events(types=tags or None))

    def drift(self, ppm: int) -> None:
        """The venue's clock runs so much faster than ours from now on; 0 sets it right."""
        self.line.ppm, self.line.since = ppm, self.clock.now()

    async def ask(self, name: str, **args: Any) -> int:
        answer: Future[int] = Future()
        self.loop.ask(Asked(name, args, "test", answer))
        return await asyncio.wrap_future(answer)

    async def close(self) -> None:
        self.loop.stop("the test is over")
        await self.task

    async def die(self) -> None:
        """End without a word."""
        self.line.hang_up()
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


def on_line(play: Callable[[], Awaitable[Line]]) -> Line:
    """Play in virtual time; the line, to be looked at."""

    async def whole() -> Line:
        return await play()

    return in_virtual_time(whole())
