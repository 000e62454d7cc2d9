"""The JSON of a venue of Alpaca's shape, as its documents print it: orders, updates, activities, books, stocks, bars.

Knows no connection.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tradekit.testing.alpaca.account import Account, Happened, Order, Stock, Trade

__all__ = ["account", "activity", "asset", "bar", "clock", "order", "position", "stamp", "update"]

_SECOND = 1_000_000_000


def stamp(ts: int) -> str:
    """A moment [from UTC ns], to the nanosecond."""
    return f"{datetime.fromtimestamp(ts // _SECOND, UTC):%Y-%m-%dT%H:%M:%S}.{ts % _SECOND:09d}Z"


def text(number: Decimal | None) -> str | None:
    """A number in quotes."""
    return None if number is None else f"{number:f}"


def order(one: Order) -> dict[str, Any]:
    """An order, as every answer and every update has it."""
    average = text(one.paid / one.filled) if one.filled else None
    return {
        "id": one.id,
        "client_order_id": one.client_id,
        "created_at": stamp(one.made),
        "updated_at": stamp(one.updated),
        "submitted_at": stamp(one.made),
        "filled_at": stamp(one.updated) if one.status == "filled" else None,
        "expired_at": stamp(one.updated) if one.status == "expired" else None,
        "canceled_at": stamp(one.updated) if one.status == "canceled" else None,
        "failed_at": stamp(one.updated) if one.status == "rejected" else None,
        "replaced_at": stamp(one.updated) if one.status == "replaced" else None,
        "replaced_by": one.replaced_by,
        "replaces": one.replaces,
        "asset_id": "904837e3-3b76-47ec-b432-046db621571b",
        "symbol": one.symbol,
        "asset_class": "us_equity",
        "notional": None,
        "qty": text(one.qty),
        "filled_qty": text(one.filled),
        "filled_avg_price": average,
        "order_class": "",
        "order_type": one.type,
        "type": one.type,
        "side": one.side,
        "time_in_force": one.tif,
        "limit_price": text(one.limit),
        "stop_price": text(one.stop),
        "status": one.status,
        "extended_hours": False,
        "legs": None,
        "trail_percent": text(one.trail_percent),
        "trail_price": text(one.trail_price),
        "hwm": None,
        "position_intent": f"{one.side}_to_open",
    }


def update(told: Happened, account: Account) -> dict[str, Any]:
    """What the account's stream says of an order."""
    data: dict[str, Any] = {
        "event": told.event,
        "execution_id": told.trade.execution if told.trade else None,
        "order": order(told.order),
        "timestamp": stamp(told.order.updated),
    }
    if told.trade is not None:
        held, _ = account.positions[told.order.symbol]
        data |= {"price": text(told.trade.price), "qty": text(told.trade.qty), "position_qty": text(held)}
    if told.reason:
        data["reason"] = told.reason
    return {"stream": "trade_updates", "data": data}


def activity(one: Trade) -> dict[str, Any]:
    """A trade in the book of activities; its time is cut off at the millisecond."""
    day = datetime.fromtimestamp(one.ts // _SECOND, UTC)
    millis = one.ts % _SECOND // 1_000_000
    return {
        "id": f"{day:%Y%m%d%H%M%S}{millis:03d}::{one.activity}", "activity_type": "FILL",
        "transaction_time": f"{day:%Y-%m-%dT%H:%M:%S}.{millis:03d}Z", "type": "partial_fill" if one.left else "fill",
        "price": text(one.price), "qty": text(one.qty), "side": one.side, "symbol": one.symbol,
        "leaves_qty": text(one.left), "order_id": one.order, "cum_qty": text(one.cum),
        "order_status": "partially_filled" if one.left else "filled",
    }  # fmt: skip


def position(symbol: str, qty: Decimal, entry: Decimal, price: Decimal) -> dict[str, Any]:
    """What is held of a stock."""
    return {
        "asset_id": "904837e3-3b76-47ec-b432-046db621571b", "symbol": symbol, "exchange": "NASDAQ",
        "asset_class": "us_equity", "asset_marginable": True, "qty": text(qty), "avg_entry_price": text(entry),
        "side": "long" if qty > 0 else "short", "market_value": text(qty * price), "cost_basis": text(qty * entry),
        "unrealized_pl": text(qty * (price - entry)), "current_price": text(price), "qty_available": text(qty),
    }  # fmt: skip


def account(one: Account, **flags: Any) -> dict[str, Any]:
    """The account."""
    longs = sum((qty * one.stocks[name].price for name, (qty, _) in one.positions.items()), start=Decimal(0))
    return {
        "id": "1d9eed04-be39-4e01-9b84-a48ac5bbafcf", "account_number": "PA123", "status": "ACTIVE", "currency": "USD",
        "cash": text(one.cash), "equity": text(one.cash + longs), "buying_power": text(one.buying_power),
        "multiplier": "2", "pattern_day_trader": False, "trading_blocked": False, "transfers_blocked": False,
        "account_blocked": False, "trade_suspended_by_user": False, "shorting_enabled": one.shorts,
        "daytrade_count": 0,
    } | flags  # fmt: skip


def asset(one: Stock) -> dict[str, Any]:
    """A stock."""
    return {
        "id": "904837e3-3b76-47ec-b432-046db621571b", "class": "us_equity", "exchange": "NASDAQ", "symbol": one.symbol,
        "name": f"{one.symbol} Common Stock", "status": "active", "tradable": one.tradable, "marginable": True,
        "shortable": one.shortable, "easy_to_borrow": one.shortable, "fractionable": one.fractionable, "attributes": [],
    }  # fmt: skip


def clock(now: int, *, market_open: bool) -> dict[str, Any]:
    """The venue's clock, and whether the market is open."""
    later = stamp(now + 3600 * _SECOND)
    return {"timestamp": stamp(now), "is_open": market_open, "next_open": later, "next_close": later}


def bar(ts: int, prices: tuple[float, float, float, float], volume: float) -> dict[str, Any]:
    """A minute, labelled by its begin [UTC ns]; a bar of the history or of the stream."""
    opened, high, low, close = prices
    whole = f"{datetime.fromtimestamp(ts // _SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"t": whole, "o": opened, "h": high, "l": low, "c": close, "v": volume, "n": 1, "vw": close}
