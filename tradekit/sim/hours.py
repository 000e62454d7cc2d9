"""How long an order lives: the end of a day, a date, a session.

Knows no exchange calendar: sessions are told as facts.
"""

from tradekit.model.instrument import Instrument
from tradekit.model.order import TimeInForce
from tradekit.sim.book import Resting

__all__ = ["ends", "ends_with_session"]

_DAY = 86_400_000_000_000


def ends(resting: Resting, instrument: Instrument) -> int | None:
    """When an order's time runs out by the clock [UTC ns], or None.

    A day order of an instrument that trades round the clock lives until UTC midnight; one that begins at midnight lives
    through the day that begins.
    """
    order = resting.order
    if order.tif is TimeInForce.GTD:
        return order.expires
    if order.tif is TimeInForce.DAY and instrument.calendar == "24/7":
        return (resting.sent // _DAY + 1) * _DAY
    return None


def ends_with_session(resting: Resting, closed: int) -> bool:
    """Whether an order's time runs out with the session that closes at `closed` [UTC ns].

    One that was sent at the close, or after it, is for the next session.
    """
    return resting.order.tif in (TimeInForce.DAY, TimeInForce.AT_CLOSE) and resting.sent < closed
