"""A WebSocket line to Alpaca: opened, and read message by message.

alpaca-py's own streams are not used: they make a lost connection again without a word, swallow what they cannot read,
and stand on a client that is deprecated. Addresses and the way of signing in are theirs. Knows no message.
"""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from tradekit.brokers.alpaca.errors import Unreadable

__all__ = ["KeyRefused", "Line", "Lost", "opened"]

_PING_S = 10.0  # a connection without a pong for so long is lost
_LARGEST = 4 * 1024 * 1024  # of one message [bytes]
_quiet = logging.getLogger("tradekit.alpaca.line")
_quiet.setLevel(
    logging.INFO
)  # its debug messages show frames cut short: half a secret, which nothing would blot out


class Lost(Exception):
    """The line is lost, or was never there; why."""


class KeyRefused(Exception):
    """The venue does not take the key."""


class Line:
    """One connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        try:
            await self._connection.send(json.dumps(message))
        except ConnectionClosed as error:
            raise Lost(_why(error)) from error

    async def read(self) -> Any:
        """The next message, its numbers with a point as they are written; raises Lost at the end."""
        try:
            frame = await self._connection.recv()
        except ConnectionClosed as error:
            raise Lost(_why(error)) from error
        try:
            return json.loads(frame, parse_float=Decimal)
        except ValueError as error:
            raise Unreadable(f"a message is no JSON: {str(error)[:100]}") from error

    def drop(self) -> None:
        """End it at once: a farewell would wait for a peer that may be gone."""
        self._connection.transport.abort()


@asynccontextmanager
async def opened(url: str, *, own: bool = False) -> AsyncIterator[Line]:
    """A connection, which ends with the block; `own` is a venue on this machine, where no proxy is asked.

    Raises Lost where there is none, and KeyRefused where the venue turns it away for its key.
    """
    try:
        connection = await connect(
            url, ping_interval=_PING_S, ping_timeout=_PING_S, max_size=_LARGEST, close_timeout=1.0, logger=_quiet,
            proxy=None if own else True,
        )  # fmt: skip
    except InvalidStatus as error:
        status = error.response.status_code
        raise (KeyRefused if status == 401 else Lost)(f"HTTP {status}") from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise Lost(f"{type(error).__name__}: {str(error).partition('?')[0]}"[:300]) from error
    line = Line(connection)
    try:
        yield line
    finally:
        line.drop()


def _why(error: ConnectionClosed) -> str:
    told = error.rcvd
    return f"closed: {told.code} {told.reason}".strip() if told is not None else "the connection broke"
