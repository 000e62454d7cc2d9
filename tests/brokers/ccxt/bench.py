"""The ccxt broker on a bench: the real library against a local venue of Binance's shape.

Knows no test.
"""

from decimal import Decimal
from typing import Any

from tradekit.brokers.ccxt.client import Access, load_library
from tradekit.brokers.ccxt.orders import CcxtBroker
from tradekit.core.clock import SystemClock
from tradekit.core.secret import Secret
from tradekit.testing.binance.venue import Venue

load_library()  # takes seconds, which no test should wait for within its bound


class CcxtBench:
    """An account with 100,000 USDT and one BTC, at 50,000."""

    instrument = "BTC-USDT"
    qty = Decimal("0.02")
    price = Decimal(40_000)

    def __init__(self, market: str) -> None:
        self.venue = Venue(market)
        self.broker: Any = None
        self.market = market

    async def open(self) -> None:
        await self.venue.open()
        self.broker = self.made()

    def made(self, **access: Any) -> CcxtBroker:
        """A broker of its own at this venue."""
        return CcxtBroker(access_to(self.venue, **access), self.market, [self.instrument])

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


def access_to(venue: Venue, **given: Any) -> Access:
    """Access to a local venue, with its key."""
    terms: dict[str, Any] = {
        "key": Secret(venue.key),
        "secret": Secret(venue.secret),
        "timeout_s": 3.0,
    } | given
    return Access(venue="binance", url=venue.url, **terms)
