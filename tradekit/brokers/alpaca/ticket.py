"""What Alpaca takes, and how an order or a change of one is written to it: numbers as plain text.

Pure. Knows no connection.
"""

from tradekit.brokers.alpaca.names import Names, plain
from tradekit.brokers.alpaca.words import TYPES
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, TimeInForce
from tradekit.model.said import BOOKS, Question
from tradekit.trading.broker import Abilities, AtVenue

__all__ = ["ABILITIES", "amendment", "ticket", "unable", "unchangeable"]

_TIFS = {
    TimeInForce.GTC: "gtc",
    TimeInForce.DAY: "day",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.AT_OPEN: "opg",
    TimeInForce.AT_CLOSE: "cls",
}

ABILITIES = Abilities(
    types=frozenset(TYPES), tifs=frozenset(_TIFS), replaces=True, keeps=frozenset({*BOOKS, Question.ORDER}),
    longest_id=48, per_second=3.0, window_s=10.0,
)  # fmt: skip
"""No order goes through zero there: one that would is refused, so it is split here. Requests bear no time; a clock that
is five seconds off takes bars that are told for the past."""


def unable(order: OrderSubmitted) -> str:
    """Why the venue cannot take such an order; "" where it can."""
    if order.type not in TYPES:
        return f"orders of type {order.type} are not sent to alpaca"
    if order.tif not in _TIFS:
        return f"orders {order.tif} are not sent to alpaca"
    if order.post_only:
        return "alpaca has no post-only orders of stocks"
    if order.qty <= 0:
        return "the venue does not size orders: the quantity must be given"
    return ""


def ticket(order: OrderSubmitted, names: Names) -> dict[str, str]:
    """An order as it is sent."""
    sent = {
        "symbol": names.there(order.instrument),
        "qty": plain(order.qty),
        "side": order.side.value,
        "type": TYPES[order.type],
        "time_in_force": _TIFS[order.tif],
        "client_order_id": order.id,
    }
    prices = {
        "limit_price": order.limit,
        "stop_price": order.stop,
        "trail_price": order.trail,
        "trail_percent": order.trail_pct,
    }
    return sent | {key: plain(price) for key, price in prices.items() if price is not None}


def unchangeable(order: AtVenue, wanted: OrderReplaceRequested) -> str:
    """Why an order cannot be changed; "" where it can.

    A change makes a new order, and nothing states whether its quantity counts what the old one has filled: so one that
    has begun to fill is not changed, lest more trades than was wanted.
    """
    if not order.venue_id:
        return "alpaca has not told its id yet"
    if order.filled:
        return f"{plain(order.filled)} of it has filled: cancel it, and send a new order for the rest"
    if wanted.trail is not None and wanted.trail_pct is not None:
        return "a distance and a percentage at once make no trailing stop"
    return ""


def amendment(wanted: OrderReplaceRequested, next_id: str) -> dict[str, str]:
    """A change as it is sent: what is not in it stays."""
    told = {
        "qty": wanted.qty,
        "limit_price": wanted.limit,
        "stop_price": wanted.stop,
        "trail": wanted.trail if wanted.trail is not None else wanted.trail_pct,
    }
    sent = {key: plain(number) for key, number in told.items() if number is not None}
    return sent | ({"client_order_id": next_id} if next_id else {})
