"""A venue of Alpaca's shape in a thread of its own, with a market that trades twice a second, for whole sessions.

Knows no session.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal

from tests.on_thread import OnThread, beside
from tradekit.testing.alpaca import shapes
from tradekit.testing.alpaca.account import Order
from tradekit.testing.alpaca.venue import Venue

_MINUTE = 60_000_000_000


class Floor(OnThread):
    """A `Venue` that other threads and processes can use; `with Floor() as floor`."""

    def __init__(self) -> None:
        super().__init__("venue")
        self.venue = Venue()

    def trade(self, client_id: str, qty: int) -> None:
        """Somebody takes so much of a resting order."""
        self.call(self.venue.trade(client_id, Decimal(qty)))

    @property
    def env(self) -> dict[str, str]:
        """The environment that the key is in."""
        return {"DESK_KEY": self.venue.key, "DESK_SECRET": self.venue.secret}

    @property
    def orders(self) -> list[Order]:
        """All orders of the account, oldest first."""
        return list(self.venue.account.orders.values())

    @property
    def held(self) -> Decimal:
        """What the account holds of AAPL."""
        return self.venue.account.positions.get("AAPL", (Decimal(0), Decimal(0)))[0]

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """Open the venue with an hour behind it, and trade."""
        await self.venue.open()
        now = self.venue.now() // _MINUTE * _MINUTE
        prices = (200.0, 201.0, 199.0, 200.0)
        self.venue.bars["AAPL", "1Min"] = [
            shapes.bar(now - back * _MINUTE, prices, 10) for back in range(60, 0, -1)
        ]
        async with beside(self._trade()):
            yield
        await self.venue.close()

    async def _trade(self) -> None:
        while True:
            await self.venue.streams.tell_market("trades", {"T": "t", "S": "AAPL", "p": 200.25, "s": 1})
            await asyncio.sleep(0.5)
