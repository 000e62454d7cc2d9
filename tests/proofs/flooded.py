"""A session at a broker on threads of its own, in real time: a strategy that floods the line, or never returns.

The loop runs on one thread, the broker on another, commands come from a third, as from the bridge. Knows no law.
"""

import asyncio
import threading
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.builders import BTC, flat, opened
from tests.run.desk import HandFeed, HandWatch
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.core.clock import SystemClock
from tradekit.core.open import open_writer
from tradekit.model.market import Bar, TradeTick
from tradekit.run.at_broker import AtBroker
from tradekit.run.emergency import Emergency
from tradekit.run.gate import Gate
from tradekit.run.last_line import LastLine
from tradekit.run.latch import Latch
from tradekit.run.loop import Asked, Loop
from tradekit.run.now import WallTime
from tradekit.run.own_thread import OwnThread
from tradekit.strategy.base import Strategy
from tradekit.testing.faults import Faults, Seeded
from tradekit.testing.faulty import FaultyBroker
from tradekit.trading.client_ids import is_ours
from tradekit.trading.engine import Engine
from tradekit.trading.names import Names
from tradekit.trading.office import Office
from tradekit.trading.reconcile.books import Practice


class Flood(Strategy):
    """Sends five orders a bar that rest, and returns from no bar any more once `held` is set, until it is let go."""

    held: threading.Event
    inside: threading.Event
    let_go: threading.Event

    def on_bar(self, bar: Bar) -> None:
        for n in range(5):
            self.buy(1, limit=50 + n)
        if self.held.is_set():
            self.inside.set()
            while not self.let_go.is_set():  # a loop that computes, as a bug would
                pass


class Flooded:
    """One life of the session, from `start` to `end`.

    seed    of the line's faults; `faults` what they are, once the line is rough
    """

    def __init__(self, folder: Path, *, seed: int = 0, faults: Faults | None = None) -> None:
        self.clock = SystemClock()
        self.folder = folder
        self.journal = open_writer(folder / "journal", clock=self.clock)
        self.paper = PaperBroker([BTC], cash=Decimal(10_000_000), currency="USD", now=self.clock.now)
        self.paper.market(TradeTick("BTC", 110.0, 1.0), self.clock.now())
        self.line = FaultyBroker(
            self.paper, faults or Faults(), Seeded(faults or Faults(), str(seed)), now=self.clock.now
        )
        self.line.calm()
        self.strategy = Flood()
        self.strategy.held, self.strategy.inside = threading.Event(), threading.Event()
        self.strategy.let_go = threading.Event()
        self.engine, self.gate, self.feed = Engine(self.strategy), Gate(), HandFeed()
        self.latch = Latch(folder / "flooded.killed")
        self.emergency = folder / "flooded.emergency"
        self.own = OwnThread(self.line)
        self.ready = threading.Event()
        self.killed_at = 0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)

    def start(self) -> "Flooded":
        """Live; returns once the books are compared and bars come."""
        self._thread.start()
        assert self.ready.wait(30)
        return self

    async def _live(self) -> None:
        office = Office(self.engine, Practice(flips=True, reduces=True, answer_s=2.0), now=self.clock.now())
        names = Names(self.journal.id, lambda: self.engine.state)
        execution = AtBroker(
            self.engine, office, self.own, self.gate, names, time=WallTime(self.clock), clock=self.clock
        )
        note = Emergency([self.emergency], self.clock).note
        last = LastLine(
            self.line, self.own.start, lambda name: is_ours(self.journal.id, name), clock=self.clock, note=note,
            patience_s=0.1, every_s=0.1, wait_s=2.0,
        )  # fmt: skip
        self.loop = Loop(
            execution, self.journal, self.feed, clock=self.clock, gate=self.gate, watch=HandWatch(), feed_after={},
            on_snapshot=lambda: None, tell=lambda stored: None, last_line=last, latch=self.latch, emergency=note,
        )  # type: ignore[arg-type]  # fmt: skip
        self._asyncio = asyncio.get_running_loop()
        flooding = asyncio.create_task(self._bars())
        try:
            await self.loop.run(opened(cash=Decimal(10_000_000), armed=True))
        finally:
            flooding.cancel()
            self.journal.close()

    async def _bars(self) -> None:
        number = 0
        while True:
            self.feed.push(flat(number, 110.0))
            number += 1
            if number == 3:
                self.ready.set()
            await asyncio.sleep(0.002)

    # --- from other threads ---------------------------------------------------------------------------------

    def ask(self, name: str, **args: Any) -> "Future[int]":
        """Give a command, as the bridge does."""
        answer: Future[int] = Future()
        self.loop.ask(Asked(name, args, "trader", answer))
        return answer

    def kill(self) -> "Future[int]":
        """Pull the switch, and note when."""
        self.killed_at = self.clock.now()
        return self.ask("kill", reason="enough")

    def hold(self) -> None:
        """Let the strategy return from no bar any more; returns once it does not. The line gets rough then."""
        self.strategy.held.set()
        assert self.strategy.inside.wait(30)
        self.line.rough()

    @property
    def working(self) -> list[str]:
        """What works at the venue."""
        return list(self.paper.working)

    @property
    def open(self) -> list[str]:
        """What works as far as the session knows."""
        return [name for name, order in list(self.engine.state.orders.items()) if order.working]

    @property
    def late(self) -> list[tuple[str, float]]:
        """Orders that reached the broker later than 50 ms after the switch, with how much [ms]."""
        after = [(name, (at - self.killed_at) / 1e6) for name, at in self.line.sent]
        return [(name, ms) for name, ms in after if ms > 50]

    def end(self) -> None:
        """Let the strategy go, stop the session, wait for its end."""
        self.strategy.held.clear()
        self.strategy.let_go.set()
        if self._thread.is_alive():
            self.line.calm()
            self._asyncio.call_soon_threadsafe(self.loop.stop, "the proof is over")
            self._thread.join(30)
        assert not self._thread.is_alive()
