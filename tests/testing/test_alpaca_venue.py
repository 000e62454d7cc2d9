"""The local venue of Alpaca's shape is taken for the real one: the library's clients and models read what it says."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tradekit.testing.alpaca import shapes
from tradekit.testing.alpaca.venue import Venue

pytestmark = pytest.mark.shell

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # its streams stand on a client that is deprecated
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.data.requests import StockBarsRequest
    from alpaca.data.timeframe import TimeFrame
    from alpaca.trading.client import TradingClient
    from alpaca.trading.enums import OrderSide, OrderStatus, TimeInForce
    from alpaca.trading.models import TradeActivity, TradeUpdate
    from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest, ReplaceOrderRequest
    from alpaca.trading.stream import TradingStream

MINUTE = 60_000_000_000


def at(script: Callable[[Venue], Awaitable[None]]) -> None:
    """Play something at a venue."""

    async def whole() -> None:
        venue = Venue()
        await venue.open()
        try:
            async with asyncio.timeout(30):
                await script(venue)
        finally:
            await venue.close()

    asyncio.run(whole())


def resting(**terms: Any) -> LimitOrderRequest:
    asked = {
        "symbol": "AAPL",
        "qty": 2,
        "side": OrderSide.BUY,
        "time_in_force": TimeInForce.GTC,
        "limit_price": 150,
    }
    return LimitOrderRequest(**(asked | terms))


def test_the_librarys_models_read_orders_books_and_the_account() -> None:
    def asked(venue: Venue) -> None:
        client = TradingClient(venue.key, venue.secret, url_override=venue.url)
        day = TimeInForce.DAY
        bought = client.submit_order(
            MarketOrderRequest(symbol="AAPL", qty=3, side=OrderSide.BUY, time_in_force=day)
        )
        assert bought.status is OrderStatus.PENDING_NEW
        order = client.submit_order(resting(client_order_id="tk-1"))
        changed = client.replace_order_by_id(
            order.id, ReplaceOrderRequest(limit_price=151, client_order_id="tk-2")
        )
        assert changed.replaces == order.id
        assert client.get_order_by_client_id("tk-1").replaced_by == changed.id
        assert [one.id for one in client.get_orders()] == [changed.id]
        client.cancel_order_by_id(changed.id)
        (held,) = client.get_all_positions()
        assert (held.qty, held.avg_entry_price) == (
            "3.0",
            "200",
        )  # 3 went through a float on its way
        assert client.get_account().cash == "99400.0"
        assert client.get_clock().is_open
        assert client.get_asset("AAPL").tradable
        (trade,) = client.get("/account/activities/FILL")
        assert TradeActivity(account_id="904837e3-3b76-47ec-b432-046db621571b", **trade).cum_qty == 3
        client._session.close()

    at(lambda venue: asyncio.to_thread(asked, venue))


def test_the_librarys_history_reads_its_bars() -> None:
    def asked(venue: Venue) -> None:
        start = venue.now() // MINUTE * MINUTE - 10 * MINUTE
        venue.bars["AAPL", "1Min"] = [shapes.bar(start + i * MINUTE, (1, 2, 0.5, 1.5), 7) for i in range(3)]
        client = StockHistoricalDataClient(venue.key, venue.secret, url_override=venue.url)
        wanted = StockBarsRequest(
            symbol_or_symbols="AAPL", timeframe=TimeFrame.Minute, start=datetime.fromtimestamp(start / 1e9, UTC)
        )  # fmt: skip
        bars = client.get_stock_bars(wanted).data["AAPL"]
        assert [(one.open, one.close, one.volume) for one in bars] == [(1, 1.5, 7)] * 3
        client._session.close()

    at(lambda venue: asyncio.to_thread(asked, venue))


def test_the_librarys_stream_signs_in_and_reads_its_updates() -> None:
    async def script(venue: Venue) -> None:
        heard: list[TradeUpdate] = []
        filled = asyncio.Event()

        async def told(update: TradeUpdate) -> None:
            heard.append(update)
            if update.event == "fill":
                filled.set()

        stream = TradingStream(
            venue.key, venue.secret, url_override=f"{venue.url.replace('http', 'ws')}/stream"
        )
        stream.subscribe_trade_updates(told)
        running = asyncio.create_task(stream._run_forever())
        while not venue.streams.listeners:  # noqa: ASYNC110 - the library's insides have no event
            await asyncio.sleep(0.01)
        sent = {"symbol": "AAPL", "qty": "2", "side": "buy", "type": "market", "time_in_force": "day"}
        _, happened = venue.account.submit(sent, venue.now(), market_open=True)
        await venue.tell(*happened)
        await filled.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await stream.close()
        assert [one.event for one in heard] == ["pending_new", "new", "fill"]
        assert (heard[-1].qty, heard[-1].price, heard[-1].order.filled_qty) == (2, 200, "2")

    at(script)
