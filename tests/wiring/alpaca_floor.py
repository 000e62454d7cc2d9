"""A venue of Alpaca's shape in a thread of its own, with a market that trades twice a second, for whole sessions.

Knows no session.
"""

import asyncio
import threading
from collections.abc import Coroutine
from decimal import Decimal
from types import TracebackType
from typing import Any, TypeVar

from tradekit.testing.alpaca import shapes
from tradekit.testing.alpaca.account import Order
from tradekit.testing.alpaca.venue import Venue

T = TypeVar("T")
_MINUTE = 60_000_000_000


class Floor:
    """A `Venue` that other threads and processes can use; `with Floor() as floor`."""

    def __init__(self) -> None:
        self.venue = Venue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="venue", daemon=True)
        self._trading: asyncio.Task[None] | None = None

    def __enter__(self) -> "Floor":
        self._thread.start()
        self.call(self._opened())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.call(self._closed())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the venue's loop do some work."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

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

    async def _opened(self) -> None:
        await self.venue.open()
        now = self.venue.now() // _MINUTE * _MINUTE
        prices = (200.0, 201.0, 199.0, 200.0)
        self.venue.bars["AAPL", "1Min"] = [
            shapes.bar(now - back * _MINUTE, prices, 10) for back in range(60, 0, -1)
        ]
        self._trading = asyncio.create_task(self._trade())

    async def _trade(self) -> None:
        while True:
            await self.venue.streams.tell_market("trades", {"T": "t", "S": "AAPL", "p": 200.25, "s": 1})
            await asyncio.sleep(0.5)

    async def _closed(self) -> None:
        if self._trading is not None:
            self._trading.cancel()
            await asyncio.gather(self._trading, return_exceptions=True)
        await self.venue.close()
