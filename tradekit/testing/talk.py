"""A talk with a broker, and the bench that it is held on: what the contract of brokers is played with.

Knows no check: what must be so is `testing.brokers`'s.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from tradekit.model.order import OrderSubmitted, OrderType, Side
from tradekit.model.said import Answer, Ask, OrderSaid, Question, Said, What
from tradekit.trading.broker import AtVenue, Broker

__all__ = ["Bench", "LinkBench", "Talk"]

T = TypeVar("T", bound=Said)


class Bench(Protocol):
    """A broker at its venue, and the hand that moves the venue.

    instrument  what is traded, as this side calls it
    qty, price  an order of so much that rests, as a buy, at this price; half of it is an order too
    """

    broker: Broker
    instrument: str
    qty: Decimal
    price: Decimal

    async def open(self) -> None:
        """Make the venue and the broker, on the running event loop."""

    async def trade(self, client_id: str, qty: Decimal) -> None:
        """Have so much of a resting order trade at its limit [base units]."""

    def now(self) -> int:
        """The time by which the venue's clock is judged [UTC ns]."""

    async def close(self) -> None:
        """Put everything away; the broker is closed already."""


class LinkBench(Bench, Protocol):
    """A bench whose line can break."""

    async def cut(self) -> None:
        """Break every connection, and take no new one."""

    async def heal(self) -> None:
        """Take connections again."""

    async def lose_answer(self) -> None:
        """Carry the next request out at the venue, and let its answer be lost."""

    async def lose_request(self) -> None:
        """Lose the next request before the venue sees it."""


class Talk:
    """One conversation with a broker: what it says unasked is kept in `heard`."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.broker = bench.broker
        self.heard: list[Said] = []
        self._news = asyncio.Event()
        self._count = 0

    async def listen(self) -> None:
        """Keep what the stream says, until it ends."""
        async for said in self.broker.reports():
            self.heard.append(said)
            self._news.set()

    async def hears(self, kind: type[T], test: Callable[[T], bool] = lambda _: True, *, since: int = 0) -> T:
        """The first statement of a kind that fits, once the stream has told it, behind `since` others."""
        while True:
            for said in self.heard[since:]:
                if isinstance(said, kind) and test(said):
                    return said
            self._news.clear()
            await self._news.wait()

    def order(self, qty: Decimal | None = None, **terms: Any) -> OrderSubmitted:
        """An order under a client id of its own, a resting buy unless terms say otherwise."""
        self._count += 1
        wanted: dict[str, Any] = {
            "limit": self.bench.price,
            "type": OrderType.LIMIT,
            "side": Side.BUY,
        } | terms
        return OrderSubmitted(
            f"tk-contract-{self._count}", self.bench.instrument, "contract", "main", qty=qty or self.bench.qty, **wanted
        )  # fmt: skip

    async def rests(self) -> AtVenue:
        """A resting order, as the venue knows it."""
        sent = self.order()
        answered = await self.broker.submit(sent)
        told = next((one for one in answered if isinstance(one, OrderSaid) and one.venue_id), None)
        if told is None:
            told = await self.hears(OrderSaid, lambda one: one.order == sent.id and one.what is What.NEW)
        return AtVenue(
            client_id=sent.id, venue_id=told.venue_id, instrument=sent.instrument, side=sent.side, type=sent.type,
            qty=sent.qty, limit=sent.limit, next_id=f"{sent.id}-1",
        )  # fmt: skip

    async def told(self, client_id: str, *whats: What, answered: tuple[Said, ...] = ()) -> OrderSaid:
        """What was said of an order, in the answer to a call or on the stream."""

        def fits(one: OrderSaid) -> bool:
            return one.order == client_id and one.what in whats

        for one in answered:
            if isinstance(one, OrderSaid) and fits(one):
                return one
        return await self.hears(OrderSaid, fits)

    async def book(self, question: Question, since: int = 0) -> Answer:
        """A book of the venue, which must be readable."""
        (answer,) = await self.broker.ask(Ask(question, since))
        assert isinstance(answer, Answer), answer
        assert answer.question is question
        return answer

    async def open_order(self, client_id: str) -> OrderSaid | None:
        """An order in the book of open orders."""
        items = (await self.book(Question.OPEN_ORDERS)).items
        found = [one for one in items if isinstance(one, OrderSaid) and one.order == client_id]
        assert len(found) <= 1
        return found[0] if found else None
