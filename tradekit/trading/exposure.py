"""What orders under way may still make of a position: what is expected, and the most that risk has to reckon with.

Pure. Knows the state; tells nothing.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, ZERO, exact, floor_to
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Status
from tradekit.state.exposure import conversion, still_held
from tradekit.state.shape import Order, Position, State

__all__ = [
    "changed",
    "closing",
    "expected",
    "leaving",
    "less",
    "under_way",
    "unit_worth",
    "units_for",
    "weighed",
]

_MARKET_ONCE_TRIGGERED = frozenset({OrderType.STOP, OrderType.TRAILING_STOP, OrderType.MARKET_IF_TOUCHED})
_SET_OFF = frozenset({Status.TRIGGERED, Status.PARTIALLY_FILLED})


def expected(state: State, working: Iterable[Order], instrument: str) -> Decimal:
    """The position once the orders that trade at any price have filled [base units].

    Those are market orders, and stops and market-if-touched orders that have been set off; not what is to be canceled.
    """
    own = state.strategy.id
    total = state.position(own, instrument)
    for order in working:
        if order.instrument == instrument and order.strategy == own and not order.cancel_requested:
            kind = order.type
            if kind is OrderType.MARKET or (kind in _MARKET_ONCE_TRIGGERED and order.status in _SET_OFF):
                total += order.leaves * order.side.sign
    return total


def under_way(state: State, working: Iterable[Order], order: OrderSubmitted) -> Decimal:
    """The most that other working orders of the same side may still add to (or take from) the position [base units].

    A replacement under way counts with the larger of both quantities, an order that is to be canceled still counts.
    """
    total = ZERO
    for other in working:
        same = other.instrument == order.instrument and other.side is order.side
        if same and not other.reduce_only and other.id != order.id:
            total += _most(state, other)
    return total


def _most(state: State, order: Order) -> Decimal:
    if order.share is None or order.qty:  # the venue has sized it
        return order.most
    mark = state.marks.get(order.instrument)
    return units_for(state, state.instruments[order.instrument], order.share, mark.last if mark else None)


def weighed(state: State, order: OrderSubmitted, price: float | None) -> OrderSubmitted:
    """The order as risk is to see it: one that the venue will size has the quantity that its share buys now."""
    if order.share is None:
        return order
    qty = units_for(state, state.instruments[order.instrument], order.share, price)
    return msgspec.structs.replace(order, qty=qty)


def units_for(state: State, spec: Instrument, share: Decimal, price: float | None) -> Decimal:
    """How many units a share of the buying power (equity over margin) buys at `price`, floored to the lot.

    Raises OrderError where no price is known.
    """
    if price is None or price <= 0:
        raise OrderError(f"a share needs a price of {spec.id}; wait for its first bar")
    power = exact(state.account.equity) * share / spec.margin
    return max(ZERO, floor_to(power / unit_worth(state, spec, price), spec.lot or CENT))


def unit_worth(state: State, spec: Instrument, price: float) -> Decimal:
    """What one unit is worth at `price` [account's currency]; raises OrderError while a rate is not known."""
    unit = spec.multiplier / exact(price) if spec.inverse else spec.multiplier * exact(price)
    if spec.currency == state.account.currency:
        return unit
    rate = conversion(state, spec.currency)
    if rate is None:
        raise OrderError(f"{spec.id} is valued in {spec.currency}, whose rate is not known yet; wait for one")
    return unit * exact(rate)


def changed(order: Order, request: OrderReplaceRequested) -> OrderSubmitted:
    """What would still be at work once `request` is confirmed, as an order for risk to check."""
    total = order.qty if request.qty is None else request.qty
    return OrderSubmitted(
        order.id,
        order.instrument,
        order.strategy,
        order.account,
        order.side,
        order.type,
        max(ZERO, total - order.filled),
        order.limit if request.limit is None else request.limit,
        order.stop if request.stop is None else request.stop,
        order.tif,
        order.reduce_only,
        share=order.share,
        position=order.position,
    )


def less(order: Order, request: OrderReplaceRequested) -> bool:
    """Whether a replacement only makes the order smaller."""
    prices = (request.limit, request.stop, request.trail, request.trail_pct)
    return request.qty is not None and request.qty <= order.qty and prices == (None,) * 4


def closing(state: State, spec: Instrument, held: Decimal) -> Decimal:
    """What there is to leave of so much that the strategy holds, signed, in whole lots [base units]."""
    return floor_to(still_held(state, state.strategy.id, spec.id, held), spec.lot)


def leaving(working: Iterable[Order], position: Position) -> Decimal:
    """What working market orders take from a position already; signed [base units]."""
    return sum(
        (
            order.leaves * order.side.sign
            for order in working
            if order.instrument == position.instrument
            and order.position == position.position
            and order.type is OrderType.MARKET
            and not order.cancel_requested
        ),
        start=ZERO,
    )
