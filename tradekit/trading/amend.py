"""The change of a working order: what of it was asked for, exact and checked, and only what differs.

Pure. Knows the order as it is, no state, no risk and no venue.
"""

from decimal import Decimal

from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.money import exact, floor_to
from tradekit.model.order import OrderReplaceRequested
from tradekit.state.shape import Order
from tradekit.trading.terms import check_prices, check_size, limit_price, trail_of, trigger_price

__all__ = ["request_of"]


def request_of(
    spec: Instrument,
    order: Order,
    *,
    qty: object = None,
    limit: object = None,
    stop: object = None,
    trail: object = None,
    trail_pct: object = None,
    reason: str = "",
) -> OrderReplaceRequested | None:
    """The request that gives `order` these terms, or None when it has them; see `Strategy.replace`.

    Raises OrderError for a price that the order's type does not have, or a quantity that has filled already.
    """
    asked = {"limit": limit, "stop": stop, "trail": trail, "trail_pct": trail_pct}
    for name, value in asked.items():
        if value is not None and getattr(order, name) is None:
            has = [known for known in asked if getattr(order, known) is not None]
            raise OrderError(
                f"{order.id} is a {order.type} order without {name}: it has {', '.join(has) or 'no price'} to replace"
            )
    size = None if qty is None else _quantity(spec, order, qty)
    distance, distance_pct = trail_of(spec, trail, trail_pct)
    new = {
        "qty": size,
        "limit": limit_price(spec, order.side, limit),
        "stop": trigger_price(spec, "stop", stop),
        "trail": distance,
        "trail_pct": distance_pct,
    }
    check_prices((new["limit"], limit), (new["stop"], stop))
    differs = {
        name: value for name, value in new.items() if value is not None and value != getattr(order, name)
    }
    if not differs:
        return None
    price = new["limit"] or new["stop"] or order.limit or order.stop
    if order.share is None:
        check_size(spec, size or order.qty, price, reduce_only=order.reduce_only)
    return OrderReplaceRequested(order.id, order.instrument, **differs, reason=reason)


def _quantity(spec: Instrument, order: Order, qty: object) -> Decimal:
    """The whole quantity, what has filled included, floored to the lot."""
    if order.share is not None:
        raise OrderError(
            f"{order.id} is sized by the venue, as a share of the buying power: it has no quantity"
        )
    size = floor_to(exact(qty, name="quantity"), spec.lot)
    if size <= order.filled:
        raise OrderError(
            f"quantity is {qty}, and {order.filled:f} of {order.id} have filled: it counts from the order's "
            f"beginning; cancel the order to end it there"
        )
    return size
