"""What the brokers' streams have in common: one stream of statements over as many connections as it takes.

What is told before the line is known to be up waits for that word; being down is told once. Knows no venue.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from secrets import SystemRandom

from tradekit.core.clock import Clock
from tradekit.core.redact import secrets
from tradekit.errors import BrokerError, ConnectionLostError
from tradekit.model.said import LinkSaid, Said

__all__ = ["AccountStream", "Pauses"]

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_STABLE_S = 60.0  # a connection that lasted so long has not failed: pauses begin anew
_chance = SystemRandom().random


class Pauses:
    """How long to wait before the next attempt: up to twice as long each time, by chance, at most 30 s."""

    def __init__(self) -> None:
        self._failures = 0

    async def wait(self, lasted_s: float, ended: asyncio.Event | None = None) -> None:
        """Wait after a connection that lasted so long [s], the attempt to make it included; no longer than `ended`."""
        if lasted_s >= _STABLE_S:
            self._failures = 0
        pause = _chance() * min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(self._failures, 10))
        self._failures += 1
        try:
            async with asyncio.timeout(pause):
                await (ended or asyncio.Event()).wait()
        except TimeoutError:
            return


class AccountStream(ABC):
    """Keeps a connection, and says what is heard; a broker's own has `_keep`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: asyncio.Queue[Said | Exception | None] = asyncio.Queue()
        self._early: (
            list[Said] | None
        ) = []  # what came before the line was told to be up; None while it is up
        self._told_down = self._closed = False

    @abstractmethod
    async def _keep(self) -> None:
        """Connect, tell it, wait for the end, tell it; again after a pause, until it is cancelled.

        What no waiting mends goes to `_give_up`.
        """

    async def said(self) -> AsyncIterator[Said]:
        """What the account's stream says, until it is closed; raises BrokerError for what no waiting mends."""
        if self._closed:
            return
        keeping = asyncio.create_task(self._keep())
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

    async def close(self) -> None:
        """End the stream; what waits in it is still told."""
        self._closed = True
        self._told.put_nowait(None)

    def _kept(self, keeping: "asyncio.Task[None]") -> None:
        """Whoever keeps the connection has ended without a word: nobody is left waiting for one that cannot come.

        A library may cancel what it waits for when it closes a connection, and that looks like our own doing.
        """
        error = asyncio.CancelledError() if keeping.cancelled() else keeping.exception()
        if error is not None:
            why = secrets.clean(str(error)) or type(error).__name__
            self._told.put_nowait(ConnectionLostError(f"the stream of the account was given up: {why}"))

    def _say(self, said: Said) -> None:
        """Tell it, or keep it until the line is told to be up."""
        if self._early is None:
            self._told.put_nowait(said)
        else:
            self._early.append(said)

    def _up(self) -> None:
        """No report can be missed from here on."""
        early, self._early = self._early, None
        self._told_down = False
        for one in (LinkSaid(up=True, ts=self._clock.now()), *(early or ())):
            self._told.put_nowait(one)

    def _down(self, reason: str) -> None:
        """There is no line, or none any more; once until it is up again."""
        self._early = []
        if not self._told_down:
            self._told_down = True
            self._told.put_nowait(LinkSaid(up=False, reason=secrets.clean(reason), ts=self._clock.now()))

    def _give_up(self, error: BrokerError) -> None:
        self._told.put_nowait(error)
