"""Orders and questions at Interactive Brokers, through TWS or IB Gateway: the broker port.

A request is sent once, and what comes of it is heard in messages about the order; what is not certain is said to be not
certain. Knows no wire, and no order beyond its ids.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

from tradekit.brokers.ib.account import REFUSED, Call
from tradekit.brokers.ib.books import Books
from tradekit.brokers.ib.client import Access, load_library
from tradekit.brokers.ib.contracts import Contracts, Terms
from tradekit.brokers.ib.errors import NotSent, Refused, Unanswered
from tradekit.brokers.ib.line import PER_SECOND, Line
from tradekit.brokers.ib.stream import Stream
from tradekit.brokers.ib.words import TIFS, TYPES, Known, changed_order, made_order
from tradekit.core.clock import Clock, SystemClock
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Ask, Failed, OrderSaid, Said, Unknown, What
from tradekit.trading.broker import Abilities, AtVenue, Stopped, free

__all__ = ["ABILITIES", "IbBroker"]

ABILITIES = Abilities(
    types=frozenset(TYPES),
    tifs=frozenset(TIFS),
    flips=True,  # a sale of more than is held goes short, if the account may
    replaces=True,
    reduces=False,
    refuses_twins=False,  # a client id is a label (orderRef) there: two orders may bear it
    delay_s=60.0,
    per_second=PER_SECOND,
)


class IbBroker:
    """One account at Interactive Brokers.

    access     where TWS listens, and who we are there
    contracts  what is traded, by the session's names
    """

    def __init__(self, access: Access, contracts: Mapping[str, Terms], *, clock: Clock | None = None) -> None:
        self._access = access
        self._clock = clock or SystemClock()
        self._contracts = Contracts(contracts)
        self._stream = Stream(access, self._contracts, self._clock)
        self._books = Books(self._stream, self._contracts, self._clock)
        self._closed = False
        self.name = "ib"
        self.abilities = ABILITIES

    # --- the port -------------------------------------------------------------------------------------------

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        """Send an order, once."""
        unable, no = self._unable(order), _No(What.REJECTED, order.id, order.instrument)
        if unable:
            return (self._said(no, unable),)

        def send(line: Line) -> Call:
            contract, made = self._contracts.there(order.instrument), load_library().Order()
            made_order(made, order, self._stream.account.name)
            number = line.new_id()
            call = self._stream.account.begin("submit", order.id, number, order.instrument)
            line.client.placeOrder(number, contract, made)
            return call

        return await self._try("submit", no, send, stopped=stopped)

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        """Ask for an order's end."""

        def send(line: Line, known: Known) -> Call:
            number = known.order_id
            call = self._stream.account.begin(
                "cancel", order.client_id, number, order.instrument, str(known.perm_id)
            )
            line.client.cancelOrder(number)
            return call

        return await self._of_order("cancel", order, send)

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        """Ask for other terms: the same order again under its number."""
        if wanted.trail is not None or wanted.trail_pct is not None:
            no = _No(What.REPLACE_REJECTED, order.client_id, order.instrument, order.venue_id)
            return (self._said(no, "it has no trail"),)

        def send(line: Line, known: Known) -> Call:
            number, made = known.order_id, changed_order(load_library().Order(), known, wanted)
            contract = self._contracts.there(known.instrument) or known.contract
            call = self._stream.account.begin(
                "replace", order.client_id, number, order.instrument, str(known.perm_id), wanted
            )
            line.client.placeOrder(number, contract, made)
            return call

        return await self._of_order("replace", order, send, stopped)

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """Ask for a book, for one order, or for the time."""
        try:
            return await self._books.ask(ask)
        except Exception as error:  # whatever it is, it is no book
            why = str(error) or type(error).__name__
            return (Unknown(question=ask.question, reason=why, ts=self._clock.now()),)

    async def reports(self) -> AsyncIterator[Said]:
        """What TWS says of the account, over as many connections as it takes."""
        async for said in self._stream.said():
            yield said

    async def close(self) -> None:
        """End the connection."""
        if not self._closed:
            self._closed = True
            await self._stream.close()

    # --- pieces ---------------------------------------------------------------------------------------------

    def _unable(self, order: OrderSubmitted) -> str:
        """Why such an order is not sent; "" where it is."""
        if order.instrument not in self._contracts.terms:
            return f"{order.instrument} has no contract in the configuration"
        if order.type not in TYPES:
            return f"orders of type {order.type} are not sent to Interactive Brokers"
        if order.tif not in TIFS:
            return f"orders {order.tif} are not sent to Interactive Brokers"
        if order.post_only:
            return "Interactive Brokers has no post-only orders on this route"
        if order.qty <= 0:
            return "the venue does not size orders: the quantity must be given"
        return ""

    async def _of_order(
        self, kind: str, order: AtVenue, send: Callable[[Line, Known], Call], stopped: Stopped = free
    ) -> tuple[Said, ...]:
        """A request about an order: only one that was sent under our client id can be reached."""
        no = _No(REFUSED[kind], order.client_id, order.instrument, order.venue_id)
        try:
            known = self._stream.account.find(order.client_id, order.venue_id)
            if known is None:  # of an earlier life, or of one whose answer was lost
                line = self._stream.ready()
                await line.ask("openOrders", line.client.reqAllOpenOrders)
                known = self._stream.account.find(order.client_id, order.venue_id)
        except (Unanswered, Refused) as error:
            return (self._failed(kind, order.client_id, str(error)),)
        if known is None:
            return (self._said(no, "it is not among the open orders"),)
        reached = known
        if reached.client_id != self._access.client_id or reached.order_id <= 0:
            where = f"client id {reached.client_id}, and can be reached from there or in TWS only"
            return (self._said(no, f"it was sent under {where}"),)
        urgent = kind == "cancel"
        return await self._try(kind, no, lambda line: send(line, reached), urgent=urgent, stopped=stopped)

    async def _try(
        self,
        kind: str,
        no: "_No",
        send: Callable[[Line], Call],
        *,
        urgent: bool = False,
        stopped: Stopped = free,
    ) -> tuple[Said, ...]:
        """Send, and say what came of it: an answer, a refusal, or that neither was heard."""
        call: Call | None = None
        try:
            line = self._stream.ready()
            await line.turn(urgent=urgent)
            line.live()
            if why := stopped():  # nothing waits between here and the socket
                raise NotSent(why)
            call = send(line)
            waited: set[asyncio.Future[Any]] = {call.answer, line.lost}
            await asyncio.wait(waited, timeout=self._access.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if call.answer.done():
                return (call.answer.result(),)
            lost = f"the connection was lost: {line.lost.result()}" if line.lost.done() else ""
            silent = f"TWS has not answered within {self._access.timeout_s:g} s"
            return (self._failed(kind, no.order, call.doubt or lost or silent),)
        except NotSent as error:
            return (self._said(no, str(error)),)
        except Exception as error:  # whatever it is, the order may be there
            return (self._failed(kind, no.order, str(error) or type(error).__name__),)
        finally:
            if call is not None:
                self._stream.account.finish(call)

    def _failed(self, kind: str, order: str, why: str) -> Failed:
        return Failed(call=kind, order=order, reason=why, ts=self._clock.now())

    def _said(self, no: "_No", why: str) -> OrderSaid:
        return OrderSaid(
            what=no.what, order=no.order, venue_id=no.venue_id, instrument=no.instrument, reason=why,
            ts=self._clock.now(),
        )  # fmt: skip


class _No(NamedTuple):
    """What a refusal is about."""

    what: What
    order: str
    instrument: str
    venue_id: str = ""
