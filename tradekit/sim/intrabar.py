"""At what price, if at all, an order trades in a bar: the fill rules for one order and one bar.

Touching is enough: a limit fills at its price when the bar reaches it, a stop triggers likewise. Knows no book.
"""

from decimal import Decimal

from tradekit.model.money import exact
from tradekit.model.order import OrderSubmitted, OrderType, Side

__all__ = ["first_touch", "price_of"]


def price_of(order: OrderSubmitted, opening: float, *, at_open: bool) -> tuple[Decimal, str] | None:
    """The price and the name of the rule, or None when the order does not trade at this point of the bar.

    At the open: a market order trades; a limit that the open betters and a stop that the open has passed trade
    at the open (a gap). Inside the bar (`at_open=False`, once touched): each trades at its own price.
    """
    if order.type is OrderType.MARKET:
        return (exact(opening), "market.open") if at_open else None
    level = order.limit if order.type is OrderType.LIMIT else order.stop
    if level is None:
        return None
    word = order.type.value
    if not at_open:
        return level, f"{word}.touch"
    start = exact(opening)
    rises = (order.side is Side.BUY) == (order.type is OrderType.STOP)  # buy stops and sell limits lie above
    passed = start >= level if rises else start <= level
    return (start, f"{word}.gap") if passed else None


def first_touch(order: OrderSubmitted, high: float, low: float) -> bool:
    """Whether the bar's range reaches the order's price."""
    level = order.limit if order.type is OrderType.LIMIT else order.stop
    if level is None:
        return False
    rises = (order.side is Side.BUY) == (order.type is OrderType.STOP)
    return high >= float(level) if rises else low <= float(level)
