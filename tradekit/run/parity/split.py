"""What sets two orders' executions apart, in parts that add up: price on what both have traded, the rest, the fee.

Exact: whatever is rounded in one part is in another. Knows no reason.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

import msgspec

from tradekit.model.money import CENT, EXACT, ZERO
from tradekit.run.parity.lives import Deal
from tradekit.run.parity.worth import Worth

__all__ = ["Parts", "brought", "moved_at", "parted"]

_OTHER_BAR = 60_000_000_000  # where no bar was seen, what is later by this is late [ns]


class Parts(msgspec.Struct, frozen=True):
    """Session minus backtest, in the account's currency where it is an amount.

    more   quantity that the session has traded more [base units]
    rest   what that quantity has brought, its fee included
    price  what another price on the common quantity has brought, with what a fee on its value changes by that alone;
           `worse` by how much it was worse [quote currency]
    fee    what another fee on it has brought beyond that; `fees` both fees
    bars   so many bars later the common quantity was filled
    """

    more: Decimal
    rest: Decimal
    price: Decimal
    worse: Decimal
    fee: Decimal
    fees: tuple[Decimal, Decimal]
    bars: int


def brought(worth: Worth, deal: Deal) -> Decimal:
    """What all of an order's executions have brought, after fees."""
    return EXACT.subtract(_gross(worth, deal), _fees(worth, deal))


def parted(worth: Worth, ours: Deal, theirs: Deal, length: int | None) -> Parts:
    """The parts of a pair; `length` is that of the instrument's bars [ns]."""
    mine, twin = ours.filled, theirs.filled
    common = min(mine, twin)
    paid, due = _paid(worth, ours, common), _paid(worth, theirs, common)
    price = EXACT.subtract(due, paid)
    worse = ZERO
    if common:
        distance = EXACT.subtract(_value(ours, common), _value(theirs, common))
        worse = EXACT.multiply(EXACT.divide(distance, common), ours.side.sign).quantize(CENT)
    fees = _share(worth, ours, common), _share(worth, theirs, common)
    fee = EXACT.subtract(fees[1], fees[0])
    if price and due:
        along = EXACT.divide(EXACT.multiply(fees[1], price), due).quantize(CENT)
        price, fee = EXACT.add(price, along), EXACT.subtract(fee, along)
    if abs(fee) <= CENT * (
        len(ours.fills) + len(theirs.fills)
    ):  # what rounding leaves is no difference of its own
        if price:
            price, fee = EXACT.add(price, fee), ZERO
        elif mine != twin:
            fee = ZERO
    whole = EXACT.subtract(brought(worth, ours), brought(worth, theirs))
    rest = EXACT.subtract(EXACT.subtract(whole, price), fee)
    bars = 0 if not common else _bar(ours, common, length) - _bar(theirs, common, length)
    if length is None:
        bars = (bars > 0) - (bars < 0) if abs(bars) > _OTHER_BAR else 0
    return Parts(EXACT.subtract(mine, twin), rest, price, worse, fee, fees, bars)


def moved_at(ours: Deal | None, theirs: Deal | None, rank: Callable[[int], int]) -> int | None:
    """The rank from which on the two have not traded the same; None where they always have."""
    moves: dict[int, Decimal] = {}
    for sign, deal in ((1, ours), (-1, theirs)):
        for one in deal.fills if deal is not None else ():
            moves[rank(one.place)] = EXACT.add(moves.get(rank(one.place), ZERO), one.moved * sign)
    return min((place for place, moved in moves.items() if moved), default=None)


def _gross(worth: Worth, deal: Deal) -> Decimal:
    return _sum(worth.gross(deal.instrument, deal.side, one) for one in deal.fills)


def _fees(worth: Worth, deal: Deal) -> Decimal:
    return _sum(worth.fee(deal.instrument, one) for one in deal.fills)


def _share(worth: Worth, deal: Deal, common: Decimal) -> Decimal:
    """The fees of the common quantity."""
    fees, filled = _fees(worth, deal), deal.filled
    return fees if common == filled else EXACT.divide(EXACT.multiply(fees, common), filled).quantize(CENT)


def _paid(worth: Worth, deal: Deal, common: Decimal) -> Decimal:
    return _sum(worth.paid(deal.instrument, deal.side, qty, price) for qty, price in _first(deal, common))


def _value(deal: Deal, common: Decimal) -> Decimal:
    return _sum(EXACT.multiply(qty, price) for qty, price in _first(deal, common))


def _first(deal: Deal, common: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
    """The first so many units: quantities and their prices."""
    left = common
    for one in deal.fills:
        qty = min(left, one.qty)
        if qty <= 0:
            return
        yield qty, one.price
        left = EXACT.subtract(left, qty)


def _bar(deal: Deal, common: Decimal, length: int | None) -> int:
    """In which bar the common quantity was whole, by number; its time where no length is known."""
    traded = ZERO
    ts = 0
    for one in deal.fills:
        traded, ts = EXACT.add(traded, one.qty), one.ts
        if traded >= common:
            break
    return ts if length is None else ts // length


def _sum(amounts: Iterator[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
