"""Trades compared: those that were not told, those of others, those that contradict what is booked, those nobody knows.

Pure. What a trade means is `trading.fills`'s; here it is only found.
"""

from collections.abc import Iterator
from decimal import Decimal

from tradekit.core.event import Fact
from tradekit.model.doubt import FillQuarantined
from tradekit.model.money import exact
from tradekit.model.said import FillSaid, OrderSaid
from tradekit.state.shape import Order, State
from tradekit.trading.counts import price_of_rest
from tradekit.trading.fills import currency_of, filled, synthetic
from tradekit.trading.matching import order_of, traded
from tradekit.trading.reconcile.books import Books, Found, Kind, Practice

__all__ = ["fills"]


def fills(state: State, books: Books, practice: Practice) -> Iterator[Found]:
    """The differences between the venue's executions and ours."""
    if books.executions is None:
        return
    items = [item for item in books.executions.items if isinstance(item, FillSaid)]
    explained: set[str] = set()
    for item in sorted(items, key=lambda one: (one.ts, one.cum or 0)):
        facts = filled(state, item)
        if facts:
            order = traded(state, item)
            explained.add("" if order is None else order.id)
            yield _found(item, order, facts)
    for order in state.orders.values():
        if order.told is not None and order.id not in explained:
            yield _unexplained(state, order, books)


def _found(item: FillSaid, order: Order | None, facts: list[Fact]) -> Found:
    kind = Kind.FILL_FOREIGN if order is None else Kind.FILL_MISSING
    if any(isinstance(fact, FillQuarantined) for fact in facts):
        kind = Kind.FILL_CONFLICT
    whose = "somebody else" if order is None else order.id
    return Found(
        kind=kind,
        subject=f"{item.venue_id or item.order}/{item.exec_id}",
        instrument=order.instrument if order is not None else item.instrument,
        ours="none",
        theirs=f"{item.qty:f} at {item.price:f}",
        text=f"execution {item.exec_id} of {whose} is not booked here",
        proposed=tuple(facts),
        at_once=True,
    )


def _unexplained(state: State, order: Order, books: Books) -> Found:
    """The venue has answered for its executions, and they do not add up to what it counts."""
    told = order.told if order.told is not None else order.filled
    missing = told - order.filled
    at = _price(state, order, books)
    facts: tuple[Fact, ...] = ()
    if at is not None:
        name = f"{order.id}:{order.filled:f}-{told:f}"
        facts = (synthetic(order, missing, at, currency_of(state, order.instrument), name),)
    return Found(
        kind=Kind.FILL_UNEXPLAINED,
        subject=order.id,
        instrument=order.instrument,
        ours=f"{order.filled:f}",
        theirs=f"{told:f}",
        text=f"{missing:f} of {order.id} have filled by the venue's count, and no execution of them is told",
        proposed=facts,
    )


def _price(state: State, order: Order, books: Books) -> Decimal | None:
    """What the missing part is booked at: so that the venue's average comes out, else the order's price or the last."""
    listed = books.open_orders.items if books.open_orders is not None else ()
    averages = [
        item.price
        for item in listed
        if isinstance(item, OrderSaid)
        and order_of(state, item.order, item.venue_id, item.instrument, item.side) is order
    ]
    average = next((one for one in (*averages, order.told_average) if one), None)
    if average is not None and order.told:
        at = price_of_rest(average, order.told, order.value, order.told - order.filled)
        if at > 0:
            return at
    mark = state.marks.get(order.instrument)
    return order.limit or order.stop or (None if mark is None else exact(mark.last))
