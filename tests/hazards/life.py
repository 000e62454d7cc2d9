"""A live session at a broker's bench, in this process and in real time: what the hazards are played on.

Everything of a session but its process, its bridge and its feed. Knows no hazard.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from decimal import Decimal
from typing import Any

from tests.run.desk import HandFeed, HandWatch, Quiet
from tradekit.core.clock import SystemClock
from tradekit.core.memory import MemoryJournal
from tradekit.errors import RefusedError
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarkUpdated
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Side
from tradekit.model.said import BOOKS, Answer, Ask, Question, Said
from tradekit.model.session import Mode, SessionOpened
from tradekit.run.at_broker import AtBroker
from tradekit.run.gate import Gate
from tradekit.run.loop import Asked, Loop
from tradekit.run.now import WallTime
from tradekit.run.restore import restore
from tradekit.state.reducer import REDUCER
from tradekit.state.shape import Order, State
from tradekit.testing.talk import LinkBench
from tradekit.trading.broker import AtVenue, Broker, Stopped, free
from tradekit.trading.engine import Engine
from tradekit.trading.names import Names
from tradekit.trading.office import Office
from tradekit.trading.reconcile.books import Books, Practice
from tradekit.trading.reconcile.compare import reconcile
from tradekit.trading.waiting import waits_here

BOUND_S = 90.0  # a bound, not an expectation: two cores may be shared
QUICK: dict[str, Any] = {"answer_s": 4.0, "every_s": 5.0, "tolerance_s": 0.3, "span_s": 1.0}


class Counting:
    """A broker, with a note of each order, cancel and change that was handed to it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.name, self.abilities = broker.name, broker.abilities
        self.reports, self.close = broker.reports, broker.close
        self.sent: list[tuple[str, str]] = []  # the call, and the client id
        self.answered: set[Question] = set()

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        self.sent.append(("submit", order.id))
        return await self._broker.submit(order, stopped=stopped)

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        self.sent.append(("cancel", order.client_id))
        return await self._broker.cancel(order)

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        self.sent.append(("replace", order.client_id))
        return await self._broker.replace(order, wanted, stopped=stopped)

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        said = await self._broker.ask(ask)
        self.answered.add(ask.question)
        return said

    @property
    def submitted(self) -> list[str]:
        """The client ids of all orders that left the house, as often as they did."""
        return [name for call, name in self.sent if call == "submit"]


class Life:
    """One life of a session; `before` is an earlier one, whose journal it goes on with."""

    def __init__(
        self,
        bench: LinkBench,
        spec: Instrument,
        *,
        limits: dict[str, str] | None = None,
        before: "Life | None" = None,
    ) -> None:
        self.bench, self.spec, self.limits = bench, spec, limits or {}
        self.clock = SystemClock()
        self.broker = Counting(bench.broker)
        self.journal = MemoryJournal(clock=self.clock) if before is None else before.journal
        self.engine, self.gate, self.feed = Engine(Quiet()), Gate(), HandFeed()
        able = bench.broker.abilities
        practice = Practice(flips=able.flips, replaces=able.replaces, reduces=able.reduces, **QUICK)
        names = Names(self.journal.id, lambda: self.engine.state, longest=able.longest_id)
        time = WallTime(self.clock)
        office = Office(self.engine, practice, now=time.now(), adopts=True)
        self.execution = AtBroker(
            self.engine, office, self.broker, self.gate, names, time=time, clock=self.clock, rearms=True
        )
        if before is not None:
            assert restore(self.execution, self.journal.events) is None
        self.loop = Loop(
            self.execution, self.journal, self.feed,  # type: ignore[arg-type]
            clock=self.clock, gate=self.gate, watch=HandWatch(), feed_after={}, on_snapshot=lambda: None,
            tell=lambda stored: None,
        )  # fmt: skip
        self.task: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        return self.engine.state

    @property
    def ours(self) -> list[Order]:
        """The session's own orders, oldest first."""
        return [one for one in self.state.orders.values() if one.strategy == "hazard"]

    def bought(self, strategy: str = "hazard") -> Decimal:
        """What the fills of our orders, or of others', come to; fees may be taken out of what is held."""
        fills = [one for one in self.state.fills if one.strategy == strategy]
        return sum((one.qty * one.side.sign for one in fills), start=Decimal(0))

    # --- its life -------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Let it run, take the account over, and arm it."""
        opened = SessionOpened(
            "hazard", Mode.LIVE, "main", self.spec.quote, Decimal(0), "hazard", "x:Y", {}, "", [self.spec], [],
            self.limits, False, "test", REDUCER,
        )  # fmt: skip
        self.task = asyncio.create_task(self.loop.run(opened))
        await self.until(lambda: self.green and "feed.started" in {one.type for one in self.journal.events()})
        if not self.state.risk.armed:
            await self.ask("arm")
        await self.loop.take(MarkUpdated(self.spec.id, float(self.bench.price)))

    async def close(self) -> None:
        """End it in good order; the broker is closed with it."""
        self.loop.stop("the hazard is over")
        if self.task is not None:
            await self.task

    async def die(self) -> None:
        """End it without a word, as kill -9 does."""
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for it; what ends the session ends the wait."""
        while not condition():
            if self.task is not None and self.task.done():
                self.task.result()
                raise AssertionError("the session has ended")
            await asyncio.sleep(0.01)

    async def ask(self, name: str, **args: Any) -> int:
        """Give a command; its seq, or RefusedError."""
        answer: Future[int] = Future()
        self.loop.ask(Asked(name, args, "test", answer))
        return await asyncio.wrap_future(answer)

    async def quiet(self) -> None:
        """Wait until nothing is asked or sent, and nothing will be for a moment: the next request is the test's."""
        office, wire = self.execution.office, self.execution._wire
        soon = 2_000_000_000
        await self.until(
            lambda: (
                not office.looking
                and not wire._calls
                and Question.TIME in self.broker.answered
                and office._round - self.execution.now() > soon
            )
        )

    async def buy(self, qty: Decimal | None = None, *, limit: Decimal | None = None) -> Order:
        """Send a buy that rests; its record, which may be in any state yet."""
        return await self.send(Side.BUY, qty or self.bench.qty, limit or self.bench.price)

    async def send(self, side: Side, qty: Decimal, limit: Decimal) -> Order:
        """Send a limit order."""
        await self.ask("submit", side=str(side), qty=str(qty), limit=str(limit))
        return self.ours[-1]

    # --- what must hold -------------------------------------------------------------------------------------

    @property
    def green(self) -> bool:
        """Whether the books have been compared and agree."""
        return self.state.health.reconciliation.status == "green"

    @property
    def settled(self) -> bool:
        """Whether nothing is in doubt, and no answer is waited for."""
        waiting = [one for one in self.state.orders.values() if one.doubt is not None or one.told is not None]
        unsent = [one for one in self.ours if waits_here(self.state, one)]
        waiting += [one for one in self.ours if one.working and not one.venue_id and one not in unsent]
        return not waiting and self.state.health.link.status != "down"

    async def agreed(self) -> None:
        """Wait until nothing is in doubt and a comparison of all books, by nobody's leave, finds nothing at all."""
        while True:
            await self.until(lambda: self.settled)
            answers = {}
            for question in BOOKS:
                for said in await self.broker.ask(Ask(question)):
                    if isinstance(said, Answer):
                        answers[str(question)] = said
            kept = {str(one) for one in BOOKS if one in self.broker.abilities.keeps}
            books = Books(
                at=self.clock.now() + 3600_000_000_000, unkept=frozenset({*map(str, BOOKS)} - kept), **answers
            )
            if kept == answers.keys() and not reconcile(self.state, books):
                return
            await asyncio.sleep(0.05)


class Stage:
    """A bench with as many lives as a script needs, one at a time; everything is put away at the end."""

    def __init__(self, bench: LinkBench, spec: Instrument) -> None:
        self.bench, self.spec = bench, spec
        self.lives: list[Life] = []

    async def live(self, **more: Any) -> Life:
        """A new life, open and armed."""
        self.lives.append(Life(self.bench, self.spec, **more))
        await self.lives[-1].open()
        return self.lives[-1]

    async def again(self, remade: Callable[[], Any]) -> Life:
        """kill -9, and the next life of the same journal with a broker of its own."""
        before = self.lives[-1]
        await before.die()
        self.bench.broker = remade()
        return await self.live(before=before, limits=before.limits)


def staged(bench: LinkBench, spec: Instrument, script: Callable[[Stage], Awaitable[None]]) -> None:
    """Open the bench, let the script play, put everything away."""

    async def whole() -> None:
        async with asyncio.timeout(BOUND_S):
            await bench.open()
            stage = Stage(bench, spec)
            try:
                await script(stage)
            finally:
                if stage.lives:
                    await stage.lives[-1].close()
                await bench.close()

    asyncio.run(whole())


class Book:
    """Asked of the venue, past the session."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def working(self) -> list[Any]:
        """The orders that work there."""
        for said in await self._broker.ask(Ask(Question.OPEN_ORDERS)):
            if isinstance(said, Answer):
                return list(said.items)
        raise AssertionError("the venue's orders could not be read")


__all__ = ["Book", "Life", "OrderType", "RefusedError", "Stage", "staged"]
