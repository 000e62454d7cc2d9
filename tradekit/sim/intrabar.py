"""At what price, if at all, an order trades in a bar: the fill rules for one order and one bar.

Touching is enough: a limit fills at its price when the bar reaches it, a stop triggers likewise.
Knows no book.
"""

from decimal import Decimal

from tradekit.model.money import exact
from tradekit.model.order import OrderSubmitted, OrderType, Side

__all__ = ["Found", "at_open", "inside"]

Found = tuple[Decimal, str]  # the price before costs [quote currency], and the name of the rule


def at_open(order: OrderSubmitted, opening: float) -> Found | None:
    """The order's trade at the bar's open, or None.

    A market order trades there. A limit that the open betters and a stop that the open has passed trade there
    too (a gap): at the open, not at their own price.
    """
    start = exact(opening)
    if order.type is OrderType.MARKET:
        return start, "market.open"
    level = _level(order)
    if level is None:
        return None
    passed = start >= level if _lies_above(order) else start <= level
    return (start, f"{order.type}.gap") if passed else None


def inside(order: OrderSubmitted, high: float, low: float) -> Found | None:
    """The order's trade within the bar's range, at its own price, or None when the bar does not reach it."""
    level = _level(order)
    if level is None:
        return None
    reached = high >= float(level) if _lies_above(order) else low <= float(level)
    return (level, f"{order.type}.touch") if reached else None


def _level(order: OrderSubmitted) -> Decimal | None:
    return order.stop if order.type is OrderType.STOP else order.limit


def _lies_above(order: OrderSubmitted) -> bool:
    """Whether the order waits for a rise: buy stops and sell limits do."""
    return (order.side is Side.BUY) == (order.type is OrderType.STOP)
