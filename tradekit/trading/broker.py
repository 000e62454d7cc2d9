"""The broker port: what the engine's shells need from a venue. `tradekit.brokers.*` obey.

An answer comes back as a report (an order's fact) at the inbox, never as a return value that could be lost.
"""

from decimal import Decimal
from typing import Protocol

from tradekit.core.event import Event, Fact
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Ask, Said

__all__ = ["Broker", "Report"]

Report = tuple[int, Fact]  # (ts UTC ns, an order's fact)


class Broker(Protocol):
    """A venue, or what stands for it."""

    name: str
    simulated: bool  # whether it trades against the session's own bars (`market`) instead of a real market

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        """Send an order; `ts` is session time [UTC ns]. Reports that are known at once are returned."""

    def cancel(self, request: OrderCancelRequested, ts: int) -> list[Report]:
        """Ask for an order's end."""

    def replace(self, request: OrderReplaceRequested, ts: int) -> list[Report]:
        """Ask for other terms of an order."""

    def ask(self, ask: Ask, ts: int) -> list[Said]:
        """Ask for one of the venue's books. An answer that is known at once is returned, others come as reports.

        One that cannot be had, or not be read, is `Unknown` and never an empty answer.
        """

    def market(self, fact: Fact, ts: int) -> list[Report]:
        """Show a simulated venue a market's fact before the strategy sees it; returns what it does to its book.

        `ts` is when it was told [UTC ns], a bar at its close.
        """

    def liquidate(self, order: OrderSubmitted, price: Decimal, ts: int) -> list[Report]:
        """Have a simulated venue trade an order of its clearing whole, at `price` before costs [quote currency]."""

    def replay(self, event: Event) -> None:
        """Fold a journaled event at start, so that the venue's own book is restored."""

    def resume(self, ts: int) -> list[Report]:
        """After the replay: answers to what was sent and never answered."""
