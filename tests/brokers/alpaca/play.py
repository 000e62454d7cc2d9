"""Plays of a few calls at a local venue of Alpaca's shape, and the orders they are held with.

Knows no test.
"""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from tests.brokers.alpaca.bench import AlpacaBench
from tradekit.brokers.alpaca.orders import AlpacaBroker
from tradekit.model.order import OrderSubmitted, OrderType, Side
from tradekit.model.said import OrderSaid, What
from tradekit.trading.broker import AtVenue

D = Decimal
Script = Callable[[AlpacaBench, AlpacaBroker], Awaitable[None]]


def order(name: str = "tk-1", **terms: Any) -> OrderSubmitted:
    """A resting buy, unless terms say otherwise."""
    said: dict[str, Any] = {"side": Side.BUY, "type": OrderType.LIMIT, "qty": D(2), "limit": D(150)} | terms
    return OrderSubmitted(name, "AAPL", "s", "main", **said)


def market(name: str, side: Side, qty: int) -> OrderSubmitted:
    return order(name, side=side, type=OrderType.MARKET, qty=D(qty), limit=None)


def at_venue(**terms: Any) -> AtVenue:
    said: dict[str, Any] = {
        "client_id": "tk-1",
        "venue_id": "",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
    } | terms
    return AtVenue(instrument="AAPL", qty=D(2), limit=D(150), next_id="tk-1-1", **said)


def play(script: Script, **access: Any) -> AlpacaBench:
    """Open a venue and a broker, let the script play, close both."""

    async def whole() -> AlpacaBench:
        bench = AlpacaBench()
        await bench.venue.open()
        broker = bench.made(**access)
        try:
            async with asyncio.timeout(30):
                await script(bench, broker)
        finally:
            await broker.close()
            await bench.venue.close()
        return bench

    return asyncio.run(whole())


def sent(bench: AlpacaBench, method: str) -> list[dict[str, Any]]:
    """What was asked for by this method."""
    return [params for verb, _, params in bench.venue.requests if verb == method]


async def reason_of(broker: AlpacaBroker, wanted: OrderSubmitted) -> str:
    """Why an order was rejected."""
    (said,) = await broker.submit(wanted)
    assert isinstance(said, OrderSaid)
    assert said.what is What.REJECTED
    return said.reason
