"""What a venue counts, as we count: of an order from its beginning, of a trade alone.

Pure. Some venues begin anew with each id that they give an order, some tell trades by what has filled in all. Knows
no report's meaning.
"""

from decimal import Decimal

import msgspec

from tradekit.model.money import CENT, ZERO
from tradekit.model.said import FillSaid, OrderSaid
from tradekit.state.shape import Order, State
from tradekit.trading.matching import booked, execution_id, synthetic_fills

__all__ = ["alone", "price_of_rest", "whole"]


def whole(state: State, order: Order, said: OrderSaid) -> OrderSaid:
    """A statement with quantities from the order's beginning, where they are from that of its present id at the venue.

    They are where less is counted than had filled before, or where the quantity is what was left of it then.
    """
    before = _before(state, order, said.venue_id)
    if not before:
        return said
    asked = order.qty if order.wanted is None else order.wanted
    rest = said.qty is not None and said.qty != asked and said.qty == asked - before
    if not rest and (said.cum is None or said.cum >= before):
        return said
    return msgspec.structs.replace(
        said,
        qty=None if said.qty is None else said.qty + before,
        cum=None if said.cum is None else said.cum + before,
    )


def _before(state: State, order: Order, venue_id: str) -> Decimal:
    """What has filled under other ids than this one, where it is not the order's first."""
    first = order.earlier[0] if order.earlier else order.venue_id
    if not order.filled or not first or venue_id in ("", first):
        return ZERO
    since = [
        fill.qty
        for name, seq in order.executions.items()
        if seq > 0 and name.startswith(f"{venue_id}:") and (fill := booked(state, order, name)) is not None
    ]
    return order.filled - sum(since, start=ZERO)


def alone(state: State, order: Order, said: FillSaid) -> FillSaid | None:
    """A trade by its own quantity and price, where those of all trades so far were told; None where nothing is new.

    A trade that is told as large as all that is counted, and larger than what had filled before, is told in total.
    """
    if said.cum is None:
        return _priced(order, said, order.filled + said.qty) if said.qty else None
    earlier = _before(state, order, said.venue_id)
    count = said.cum + earlier if said.cum - said.qty < earlier else said.cum
    told = msgspec.structs.replace(said, cum=count)
    guessed = sum((one.qty for one in synthetic_fills(state, order)), start=ZERO)
    before = order.filled - guessed
    total = told.qty == count > before > 0 and order.told is None and not guessed
    if told.qty and not total:
        return _priced(order, told, count)
    if count <= before or (
        told.exec_id and execution_id(order, told.venue_id, told.exec_id) in order.executions
    ):
        return None
    return _priced(order, msgspec.structs.replace(told, qty=count - before), count)


def _priced(order: Order, said: FillSaid, total: Decimal) -> FillSaid:
    """The trade at its own price, where the average of all was told."""
    if said.average is None or not said.qty or said.price:
        return said
    price = price_of_rest(said.average, total, order.value, said.qty)
    return msgspec.structs.replace(said, price=price)


def price_of_rest(average: Decimal, total: Decimal, value: Decimal, qty: Decimal) -> Decimal:
    """At which price the last `qty` of `total` have traded, to 1e-8 [quote currency].

    average  that of all of it, by the venue's count
    value    what those before were worth: the sum of their quantities by price. The result is not above zero where
             the average cannot be that of both
    """
    price = (average * total - value) / qty
    rounded = price.quantize(CENT)
    return price if price == rounded else rounded
