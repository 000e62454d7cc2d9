"""Execution at a broker: wishes go through the office and over the wire, and what the venue says comes back as facts.

One queue for all that is heard; the office's waits end by session time. Knows no venue.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from tradekit.core.clock import Clock
from tradekit.core.event import Event, Fact
from tradekit.model.reconciliation import AlertRaised, HoldChanged
from tradekit.model.said import LinkSaid, Said
from tradekit.model.session import RiskChanged, SessionOpened
from tradekit.run.execution import Step
from tradekit.run.gate import Gate
from tradekit.run.now import Now
from tradekit.run.wire import Wire
from tradekit.trading.broker import Broker
from tradekit.trading.engine import Engine
from tradekit.trading.names import Names
from tradekit.trading.office import Office

__all__ = ["AtBroker"]

_SKEW_NS = 1_000_000_000  # a venue's clock that is further off is alerted
_CLOCK_EVERY_S, _CLOCK_AGAIN_S = 300.0, 30.0  # from one look at it to the next, and while it is off
_CLOCK = "clock"  # what holds everything back while it is too far off


class AtBroker:
    """Live trading, and drills for it.

    office   the order management; made before the journal is replayed, for it says what the engine may wish for
    time     session time, and waiting for it
    rearms   whether a session that was armed goes on by itself at its next start, once its books are compared
    market   shows the market's facts to a broker that trades against them
    """

    def __init__(
        self,
        engine: Engine,
        office: Office,
        broker: Broker,
        gate: Gate,
        names: Names,
        *,
        time: Now,
        clock: Clock,
        rearms: bool = False,
        market: Callable[[Fact, int], None] | None = None,
    ) -> None:
        self.engine = engine
        self.office = office
        self.broker = broker
        self.time = time
        self._rearms = rearms
        self._market = market
        self._heard: asyncio.Queue[Said | None] = asyncio.Queue()
        self._wire = Wire(
            broker, engine, gate, names, self._heard.put_nowait, clock=clock, wait_s=office.practice.answer_s
        )
        self._opened = False
        self._again = ""  # how the last life ended, where there was one
        self._listening: asyncio.Task[None] | None = None
        self._skewed = False
        self._looked = asyncio.Event()

    def now(self) -> int:
        """Session time."""
        return max(self.time.now(), self.engine.state.time)

    def replay(self, event: Event) -> None:
        """The venue keeps its own books."""

    def take(self, fact: Fact, ts: int) -> list[Event]:
        """Let the engine take a fact, and the office what follows from it."""
        if isinstance(fact, SessionOpened):
            before = self.engine.state.session
            if before.open:
                self._again = "the session ended without a word"
            elif before.started:
                self._again = f"the session was ended ({before.closed_reason})"
        self.time.saw(ts)
        if self._market is not None:
            self._market(fact, ts)
        events = self.engine.step(fact, ts)
        return events + self.office.follow(events, self.now())

    async def act(self, events: list[Event], step: Step) -> None:
        """Hand requests and questions to the wire; until the session is open, questions alone."""
        asks, self.office.asks = self.office.asks, []
        for ask in asks:
            self._wire.ask(ask)
        if self._opened:
            requests, self.office.requests = self.office.requests, []
            for request in requests:
                self._wire.send(request)
        if events:
            self._heard.put_nowait(None)  # what is waited for may have changed

    async def open(self, turn: Step) -> None:
        """Disarm; connect, put what an earlier life left in doubt, compare every book before anything is sent."""
        risk = self.engine.state.risk
        if self._again and risk.armed and not self._rearms:
            reason = f"{self._again}: look at it, then arm it"
            disarmed = RiskChanged(False, risk.halted, risk.killed, reason, "start")
            await turn(lambda: self.take(disarmed, self.now()))
        self._listening = asyncio.create_task(self._wire.listen(), name="broker")
        first = await self._link()
        await turn(lambda: self._begin(first))
        while self.office.looking:
            await self._one(turn)
        self._opened = True

    async def work(self, turn: Step) -> None:
        """Hear what is said, and let what is due happen."""
        measuring = asyncio.create_task(self._measure(turn))
        try:
            await turn(list)  # what was wished for at the start goes out
            while True:
                await self._one(turn)
                if measuring.done():
                    measuring.result()  # what it raises ends the session
        finally:
            measuring.cancel()

    async def compare(self, turn: Step) -> None:
        """Ask for every book, and wait until the answers have been heard, or are late."""
        await turn(self._look)
        await self._looked.wait()

    async def close(self) -> None:
        """End the line."""
        if self._listening is not None:
            self._listening.cancel()
        await self._wire.close()

    # --- pieces ---------------------------------------------------------------------------------------------

    def _look(self) -> list[Event]:
        self._looked.clear()  # within the turn: one that ends before it must not end this wait
        self.office.look(self.now())
        return []

    async def _link(self) -> Said:
        """The link's first word, waited for as long as for any answer; without one it is down."""
        until = self.now() + int(self.office.practice.answer_s * 1e9)
        said = None
        while said is None and self.now() < until:
            said = await self._first(until)
        return said or LinkSaid(up=False, reason="no connection yet")

    def _begin(self, first: Said) -> list[Event]:
        """Before anything is heard, what an earlier life has sent is put in doubt: it never goes again."""
        events = self.office.resume(self.now())
        self.office.asks.clear()
        events += self.office.hear(first, self.now())
        if not self.office.asks:
            self.office.look(self.now())
        return events

    async def _one(self, turn: Step) -> None:
        """Hear one statement, or let one moment come due."""
        said = await self._first(self.office.next_due())
        if said is not None:
            await turn(lambda: self.office.hear(said, self.now()))
        elif self.office.next_due() <= self.now():
            await turn(lambda: self.office.due(self.now()))
        if not self.office.looking:
            self._looked.set()

    async def _first(self, due: int) -> Said | None:
        """What is heard before `due` [UTC ns], or None."""
        hearing = asyncio.ensure_future(self._heard.get())
        waiting = asyncio.ensure_future(self.time.until(due))
        try:
            await asyncio.wait({hearing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            return hearing.result() if hearing.done() else None
        finally:
            hearing.cancel()
            waiting.cancel()

    async def _measure(self, turn: Step) -> None:
        """Compare the venue's clock with ours now and then."""
        while True:
            before = self.time.now()
            told = await self._wire.time()
            if told is not None:
                await turn(partial(self._skew, told - (before + self.time.now()) // 2))
            await asyncio.sleep(_CLOCK_AGAIN_S if self._skewed else _CLOCK_EVERY_S)

    def _skew(self, off: int) -> list[Event]:
        """Told once when a clock is off, and once when it is right; far off, nothing goes out that adds risk."""
        facts: list[Fact] = []
        wrong = f"the venue's clock is {off / 1e9:+.1f} s off ours"
        if (abs(off) > _SKEW_NS) is not self._skewed:
            self._skewed = not self._skewed
            facts.append(AlertRaised("clock", wrong if self._skewed else "the venue's clock is right again"))
        far = abs(off) > self.broker.abilities.window_s / 2 * 1e9
        if far is not (_CLOCK in self.engine.state.risk.holds.get("*", {})):
            mend = "set this machine's clock right (timedatectl set-ntp true)"
            facts.append(HoldChanged("*", _CLOCK, f"{wrong}: {mend}" if far else ""))
        return [event for fact in facts for event in self.take(fact, self.now())]
