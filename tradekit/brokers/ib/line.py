"""One connection to TWS: opened, asked, watched, and over when it is over. Another is made by whoever needs one.

Every question has an end: its answer, TWS's error, or that there is none. Knows no order and no bar.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from tradekit.brokers.ib.client import Access, make_client
from tradekit.brokers.ib.ear import Asked, Ear, Key
from tradekit.brokers.ib.errors import NotSent, Unanswered, Verdict, judge, reason
from tradekit.core.clock import Clock
from tradekit.trading.quota import Quota

__all__ = ["Line", "Taken"]

PER_SECOND = 45.0  # messages; TWS takes 50 and hangs up on more
_PATIENCE_S = 2.0  # so long a message waits for its turn; what would wait longer is not sent
_BEAT_S = 15.0  # a line that is quiet is asked for the time so often
_log = logging.getLogger(__name__)


class Taken(Exception):
    """Another program is connected under this client id."""


class Line:
    """A connection of its own, used once.

    hears   is told what TWS says unasked, by the API's names
    lost    ends with the connection, with why
    away    why TWS cannot reach Interactive Brokers; "" while it can
    turned  is set whenever `away` changes
    """

    def __init__(
        self, access: Access, clock: Clock, hears: Callable[..., None], *, quota: Quota | None = None
    ) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.away = ""
        self.turned = asyncio.Event()
        self._access, self._clock, self._hears = access, clock, hears
        self._quota = quota or Quota(PER_SECOND, 1.0)
        self.ear = Ear(self._heard)
        self.client = make_client(self.ear, lambda why: self.drop(why))
        self.client.conn.disconnected.connect(self._disconnected, keep_ref=True)
        self._gone = asyncio.Event()
        self._turn: dict[Key, asyncio.Lock] = {}
        self._beating: asyncio.Task[None] | None = None
        self._taken = False

    @property
    def accounts(self) -> list[str]:
        """The accounts of this login."""
        return list(self.client.getAccounts())

    async def open(self) -> None:
        """Connect, and be let in; raises OSError, TimeoutError, Unanswered or Taken."""
        access = self._access
        trying = asyncio.create_task(
            self.client.connectAsync(access.host, access.port, access.client_id, access.timeout_s)
        )
        try:
            await asyncio.wait({trying, self.lost}, return_when=asyncio.FIRST_COMPLETED)
            if self._taken:
                raise Taken
            if self.lost.done():
                raise Unanswered(self.lost.result())
            await trying
        finally:
            trying.cancel()
            await asyncio.gather(trying, return_exceptions=True)
        self._beating = asyncio.create_task(self._beat())

    def new_id(self) -> int:
        """A number for an order or a request."""
        if not self.client.isReady():
            raise Unanswered("there is no connection to TWS")
        return int(self.client.getReqId())

    async def ask(self, key: Key, send: Callable[[], None]) -> list[Any]:
        """The rows of an answer; raises Refused with TWS's error, Unanswered where there is no answer.

        A question whose answer has no number of its own is not asked again while one is under way: the late answer to
        the first would be taken for the second's. One that stays out ends the connection when it is asked next.
        """
        async with self._turn.setdefault(key, asyncio.Lock()):
            if key in self.ear.asked:
                self.drop(f"it has not answered the last question for {key}")
            await self.turn(urgent=True)
            self.live()
            asked = Asked(asyncio.get_running_loop().create_future(), [])
            asked.ended.add_done_callback(_read)  # a late error is nobody's
            self.ear.asked[key] = asked
            try:
                send()
                done, _ = await asyncio.wait({asked.ended}, timeout=self._access.timeout_s)
            finally:
                if isinstance(key, int):
                    self.ear.asked.pop(key, None)
                    self._turn.pop(key, None)
            if not done:
                raise Unanswered(f"TWS has not answered within {self._access.timeout_s:g} s")
            return asked.ended.result()

    def live(self) -> None:
        """Raise Unanswered where nobody would answer."""
        if self.lost.done() or not self.client.isReady():
            raise Unanswered("there is no connection to TWS")

    async def turn(self, *, urgent: bool = False) -> None:
        """Wait until another message may be sent; raises NotSent where that is too far off."""
        left = _PATIENCE_S
        while (wait := self._quota.wait(1.0, self._clock.monotonic(), urgent=urgent)) > 0:
            if wait > left:
                raise NotSent(f"not sent: TWS takes {PER_SECOND:g} messages a second")
            left -= wait
            await asyncio.sleep(wait)

    def drop(self, why: str) -> None:
        """End the connection at once; what was asked has no answer."""
        self._over(why)
        transport = self.client.conn.transport
        if transport is not None:
            self.client.disconnect()
            transport.abort()  # what waits to be sent is not sent any more

    async def close(self) -> None:
        """The same, and nothing of it is left."""
        self.drop("closed")
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        if self.client.conn.transport is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._gone.wait()

    # --- pieces -------------------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Ask for the time now and then: a line that is half open says nothing by itself."""
        while True:
            await asyncio.sleep(_BEAT_S)
            try:
                await self.ask("currentTime", self.client.reqCurrentTime)
            except Exception as error:  # whatever it is, it does not answer
                self.drop(f"TWS gives no sign: {error}")
                return

    def _disconnected(self, why: str) -> None:
        self._gone.set()
        self._over(why)

    def _over(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why or "TWS has closed the connection")
        self.ear.end_all(Unanswered(f"the connection was lost: {self.lost.result()}"))

    def _heard(self, name: str, *told: Any) -> None:
        """Look at notices about the lines themselves; all else goes on to whoever listens."""
        if name == "error":
            key, code, text = told
            verdict = judge(code)
            if verdict is Verdict.TAKEN:
                self._taken = True
                self.drop(reason(code, text))
            elif verdict is Verdict.LOST:
                self.drop(reason(code, text))
            elif verdict is Verdict.LIMITED:
                self._quota.pause(1.0, self._clock.monotonic())
            elif verdict in (Verdict.DOWN, Verdict.BACK):
                self.away = reason(code, text) if verdict is Verdict.DOWN else ""
                self.turned.set()
            if key == -1:
                _log.info("TWS says: %s", reason(code, text))
        self._hears(name, *told)


def _read(ended: asyncio.Future[list[Any]]) -> None:
    if not ended.cancelled():
        ended.exception()
