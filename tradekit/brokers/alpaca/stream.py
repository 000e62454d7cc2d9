"""The account's stream: opened, signed in, kept, made again when it is lost, and its messages put in words.

Knows no order.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.client import Access
from tradekit.brokers.alpaca.errors import Unreadable
from tradekit.brokers.alpaca.line import KeyRefused, Line, Lost, Pauses, opened
from tradekit.brokers.alpaca.names import Names
from tradekit.core.clock import Clock
from tradekit.core.redact import secrets
from tradekit.errors import BrokerError
from tradekit.model.said import LinkSaid, Said

__all__ = ["Stream", "no_key"]

_OPEN_S = 20.0  # a stream that is not confirmed by then is not
_UPDATES = "trade_updates"
_log = logging.getLogger(__name__)


class Stream:
    """One stream of statements over as many connections as it takes."""

    def __init__(self, access: Access, names: Names, clock: Clock) -> None:
        self._access, self._names, self._clock = access, names, clock
        self._told: asyncio.Queue[Said | BrokerError | None] = asyncio.Queue()
        self._closed = False

    async def said(self) -> AsyncIterator[Said]:
        """What the account's stream says, until it is closed; raises BrokerError for what no waiting mends."""
        if self._closed:
            return
        keeping = asyncio.create_task(self._keep())
        try:
            while (told := await self._told.get()) is not None:
                if isinstance(told, BrokerError):
                    raise told
                yield told
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def close(self) -> None:
        """End the stream; what waits in it is dropped."""
        self._closed = True
        self._told.put_nowait(None)

    async def _keep(self) -> None:
        """Connect, tell it, read to the end, tell it; again after a pause."""
        pauses, told_down = Pauses(), False
        while True:
            began, up = self._clock.monotonic(), False
            try:
                async with opened(self._access.account_stream, own=bool(self._access.url)) as line:
                    async with asyncio.timeout(_OPEN_S):
                        early = await self._sign_in(line)
                    up, told_down = True, False
                    for said in (LinkSaid(up=True, ts=self._clock.now()), *early):
                        self._told.put_nowait(said)
                    while True:
                        for said in self._heard(await line.read()):
                            self._told.put_nowait(said)
            except KeyRefused as error:
                self._told.put_nowait(no_key(str(error), paper=self._access.paper))
                return
            except Unreadable as error:  # a report was missed: a new connection has every book asked for
                reason = f"a report cannot be read: {error}"
            except (Lost, TimeoutError) as error:
                reason = str(error) or "the venue does not answer"
            except Exception as error:  # nothing may end the stream unsaid
                _log.exception("the account's stream failed")
                reason = f"{type(error).__name__}: {error}"
            reason = secrets.clean(reason)
            if not told_down:
                told_down = True
                self._told.put_nowait(LinkSaid(up=False, reason=reason, ts=self._clock.now()))
            _log.warning(
                "%s: %s", "the account's stream is lost" if up else "no stream of the account", reason
            )
            await pauses.wait(self._clock.monotonic() - began)

    async def _sign_in(self, line: Line) -> list[Said]:
        """Say who we are, and listen; gives what was told before that was confirmed. Raises KeyRefused."""
        early: list[Said] = []
        key, secret = self._access.key.reveal(), self._access.secret.reveal()
        await line.send({"action": "authenticate", "data": {"key_id": key, "secret_key": secret}})
        told = await self._awaited(line, "authorization", early)
        if told.get("status") != "authorized":
            raise KeyRefused(str(told.get("message") or told.get("status")))
        await line.send({"action": "listen", "data": {"streams": [_UPDATES]}})
        told = await self._awaited(line, "listening", early)
        if _UPDATES not in (told.get("streams") or ()):
            raise Lost(f"the venue does not stream {_UPDATES}: {told.get('error') or 'no reason given'}")
        return early

    async def _awaited(self, line: Line, stream: str, early: list[Said]) -> Any:
        while (message := words.mapping(await line.read())).get("stream") != stream:
            early += self._heard(message)
        return words.mapping(message.get("data"))

    def _heard(self, message: Any) -> tuple[Said, ...]:
        """What a message says; nothing where it is none of the account's."""
        one = words.mapping(message)
        if one.get("stream") == _UPDATES:
            return words.heard(one.get("data"), self._names)
        if one.get("stream") in ("authorization", "listening"):  # the venue signs us off
            raise Lost(f"the venue says {one.get('stream')}: {one.get('data')}"[:300])
        return ()


def no_key(reason: str, *, paper: bool) -> BrokerError:
    """What to do about a key that the venue does not take."""
    where = (
        "the paper exchange (broker.sandbox: true)" if paper else "the live exchange (broker.sandbox: false)"
    )
    return BrokerError(
        f"alpaca does not accept the key: {secrets.clean(reason)}. Check that key and secret are a pair, and one of "
        f"{where}: paper and live have keys of their own"
    )
