"""Orders and questions at Alpaca: the broker port.

Every request is one call, judged by what came back (`errors`); what is not certain is said to be not certain. Knows no
order beyond its ids.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.books import book
from tradekit.brokers.alpaca.client import Access, Client
from tradekit.brokers.alpaca.errors import Verdict, judge
from tradekit.brokers.alpaca.names import Names
from tradekit.brokers.alpaca.stream import Stream
from tradekit.brokers.alpaca.ticket import ABILITIES, amendment, ticket, unable, unchangeable
from tradekit.core.clock import Clock, SystemClock
from tradekit.core.redact import secrets
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Answer, Ask, Failed, OrderSaid, Question, Said, Unknown, What
from tradekit.trading.broker import AtVenue, Stopped, free

__all__ = ["AlpacaBroker"]


class AlpacaBroker:
    """One account at Alpaca, on its paper exchange or live.

    access       where it is reached, with which key
    instruments  the session's stocks, by their names here
    """

    def __init__(self, access: Access, instruments: Iterable[str], *, clock: Clock | None = None) -> None:
        self._access = access
        self._names = Names(instruments)
        self._clock = clock or SystemClock()
        self._client = Client(access, access.trading, self._clock)
        self._stream = Stream(access, self._names, self._clock)
        self.name = "alpaca.paper" if access.paper else "alpaca"
        self.abilities = ABILITIES

    # --- the port -------------------------------------------------------------------------------------------

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        """Send an order, once."""

        def refused(why: str) -> OrderSaid:
            return self._said(What.REJECTED, order.id, order.instrument, why)

        why = unable(order)
        if why:
            return (refused(why),)

        async def send() -> tuple[Said, ...]:
            answer = await self._client.post("/orders", ticket(order, self._names), stopped=stopped)
            return (words.order(answer, self._names),)

        return await self._try(send, "submit", order.id, refused)

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        """Ask for an order's end, which its stream tells; without the venue's id that is asked for first."""

        async def send() -> tuple[Said, ...]:
            venue_id = order.venue_id or (await self._by_client_id(order.client_id)).venue_id
            await self._client.delete(f"/orders/{venue_id}")
            return ()

        return await self._try(send, "cancel", order.client_id, self._refusal(What.CANCEL_REJECTED, order))

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        """Ask for other terms, which makes a new order; the stream tells whether it took the old one's place."""
        refused = self._refusal(What.REPLACE_REJECTED, order)
        why = unchangeable(order, wanted)
        if why:
            return (refused(why),)

        async def send() -> tuple[Said, ...]:
            asked = amendment(wanted, order.next_id)
            words.mapping(await self._client.patch(f"/orders/{order.venue_id}", asked, stopped=stopped))
            return ()

        return await self._try(send, "replace", order.client_id, refused)

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """Ask for a book, for one order or for the venue's time."""
        question = ask.question
        try:
            if question is Question.TIME:
                ts, _ = words.clock(await self._client.get("/clock"))
                return (Answer(question=question, ts=ts),)
            if question is Question.ORDER:
                return (await self._by_client_id(ask.order),)
            items = await book(self._client, ask, self._names)
        except Exception as error:  # whatever it is, it is no book
            judged = judge(error)
            if question is Question.ORDER and judged.verdict is Verdict.MISSING:
                return (Answer(question=question, order=ask.order, ts=self._clock.now()),)
            return (Unknown(question=question, reason=secrets.clean(judged.reason), ts=self._clock.now()),)
        return (Answer(question=question, items=items, ts=self._clock.now()),)

    async def reports(self) -> AsyncIterator[Said]:
        """What the account's stream says, over as many connections as it takes."""
        async for said in self._stream.said():
            yield said

    async def close(self) -> None:
        """End the connections."""
        await self._stream.close()
        self._client.close()

    # --- pieces ---------------------------------------------------------------------------------------------

    async def _by_client_id(self, name: str) -> OrderSaid:
        found = await self._client.get("/orders:by_client_order_id", {"client_order_id": name})
        return words.order(found, self._names)

    async def _try(
        self,
        send: Callable[[], Awaitable[tuple[Said, ...]]],
        name: str,
        order: str,
        refused: Callable[[str], OrderSaid],
    ) -> tuple[Said, ...]:
        """Send, and say what came of it: its answer, a refusal that is certain, or doubt."""
        try:
            return await send()
        except Exception as error:  # whatever it is, the order may be there
            judged = judge(error)
        reason = secrets.clean(judged.reason)
        if judged.verdict.undone or (judged.verdict is Verdict.MISSING and name != "submit"):
            return (refused(reason),)
        return (Failed(call=name, order=order, reason=reason, ts=self._clock.now()),)

    def _refusal(self, what: What, order: AtVenue) -> Callable[[str], OrderSaid]:
        return lambda why: self._said(what, order.client_id, order.instrument, why, order.venue_id)

    def _said(self, what: What, order: str, instrument: str, reason: str, venue_id: str = "") -> OrderSaid:
        return OrderSaid(
            what=what, order=order, venue_id=venue_id, instrument=instrument, reason=reason, ts=self._clock.now()
        )  # fmt: skip
