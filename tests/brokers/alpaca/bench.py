"""The Alpaca broker on a bench: the real library against a local venue of Alpaca's shape.

Knows no test.
"""

import asyncio
from decimal import Decimal
from typing import Any

from tradekit.brokers.alpaca.client import Access, load_library
from tradekit.brokers.alpaca.orders import AlpacaBroker
from tradekit.core.clock import SystemClock
from tradekit.core.secret import Secret
from tradekit.testing.alpaca.venue import Venue

load_library()  # takes half a second, which no test should wait for within its bound


class AlpacaBench:
    """An account with 100,000 dollars, and AAPL at 200."""

    instrument = "AAPL"
    qty = Decimal(4)
    price = Decimal(150)

    def __init__(self) -> None:
        self.venue = Venue()
        self.broker: Any = None

    async def open(self) -> None:
        await self.venue.open()
        self.broker = self.made()

    def made(self, **access: Any) -> AlpacaBroker:
        """A broker of its own at this venue."""
        return AlpacaBroker(access_to(self.venue, **access), [self.instrument])

    async def trade(self, client_id: str, qty: Decimal) -> None:
        await self.venue.trade(client_id, qty)

    def now(self) -> int:
        return SystemClock().now()

    async def close(self) -> None:
        await self.venue.close()

    async def cut(self) -> None:
        await self.venue.cut()

    async def heal(self) -> None:
        await self.venue.heal()

    async def lose_answer(self) -> None:
        self.venue.lose_answer()

    async def lose_request(self) -> None:
        self.venue.lose_request()


class Mute:
    """A server that takes connections and never says a word."""

    async def __aenter__(self) -> "Mute":
        self.called, self._left = asyncio.Event(), asyncio.Event()
        self._server = await asyncio.start_server(self._hold, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.called.set()
        await reader.read()
        writer.close()
        self._left.set()

    async def __aexit__(self, *_: object) -> None:
        await self._left.wait()
        self._server.close()
        await self._server.wait_closed()


def access_to(venue: Venue, **given: Any) -> Access:
    """Access to a local venue, with its key."""
    terms: dict[str, Any] = {
        "key": Secret(venue.key),
        "secret": Secret(venue.secret),
        "timeout_s": 3.0,
    } | given
    return Access(url=venue.url, **terms)
