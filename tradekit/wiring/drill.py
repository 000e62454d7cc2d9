"""A drill: a session's own strategy on paper behind a bad line, and a verdict on each law once the bars are over.

What goes wrong is `testing.faults`'s, what must hold `testing.invariants`'s. Knows no configuration's words.
"""

import asyncio
import logging
from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from tradekit.brokers.paper.broker import PaperBroker
from tradekit.core.clock import Clock
from tradekit.model.money import ZERO
from tradekit.model.reconciliation import AlertRaised
from tradekit.run.at_broker import AtBroker
from tradekit.run.execution import Step
from tradekit.run.gate import Gate
from tradekit.run.now import Now
from tradekit.testing.faults import Fault
from tradekit.testing.faulty import FaultyBroker
from tradekit.testing.invariants import AtVenueNow, verdicts
from tradekit.trading.engine import Engine
from tradekit.trading.matching import LEG
from tradekit.trading.names import Names
from tradekit.trading.office import Office

__all__ = ["Drill", "known"]

_HEAL_S = 300.0  # so long the books may take to agree once nothing goes wrong any more [s of session time]
_LOOK_NS = 5_000_000_000
_log = logging.getLogger("tradekit.session")


class Drill(AtBroker):
    """Execution at a paper account behind a bad line.

    paper  the venue; `line` what stands before it
    """

    def __init__(
        self, engine: Engine, office: Office, paper: PaperBroker, line: FaultyBroker, gate: Gate, names: Names,
        *, time: Now, clock: Clock,
    ) -> None:  # fmt: skip
        super().__init__(
            engine, office, line, gate, names, time=time, clock=clock, rearms=True, market=paper.market
        )  # fmt: skip
        self._paper, self._line, self._names = paper, line, names

    async def open(self, turn: Step) -> None:
        """Start on a good line: a session that cannot compare its books at the start would not trade."""
        self._line.calm()
        await super().open(turn)
        self._line.rough()

    async def work(self, turn: Step) -> None:
        """Trade; when the bars are over, let the line heal and say what held."""
        judging = asyncio.create_task(self._judge(turn))
        judging.add_done_callback(_told)
        try:
            await super().work(turn)
        finally:
            judging.cancel()

    async def _judge(self, turn: Step) -> None:
        while not self._bars_are_over():
            await self.time.until(self.now() + _LOOK_NS)
        self._line.calm()
        end = self.now() + int(_HEAL_S * 1e9)
        while self.now() < end and not self._at_rest():
            await self.compare(turn)
            await self.time.until(self.now() + _LOOK_NS)
        for alert in self._told():
            _log.info("%s", alert.text)
            await turn(partial(self.take, alert, self.now()))

    def _bars_are_over(self) -> bool:
        feeds = self.engine.state.health.feeds.values()
        return bool(feeds) and all(feed.status == "ended" for feed in feeds)

    def _at_rest(self) -> bool:
        state = self.engine.state
        unsure = any(one.doubt is not None or one.told is not None for one in state.orders.values())
        return state.health.reconciliation.status == "green" and not unsure

    def _told(self) -> list[AlertRaised]:
        state, counts = self.engine.state, self._line.counts
        killed_at = state.risk.since if state.risk.killed else None
        wrong = ", ".join(f"{counts[fault]} {fault}" for fault in Fault if fault in counts) or "nothing"
        there = known(self._paper, [self._line], self._names)
        texts = [f"the drill is over: {len(self._line.sent)} orders sent; went wrong: {wrong}"]
        texts += [
            f"{'held' if one.held else 'BROKEN'}: {one.law}{_because(one.detail)}"
            for one in verdicts(state, there, killed_at=killed_at)
        ]
        return [AlertRaised("drill", text) for text in texts]


def known(paper: PaperBroker, lines: Iterable[FaultyBroker], names: Names) -> AtVenueNow:
    """What a paper venue behind bad lines knows, by our names."""
    lines = list(lines)
    sent = [(names.order(name) or name, at) for line in lines for name, at in line.sent]
    traded: dict[str, Decimal] = {}
    for trade in paper.account.trades:
        order = names.order(trade.order)
        if order is not None:
            whole = order.partition(LEG)[0]
            traded[whole] = traded.get(whole, ZERO) + trade.qty
    return AtVenueNow(
        sent=sent,
        working=[order for name in paper.working if (order := names.order(name)) is not None],
        traded=traded,
        busted=any(Fault.BUST in line.counts for line in lines),
        positions={one.instrument: one.qty for one in paper.account.positions()},
        cash={one.currency: one.total for one in paper.account.balances()},
    )


def _because(detail: str) -> str:
    return f" ({detail})" if detail else ""


def _told(judging: "asyncio.Task[None]") -> None:
    """An error in the verdict itself is said, so that no verdict is not taken for a good one."""
    if not judging.cancelled() and judging.exception() is not None:
        _log.error("the drill came to no verdict", exc_info=judging.exception())
