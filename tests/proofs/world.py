"""A small world for the simulation: a market, a venue behind a bad line, and a session that dies and lives again.

The session is the real one: loop, engine, office, reconciliation, wire, gate, journal. Everything else follows from a
seed. Knows no law; what must hold is `test_simulation`'s.
"""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Future
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
import param

from tests.builders import START, opened
from tests.virtual import VirtualClock
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.core.codec import encode_event
from tradekit.core.event import Event
from tradekit.core.journal import Journal
from tradekit.core.memory import MemoryJournal
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderType
from tradekit.model.said import Question
from tradekit.run.at_broker import AtBroker
from tradekit.run.gate import Gate
from tradekit.run.loop import Asked, Loop
from tradekit.run.now import WallTime
from tradekit.run.restore import restore
from tradekit.sim.rules import Rules
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.testing.faults import Faults, Seeded
from tradekit.testing.faulty import FaultyBroker
from tradekit.testing.invariants import AtVenueNow
from tradekit.trading.engine import Engine
from tradekit.trading.matching import LEG
from tradekit.trading.names import Names
from tradekit.trading.office import Office
from tradekit.trading.reconcile.books import Practice
from tradekit.wiring.drill import known

SPEC = Instrument(id="BTC", tick=Decimal("0.1"), lot=Decimal(1))
BAR = 10  # seconds
CASH = Decimal(1_000_000)
_PLAIN = frozenset({OrderType.MARKET, OrderType.LIMIT})


class Trader(Strategy):
    """Wishes for anything, by a seed of its own, so that a replay wishes for the same."""

    seed = param.Integer(0, doc="what its chance begins with")

    def on_start(self) -> None:
        self.chance = random.Random(int(self.seed))

    def on_bar(self, bar: Bar) -> None:
        with contextlib.suppress(OrderError):
            self.wish(bar)

    def wish(self, bar: Bar) -> None:
        chance = self.chance
        qty = chance.randint(1, 5)
        side = chance.choice([self.buy, self.sell])
        near = round(bar.close + chance.choice([-2, -1, -0.5, 0.5, 1, 2]), 1)
        mine = [name for name, one in self.state.orders.items() if one.working]
        match chance.choices(range(8), [4, 6, 2, 2, 2, 2, 1, 3])[0]:
            case 0:
                side(qty)
            case 1:
                side(qty, limit=near)
            case 2:
                up, low = round(bar.close + 3, 1), round(bar.close - 3, 1)
                halves: list[Any] = [(round(bar.close + 1, 1), 0.5), (up, 0.5)]
                words: dict[str, Any] = chance.choice([
                    {"stop_loss": low, "take_profit": up},
                    {"stop_loss_trail": 2, "take_profit": up},
                    {"stop_loss": low, "take_profit": halves, "break_even": 1},
                    {"stop_loss": low, "exit_after": "40s"},
                ])  # fmt: skip
                self.buy(qty, **words)
            case 3 if mine:
                self.cancel(chance.choice(mine))
            case 4 if mine:
                self.replace(chance.choice(mine), qty=chance.randint(1, 6))
            case 5:
                self.buy_to(chance.randint(-3, 3))
            case 6:
                self.close()


class WorldFeed:
    """The world's bars, from behind a position and then as they close."""

    name = "world"
    source = "the world"
    start = START

    def __init__(self, bars: list[Bar], closed: asyncio.Condition) -> None:
        self._bars, self._closed = bars, closed

    async def inputs(self, after: Mapping[str, int], due: Any) -> AsyncIterator[tuple[int, Bar]]:
        seen = after.get("BTC", -1)
        while True:
            for bar in [one for one in self._bars if one.ts > seen]:
                seen = bar.ts
                yield bar.ts + BAR * 1_000_000_000, bar
            async with self._closed:
                while not self._bars or self._bars[-1].ts <= seen:
                    await self._closed.wait()


class _Watch:
    def begin(self) -> None: ...

    def end(self) -> float:
        return 0.0


class Life:
    """One life of the session, from a start to a stop or a sudden end."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.engine = Engine(world.trader(seed=world.seed))
        self.gate = Gate()
        self.line = world.new_line()
        able = self.line.abilities
        practice = Practice(
            flips=able.flips,
            replaces=able.replaces,
            reduces=able.reduces,
            groups=able.groups,
            types=able.types,
        )
        office = Office(self.engine, practice, now=world.clock.now())
        self.names = Names(world.journal.id, lambda: self.engine.state)
        self.execution = AtBroker(
            self.engine, office, self.line, self.gate, self.names, time=WallTime(world.clock), clock=world.clock,
            rearms=True,
        )  # fmt: skip
        self.difference = None
        if world.journal.last_seq:
            self.difference = restore(self.execution, world.journal.events)
            risk = self.engine.state.risk
            if risk.killed:
                self.gate.kill(risk.reason)
            elif risk.halted:
                self.gate.halt(risk.reason)
        time = WallTime(world.clock)
        taken = {name: rows["10s"][-1].ts for name, rows in self.engine.state.bars.items() if rows.get("10s")}
        for name, market in self.engine.state.markets.items():
            taken |= {f"{name}.opened": market.opens} | (
                {} if market.open else {f"{name}.closed": market.closes}
            )
        self.loop = Loop(
            self.execution, world.journal, world.feed(time), clock=world.clock, gate=self.gate,
            watch=_Watch(), feed_after=taken, on_snapshot=lambda: None, tell=lambda stored: None,
        )  # type: ignore[arg-type]  # fmt: skip
        opening = opened(
            instruments=world.specs, timeframes=["10s"], cash=CASH, strategy="t", limits={}, armed=True
        )
        self.task = asyncio.create_task(self.loop.run(opening))

    @property
    def state(self) -> State:
        return self.engine.state

    async def ask(self, name: str, **args: Any) -> None:
        """Give a command; what is refused is refused."""
        answer: Future[int] = Future()
        self.loop.ask(Asked(name, args, "human", answer, id=f"{name}-{self.world.count()}"))
        with contextlib.suppress(Exception):
            await asyncio.wrap_future(answer)

    async def die(self) -> None:
        """End without a word. What was sent is under way all the same."""
        self.line.hang_up()
        self.line.close = _nothing  # type: ignore[method-assign]
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def _nothing() -> None:
    """A process that is killed closes nothing."""


class World:
    """Everything, for one seed."""

    start = START
    specs: ClassVar[list[Instrument]] = [SPEC]
    trader: ClassVar[type[Trader]] = Trader

    def __init__(self, seed: int, loop: asyncio.AbstractEventLoop) -> None:
        self.seed = seed
        self.chance = random.Random(f"world {seed}")
        self.clock = VirtualClock(loop, self.start)
        self.journal = self._journal()
        self.bars: list[Bar] = []
        self.closed = asyncio.Condition()
        self.paper = PaperBroker(
            self.specs, cash=CASH, currency="USD", now=self.clock.now, rules=Rules(participation=Decimal(1), fee=0.001)
        )  # fmt: skip
        chance = self.chance
        self.faults = Faults(
            lost_request=chance.choice([0, 0.1]), lost_reply=chance.choice([0, 0.1]), twice=chance.choice([0, 0.1]),
            reject=chance.choice([0, 0.05]), lost_report=chance.choice([0, 0.1, 0.3]),
            repeated_report=chance.choice([0, 0.2]), disconnect=chance.choice([0, 0.03]),
            foreign=chance.choice([0, 0, 0.05]), bust=chance.choice([0, 0, 0, 0.05]),
            delay_s=chance.choice([0, 0.5, 3, 15]), per_second=chance.choice([0, 0, 5]),
            skew_s=chance.choice([0, 3]),
        )  # fmt: skip
        self.able = msgspec.structs.replace(
            PaperBroker.abilities,
            **{name: chance.random() < 0.5 for name in ("flips", "replaces", "reduces")},
            groups=chance.random() < 0.5,
            types=chance.choice([frozenset(OrderType), _PLAIN, _PLAIN | {OrderType.STOP}]),
            per_second=chance.choice([0, self.faults.per_second]),
            keeps=chance.choice(
                [PaperBroker.abilities.keeps, PaperBroker.abilities.keeps - {Question.ORDER}]
            ),
        )
        self.fate = Seeded(self.faults, f"fate {seed}")
        self.lines: list[FaultyBroker] = []
        self.killed_at: int | None = None
        self.life: Life | None = None
        self._price = 100.0
        self._count = 0

    def _journal(self) -> Journal:
        return MemoryJournal(clock=self.clock, journal_id=f"{self.seed:016x}")

    def feed(self, time: WallTime) -> Any:
        return WorldFeed(self.bars, self.closed)

    def count(self) -> int:
        self._count += 1
        return self._count

    def new_line(self) -> FaultyBroker:
        line = FaultyBroker(
            self.paper, self.faults, self.fate, now=self.clock.now, foreign=("BTC", Decimal(1)), bust=self.paper.bust
        )  # fmt: skip
        line.abilities = self.able
        self.lines.append(line)
        return line

    async def bar(self) -> None:
        """The next bar of the market: the venue's orders meet it, then the session hears of it."""
        await asyncio.sleep(BAR)
        chance = self.chance
        opens = self._price
        path = [opens + chance.choice([-1, -0.5, 0, 0.5, 1]) * chance.randint(0, 4) / 2 for _ in range(3)]
        closes = round(path[-1], 1)
        ts = self.start + len(self.bars) * BAR * 1_000_000_000
        prices = [round(one, 1) for one in (opens, *path)]
        bar = Bar("BTC", "10s", ts, prices[0], max(prices), min(prices), closes, float(chance.randint(0, 8)))
        self._price = closes
        self.paper.market(bar, self.clock.now())
        async with self.closed:
            self.bars.append(bar)
            self.closed.notify_all()
        self.watch()

    def watch(self) -> None:
        """At no moment has an intent two live orders at the venue."""
        life = self.life
        if life is None:
            return
        live = [life.names.order(name) for name in self.paper.working]
        ours = [name.partition(LEG)[0] for name in live if name is not None]
        assert len(ours) == len(set(ours)), f"two live orders of one intent: {sorted(ours)}"

    async def run(self, bars: int = 30, calm_s: float = 400.0) -> "World":
        """A bad time, then a good one; the session is stopped at the end."""
        self.life = Life(self)
        for _ in range(bars):
            await self.bar()
            await self._event()
        for line in self.lines:
            line.calm()
        for _ in range(int(calm_s // BAR)):
            await asyncio.sleep(BAR)
            self.watch()
        await self._settle()
        self.life.loop.stop("the world ends")
        await self.life.task
        return self

    async def _event(self) -> None:
        """What else happens: the session dies and lives again, somebody gives a command."""
        life, chance = self.life, self.chance
        assert life is not None
        if life.task.done():
            life.task.result()
        if chance.random() < 0.06:
            await life.die()
            await asyncio.sleep(chance.choice([0, 1, 20]))
            self.life = life = Life(self)
            assert life.difference is None, life.difference
        if chance.random() < 0.08:
            await life.ask(chance.choice(["cancel_all", "flatten", "halt", "reconcile"]))
        elif chance.random() < 0.5 and self.killed_at is None:
            await life.ask("arm")  # refused while the books are not compared
        if chance.random() < 0.01 and self.killed_at is None:
            self.killed_at = self.clock.now()
            await life.ask("kill")

    async def _settle(self) -> None:
        """A human accepts what is left: what a lost word of a busted trade leaves."""
        life = self.life
        assert life is not None
        for _ in range(4):
            for one in life.state.health.reconciliation.open:
                await life.ask("resolve", difference=one.id, accept=True)
            await life.ask("reconcile")
            await asyncio.sleep(BAR)

    # --- what there is at the end ---------------------------------------------------------------------------

    @property
    def events(self) -> list[Event]:
        """The journal."""
        return list(self.journal.events())

    def hash(self) -> str:
        """The same seed gives the same."""
        told = hashlib.sha256()
        for event in self.events:
            told.update(encode_event(msgspec.structs.replace(event, recorded=0)))
        return told.hexdigest()

    def known(self) -> AtVenueNow:
        """What the venue knows, by our names."""
        assert self.life is not None
        return known(self.paper, self.lines, self.life.names)
