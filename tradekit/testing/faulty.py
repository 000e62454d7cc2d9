"""A broker behind a bad line: any broker, with requests, answers, reports and connections lost, late or doubled.

What it does is the fate's to decide (`testing.faults`), so the same seed is the same bad day. Knows no session; what
reached the venue is kept, so that whoever watches can compare.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Side
from tradekit.model.said import Ask, Failed, FillSaid, LinkSaid, OrderSaid, Question, Said, Unknown, What
from tradekit.testing.faults import Fate, Fault, Faults
from tradekit.trading.broker import AtVenue, Broker, Stopped, free

__all__ = ["FaultyBroker"]

T = TypeVar("T")
Pause = Callable[[float], Awaitable[None]]
_REFUSED = {"submit": What.REJECTED, "cancel": What.CANCEL_REJECTED, "replace": What.REPLACE_REJECTED}


class FaultyBroker:
    """Stands before a broker.

    broker   the one that works
    faults   how long things take; `fate` says what goes wrong
    pause    waits for so many seconds of the venue's time
    foreign  the instrument and quantity that somebody else trades
    bust     cancels a trade at the venue, by its id
    sent     the client ids of the orders that were handed over here, in order, with the venue's time
    """

    def __init__(
        self,
        broker: Broker,
        faults: Faults,
        fate: Fate,
        *,
        now: Callable[[], int],
        pause: Pause = asyncio.sleep,
        foreign: tuple[str, Decimal] | None = None,
        bust: Callable[[str], None] | None = None,
    ) -> None:
        self.name = broker.name
        self.abilities = broker.abilities
        self.sent: list[tuple[str, int]] = []
        self.counts: dict[str, int] = {}
        self._broker = broker
        self._faults = faults
        self._fate = fate
        self._now = now
        self._pause = pause
        self._foreign = foreign
        self._bust = bust
        self._up = True
        self._calm = False
        self._cuts = 0
        self._began: int | None = None
        self._lately: list[int] = []  # when the last requests came [UTC ns]
        self._stream: asyncio.Queue[Said | None] | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    # --- the port -------------------------------------------------------------------------------------------

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        """Send an order over the bad line; what is on it is not stopped any more."""
        if why := stopped():
            return (self._refused("submit", order.id, order.instrument, why),)
        self.sent.append((order.id, self._now()))
        return await self._call("submit", order.id, order.instrument, lambda: self._broker.submit(order))

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        """Send a cancel over the bad line."""
        return await self._call(
            "cancel", order.client_id, order.instrument, lambda: self._broker.cancel(order)
        )

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        """Send a change over the bad line; likewise."""
        name, instrument = order.client_id, order.instrument
        if why := stopped():
            return (self._refused("replace", name, instrument, why),)
        return await self._call("replace", name, instrument, lambda: self._broker.replace(order, wanted))

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """Ask over the bad line."""
        answered = await self._carry(ask.question, lambda: self._broker.ask(ask))
        if isinstance(answered, str):
            return (Unknown(question=ask.question, reason=answered, ts=self._now()),)
        if ask.question is Question.TIME:
            skew = int(self._faults.skew_s * 1e9)
            return tuple(msgspec.structs.replace(one, ts=one.ts + skew) for one in answered)
        return answered

    async def reports(self) -> AsyncIterator[Said]:
        """The broker's reports, as far as they come through."""
        stream = self._stream = asyncio.Queue()
        pump = self._pumping = self._start(self._pump())
        try:
            while (said := await stream.get()) is not None:
                yield said
        finally:
            pump.cancel()

    async def close(self) -> None:
        """End everything that is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._broker.close()
        if self._stream is not None:
            self._stream.put_nowait(None)

    # --- the hand of whoever tests --------------------------------------------------------------------------

    def cut(self, reason: str = "the line broke") -> None:
        """Break the line, with all that is on it."""
        if self._up:
            self._up = False
            self._cuts += 1
            self._say(LinkSaid(up=False, reason=reason, ts=self._now()))

    def heal(self) -> None:
        """Make the line again."""
        if not self._up:
            self._up = True
            self._say(LinkSaid(up=True, ts=self._now()))

    def hang_up(self) -> None:
        """The session behind this line is gone: what it has sent is under way all the same."""
        self._stream = None
        if self._pumping is not None:
            self._pumping.cancel()

    def calm(self) -> None:
        """Nothing goes wrong any more, until it is rough again."""
        self._calm = True
        self.heal()

    def rough(self) -> None:
        """Things go wrong."""
        self._calm = False

    # --- requests -------------------------------------------------------------------------------------------

    async def _call(
        self, call: str, order: str, instrument: str, send: Callable[[], Awaitable[tuple[Said, ...]]]
    ) -> tuple[Said, ...]:
        if self._struck(Fault.REJECT, call):
            return (self._refused(call, order, instrument, "the venue is not in the mood"),)
        answered = await self._carry(call, send)
        if isinstance(answered, str):
            return (Failed(call=call, order=order, reason=answered, ts=self._now()),)
        return answered

    def _refused(self, call: str, order: str, instrument: str, why: str) -> OrderSaid:
        return OrderSaid(
            what=_REFUSED[call], order=order, instrument=instrument, reason=why, ts=self._now()
        )  # fmt: skip

    async def _carry(
        self, step: str, send: Callable[[], Awaitable[tuple[Said, ...]]]
    ) -> tuple[Said, ...] | str:
        """Carry a request there and its answer back; why there is no answer, in words.

        What is under way arrives, also where nobody waits for it any more.
        """
        return await asyncio.shield(self._start(self._carried(step, send)))

    async def _carried(
        self, step: str, send: Callable[[], Awaitable[tuple[Said, ...]]]
    ) -> tuple[Said, ...] | str:
        self._began = self._began or self._now()
        if not self._up:
            return "there is no connection"
        if self._too_many():
            return "429: too many requests"
        await self._mischief(step)
        cuts = self._cuts
        if self._struck(Fault.LOST_REQUEST, step):
            await self._pause(self._faults.timeout_s)
            return "timed out"
        await self._delay()
        if cuts != self._cuts:
            return "the line broke"
        answered = await send()
        if self._struck(Fault.TWICE, step):
            await send()
        if self._struck(Fault.LOST_REPLY, step):
            await self._pause(self._faults.timeout_s)
            return "timed out"
        await self._delay()
        return answered if cuts == self._cuts else "the line broke"

    async def _mischief(self, step: str) -> None:
        """What happens beside a request: a line that breaks, somebody else's order."""
        if self._struck(Fault.DISCONNECT, step):
            self.cut()
            self._start(self._mend())
        if self._foreign is not None and self._struck(Fault.FOREIGN, step):
            instrument, qty = self._foreign
            side = Side.BUY if self._fate.part() < 0.5 else Side.SELL
            name = f"by-hand-{self.counts[Fault.FOREIGN]}"
            await self._broker.submit(OrderSubmitted(name, instrument, "", "", side, OrderType.MARKET, qty))

    async def _mend(self) -> None:
        await self._pause(self._faults.down_s * self._fate.part())
        self.heal()

    async def _delay(self) -> None:
        if self._faults.delay_s and not self._quiet:
            await self._pause(self._faults.delay_s * self._fate.part())

    def _too_many(self) -> bool:
        now, bound = self._now(), self._faults.per_second
        self._lately = [*(one for one in self._lately if now - one < 1_000_000_000), now]
        return bool(bound) and not self._quiet and len(self._lately) > bound

    # --- reports --------------------------------------------------------------------------------------------

    async def _pump(self) -> None:
        async for said in self._broker.reports():
            if isinstance(said, LinkSaid):
                self._say(said)
                continue
            if self._bust is not None and isinstance(said, FillSaid) and self._struck(Fault.BUST, "report"):
                self._start(self._busted(said.exec_id))
            if self._up and not self._struck(Fault.LOST_REPORT, "report"):
                self._deliver(said)
            if self._struck(Fault.REPEATED_REPORT, "report"):
                self._deliver(said)

    def _deliver(self, said: Said) -> None:
        if self._faults.delay_s and not self._quiet:
            self._start(self._later(said, self._cuts))
        elif self._up:
            self._say(said)

    async def _later(self, said: Said, cuts: int) -> None:
        await self._delay()
        if self._up and cuts == self._cuts:
            self._say(said)

    async def _busted(self, exec_id: str) -> None:
        await self._delay()
        if self._bust is not None:
            self._bust(exec_id)

    def _say(self, said: Said) -> None:
        if self._stream is not None:
            self._stream.put_nowait(said)

    # --- pieces ---------------------------------------------------------------------------------------------

    @property
    def _quiet(self) -> bool:
        over = self._faults.until_s and self._began and self._now() - self._began > self._faults.until_s * 1e9
        return self._calm or bool(over)

    def _struck(self, fault: Fault, step: str) -> bool:
        struck = not self._quiet and self._fate.strikes(fault, step)
        if struck:
            self.counts[fault] = self.counts.get(fault, 0) + 1
        return struck

    def _start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
