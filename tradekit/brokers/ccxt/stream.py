"""The account's stream: opened, kept, made again when it is lost, and its messages put in words.

What is told before the line is known to be up waits for that word. Knows no order, and no venue but by its dialect.
"""

import asyncio
import logging
from typing import Any

from tradekit.brokers.ccxt.client import calling
from tradekit.brokers.ccxt.dialect import Dialect
from tradekit.brokers.ccxt.errors import Unreadable, judge, words
from tradekit.brokers.ccxt.names import Names
from tradekit.brokers.stream import AccountStream, Pauses
from tradekit.core.clock import Clock
from tradekit.errors import BrokerError

__all__ = ["Stream", "no_key"]

_OPEN_S = 20.0  # a stream that is not confirmed by then is not
_SKEW_S = 1.0  # a clock that is so wrong is worth a warning
_log = logging.getLogger(__name__)


class Stream(AccountStream):
    """The account's stream at a venue of the library's.

    client  the library's client; set before `said`
    skew_s  what the venue's clock is ahead of ours, as last measured [s]
    """

    def __init__(self, dialect: Dialect, names: Names, clock: Clock) -> None:
        super().__init__(clock)
        self.client: Any = None
        self.skew_s: float | None = None
        self._dialect, self._names = dialect, names
        self._measuring: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """End the stream; what waits in it is still told."""
        await super().close()
        for task in self._measuring:
            task.cancel()
        await asyncio.gather(*self._measuring, return_exceptions=True)

    def tap(self, connection: Any, message: Any) -> bool:
        """Look at a message before the library does; true keeps it from the library."""
        inner = message.get("event", message) if isinstance(message, dict) else message
        ended = self._dialect.ended(inner)
        if ended:
            connection.on_error(ConnectionError(f"the venue says {ended}"))
            return True
        try:
            told = self._dialect.heard(inner, self._names)
        except Unreadable as error:
            # a report was missed: a new connection has every book asked for
            connection.on_error(ConnectionError(f"a report cannot be read: {error}"))
            return True
        for one in told or ():
            self._say(one)
        return told is not None

    # --- the venue's clock ------------------------------------------------------------------------------------

    async def measure(self, client: Any) -> None:
        """Compare clocks; requests are stamped with the venue's time from then on."""
        with calling(urgent=True):
            asked, began = self._clock.now(), self._clock.monotonic()
            theirs = await self._dialect.time(client)
            took_s = self._clock.monotonic() - began
        self.skew_s = _skew((theirs - asked) / 1e9, took_s)
        client.options["timeDifference"] = -round(self.skew_s * 1000)
        if abs(self.skew_s) > _SKEW_S:
            _log.warning(
                "this machine's clock is %.1f s %s the venue's; requests are stamped with the venue's time, but set "
                "the clock right (timedatectl set-ntp true)",
                abs(self.skew_s), "behind" if self.skew_s > 0 else "ahead of",
            )  # fmt: skip

    def measure_soon(self, client: Any) -> None:
        """Compare clocks beside what is under way; a failure leaves the last measure."""

        async def measured() -> None:
            try:
                await self.measure(client)
            except Exception as error:  # the next request will tell
                _log.info("the venue's clock could not be read: %s", words(error))

        if not self._measuring and not self._closed:
            task = asyncio.create_task(measured())
            self._measuring.add(task)
            task.add_done_callback(self._measuring.discard)

    # --- the connection ---------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        client, pauses = self.client, Pauses()
        while True:
            lost, began = None, self._clock.monotonic()
            with calling(urgent=True) as call:
                try:
                    lost = await self._opened(client)
                except Exception as error:  # what it means is the table's to say
                    judged = judge(error, call)
                    reason = judged.reason
                    if judged.verdict.hopeless or isinstance(error, BrokerError):
                        self._give_up(
                            error if isinstance(error, BrokerError) else no_key(self._dialect.venue, reason)
                        )
                        return
                    _log.warning("no stream of the account: %s", reason)
            if lost is not None:
                self._up()
                reason = await self._lasted(lost)
            self._down(reason)
            await self._dropped(client)
            await pauses.wait(self._clock.monotonic() - began)

    async def _opened(self, client: Any) -> Any:
        """The clock, the account, the stream; gives what ends with the connection."""
        await self.measure(client)
        refusal = await self._dialect.refusal(client)
        if refusal:
            raise BrokerError(f"{self._dialect.venue}: {refusal}")
        async with asyncio.timeout(_OPEN_S):
            return await self._dialect.listen(client)

    async def _dropped(self, client: Any) -> None:
        """Leave nothing of a connection that the next one could be mistaken for."""
        client.end_timers()
        self._dialect.forget(client)
        await client.close_ws_clients()

    async def _lasted(self, lost: Any) -> str:
        """Wait for a connection's end, however it comes: the library may cancel what it was to tell it by."""
        await asyncio.wait({lost})
        error = None if lost.cancelled() else lost.exception()
        return "the connection has ended" if error is None else words(error)


def no_key(venue: str, reason: str) -> BrokerError:
    """What a refused key means, and what to look at."""
    return BrokerError(
        f"{venue} does not accept the key: {reason}. Check that key and secret are a pair of this market, that the key "
        f"may trade, and that this machine's address is among those it is bound to"
    )


def _skew(ahead_s: float, took_s: float) -> float:
    """What the venue's clock is ahead of ours at least, by its time less that of the question [s].

    It was read at some moment within `took_s`, so it is that or up to so much less. Where ours may be right it is taken
    for right: a slow answer says little.
    """
    return max(ahead_s - took_s, min(ahead_s, 0.0))
