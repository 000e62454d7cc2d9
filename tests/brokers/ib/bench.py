"""The ib broker on a bench: the real library against a TWS of ours.

Knows no test.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tradekit.brokers.ib.client import Access, load_library
from tradekit.brokers.ib.contracts import terms_of
from tradekit.brokers.ib.orders import IbBroker
from tradekit.core.clock import SystemClock
from tradekit.testing.ib.gateway import Gateway

load_library()  # takes its time, which no test should wait for within its bound

WORDS: Mapping[str, str] = {
    "AAPL": "STK AAPL SMART USD",
    "EUR-USD": "CASH EUR.USD IDEALPRO",
    "ES": "FUT ESZ6 CME USD",
}


class Afternoon(SystemClock):
    """The machine's clock, at three in the afternoon in New York when it is made: no day of TWS ends under a test."""

    def __init__(self) -> None:
        there = datetime.fromtimestamp(super().now() / 1e9, ZoneInfo("America/New_York"))
        self.ahead_s = (there.replace(hour=15, minute=0, second=0) - there).total_seconds()

    def now(self) -> int:
        return super().now() + int(self.ahead_s * 1e9)


class IbBench:
    """An account with 100,000 USD; a share of AAPL is at 190."""

    def __init__(
        self,
        instrument: str = "AAPL",
        qty: Decimal = Decimal(10),
        price: Decimal = Decimal(100),
        clock: SystemClock | None = None,
        **gateway: Any,
    ) -> None:
        self.clock = clock or Afternoon()
        self.instrument, self.qty, self.price = instrument, qty, price
        self.gateway = Gateway(clock=self.clock, **gateway)
        self.broker: Any = None

    async def open(self) -> None:
        await self.gateway.open()
        self.broker = self.made()

    def made(self, **access: Any) -> IbBroker:
        """A broker of its own at this TWS."""
        return IbBroker(
            access_to(self.gateway, **access),
            {name: terms_of(text) for name, text in WORDS.items()},
            clock=self.clock,
        )

    async def trade(self, client_id: str, qty: Decimal) -> None:
        await self.gateway.trade(client_id, qty)

    def now(self) -> int:
        return self.clock.now()

    async def close(self) -> None:
        await self.gateway.close()

    async def cut(self) -> None:
        await self.gateway.cut()

    async def heal(self) -> None:
        await self.gateway.heal()

    async def lose_answer(self) -> None:
        self.gateway.lose_answer()

    async def lose_request(self) -> None:
        self.gateway.lose_request()


def access_to(gateway: Gateway, **given: Any) -> Access:
    """Access to a local TWS."""
    return Access(host=gateway.host, port=gateway.port, **({"timeout_s": 1.0} | given))
