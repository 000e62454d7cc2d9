"""An order through zero as two: one that closes what is held, and one that opens the rest once that has filled.

Pure. For venues that do not take an order through zero. Knows no venue.
"""

from decimal import Decimal

import msgspec

from tradekit.model.order import OrderSubmitted, TimeInForce
from tradekit.state.exposure import leg_of
from tradekit.state.shape import State
from tradekit.trading.risk import Denial

__all__ = ["through_zero"]

_AUCTIONS = (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE)


def through_zero(state: State, order: OrderSubmitted) -> tuple[OrderSubmitted, ...] | Denial:
    """The close and the opening that an order comes to; the order itself where it does not cross zero.

    An order for an auction is refused: the opening could not be sent before the close has filled in it.
    """
    held = leg_of(state, order)
    if order.reduce_only or order.parent or held * order.side.sign >= 0 or order.qty <= abs(held):
        return (order,)
    if order.tif in _AUCTIONS:
        text = f"{order.qty:f} against {held:f} held, at the {order.tif.removeprefix('at_')}: close first, then open"
        return Denial("flip", "", text)
    rest: Decimal = order.qty - abs(held)
    close = msgspec.structs.replace(order, qty=abs(held), reduce_only=True)
    opening = msgspec.structs.replace(order, id=f"{order.id}/open", qty=rest, parent=order.id)
    return close, opening
