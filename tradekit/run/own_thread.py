"""A broker on a thread and loop of its own, behind the same port: what holds the session's loop up does not hold it up.

So a strategy that never returns leaves the line to the venue alive, for `run.last_line`. Knows no venue.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from tradekit.bridge.thread import LoopThread
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Ask, Said
from tradekit.trading.broker import AtVenue, Broker, Stopped, free

__all__ = ["OwnThread"]

T = TypeVar("T")
_END_S = 2.0


class OwnThread:
    """The port of `broker`; every call of it, and its stream, runs on the thread that this starts.

    broker  made anywhere; its loop is the thread's
    """

    def __init__(self, broker: Broker) -> None:
        self.broker, self.name, self.abilities = broker, broker.name, broker.abilities
        self._thread: LoopThread | None = None
        self._starting = threading.Lock()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start something on the broker's thread, from any other; raises RuntimeError once that has ended."""
        with self._starting:
            if self._thread is None:
                self._thread = LoopThread("tradekit-broker")
        return self._thread.run(work)

    # --- the port -------------------------------------------------------------------------------------------

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        """Send an order; the hop takes its time, and the gate is asked on the other side of it."""
        return await self._there(self.broker.submit(order, stopped=stopped))

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        """Ask for an order's end."""
        return await self._there(self.broker.cancel(order))

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        """Ask for other terms; likewise."""
        return await self._there(self.broker.replace(order, wanted, stopped=stopped))

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """Ask for a book, for one order, or for the venue's time."""
        return await self._there(self.broker.ask(ask))

    async def reports(self) -> AsyncIterator[Said]:
        """What the venue says unasked, handed over in the order in which it was said."""
        here = asyncio.get_running_loop()
        heard: asyncio.Queue[Said | Exception | None] = asyncio.Queue()

        def hand(one: Said | Exception | None) -> None:
            with contextlib.suppress(RuntimeError):  # the session's loop has ended
                here.call_soon_threadsafe(heard.put_nowait, one)

        pumping = self.start(self._pump(hand))
        # also where the thread ends before the stream, or its begin
        pumping.add_done_callback(lambda _: hand(None))
        try:
            while (said := await heard.get()) is not None:
                if isinstance(said, Exception):
                    raise said
                yield said
        finally:
            pumping.cancel()

    async def close(self) -> None:
        """End the connection, then the thread."""
        if self._thread is None:
            await self.broker.close()
            return
        try:
            await self._there(self.broker.close())
        except RuntimeError:  # the thread has ended before
            return
        await asyncio.to_thread(self._thread.stop, _END_S)

    # --- pieces ---------------------------------------------------------------------------------------------

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        there: T = await asyncio.wrap_future(self.start(work))
        return there

    async def _pump(self, hand: Callable[[Said | Exception | None], None]) -> None:
        try:
            async for said in self.broker.reports():
                hand(said)
        except Exception as error:
            hand(error)
