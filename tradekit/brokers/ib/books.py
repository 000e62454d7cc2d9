"""The books of the account: open orders, executions, positions, cash, one order, and the time.

TWS keeps the executions and the ended orders of its day only. What cannot be had is raised, never guessed. Knows no
request that changes anything.
"""

from typing import Any

from tradekit.brokers.ib.client import load_library
from tradekit.brokers.ib.contracts import Contracts
from tradekit.brokers.ib.day import began
from tradekit.brokers.ib.errors import Unanswered
from tradekit.brokers.ib.line import Line
from tradekit.brokers.ib.stream import Stream
from tradekit.brokers.ib.words import ENDS, balance_said, completed_said, order_said, position_said
from tradekit.core.clock import Clock
from tradekit.model.said import Answer, Ask, FillSaid, Item, OrderSaid, Question, Said, What

__all__ = ["Books"]

_LEDGER = "$LEDGER:ALL"  # the account's values by currency


class Books:
    """Questions and their answers."""

    def __init__(self, stream: Stream, contracts: Contracts, clock: Clock) -> None:
        self._stream, self._contracts, self._clock = stream, contracts, clock

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """The answer; raises Unanswered or Refused where there is none."""
        line, question = self._stream.ready(), ask.question
        items: tuple[Item, ...]
        if question is Question.TIME:
            (seconds,) = await line.ask("currentTime", line.client.reqCurrentTime)
            ts = int(seconds) * 1_000_000_000 + 500_000_000  # somewhere within that second
            return (Answer(question=question, ts=ts),)
        if question is Question.ORDER:
            return await self._order(line, ask)
        if question is Question.OPEN_ORDERS:
            items = await self._open_orders(line)
        elif question is Question.EXECUTIONS:
            items = tuple(one for one in await self._executions(line) if not one.ts or one.ts >= ask.since)
        elif question is Question.POSITIONS:
            items = await self._positions(line)
        else:
            items = await self._balances(line)
        # executions of an earlier day are not listed any more, and a currency without money is left out
        complete = question in (Question.OPEN_ORDERS, Question.POSITIONS)
        since = self._day(line) if question is Question.EXECUTIONS else 0
        return (Answer(question=question, items=items, complete=complete, since=since, ts=self._clock.now()),)

    async def _open_orders(self, line: Line) -> tuple[OrderSaid, ...]:
        """Those of every client of this TWS, and those that were made by hand."""
        known, now = self._stream.account.known, self._clock.now()
        numbers = dict.fromkeys(await line.ask("openOrders", line.client.reqAllOpenOrders))
        listed = [known[number] for number in numbers if number in known]
        return tuple(order_said(one, What.NEW, now) for one in listed if one.status not in ENDS)

    async def _executions(self, line: Line) -> tuple[FillSaid, ...]:
        """All of today's: TWS's own filter by time is in a zone that nobody tells."""
        number = line.new_id()
        wanted = load_library().ExecutionFilter(acctCode=self._stream.account.name)
        rows = await line.ask(number, lambda: line.client.reqExecutions(number, wanted))
        return await self._stream.account.trades.listed(rows)

    async def _positions(self, line: Line) -> tuple[Item, ...]:
        rows = await line.ask("positions", line.client.reqPositions)
        line.client.cancelPositions()  # else it would go on telling
        held = {}
        for account, contract, qty, cost in rows:
            if account == self._stream.account.name:
                held[contract.conId] = position_said(self._contracts.ours(contract), contract, qty, cost)
        return tuple(one for one in held.values() if one.qty)

    async def _balances(self, line: Line) -> tuple[Item, ...]:
        number = line.new_id()
        try:
            rows = await line.ask(number, lambda: line.client.reqAccountSummary(number, "All", _LEDGER))
        finally:
            if not line.lost.done():
                line.client.cancelAccountSummary(number)
        ours = [row[1:] for row in rows if row[0] == self._stream.account.name]
        told = [said for said in (balance_said(*row) for row in ours) if said is not None]
        if not told:
            raise Unanswered(f"TWS has told no cash of account {self._stream.account.name}")
        return tuple(told)

    async def _order(self, line: Line, ask: Ask) -> tuple[Said, ...]:
        """One order: as it works, or as it ended, with its trades; or that it is in neither list."""
        for one in await self._open_orders(line):
            if _is(one, ask):
                return (one,)
        completed = await self._completed(line)
        ended = [one for one in completed if _is(one, ask)]
        fills = [one for one in await self._executions(line) if _is(one, ask)]
        if ended or fills:
            return (*fills, *ended)
        if ask.venue_id:  # it was there, and is in no list of today's
            raise Unanswered(f"TWS lists the orders of its day only, and {ask.venue_id} is not among them")
        if ask.since < self._day(line):
            raise Unanswered(
                "TWS lists the orders of its day only, and this one may have been sent before it began"
            )
        return (Answer(question=Question.ORDER, order=ask.order, ts=self._clock.now()),)

    def _day(self, line: Line) -> int:
        """From when on TWS tells what has traded and what has ended [UTC ns]; asked behind the lists."""
        return began(self._clock.now(), line.client.zone)

    async def _completed(self, line: Line) -> list[OrderSaid]:
        rows = await line.ask("completedOrders", lambda: line.client.reqCompletedOrders(False))
        return [
            completed_said(self._contracts.ours(contract), order, state, self._clock.now())
            for contract, order, state in rows
            if order.account == self._stream.account.name
        ]


def _is(one: Any, ask: Ask) -> bool:
    return bool((ask.order and one.order == ask.order) or (ask.venue_id and one.venue_id == ask.venue_id))
