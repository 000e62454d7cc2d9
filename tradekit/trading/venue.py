"""A venue in the house: a simulated exchange that a session asks directly, and that answers at once, with facts.

Its book is a fold of the session's journal, so it is never in doubt. A venue across a wire is `trading.broker`'s.
"""

from decimal import Decimal
from typing import Protocol

from tradekit.core.event import Event, Fact
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Ask, Said

__all__ = ["Report", "Venue"]

Report = tuple[int, Fact]  # (ts UTC ns, an order's fact)


class Venue(Protocol):
    """A simulated exchange that trades against the session's own bars (`market`)."""

    name: str

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        """Send an order; `ts` is session time [UTC ns]. Reports that are known at once are returned."""

    def cancel(self, request: OrderCancelRequested, ts: int) -> list[Report]:
        """Ask for an order's end."""

    def replace(self, request: OrderReplaceRequested, ts: int) -> list[Report]:
        """Ask for other terms of an order."""

    def ask(self, ask: Ask, ts: int) -> list[Said]:
        """Ask for one of its books. One that cannot be had, or not be read, is `Unknown` and never an empty answer."""

    def market(self, fact: Fact, ts: int) -> list[Report]:
        """Show it a market's fact before the strategy sees it; returns what it does to its book.

        `ts` is when it was told [UTC ns], a bar at its close.
        """

    def liquidate(self, order: OrderSubmitted, price: Decimal, ts: int) -> list[Report]:
        """Have it trade an order of its clearing whole, at `price` before costs [quote currency]."""

    def replay(self, event: Event) -> None:
        """Fold a journaled event at start, so that its book is restored."""

    def resume(self, ts: int) -> list[Report]:
        """After the replay: answers to what was sent and never answered."""
