"""The simulated exchange as a venue: what a broker's port asks, answered at once.

Its book is a fold of the session's journal, so it always knows what it has: an order that the journal holds
and it never answered has not reached it. Knows no clock and no socket.
"""

from tradekit.core.event import Event
from tradekit.model.market import Bar
from tradekit.model.order import (
    OrderCanceled,
    OrderCancelRequested,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
)
from tradekit.sim.exchange import Exchange, Report

__all__ = ["SimulatedVenue"]


class SimulatedVenue:
    """Fills orders against the bars that a run delivers."""

    name = "simulated"
    simulated = True

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._cancels: dict[str, OrderCancelRequested] = {}  # seen on replay, not yet answered

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        """Take the order into the book; answered at once."""
        return self._exchange.submit(order, ts)

    def cancel(self, request: OrderCancelRequested, ts: int) -> list[Report]:
        """Take an order out of the book; answered at once, with nothing if it is not there."""
        return self._exchange.cancel(request.id, ts, request.reason or "requested")

    def market(self, bar: Bar) -> list[Report]:
        """Trades of the book in a bar."""
        return self._exchange.bar(bar)

    def replay(self, event: Event) -> None:
        """Fold a journaled event into the book."""
        self._exchange.replay(event)
        data = event.data
        if isinstance(data, OrderCancelRequested):
            self._cancels[data.id] = data
        elif isinstance(data, OrderCanceled | OrderRejected | OrderExpired | OrderFilled):
            self._cancels.pop(data.id, None)

    def resume(self, ts: int) -> list[Report]:
        """Answer what a sudden end left unanswered: orders first, then cancels, oldest first."""
        reports: list[Report] = []
        for order in self._exchange.unanswered():
            reports += self._exchange.submit(order, ts)
        self._exchange.answered()
        for request in self._cancels.values():
            reports += self.cancel(request, ts)
        self._cancels.clear()
        return reports
