"""A TWS in a thread of its own, with a share whose bars last five seconds, for whole sessions.

Knows no session.
"""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

from tradekit.testing.ib.account import AAPL, Order
from tradekit.testing.ib.gateway import Gateway
from tradekit.testing.ib.market import BarTold

T = TypeVar("T")
INTERVAL, SECONDS = "5s", 5
PRICE = 190.0


class LocalGateway:
    """A `Gateway` that other threads and processes can use; `with LocalGateway() as gateway`."""

    def __init__(self, **given: Any) -> None:
        self.gateway = Gateway(**given)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway", daemon=True)
        self._trading: asyncio.Task[None] | None = None

    def __enter__(self) -> "LocalGateway":
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
        """Let the gateway's loop do some work."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

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

    async def _opened(self) -> None:
        await self.gateway.open()
        now = self.gateway.now() // SECONDS * SECONDS
        for back in range(300, 0, -1):
            self._forms(now - back * SECONDS)
        self._trading = asyncio.create_task(self._trade())

    async def _closed(self) -> None:
        if self._trading is not None:
            self._trading.cancel()
            await asyncio.gather(self._trading, return_exceptions=True)
        await self.gateway.close()

    async def _trade(self) -> None:
        """Tell the bar that forms twice a second; the next one begins on its second."""
        while True:
            self._forms(self.gateway.now() // SECONDS * SECONDS)
            await asyncio.sleep(0.5)

    def _forms(self, time: int) -> None:
        self.gateway.market.forms(AAPL.id, SECONDS, BarTold(time, PRICE, PRICE, PRICE, PRICE, 100.0))
