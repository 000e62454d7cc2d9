"""An order's life read over the wire: its own events, and what led to it, followed back cause by cause.

Knows how events are asked for; how a story is told is `report.story`.
"""

from collections.abc import Iterable
from typing import Protocol

from tradekit.core.event import Event
from tradekit.errors import NotFoundError
from tradekit.report.story import Story, lives_of_orders, order_story

__all__ = ["Events", "life_of"]


class Events(Protocol):
    """Reads a journal (`SessionClient.events`)."""

    def __call__(self, subject: str = ">", *, since: int = 0, until: int | None = None) -> Iterable[Event]:
        """The events after `since` up to `until` whose subject fits, oldest first."""


def life_of(order: str, events: Events, *, since: int = 0, instrument: str = "") -> Story:
    """Why `order` exists and what became of it.

    since       the seq of its intent where that is known: nothing before it is read but its causes
    instrument  its instrument where that is known

    Raises NotFoundError for an order that the journal does not have.
    """
    pattern = f"order.*.{instrument}" if instrument else "order.>"
    life = lives_of_orders(events(pattern, since=max(0, since - 1))).get(order)
    if life is None:
        raise NotFoundError(f"there is no order {order!r} in this session's journal")
    return order_story(order, life, lambda seq: next(iter(events(since=seq - 1, until=seq)), None))
