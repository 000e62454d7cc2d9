"""A venue of Binance's shape in a thread of its own, with a market that moves a bar a second, for whole sessions.

Knows no session.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

from tests.on_thread import OnThread, beside
from tradekit.testing.binance.account import Market, Order
from tradekit.testing.binance.venue import Venue

_SECOND = 1000  # [ms]
INTERVAL = "1s"


class LocalVenue(OnThread):
    """A `Venue` that other threads and processes can use; `with LocalVenue() as venue`.

    price  of the bars to come, by their number from the opening on
    """

    def __init__(
        self, market: str = "spot", *, price: Callable[[int], float] = lambda n: 50_000.0, **given: Any
    ) -> None:
        super().__init__("venue")
        self.venue = Venue(market, **given)
        self.price = price
        self.bars = 0

    def broker(self, **more: Any) -> dict[str, Any]:
        """The section `broker` of a configuration that trades here; `env` has its key."""
        keys = {"key_from": "env:DESK_KEY", "secret_from": "env:DESK_SECRET"}
        market = "spot" if self.venue.spot else "linear"
        return {"name": "ccxt", "market": market, "url": self.venue.url} | keys | more

    @property
    def env(self) -> dict[str, str]:
        """The environment that the key is in."""
        return {"DESK_KEY": self.venue.key, "DESK_SECRET": self.venue.secret}

    @property
    def orders(self) -> list[Order]:
        """All orders of the account, oldest first."""
        return list(self.venue.account.orders.values())

    def asked(self, method: str, ending: str) -> list[dict[str, str]]:
        """The parameters of each request of this method whose path ends so, oldest first."""
        return [sent for how, path, sent in self.venue.requests if how == method and path.endswith(ending)]

    def signed(self) -> list[str]:
        """The paths of all requests that a key was needed for."""
        return [path for _, path, sent in self.venue.requests if "signature" in sent]

    # --- the market -----------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """Open the venue with ten minutes behind it, and trade."""
        await self.venue.open()
        now = self.venue.now() // _SECOND * _SECOND
        for back in range(600, 0, -1):
            self._keep(now - back * _SECOND, self.price(-back))
        async with beside(self._trade(now)):
            yield
        await self.venue.close()

    async def _trade(self, start: int) -> None:
        """Tell the forming bar, and each close on the second."""
        while True:
            ts = start + self.bars * _SECOND
            price = self.price(self.bars)
            for market in list(self.venue.account.markets.values()):
                self._set_price(market, price)
            await self._tell(ts, price, closed=False)
            await asyncio.sleep(max(0, ts + _SECOND - self.venue.now()) / 1000)
            self._keep(ts, price)
            self.bars += 1
            await self._tell(ts, price, closed=True)

    def _set_price(self, market: Market, price: float) -> None:
        changed = {"price": Decimal(str(price))}
        made = Market(**{name: getattr(market, name) for name in market.__struct_fields__} | changed)
        self.venue.account.markets[market.symbol] = made

    def _keep(self, ts: int, price: float) -> None:
        text = str(price)
        row = [ts, text, text, text, text, "1", ts + _SECOND - 1, "1", 1, "1", "1", "0"]
        self.venue.klines.setdefault(("BTCUSDT", INTERVAL), []).append(row)

    async def _tell(self, ts: int, price: float, *, closed: bool) -> None:
        text = str(price)
        k = {"t": ts, "T": ts + _SECOND - 1, "s": "BTCUSDT", "i": INTERVAL, "o": text, "c": text, "h": text, "l": text,
             "v": "1", "x": closed}  # fmt: skip
        event = {"e": "kline", "E": ts, "s": "BTCUSDT", "k": k}
        await self.venue.streams.tell_market(f"btcusdt@kline_{INTERVAL}", event)
