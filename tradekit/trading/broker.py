"""The broker port: what a session needs from a venue across a wire. `tradekit.brokers.*` and users' adapters obey.

Every answer is data: what the venue states, or that nothing certain is known. Knows no client library, no engine and no
order of ours beyond its client id. How to write one is in docs/brokers.md; `testing.brokers` has what it must pass.
"""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Protocol, TypeAlias

import msgspec

from tradekit.core.event import Fact
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Side, TimeInForce
from tradekit.model.said import BOOKS, Ask, Question, Said

__all__ = ["Abilities", "AtVenue", "Broker", "Simulated", "Stopped", "free"]

Stopped: TypeAlias = Callable[
    [], str
]  # why a request may not go out by now, "" while it may; any thread may ask


def free() -> str:
    """Nothing stands in a request's way."""
    return ""


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue can do. What it cannot is done here instead, or refused before it is sent.

    types, tifs  the orders that it takes
    flips        whether it takes an order through zero; otherwise it is split into a close and an opening
    replaces     whether it changes orders; otherwise a change is a cancel and, once that is sure, a new order
    reduces      whether it keeps reduce-only orders within the position by itself
    groups       whether it ends an order's group once it has traded (one cancels other)
    keeps        the books that it can be asked for; with `Question.ORDER`, one order by its client id
    refuses_twins  whether it refuses a second order under a client id that it has seen
    longest_id   characters that a client id may have (letters, digits, - and _)
    delay_s      after so long what was sent is in its books, or never will be [s]
    per_second   requests that it takes in a second; 0 where it does not say
    window_s     how far off a request's time may be; with a clock that is half of that off nothing new is sent [s]
    """

    types: frozenset[OrderType] = frozenset({OrderType.MARKET, OrderType.LIMIT})
    tifs: frozenset[TimeInForce] = frozenset({TimeInForce.GTC})
    flips: bool = False
    replaces: bool = False
    reduces: bool = False
    groups: bool = False
    keeps: frozenset[Question] = frozenset({*BOOKS, Question.ORDER})
    refuses_twins: bool = True
    longest_id: int = 36
    delay_s: float = 60.0
    per_second: float = 0.0
    window_s: float = 5.0


class AtVenue(msgspec.Struct, frozen=True, kw_only=True):
    """An order of ours as its venue knows it, with its terms as far as they are known.

    client_id  what we called it; `venue_id` what the venue calls it, "" until it has said so
    next_id    the client id for the order that takes its place, where a change makes a new order at the venue
    """

    client_id: str
    venue_id: str
    instrument: str
    side: Side
    type: OrderType
    qty: Decimal
    filled: Decimal = Decimal(0)
    limit: Decimal | None = None
    stop: Decimal | None = None
    next_id: str = ""


class Broker(Protocol):
    """One account at one venue.

    A call sends one request and gives what the venue said to it, at least one statement. It never sends again by
    itself. Where no certain answer can be had (a timeout, a server error, an answer that cannot be read) it gives
    `Failed`, to a question `Unknown`; what it raises is taken for the same. Reports that come unasked are `reports`'.

    `stopped` is the kill gate: an adapter asks it last of all, after every wait of its own (its turn at the venue's
    limit, a hop to another thread, a connection that is made), and sends nothing where it says why. Cancels are never
    stopped.
    """

    name: str
    abilities: Abilities

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        """Send an order; its `id` is the client id. What is refused without having been sent is `REJECTED` too."""

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        """Ask for an order's end."""

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        """Ask for other terms; those that are None stay. The quantity counts from the order's beginning."""

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """Ask for a book, for one order, or for the venue's time: `Answer`, or `Unknown`, never an empty guess.

        One order by its client id: what the venue says of it as `OrderSaid` and `FillSaid`, or an `Answer` without
        items where it states that there is none.
        """

    def reports(self) -> AsyncIterator[Said]:
        """What the venue says unasked, from the moment that the stream is open until `close`.

        The first is `LinkSaid(up=True)`, once no report can be missed any more. A lost connection is told by
        `LinkSaid(up=False)`, and made again here. Raises BrokerError for what no waiting mends (a key, a right).
        """

    async def close(self) -> None:
        """End the connection; calling it again changes nothing."""


class Simulated(Protocol):
    """A broker without a market of its own: it trades against what the session sees."""

    def market(self, fact: Fact, ts: int) -> None:
        """Show it a market's fact, before the session takes it; `ts` is when it was told [UTC ns]."""
