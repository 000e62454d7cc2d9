"""The broker port: what the engine's shells need from a venue. `tradekit.brokers.*` obey.

An answer comes back as a report (an order's fact) at the inbox, never as a return value that could be lost.
"""

from typing import Protocol

from tradekit.core.event import Event, Fact
from tradekit.model.market import Bar
from tradekit.model.order import OrderCancelRequested, OrderSubmitted

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

    def market(self, bar: Bar) -> list[Report]:
        """Show a simulated venue a bar before the strategy sees it; returns the trades in it."""

    def replay(self, event: Event) -> None:
        """Fold a journaled event at start, so that the venue's own book is restored."""

    def resume(self, ts: int) -> list[Report]:
        """After the replay: answers to what was sent and never answered."""
