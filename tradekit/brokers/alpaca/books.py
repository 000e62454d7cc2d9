"""Alpaca's books, page by page until all pages are there: open orders, trades, positions, cash.

Knows no order of ours and no wait.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.client import Client
from tradekit.brokers.alpaca.errors import Unreadable
from tradekit.brokers.alpaca.names import Names
from tradekit.model.said import Ask, FillSaid, Item, OrderSaid, Question

__all__ = ["book", "stamp"]

_ORDERS, _TRADES = 500, 100  # in one page, at most
_SECOND = 1_000_000_000


async def book(client: Client, ask: Ask, names: Names) -> tuple[Item, ...]:
    """A whole book."""
    match ask.question:
        case Question.OPEN_ORDERS:
            return tuple(await _open_orders(client, names))
        case Question.EXECUTIONS:
            return tuple(await _executions(client, ask.since, names))
        case Question.POSITIONS:
            return tuple(words.positions(await client.get("/positions"), names))
        case Question.BALANCES:
            return tuple(words.balances(await client.get("/account")))
    raise Unreadable(f"alpaca keeps no book of {ask.question}")


def stamp(ts: int) -> str:
    """A moment as the venue takes it, to the microsecond [from UTC ns]."""
    return f"{datetime.fromtimestamp(ts // _SECOND, UTC):%Y-%m-%dT%H:%M:%S}.{ts % _SECOND // 1000:06d}Z"


async def _open_orders(client: Client, names: Names) -> list[OrderSaid]:
    """Orders by the time they were sent, each once: a page repeats the moment at which the one before ends."""
    found: dict[str, OrderSaid] = {}
    query: Mapping[str, str] = {
        "status": "open",
        "direction": "asc",
        "limit": str(_ORDERS),
        "nested": "false",
    }
    after: dict[str, str] = {}
    while True:
        page = await client.get("/orders", {**query, **after})
        before = len(found)
        found |= {one.venue_id: one for one in words.listed(page, names)}
        if len(page) < _ORDERS:
            return list(found.values())
        if len(found) == before:
            raise Unreadable(f"more than {_ORDERS} orders were sent at one moment")
        after = {"after": stamp(words.moment(page[-1].get("submitted_at")) - 1000)}


async def _executions(client: Client, since: int, names: Names) -> list[FillSaid]:
    """Trades from a moment on [UTC ns]; the venue takes whole seconds, and tells those behind them."""
    found: list[FillSaid] = []
    query: dict[str, Any] = {"direction": "asc", "page_size": str(_TRADES)}
    if since > _SECOND:
        query["after"] = f"{datetime.fromtimestamp(since // _SECOND - 1, UTC):%Y-%m-%dT%H:%M:%SZ}"
    while True:
        page = await client.get("/account/activities/FILL", query)
        found += words.executions(page, names)
        if len(page) < _TRADES:
            first = since // _SECOND * _SECOND  # a trade's time may be cut off here, and whole on the stream
            return [one for one in found if one.ts >= first]
        query["page_token"] = words.text(page[-1], "id")
