"""What the exchange takes into its book and what it refuses, with the reason in words. Knows no price path."""

from decimal import Decimal

from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderSubmitted, OrderType, TimeInForce
from tradekit.sim.book import Book
from tradekit.sim.fees import notional
from tradekit.sim.prices import marketable

__all__ = ["refusal", "refused_terms"]

_LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})
_TRIGGERED = frozenset(
    {OrderType.STOP, OrderType.STOP_LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED}
)
_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK, TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE})
_SESSIONS = frozenset({TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE})


def refusal(book: Book, order: OrderSubmitted, ts: int) -> str:
    """Why an order that arrives at `ts` [UTC ns] is refused, or ""."""
    if order.instrument not in book.instruments:
        return f"no instrument {order.instrument!r} here; known: {', '.join(book.instruments)}"
    if order.id in book.resting:
        return f"an order {order.id} is in the book already"
    if order.parent and order.parent not in book.resting and order.parent not in book.entered:
        return f"its parent {order.parent} is not in the book"
    return _life(order, book.instruments[order.instrument], ts) or refused_terms(book, order)


def refused_terms(book: Book, order: OrderSubmitted) -> str:
    """Why an order cannot have these terms, or "": at its arrival, and when it is to be replaced."""
    instrument = book.instruments[order.instrument]
    price = book.boards[order.instrument].price(order.side)
    why = _prices(order) or _steps(order, instrument) or _size(order, instrument, price)
    if why or not order.post_only:
        return why
    if order.type is not OrderType.LIMIT:
        return "post-only is for limit orders"
    if not order.parent and marketable(order, price):
        return f"post-only, and at {order.limit} it would trade at once: the market is at {price}"
    return ""


def _life(order: OrderSubmitted, instrument: Instrument, ts: int) -> str:
    tif = order.tif
    if tif in _SESSIONS and instrument.calendar == "24/7":
        return f"{tif}: {instrument.id} trades round the clock and has no session"
    if tif in _AT_ONCE and order.type not in (OrderType.MARKET, OrderType.LIMIT):
        return f"{tif} is for market and limit orders, not for a {order.type}"
    if tif is TimeInForce.GTD and order.expires is None:
        return "gtd without the time it expires"
    if tif is TimeInForce.GTD and order.expires is not None and order.expires <= ts:
        return f"gtd: it expired at {order.expires}, before it came"
    return ""


def _prices(order: OrderSubmitted) -> str:
    kind, trails = order.type, order.type is OrderType.TRAILING_STOP
    if (order.limit is None) == (kind in _LIMITED):
        return f"a {kind} order {'needs a' if kind in _LIMITED else 'has no'} limit price"
    if order.stop is None and kind in _TRIGGERED:
        return f"a {kind} order needs a stop price"
    if order.stop is not None and kind not in _TRIGGERED and not trails:
        return f"a {kind} order has no stop price"
    if ((order.trail is None) == (order.trail_pct is None)) if trails else (order.trail or order.trail_pct):
        return f"a {kind} order {'needs a trail, either a price or percent' if trails else 'has no trail'}"
    for name in ("limit", "stop", "trail", "trail_pct"):
        value = getattr(order, name)
        if value is not None and value <= 0:
            return f"{name} is {value}: it must be above zero"
    if order.trail_pct is not None and order.trail_pct >= 100:
        return f"trail_pct is {order.trail_pct}: it must be below 100"
    return ""


def _steps(order: OrderSubmitted, instrument: Instrument) -> str:
    tick, lot = instrument.tick, instrument.lot
    for name in ("limit", "stop"):
        value = getattr(order, name)
        if tick is not None and value is not None and value % tick:
            return f"{name} {value} is no multiple of the tick {tick}"
    if lot is not None and order.qty % lot:
        return f"quantity {order.qty} is no multiple of the lot {lot}"
    return ""


def _size(order: OrderSubmitted, instrument: Instrument, price: Decimal | None) -> str:
    if order.share is not None:
        return "a share of the buying power: this exchange knows no account; give a quantity"
    if order.qty <= 0:
        return f"quantity is {order.qty}: it must be above zero"
    if instrument.max_qty is not None and order.qty > instrument.max_qty:
        return f"quantity {order.qty} is above the largest, {instrument.max_qty}"
    at = order.limit or order.stop or price
    if instrument.min_notional is not None and at is not None and not order.reduce_only:
        value = notional(instrument, order.qty, at)
        if value < instrument.min_notional:
            return f"its value {value.normalize():f} is below the least, {instrument.min_notional}"
    return ""
