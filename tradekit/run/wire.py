"""The wire to a broker: requests and questions go out past the gate, what the venue says comes in, translated.

It decides nothing: a call without a certain answer becomes a statement of that, and the office looks into it. Knows no
venue and no strategy.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import msgspec

from tradekit.core.clock import Clock
from tradekit.errors import BrokerError
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Ask, Failed, LinkSaid, OrderSaid, Question, Said, Unknown, What
from tradekit.run.gate import Gate
from tradekit.run.pace import Pace
from tradekit.trading.broker import Broker, Stopped
from tradekit.trading.dead_man import kept_back
from tradekit.trading.engine import Engine
from tradekit.trading.matching import LEG
from tradekit.trading.names import Names
from tradekit.trading.office import Request

__all__ = ["Wire"]

Tell: TypeAlias = Callable[[Said], None]
_log = logging.getLogger("tradekit.session")


class Wire:
    """One line to one account.

    gate     asked before an order is handed to the broker, and by the broker once more behind its own waits
    tell     takes what the venue says, on the loop's thread
    wait_s   a call that has no answer after so long is in doubt [s]
    """

    def __init__(
        self,
        broker: Broker,
        engine: Engine,
        gate: Gate,
        names: Names,
        tell: Tell,
        *,
        clock: Clock,
        wait_s: float,
    ) -> None:
        self._broker = broker
        self._engine = engine
        self._gate = gate
        self._names = names
        self._tell = tell
        self._wait_s = wait_s
        self._pace = Pace(broker.abilities.per_second, clock)
        self._last: dict[str, asyncio.Task[None]] = {}  # by order: what was sent of it last
        self._calls: set[asyncio.Task[None]] = set()

    # --- out ------------------------------------------------------------------------------------------------

    def send(self, request: Request) -> None:
        """Send an order, a cancel or a change; those of one order go out one after the other."""
        order = request.id.partition(LEG)[0]
        task = self._start(self._carry(request, self._last.get(order)))
        self._last[order] = task
        task.add_done_callback(lambda done: self._last.pop(order) if self._last.get(order) is done else None)

    def ask(self, ask: Ask) -> None:
        """Send a question; one that the venue does not take is answered here."""
        self._start(self._question(ask))

    async def time(self) -> int | None:
        """The venue's clock [UTC ns], None where it cannot be had."""
        for said in await self._asked(Ask(Question.TIME)):
            if not isinstance(said, Unknown) and said.ts:
                return said.ts
        return None

    async def close(self) -> None:
        """Drop what is under way and end the line."""
        for task in list(self._calls):
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        try:
            async with asyncio.timeout(self._wait_s):
                await self._broker.close()
        except Exception as error:
            _log.warning("the broker did not close in good order: %s: %s", type(error).__name__, error)

    def _start(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    async def _carry(self, request: Request, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._pace.turn(urgent=isinstance(request, OrderCancelRequested))
        order = self._engine.state.orders.get(request.id.partition(LEG)[0])
        if order is None or not order.working:
            return  # it has ended while it waited
        refusal = self._refusal(request)
        if refusal:
            what = What.REJECTED if isinstance(request, OrderSubmitted) else What.REPLACE_REJECTED
            self._tell(OrderSaid(what=what, order=request.id, instrument=request.instrument, reason=refusal))
            return
        if isinstance(request, OrderSubmitted):
            sent = self._names.sent(request)
            await self._call("submit", request.id, self._broker.submit(sent, stopped=self._stopped(request)))
        elif isinstance(request, OrderCancelRequested):
            await self._call("cancel", order.id, self._broker.cancel(self._names.at_venue(order)))
        else:
            at = self._names.at_venue(order)
            changed = self._broker.replace(at, request, stopped=self._stopped(request))
            await self._call("replace", order.id, changed)

    def _refusal(self, request: Request) -> str:
        """Why a request does not leave the house, or ""."""
        if isinstance(request, OrderCancelRequested):
            return ""
        reduces = self._reduces(request)
        stopped = self._gate.stops(request, reduces=reduces)
        if stopped:
            return stopped
        if not reduces and (barred := kept_back(self._engine.state, request.instrument)):
            return barred
        if isinstance(request, OrderReplaceRequested):
            return ""
        able = self._broker.abilities
        if request.type not in able.types:
            return f"{self._broker.name} takes no {request.type} orders; it takes {', '.join(sorted(able.types))}"
        if request.tif not in able.tifs:
            return (
                f"{self._broker.name} knows no {request.tif} orders; it knows {', '.join(sorted(able.tifs))}"
            )
        return ""

    def _reduces(self, request: OrderSubmitted | OrderReplaceRequested) -> bool:
        """Whether a request can only make a position smaller."""
        whole = msgspec.structs.replace(request, id=request.id.partition(LEG)[0])
        return self._engine.dealing.reduces(whole)

    def _stopped(self, request: OrderSubmitted | OrderReplaceRequested) -> Stopped:
        """The gate, as the broker asks it on whatever thread it sends from: the engine is not looked at there."""
        return partial(self._gate.stops, request, reduces=self._reduces(request))

    async def _call(self, call: str, order: str, answering: Awaitable[tuple[Said, ...]]) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                answered = await answering
        except TimeoutError:
            answered = (Failed(call=call, order=order, reason=f"no answer within {self._wait_s:g} s"),)
        except Exception as error:  # whatever an adapter raises is a doubt
            _log.exception("the broker raised at %s of %s", call, order)
            answered = (Failed(call=call, order=order, reason=f"{type(error).__name__}: {error}"),)
        for said in answered:
            self._tell(self._names.heard(said))

    async def _question(self, ask: Ask) -> None:
        for said in await self._asked(self._names.asked(ask)):
            self._tell(self._names.heard(said))

    async def _asked(self, ask: Ask) -> tuple[Said, ...]:
        if ask.question not in (*self._broker.abilities.keeps, Question.TIME):
            return (
                Unknown(question=ask.question, reason=f"{self._broker.name} keeps no such book", kept=False),
            )
        await self._pace.turn(urgent=True)
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._broker.ask(ask)
        except TimeoutError:
            return (Unknown(question=ask.question, reason=f"no answer within {self._wait_s:g} s"),)
        except Exception as error:
            _log.exception("the broker raised when it was asked for %s", ask.question)
            return (Unknown(question=ask.question, reason=f"{type(error).__name__}: {error}"),)

    # --- in -------------------------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Take the broker's reports until it ends them; a stream that breaks is a lost link, and is opened again."""
        pause = 1.0
        while True:
            try:
                async for said in self._broker.reports():
                    pause = 1.0
                    self._tell(self._names.heard(said))
                return
            except BrokerError as error:
                self._tell(Failed(reason=str(error), banned=True))
                self._tell(LinkSaid(up=False, reason=str(error)))
                return
            except Exception as error:
                _log.exception("the broker's reports broke off")
                self._tell(LinkSaid(up=False, reason=f"{type(error).__name__}: {error}"))
            await asyncio.sleep(pause)
            pause = min(2 * pause, 30.0)
