"""Quiet bars: those that leave every resting order of an instrument as it is, so that they need not be matched.

Knows where orders wait, not how they fill; a test demands the same reports with and without it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderType, TimeInForce
from tradekit.sim.book import Resting
from tradekit.sim.hours import ends
from tradekit.sim.prices import level, waits_above

__all__ = ["Band", "band_of"]

_NEVER = (1 << 63) - 1
_LASTING = frozenset({TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD})
_RESTLESS = frozenset({OrderType.MARKET, OrderType.TRAILING_STOP})


class Band(NamedTuple):
    """Prices strictly between which no order is reached, until one's time runs out [UTC ns]."""

    low: float
    high: float
    until: int

    def holds(self, bar: Bar) -> bool:
        """Whether the bar is quiet: it stays within, and nothing ends by its open."""
        return (
            self.low < bar.low <= bar.high < self.high
            and self.low < bar.open < self.high
            and bar.ts < self.until
        )


_LOUD = Band(float("inf"), float("-inf"), 0)


def band_of(orders: Iterable[Resting], instrument: Instrument) -> Band:
    """The band of an instrument's resting orders; one that holds no bar where an order has to see every one."""
    low, high, until = float("-inf"), float("inf"), _NEVER
    for resting in orders:
        order, kind = resting.order, resting.kind
        if resting.held:  # what its parent's fill wakes is told by then
            continue
        at = level(order, kind)
        if at is None or kind in _RESTLESS or order.tif not in _LASTING:
            return _LOUD
        if waits_above(order.side, kind):
            high = min(high, float(at))
        else:
            low = max(low, float(at))
        end = ends(resting, instrument)
        until = until if end is None else min(until, end)
    return Band(low, high, until)
