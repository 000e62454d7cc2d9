"""Which order of ours a venue means, and which execution: by client id, then by the venue's ids.

Pure look-ups in the state. Knows no report's meaning.
"""

from collections.abc import Iterator

from tradekit.model.doubt import EXTERNAL, SYNTHETIC
from tradekit.model.order import Side
from tradekit.model.said import FillSaid
from tradekit.state.shape import Fill, Order, State

__all__ = [
    "LEG",
    "VOID",
    "booked",
    "execution_id",
    "external_id",
    "external_name",
    "forgotten",
    "order_of",
    "synthetic_fills",
    "traded",
]


LEG = "~"  # between an order's id and the number of its leg, where a venue knows no replacement: "sma-12~1"
VOID = "bust:"  # how the id of what takes a trade back begins


def order_of(
    state: State, order: str, venue_id: str, instrument: str = "", side: Side | None = None
) -> Order | None:
    """The order that a venue means, or None for one that nobody here has sent or adopted.

    Some venues number the orders of each instrument by themselves: where it is told, it must be the order's.
    """
    known = state.orders.get(order.partition(LEG)[0]) if order else None
    if known is None and venue_id:
        known = next(_numbered(state, venue_id, instrument), None)
    if known is None and (venue_id or order):
        known = state.orders.get(external_name(state, venue_id or order, instrument, side))
    return known


def traded(state: State, said: FillSaid) -> Order | None:
    """The order that a trade is of.

    Where the venue's id alone is told, which may have been another order's before: the one that has the trade already,
    else the last one that trades that way. A trade that names no order at all may be one that is booked.
    """
    if said.order or not (said.venue_id or said.exec_id):
        return order_of(state, said.order, said.venue_id, said.instrument, said.side)
    if not said.venue_id:
        return next((one for one in reversed(state.orders.values()) if _has(state, one, said)), None)
    ours = list(_numbered(state, said.venue_id, said.instrument))
    if len(ours) > 1:
        booked_in = [one for one in ours if execution_id(one, said.venue_id, said.exec_id) in one.executions]
        fitting = [one for one in ours if said.side in (None, one.side)]
        return (booked_in or fitting or ours)[0]
    return order_of(state, "", said.venue_id, said.instrument, said.side)


def _numbered(state: State, venue_id: str, instrument: str) -> Iterator[Order]:
    """Our orders that have or had this id at the venue, the last one first."""
    apart = instrument in state.instruments
    for one in reversed(state.orders.values()):
        named = venue_id == one.venue_id or venue_id in one.earlier
        if named and one.strategy != EXTERNAL and (not apart or one.instrument == instrument):
            yield one


def _has(state: State, order: Order, said: FillSaid) -> bool:
    """Whether this very trade is booked for an order."""
    if order.strategy == EXTERNAL or (said.instrument, said.side) != (order.instrument, order.side):
        return False
    names = (name for name in order.executions if name == said.exec_id or name.endswith(f":{said.exec_id}"))
    fills = (booked(state, order, name) for name in names)
    return any(fill is not None and (fill.qty, fill.price) == (said.qty, said.price) for fill in fills)


def forgotten(state: State, said: FillSaid) -> bool:
    """Whether a trade is one of ours that is booked, whose order is not remembered any more."""
    return bool(said.exec_id) and any(
        (one.instrument, one.side, one.qty, one.price) == (said.instrument, said.side, said.qty, said.price)
        and (one.exec_id == said.exec_id or one.exec_id.endswith(f":{said.exec_id}"))
        and one.strategy != EXTERNAL
        and one.order not in state.orders
        and said.order in ("", one.order)
        for one in reversed(state.fills)
    )


def external_id(name: str) -> str:
    """The id here of an order, or of what stands for one, that was not sent here."""
    return f"external:{name}"


def external_name(state: State, name: str, instrument: str = "", side: Side | None = None) -> str:
    """The id here of somebody else's order, apart from one of another instrument or side that has this number too.

    Venues may number orders by instrument, and a trade with oneself has one number on both sides.
    """
    plain = external_id(name)
    apart = external_id(f"{instrument}:{side}:{name}")
    if not instrument or side is None:
        return plain
    holder: Order | Fill | None = state.orders.get(plain)
    if holder is None:
        fills = (
            one for one in reversed(state.fills) if one.order == plain and not one.exec_id.startswith(VOID)
        )
        holder = next(fills, None)
    if holder is None:
        return apart if apart in state.orders else plain
    return plain if (holder.instrument, holder.side) == (instrument, side) else apart


def execution_id(order: Order, venue_id: str, exec_id: str) -> str:
    """An execution's name within its order.

    A venue's ids of executions are unique with its id of the order: those of a replaced order's later ids carry them.
    """
    first = order.earlier[0] if order.earlier else order.venue_id
    return exec_id if venue_id in ("", first) or not first else f"{venue_id}:{exec_id}"


def booked(state: State, order: Order, name: str) -> Fill | None:
    """A booked execution of an order, None for one that is not, or that is no longer among the last fills."""
    seq = order.executions.get(name)
    if seq is None:
        return None
    return next((fill for fill in reversed(state.fills) if fill.seq == abs(seq)), None)


def synthetic_fills(state: State, order: Order) -> list[Fill]:
    """What was booked for an order from quantities alone, and is not superseded yet; oldest first."""
    names = [name for name, seq in order.executions.items() if seq > 0 and name.startswith(SYNTHETIC)]
    return [fill for name in names if (fill := booked(state, order, name)) is not None]
