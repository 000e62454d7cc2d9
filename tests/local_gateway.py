"""A TWS in a thread of its own, with a share whose bars last five seconds, for whole sessions.

Knows no session.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from tests.on_thread import OnThread, beside
from tradekit.testing.ib.account import AAPL, Order
from tradekit.testing.ib.gateway import Gateway
from tradekit.testing.ib.market import BarTold

INTERVAL, SECONDS = "5s", 5
PRICE = 190.0


class LocalGateway(OnThread):
    """A `Gateway` that other threads and processes can use; `with LocalGateway() as gateway`."""

    def __init__(self, **given: Any) -> None:
        super().__init__("gateway")
        self.gateway = Gateway(**given)

    @property
    def orders(self) -> list[Order]:
        """All orders of the account, oldest first."""
        return list(self.gateway.account.orders)

    @property
    def placed(self) -> int:
        """How often an order was sent."""
        return sum(sent[0] == "3" for sent in self.gateway.requests)

    def sections(self) -> dict[str, Any]:
        """The sections of a configuration that trades the share here, live."""
        return {
            "session": {"name": "paper", "mode": "live", "account": "desk", "currency": "USD"},
            "instruments": [{"id": "AAPL", "contract": "STK AAPL SMART USD"}],
            "market_data": {"source": "ib", "timeframes": [INTERVAL], "warmup_bars": 20},
            "broker": {"name": "ib", "port": self.gateway.port, "client_id": 5},
        }

    # --- the market -----------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """Open the gateway with 300 bars behind it, and trade."""
        await self.gateway.open()
        now = self.gateway.now() // SECONDS * SECONDS
        for back in range(300, 0, -1):
            self._forms(now - back * SECONDS)
        async with beside(self._trade()):
            yield
        await self.gateway.close()

    async def _trade(self) -> None:
        """Tell the bar that forms twice a second; the next one begins on its second."""
        while True:
            self._forms(self.gateway.now() // SECONDS * SECONDS)
            await asyncio.sleep(0.5)

    def _forms(self, time: int) -> None:
        self.gateway.market.forms(AAPL.id, SECONDS, BarTold(time, PRICE, PRICE, PRICE, PRICE, 100.0))
