"""Which order of ours a venue means, and which execution: by client id, then by the venue's ids.

Pure look-ups in the state. Knows no report's meaning.
"""

from tradekit.model.doubt import EXTERNAL, SYNTHETIC
from tradekit.state.shape import Fill, Order, State

__all__ = ["LEG", "booked", "execution_id", "external_id", "order_of", "synthetic_fills"]


LEG = "~"  # between an order's id and the number of its leg, where a venue knows no replacement: "sma-12~1"


def order_of(state: State, order: str, venue_id: str) -> Order | None:
    """The order that a venue means, or None for one that nobody here has sent or adopted."""
    known = state.orders.get(order.partition(LEG)[0]) if order else None
    if known is not None or not venue_id:
        return known
    for one in reversed(state.orders.values()):
        if one.strategy != EXTERNAL and (venue_id == one.venue_id or venue_id in one.earlier):
            return one
    return state.orders.get(external_id(venue_id))


def external_id(name: str) -> str:
    """The id here of an order, or of what stands for one, that was not sent here."""
    return f"external:{name}"


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
