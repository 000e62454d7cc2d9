"""At what price, if at all, an order trades: the fill rules for one order against one price, or one bar's range.

Knows no book and no volume.
"""

from decimal import Decimal
from typing import NamedTuple

from tradekit.model.money import exact
from tradekit.model.order import OrderSubmitted, OrderType, Side
from tradekit.sim.rules import Rules

__all__ = ["STOPS", "Found", "at_price", "level", "marketable", "waits_above", "within", "works_as"]

STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})  # they wait for what hurts
_THEN_LIMIT = frozenset({OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})


class Found(NamedTuple):
    """What a price does to an order: where it trades before costs, by which rule.

    trades    False: its trigger is reached, and its limit lies beyond that price
    triggers  whether a trigger is reached by it that turns the order into a limit order
    """

    price: Decimal
    rule: str
    trades: bool = True
    triggers: bool = False


def works_as(kind: OrderType, *, triggered: bool) -> OrderType:
    """What an order of a type works as, once it is triggered: a limit order, or a market order."""
    if not triggered or kind is OrderType.LIMIT:
        return kind
    return OrderType.LIMIT if kind in _THEN_LIMIT else OrderType.MARKET


def level(order: OrderSubmitted, kind: OrderType) -> Decimal | None:
    """The price that an order waits for, working as `kind`: its limit or its trigger."""
    return order.limit if kind is OrderType.LIMIT else order.stop


def waits_above(side: Side, kind: OrderType) -> bool:
    """Whether such an order waits for a rise: buy stops, sell limits and what is sold once touched do."""
    return (side is Side.BUY) == (kind in STOPS)


def marketable(order: OrderSubmitted, price: Decimal | None) -> bool:
    """Whether an order trades at once where `price` is what it meets."""
    if order.type is OrderType.MARKET:
        return True
    if order.type is not OrderType.LIMIT or order.limit is None or price is None:
        return False
    return _allows(order.side, order.limit, price)


def at_price(
    order: OrderSubmitted, kind: OrderType, price: Decimal, how: str, rules: Rules, *, rests: bool = False
) -> Found | None:
    """The order's trade where the market jumps to `price` (an open, a quote, a trade), or None.

    A limit that it betters and a stop that it has passed trade at it, not at their own price, unless the rules say
    otherwise; a limit order that `rests` in the book of a quoted market has its own price.
    """
    if kind is OrderType.MARKET:
        return Found(price, f"market.{how}")
    at = level(order, kind)
    if at is None:
        return None
    above = waits_above(order.side, kind)
    if not (price >= at if above else price <= at):
        return None
    how = "gap" if how == "open" else how
    if kind is OrderType.LIMIT:
        if rules.limits == "through" and price == at and how != "quote":
            return None
        own = rests or (how == "gap" and rules.limit_gap == "limit")
        return Found(at if own else price, f"limit.{how}")
    if kind in STOPS and how == "gap" and rules.stop_gap == "stop":
        price = at
    if kind in _THEN_LIMIT:
        return Found(price, f"{kind}.{how}", _allows(order.side, order.limit, price), triggers=True)
    return Found(price, f"{kind}.{how}")


def within(order: OrderSubmitted, kind: OrderType, high: float, low: float, rules: Rules) -> Found | None:
    """The order's trade within a bar's range, at its own price, or None when the bar does not reach it."""
    at = level(order, kind)
    if at is None or kind is OrderType.MARKET:
        return None
    above = waits_above(order.side, kind)
    if not _reached(
        at, high, low, above=above, through=kind is OrderType.LIMIT and rules.limits == "through"
    ):
        return None
    rule = f"{kind}.touch"
    if kind not in _THEN_LIMIT:
        return Found(at, rule)
    if _allows(order.side, order.limit, at):
        return Found(at, rule, triggers=True)
    # A limit beyond the trigger: price passes it on the same way, where both lie on one side. A stop-limit's lies on
    # the way back, and nobody knows whether it was passed before or after.
    further = kind is OrderType.LIMIT_IF_TOUCHED and order.limit is not None
    if further and _reached(order.limit, high, low, above=above, through=rules.limits == "through"):  # type: ignore[arg-type]
        return Found(order.limit, rule, triggers=True)  # type: ignore[arg-type]
    return Found(at, rule, trades=False, triggers=True)


def _reached(at: Decimal, high: float, low: float, *, above: bool, through: bool) -> bool:
    if through:
        return exact(high) > at if above else exact(low) < at
    return high >= float(at) if above else low <= float(at)


def _allows(side: Side, limit: Decimal | None, price: Decimal) -> bool:
    """Whether a limit lets its order trade at a price."""
    return limit is not None and (price <= limit if side is Side.BUY else price >= limit)
