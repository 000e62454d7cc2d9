"""Execution in the house: orders go to the simulated venue beside the engine, and it answers at once.

Knows no broker across a wire.
"""

import asyncio
from functools import partial

import msgspec

from tradekit.core.event import Event, Fact
from tradekit.model.order import OrderRejected, OrderReplaceRejected, OrderReplaceRequested, OrderSubmitted
from tradekit.run.comparing import compare
from tradekit.run.cycle import Cycle
from tradekit.run.execution import Step
from tradekit.run.gate import Gate
from tradekit.run.now import Now
from tradekit.trading import dead_man
from tradekit.trading.dead_man import DeadMan
from tradekit.trading.office import Office
from tradekit.trading.reconcile.books import Practice
from tradekit.trading.venue import Report

__all__ = ["InHouse"]

_WATCH_S = 1.0


class InHouse:
    """Paper.

    cycle     the engine and its venue
    gate      the last line before the venue
    start     session time while nothing has happened [UTC ns]
    practice  how the venue's books are compared with ours
    time      wall time, where the market is live; None where session time is what the last fact says
    """

    def __init__(
        self,
        cycle: Cycle,
        gate: Gate,
        *,
        start: int = 0,
        practice: Practice | None = None,
        time: Now | None = None,
    ) -> None:
        self.cycle = cycle
        self.engine = cycle.engine
        self.gate = gate
        self._start, self._time = start, time
        self._practice = practice or Practice(flips=True, reduces=True)
        self._office = Office(cycle.engine, self._practice)

    def now(self) -> int:
        """The latest time that the session has seen; of a live market not before the wall's."""
        seen = self.engine.state.time or self._start
        return seen if self._time is None else max(seen, self._time.now())

    def replay(self, event: Event) -> None:
        """Fold a journaled event into the venue's book."""
        self.cycle.replay(event)

    def take(self, fact: Fact, ts: int) -> list[Event]:
        """Show a market's fact to the venue, then to the engine."""
        return self.cycle.take(fact, ts)

    async def act(self, events: list[Event], step: Step) -> None:
        """Carry out the wishes, and those that follow from the answers, until there are none."""
        reports = self._carried_out(events)
        while reports:
            reports = self._carried_out(await step(partial(self.cycle.report, reports)))

    async def open(self, turn: Step) -> None:
        """Take the answers to what was sent before a sudden end, then compare."""
        answers = self.cycle.venue.resume(self.now())
        if answers:
            await turn(partial(self.cycle.report, answers))
        await self.compare(turn)

    async def work(self, turn: Step) -> None:
        """A round of comparison every so often, by the wall clock: on a fast replay too it is for whoever watches."""
        watching = asyncio.create_task(self._watch(turn))
        try:
            while True:
                await asyncio.sleep(self._practice.every_s)
                await self.compare(turn)
                if watching.done():
                    watching.result()  # what it raises ends the session
        finally:
            watching.cancel()

    async def _watch(self, turn: Step) -> None:
        """The dead man's rules, by session time: a replay that has ended is silent for no time at all."""
        rules = msgspec.structs.replace(
            self._practice.dead_man, reconciliation=None
        )  # the books are in the house
        while rules != DeadMan():
            await asyncio.sleep(_WATCH_S)
            state, now = self.engine.state, self.now()
            facts = dead_man.due(state, rules, now) + dead_man.over(state, rules, now)
            for fact in facts:
                await turn(partial(self.take, fact, now))

    async def compare(self, turn: Step) -> None:
        """One round; it is over when this returns."""
        await turn(lambda: compare(self._office, self.cycle.venue, self.now()))

    async def close(self) -> None:
        """The venue ends with its session."""

    def _carried_out(self, events: list[Event]) -> list[Report]:
        """Past the gate: the last line before the venue."""
        passed: list[Event] = []
        stopped: list[Report] = []
        for event in events:
            data = event.data
            if isinstance(data, OrderSubmitted | OrderReplaceRequested) and not self.cycle.over(data.id):
                reason = self.gate.stops(data, reduces=self.engine.dealing.reduces(data))
                if reason:
                    answer = OrderRejected if isinstance(data, OrderSubmitted) else OrderReplaceRejected
                    stopped.append((event.ts, answer(data.id, data.instrument, reason)))
                    continue
            passed.append(event)
        return stopped + self.cycle.act(passed)
