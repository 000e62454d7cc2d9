"""Orders and questions at a venue through ccxt: the broker port.

Every request is one call, judged by what came back (`errors`); what is not certain is said to be not certain. Knows no
venue's words (a dialect does) and no order beyond its ids.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

from tradekit.brokers.ccxt.client import Access, calling, make_client
from tradekit.brokers.ccxt.dialect import Dialect, dialect_of
from tradekit.brokers.ccxt.errors import Judged, Verdict, judge
from tradekit.brokers.ccxt.names import Names
from tradekit.brokers.ccxt.stream import Stream
from tradekit.core.clock import Clock, SystemClock
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Answer, Ask, Failed, OrderSaid, Question, Said, Unknown, What
from tradekit.trading.broker import AtVenue, Stopped, free

__all__ = ["CcxtBroker"]

T = TypeVar("T")


class CcxtBroker:
    """One account at one market of a venue.

    access       where it is reached, with which key
    market       spot or linear
    instruments  the session's, by their names here; executions are asked for these
    """

    def __init__(
        self, access: Access, market: str, instruments: Iterable[str], *, clock: Clock | None = None
    ) -> None:
        self._access = access
        self._dialect: Dialect = dialect_of(access.venue, market)
        self._names = Names(instruments)
        self._clock = clock or SystemClock()
        self._client: Any = None
        self._stream = Stream(self._dialect, self._names, self._clock)
        self._closed = False
        self.name = f"ccxt.{access.venue}.{market}"
        self.abilities = self._dialect.abilities

    @property
    def client(self) -> Any:
        """Ccxt's client, made when it is first needed: on the loop that uses it."""
        if self._client is None:
            self._client = make_client(
                self._access, self._dialect.options, quota=self._dialect.quota(), unit=self._dialect.unit,
                clock=self._clock,
            )  # fmt: skip
            self._client.tap = self._stream.tap
        return self._client

    # --- the port -------------------------------------------------------------------------------------------

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        """Send an order, once."""
        unable = self._dialect.unable(order)
        if unable:
            return (self._said(What.REJECTED, order.id, order.instrument, unable),)

        def refused(why: str) -> OrderSaid:
            return self._said(What.REJECTED, order.id, order.instrument, why)

        async def send() -> tuple[Said, ...]:
            return await self._dialect.submit(self.client, order, self._names)

        return await self._try(send, "submit", order.id, refused, stopped=stopped)

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        """Ask for an order's end."""

        async def send() -> tuple[Said, ...]:
            return (await self._dialect.cancel(self.client, order, self._names),)

        def refused(why: str) -> OrderSaid:
            return self._said(What.CANCEL_REJECTED, order.client_id, order.instrument, why, order.venue_id)

        return await self._try(send, "cancel", order.client_id, refused, urgent=True)

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        """Ask for other terms."""

        def refused(why: str) -> OrderSaid:
            return self._said(What.REPLACE_REJECTED, order.client_id, order.instrument, why, order.venue_id)

        unchangeable = self._dialect.unchangeable(order, wanted)
        if unchangeable:
            return (refused(unchangeable),)

        async def send() -> tuple[Said, ...]:
            return (await self._dialect.replace(self.client, order, wanted, self._names),)

        return await self._try(send, "replace", order.client_id, refused, stopped=stopped)

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """Ask for a book, for one order, or for the venue's time."""
        question = ask.question
        if question not in self.abilities.keeps and question is not Question.TIME:
            return (
                Unknown(question=question, reason="the venue keeps no such book", kept=False, ts=self._now()),
            )
        with calling(urgent=True) as call:
            try:
                if question is Question.TIME:
                    return (Answer(question=question, ts=await self._dialect.time(self.client)),)
                if question is Question.ORDER:
                    return (await self._order(ask),)
                items = await self._dialect.book(self.client, ask, self._names, self._now())
            except Exception as error:  # whatever it is, it is no book
                judged = self._judged(judge(error, call))
                return (Unknown(question=question, reason=judged.reason, ts=self._now()),)
        complete = question is not Question.BALANCES
        since = self._since(self._dialect.trades_s) if question is Question.EXECUTIONS else 0
        return (Answer(question=question, items=items, complete=complete, since=since, ts=self._now()),)

    async def reports(self) -> AsyncIterator[Said]:
        """What the account's stream says, over as many connections as it takes."""
        self._stream.client = self.client
        async for said in self._stream.said():
            yield said

    async def close(self) -> None:
        """End the connections."""
        if self._closed:
            return
        self._closed = True
        await self._stream.close()
        if self._client is not None:
            await self._client.close()

    # --- pieces ---------------------------------------------------------------------------------------------

    async def _order(self, ask: Ask) -> Said:
        """One order: where its instrument is not known, every one is asked, and none is told only if all say so."""
        asked = [ask.instrument] if ask.instrument else list(self._names.here.values())
        for instrument in asked:
            with calling(urgent=True) as call:
                try:
                    one = Ask(Question.ORDER, order=ask.order, venue_id=ask.venue_id, instrument=instrument)
                    return await self._dialect.order(self.client, one, self._names)
                except Exception as error:
                    judged = self._judged(judge(error, call))
                    if judged.verdict is not Verdict.MISSING:
                        return Unknown(question=Question.ORDER, reason=judged.reason, ts=self._now())
        if not asked:
            return Unknown(question=Question.ORDER, reason="its instrument is not known", ts=self._now())
        if ask.since < self._since(self._dialect.orders_s):
            days = f"{self._dialect.orders_s / 86_400:g} days"
            reason = f"{self._dialect.venue} forgets within {days} an order that has ended without a trade"
            return Unknown(question=Question.ORDER, reason=reason, ts=self._now())
        return Answer(question=Question.ORDER, order=ask.order, ts=self._now())

    def _since(self, seconds: float) -> int:
        """From when on the venue tells all, where it forgets what is so old; 0 where it forgets nothing."""
        return self._now() - int(seconds * 1e9) if seconds else 0

    async def _try(
        self,
        send: Callable[[], Awaitable[tuple[Said, ...]]],
        name: str,
        order: str,
        refused: Callable[[str], OrderSaid],
        *,
        urgent: bool = False,
        stopped: Stopped = free,
    ) -> tuple[Said, ...]:
        """Send, and say what came of it: its answer, a refusal that is certain, or doubt."""
        with calling(urgent=urgent, stopped=stopped) as call:
            try:
                return await send()
            except Exception as error:  # whatever it is, the order may be there
                judged = self._judged(judge(error, call))
        if judged.verdict.undone:
            return (refused(judged.reason),)
        if judged.verdict is Verdict.MISSING and name != "submit":
            return (refused(judged.reason),)
        banned = judged.verdict is Verdict.BANNED
        return (Failed(call=name, order=order, reason=judged.reason, banned=banned, ts=self._now()),)

    def _judged(self, judged: Judged) -> Judged:
        """What is done about an error beside telling it: a wrong clock is measured anew before the next request."""
        if judged.verdict is Verdict.SKEW:
            self._stream.measure_soon(self.client)
        return judged

    def _said(self, what: What, order: str, instrument: str, reason: str, venue_id: str = "") -> OrderSaid:
        return OrderSaid(
            what=what, order=order, venue_id=venue_id, instrument=instrument, reason=reason, ts=self._now()
        )  # fmt: skip

    def _now(self) -> int:
        return self._clock.now()
