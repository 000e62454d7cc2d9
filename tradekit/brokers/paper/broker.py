"""Paper behind the broker port: the simulated exchange as a venue across a wire, with an account of its own.

What it trades against is shown to it (`market`); what happens comes out as statements, like a real venue's. Knows no
session: the time is asked of whoever made it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import msgspec

from tradekit.brokers.paper.account import Account
from tradekit.brokers.paper.words import fill_said, order_said, shown
from tradekit.core.event import Fact
from tradekit.model.account import SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.money import ZERO
from tradekit.model.order import (
    OrderCanceled,
    OrderCancelRequested,
    OrderFilled,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderType,
    TimeInForce,
)
from tradekit.model.said import Answer, Ask, BustSaid, Failed, Item, LinkSaid, OrderSaid, Question, Said, What
from tradekit.sim.exchange import Exchange, Report
from tradekit.sim.rules import Rules
from tradekit.trading.broker import Abilities, AtVenue, Stopped, free

__all__ = ["PaperBroker"]


class PaperBroker:
    """One paper account.

    cash, currency  what it begins with
    now             the venue's time [UTC ns]
    rules           the fill rules, with fee and slippage; the default ones unless they are given
    account         what the venue has booked: for whoever compares
    """

    name = "paper"
    abilities = Abilities(
        types=frozenset(OrderType), tifs=frozenset(TimeInForce), flips=True, replaces=True, reduces=True, groups=True,
        delay_s=1.0,
    )  # fmt: skip

    def __init__(
        self,
        instruments: list[Instrument],
        *,
        cash: Decimal,
        currency: str,
        now: Callable[[], int],
        rules: Rules | None = None,
    ) -> None:
        self._exchange = Exchange(instruments, rules)
        self.account = Account(instruments, cash, currency)
        self._now = now
        self._seen: set[str] = set()  # client ids
        self._lives: dict[str, OrderSaid] = {}  # by client id: the last word on each order
        self._filled: dict[str, Decimal] = {}
        self._stream: asyncio.Queue[Said | None] | None = None
        self._closed = False

    # --- the port -------------------------------------------------------------------------------------------

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        """Take an order into the book; a client id that was seen is not taken twice."""
        if why := stopped():
            return (self._stopped(What.REJECTED, order, why),)
        if order.id in self._seen:
            return (
                Failed(
                    call="submit", order=order.id, reason="this client id was used before", ts=self._now()
                ),
            )
        self._seen.add(order.id)
        sent = msgspec.structs.replace(order, strategy="", parent="")  # one account: positions are its own
        return self._tell(self._exchange.submit(sent, self._now()), order.id)

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        """Take an order out of the book; one that is not there has ended, or never was."""
        request = OrderCancelRequested(self._ours(order), order.instrument, "by request")
        return self._tell(self._exchange.cancel(request, self._now()), request.id)

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        """Give an order other terms."""
        if why := stopped():
            return (self._stopped(What.REPLACE_REJECTED, wanted, why),)
        request = msgspec.structs.replace(wanted, id=self._ours(order))
        return self._tell(self._exchange.replace(request, self._now()), request.id)

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """Its books as they are now."""
        now = self._now()
        if ask.question is Question.ORDER:
            known = self._lives.get(ask.order)
            return (known or Answer(question=Question.ORDER, order=ask.order, ts=now),)
        return (Answer(question=ask.question, items=self._items(ask), ts=now),)

    async def reports(self) -> AsyncIterator[Said]:
        """What happens from now on."""
        stream = self._stream = asyncio.Queue()
        stream.put_nowait(LinkSaid(up=True, ts=self._now()))
        while not self._closed:
            told = await stream.get()
            if told is not None:
                yield told

    async def close(self) -> None:
        """End the stream."""
        self._closed = True
        if self._stream is not None:
            self._stream.put_nowait(None)

    # --- the venue's side -----------------------------------------------------------------------------------

    def market(self, fact: Fact, ts: int) -> None:
        """Show the book a fact of the market; its trades come out as reports."""
        self._tell(self._exchange.market(fact, ts))
        if isinstance(fact, SplitEffected):
            self.account.split(fact)

    @property
    def working(self) -> list[str]:
        """The client ids of the orders in the book."""
        return list(self._exchange.book)

    def bust(self, exec_id: str) -> None:
        """Cancel a trade, as a venue does with an erroneous one: it is told, and booked back."""
        found = next(one for one in self.account.trades if one.exec_id == exec_id)
        self.account.void(found)
        self._put(BustSaid(exec_id=exec_id, order=found.order, venue_id=found.venue_id, ts=self._now()))

    # --- pieces ---------------------------------------------------------------------------------------------

    def _items(self, ask: Ask) -> tuple[Item, ...]:
        match ask.question:
            case Question.OPEN_ORDERS:
                return tuple(shown(one) for one in self._exchange.book.values())
            case Question.EXECUTIONS:
                return tuple(one for one in self.account.trades if one.ts >= ask.since)
            case Question.POSITIONS:
                return self.account.positions()
            case Question.BALANCES:
                return self.account.balances()
        return ()

    def _stopped(self, what: What, request: OrderSubmitted | OrderReplaceRequested, why: str) -> OrderSaid:
        return OrderSaid(
            what=what, order=request.id, instrument=request.instrument, reason=why, ts=self._now()
        )  # fmt: skip

    def _ours(self, order: AtVenue) -> str:
        """The client id that an order has in the book: of one found by the venue's id, whatever it is called."""
        if order.client_id in self._lives or not order.venue_id:
            return order.client_id
        return next(
            (name for name, one in self._lives.items() if one.venue_id == order.venue_id), order.client_id
        )

    def _tell(self, reports: list[Report], about: str = "") -> tuple[Said, ...]:
        """Word what happened, on the stream; what is about one order is its call's answer too.

        It happened by the venue's own clock, which may be ahead of the market's facts that it was shown.
        """
        answer: list[Said] = []
        now = self._now()
        for ts, fact in reports:
            told = self._worded(max(ts, now), fact)
            if told is not None:
                self._put(told)
                if getattr(fact, "id", "") == about:
                    answer.append(told)
        return tuple(answer)

    def _worded(self, ts: int, fact: Fact) -> Said | None:
        if isinstance(fact, OrderFilled):
            filled = self._filled[fact.id] = self._filled.get(fact.id, ZERO) + fact.qty
            life = self._lives[fact.id]
            told = fill_said(fact, life.venue_id, filled, ts)
            self.account.book(fact, told)
            done = life.qty is not None and filled >= life.qty
            what = What.FILLED if done else life.what
            self._lives[fact.id] = msgspec.structs.replace(life, what=what, cum=filled, ts=ts)
            return told
        said = order_said(fact, self._lives.get(getattr(fact, "id", "")), ts)
        if said is not None and said.what not in (What.CANCEL_REJECTED, What.REPLACE_REJECTED):
            self._lives[said.order] = self._life_of(said, fact)
        return said

    def _life_of(self, said: OrderSaid, fact: Fact) -> OrderSaid:
        """The last word on an order, with its terms: one that works is shown as it stands in the book."""
        resting = self._exchange.book.get(said.order)
        if resting is not None and not isinstance(fact, OrderCanceled):
            return msgspec.structs.replace(shown(resting), ts=said.ts)
        return said

    def _put(self, told: Said) -> None:
        if self._stream is not None and not self._closed:
            self._stream.put_nowait(told)
