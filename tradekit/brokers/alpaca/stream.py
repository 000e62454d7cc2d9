"""The account's stream: opened, signed in, kept, made again when it is lost, and its messages put in words.

Knows no order.
"""

import asyncio
import logging
from typing import Any

from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.client import Access
from tradekit.brokers.alpaca.errors import Unreadable
from tradekit.brokers.alpaca.line import KeyRefused, Line, Lost, opened
from tradekit.brokers.alpaca.names import Names
from tradekit.brokers.stream import AccountStream, Pauses
from tradekit.core.clock import Clock
from tradekit.core.redact import secrets
from tradekit.errors import BrokerError
from tradekit.model.said import Said

__all__ = ["Stream", "no_key"]

_OPEN_S = 20.0  # a stream that is not confirmed by then is not
_UPDATES = "trade_updates"
_log = logging.getLogger(__name__)


class Stream(AccountStream):
    """The account's stream at Alpaca."""

    def __init__(self, access: Access, names: Names, clock: Clock) -> None:
        super().__init__(clock)
        self._access, self._names = access, names

    async def _keep(self) -> None:
        pauses = Pauses()
        while True:
            began, up = self._clock.monotonic(), False
            try:
                async with opened(self._access.account_stream, own=bool(self._access.url)) as line:
                    async with asyncio.timeout(_OPEN_S):
                        await self._sign_in(line)
                    up = True
                    self._up()
                    while True:
                        for said in self._heard(await line.read()):
                            self._say(said)
            except KeyRefused as error:
                self._give_up(no_key(str(error), paper=self._access.paper))
                return
            except Unreadable as error:  # a report was missed: a new connection has every book asked for
                reason = f"a report cannot be read: {error}"
            except (Lost, TimeoutError) as error:
                reason = str(error) or "the venue does not answer"
            except Exception as error:  # nothing may end the stream unsaid
                _log.exception("the account's stream failed")
                reason = f"{type(error).__name__}: {error}"
            self._down(reason)
            lost = "the account's stream is lost" if up else "no stream of the account"
            _log.warning("%s: %s", lost, secrets.clean(reason))
            await pauses.wait(self._clock.monotonic() - began)

    async def _sign_in(self, line: Line) -> None:
        """Say who we are, and listen. Raises KeyRefused."""
        key, secret = self._access.key.reveal(), self._access.secret.reveal()
        await line.send({"action": "authenticate", "data": {"key_id": key, "secret_key": secret}})
        told = await self._awaited(line, "authorization")
        if told.get("status") != "authorized":
            raise KeyRefused(str(told.get("message") or told.get("status")))
        await line.send({"action": "listen", "data": {"streams": [_UPDATES]}})
        told = await self._awaited(line, "listening")
        if _UPDATES not in (told.get("streams") or ()):
            raise Lost(f"the venue does not stream {_UPDATES}: {told.get('error') or 'no reason given'}")

    async def _awaited(self, line: Line, stream: str) -> Any:
        """The word that was waited for; what is told before it waits for the line to be up."""
        while (message := words.mapping(await line.read())).get("stream") != stream:
            for said in self._heard(message):
                self._say(said)
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
