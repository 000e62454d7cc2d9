"""The account's stream: opened, kept, made again when it is lost, and its messages put in words.

What is told before the line is known to be up waits for that word. Knows no order, and no venue but by its dialect.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from secrets import SystemRandom
from typing import Any

from tradekit.brokers.ccxt.client import calling
from tradekit.brokers.ccxt.dialect import Dialect
from tradekit.brokers.ccxt.errors import Unreadable, judge, words
from tradekit.brokers.ccxt.names import Names
from tradekit.core.clock import Clock
from tradekit.errors import BrokerError, ConnectionLostError
from tradekit.model.said import LinkSaid, Said

__all__ = ["Stream"]

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_OPEN_S = 20.0  # a stream that is not confirmed by then is not
_STABLE_S = 60.0  # a connection that lasted so long has not failed: pauses begin anew
_SKEW_S = 1.0  # a clock that is so wrong is worth a warning
_log = logging.getLogger(__name__)
_chance = SystemRandom().random


class Stream:
    """One stream of statements over as many connections as it takes.

    skew_s  what the venue's clock is ahead of ours, as last measured [s]
    """

    def __init__(self, dialect: Dialect, names: Names, clock: Clock) -> None:
        self.skew_s: float | None = None
        self._dialect, self._names, self._clock = dialect, names, clock
        self._told: asyncio.Queue[Said | Exception | None] = asyncio.Queue()
        self._early: (
            list[Said] | None
        ) = []  # what came before the line was told to be up; None while it is up
        self._measuring: set[asyncio.Task[None]] = set()
        self._closed = False

    async def said(self, client: Any) -> AsyncIterator[Said]:
        """What the account's stream says, until it is closed; raises BrokerError for what no waiting mends."""
        if self._closed:
            return
        keeping = asyncio.create_task(self._keep(client))
        keeping.add_done_callback(self._kept)
        try:
            while (told := await self._told.get()) is not None:
                if isinstance(told, Exception):
                    raise told
                yield told
        finally:
            keeping.remove_done_callback(self._kept)
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    def _kept(self, keeping: "asyncio.Task[None]") -> None:
        """Whoever keeps the connection has ended without a word: nobody is left waiting for one that cannot come.

        The library cancels what it waits for when it closes a connection, and that looks like our own doing.
        """
        error = ConnectionLostError("it was canceled") if keeping.cancelled() else keeping.exception()
        if error is not None:
            why = words(error)
            self._told.put_nowait(ConnectionLostError(f"the stream of the account was given up: {why}"))

    async def close(self) -> None:
        """End the stream; what waits in it is dropped."""
        self._closed = True
        self._told.put_nowait(None)
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
            if self._early is None:
                self._told.put_nowait(one)
            else:
                self._early.append(one)
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

    async def _keep(self, client: Any) -> None:
        """Connect, tell it, wait for the end, tell it; again after a pause with full jitter."""
        failures, told_down = 0, False
        while True:
            with calling(urgent=True) as call:
                try:
                    lost = await self._opened(client)
                except Exception as error:  # what it means is the table's to say
                    judged = judge(error, call)
                    reason = judged.reason
                    if judged.verdict.hopeless or isinstance(error, BrokerError):
                        self._told.put_nowait(self._hopeless(error, reason))
                        return
                    _log.warning("no stream of the account: %s", reason)
                    lost = None
            if lost is not None:
                up_at, told_down = self._clock.monotonic(), True
                self._up()
                reason = await self._lasted(lost)
                self._down(reason)
                if self._clock.monotonic() - up_at >= _STABLE_S:
                    failures = 0
            elif not told_down:
                told_down = True
                self._told.put_nowait(LinkSaid(up=False, reason=reason, ts=self._clock.now()))
            await self._dropped(client)
            longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(failures, 10))
            failures += 1
            await asyncio.sleep(longest * _chance())

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

    def _up(self) -> None:
        early, self._early = self._early, None
        for one in (LinkSaid(up=True, ts=self._clock.now()), *(early or ())):
            self._told.put_nowait(one)

    def _down(self, reason: str) -> None:
        self._early = []
        self._told.put_nowait(LinkSaid(up=False, reason=reason, ts=self._clock.now()))

    def _hopeless(self, error: Exception, reason: str) -> BrokerError:
        if isinstance(error, BrokerError):
            return error
        return BrokerError(
            f"{self._dialect.venue} does not accept the key: {reason}. Check that key and secret are a pair of this "
            f"market, that the key may trade, and that this machine's address is among those it is bound to"
        )


def _skew(ahead_s: float, took_s: float) -> float:
    """What the venue's clock is ahead of ours at least, by its time less that of the question [s].

    It was read at some moment within `took_s`, so it is that or up to so much less. Where ours may be right it is taken
    for right: a slow answer says little.
    """
    return max(ahead_s - took_s, min(ahead_s, 0.0))
