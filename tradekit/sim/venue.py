"""The simulated exchange as a venue: what a broker's port asks, answered at once.

Its book is a fold of the session's journal, so it always knows what it has: an order that the journal holds
and it never answered has not reached it. Knows no clock and no socket.
"""

from tradekit.core.event import Event
from tradekit.model.market import Bar
from tradekit.model.order import (
    OrderAccepted,
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
        self._unanswered: dict[tuple[str, str], OrderSubmitted | OrderCancelRequested] = {}  # seen on replay

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
        if isinstance(data, OrderSubmitted | OrderCancelRequested):
            self._unanswered[data.TYPE, data.id] = data
        elif isinstance(data, OrderAccepted | OrderRejected):
            self._unanswered.pop((OrderSubmitted.TYPE, data.id), None)
        elif isinstance(data, OrderCanceled | OrderExpired | OrderFilled):
            self._unanswered.pop((OrderCancelRequested.TYPE, data.id), None)

    def resume(self, ts: int) -> list[Report]:
        """Answer what a sudden end left unanswered, in the order in which it was sent."""
        reports: list[Report] = []
        for sent in self._unanswered.values():
            answer = self.submit(sent, ts) if isinstance(sent, OrderSubmitted) else self.cancel(sent, ts)
            reports += answer
        self._unanswered.clear()
        return reports
