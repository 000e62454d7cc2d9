"""A whole day of a session in virtual time: a market that never rests and one with hours, and all that goes wrong.

The clocks change that night, a split comes at noon, the line breaks again and again, the session dies and is started
again. The journal is a file, as in earnest. Knows no bound.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import psutil

from tests.proofs.world import BAR, SPEC, Life, Trader, World
from tests.virtual import VirtualClock
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.core.event import Event
from tradekit.core.journal import Journal
from tradekit.core.open import open_writer
from tradekit.core.step import Stored
from tradekit.model.account import SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.run.live_feed import LiveFeed
from tradekit.run.now import WallTime
from tradekit.testing.faults import Faults, Seeded

HOUR = 3_600_000_000_000
MIDNIGHT = 1_667_692_800_000_000_000  # 2022-11-06 00:00 UTC [ns]: the clocks go back in New York that night
CURRENCY = Instrument(id="EURUSD", tick=Decimal("0.1"), lot=Decimal(1), calendar="FX")


class Patient(Trader):
    """Wishes for something with every third bar or so."""

    def on_bar(self, bar: Bar) -> None:
        if self.chance.random() < 0.3:
            super().on_bar(bar)


class Tape:
    """The day's bars as a venue's stream."""

    name, source = "tape", "the day"

    def __init__(self, bars: list[Bar], closed: asyncio.Condition) -> None:
        self._bars, self._closed = bars, closed

    async def facts(self, after: Mapping[tuple[str, str], int]) -> AsyncIterator[tuple[int, Bar]]:
        told = 0
        while True:
            for bar in self._bars[told:]:
                if bar.ts > after.get((bar.instrument, bar.timeframe), -1):
                    yield bar.ts + BAR * 1_000_000_000, bar
            told = len(self._bars)
            async with self._closed:
                while len(self._bars) <= told:
                    await self._closed.wait()

    def stale(self) -> list[tuple[str, str]]:
        return []

    async def close(self) -> None: ...


class InTurn:
    """A journal on disk that commits where it is told to: in virtual time nobody may wait for another thread."""

    def __init__(self, file: Path, clock: VirtualClock) -> None:
        self._journal = open_writer(file, clock=clock)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def append_async(self, events: Sequence[Event], *, critical: bool) -> tuple[Stored, ...]:
        return self._journal.append(events, critical=critical)


class Day(World):
    """One day, or its first hours, with `breaks` lost lines and `deaths` of the session."""

    start = MIDNIGHT
    specs: ClassVar[list[Instrument]] = [SPEC, CURRENCY]
    trader: ClassVar[type[Trader]] = Patient

    def __init__(
        self,
        seed: int,
        loop: asyncio.AbstractEventLoop,
        folder: Path,
        *,
        hours: int,
        breaks: int,
        deaths: int,
    ) -> None:
        self.folder = folder
        super().__init__(seed, loop)
        count = hours * 3600 // BAR
        places = self.chance.sample(range(20, count - 20), breaks + deaths)
        self.breaks, self.deaths = set(places[:breaks]), set(places[breaks:])
        self.half, self.count_of_bars, self.hours = count // 2, count, hours
        self.faults = Faults(
            lost_request=0.01, lost_reply=0.02, lost_report=0.03, repeated_report=0.05, delay_s=1, timeout_s=8
        )
        self.fate = Seeded(self.faults, f"day {seed}")
        self.able = PaperBroker.abilities
        self.used: list[tuple[float, int, int]] = []  # hour, resident bytes, open files
        self._second = 100.0
        self._me = psutil.Process()

    def _journal(self) -> Journal:
        return InTurn(self.folder / "journal", self.clock)  # type: ignore[return-value]

    def feed(self, time: WallTime) -> LiveFeed:
        tape = Tape(self.bars, self.closed)
        series = [(one.id, "10s") for one in self.specs]
        return LiveFeed(tape, series, time=time, calendars={one.id: one.calendar for one in self.specs})

    async def bar(self) -> None:
        """The next bar of each open market; EURUSD opens at 17:00 in New York, which is 22:00 UTC from today on."""
        length = BAR * 1_000_000_000
        ts = self.clock.now() // length * length
        await asyncio.sleep((ts + length - self.clock.now()) / 1e9)
        made = [self._made("BTC", ts, self._price)]
        self._price = made[0].close
        if ts >= self.start + 22 * HOUR:
            made.append(self._made("EURUSD", ts, self._second))
            self._second = made[1].close
        for one in made:
            self.paper.market(one, self.clock.now())
        async with self.closed:
            self.bars += made
            self.closed.notify_all()
        self.watch()

    def _made(self, name: str, ts: int, opens: float) -> Bar:
        chance = self.chance
        pull = (100.0 / self._scale if name == "BTC" else 100.0) - opens
        path = [round(opens + chance.gauss(0, 0.6) + pull * 0.002, 1) for _ in range(3)]
        prices = (round(opens, 1), *path)
        return Bar(
            name, "10s", ts, prices[0], max(prices), min(prices), path[-1], float(chance.randint(1, 8))
        )

    _scale = 1

    async def live(self) -> "Day":
        """The day; the session is stopped at its end."""
        self.life = Life(self)
        for n in range(self.count_of_bars):
            await self.bar()
            await self._happens(n)
            if n % (600 // BAR) == 0:
                self.used.append((n * BAR / 3600, self._me.memory_info().rss, self._me.num_fds()))
        for line in self.lines:
            line.calm()
        for _ in range(18):
            await asyncio.sleep(BAR)
        await self._settle()
        self.life.loop.stop("the day is over")
        await self.life.task
        return self

    async def _happens(self, n: int) -> None:
        life = self.life
        assert life is not None
        if life.task.done():
            life.task.result()
        if n in self.breaks:
            life.line.cut()
            asyncio.get_running_loop().call_later(self.chance.uniform(1, 90), life.line.heal)
        if n in self.deaths:
            await life.die()
            self.lines[-1].calm()
            self.life = life = Life(self)
            assert life.difference is None, life.difference
        if n == self.half:
            await self._split(life)
        if n % 6 == 0 and not life.state.risk.armed and not self.splitting:
            await life.ask("arm")

    splitting = False

    async def _split(self, life: Life) -> None:
        """A holiday's work: stop, hold something, split, have the books say so, accept it, go on."""
        life.line.calm()
        self.splitting = True
        await asyncio.sleep(30)
        await life.ask("arm")
        await life.ask("cancel_all")
        await life.ask("flatten", instrument="BTC")
        await self.bar()
        await life.ask("submit", side="buy", qty=4, instrument="BTC")
        await self.bar()
        await life.ask("cancel_all")
        await life.ask("halt")
        await asyncio.sleep(20)
        self.paper.market(SplitEffected("BTC", Decimal(2), Decimal(1)), self.clock.now())
        self._price, self._scale = round(self._price / 2, 1), 2
        for _ in range(4):
            await life.ask("reconcile")
            await asyncio.sleep(8)
        self.ratios = [one for one in life.state.health.reconciliation.open if one.kind == "position.ratio"]
        for one in self.ratios:
            await life.ask("resolve", difference=one.id, accept=True)
        await life.ask("reconcile")
        await life.ask("arm")
        life.line.rough()
        self.splitting = False
