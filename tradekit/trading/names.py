"""Our orders by the names that a venue knows them by, and back: what goes out and what comes in is told in either.

Pure. A client id is a function of the journal and the order, so a restart finds every name again. Knows no venue.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from tradekit.model.doubt import EXTERNAL, About
from tradekit.model.order import OrderSubmitted
from tradekit.model.said import Answer, Ask, BustSaid, Failed, FillSaid, Item, OrderSaid, Question, Said
from tradekit.state.shape import Order, State
from tradekit.trading.broker import AtVenue
from tradekit.trading.client_ids import client_id, is_ours
from tradekit.trading.matching import LEG

__all__ = ["Names"]

Named = TypeVar("Named", OrderSaid, FillSaid, BustSaid)


class Names:
    """The names of one journal's orders at one venue.

    state    gives the session's state, which knows every order that may still be spoken of
    longest  characters that a client id may have there
    """

    def __init__(self, journal: str, state: Callable[[], State], *, longest: int = 36) -> None:
        self._journal = journal
        self._state = state
        self._longest = longest
        self._orders: dict[str, str] = {}  # by client id: the order or its leg

    def of(self, order: str) -> str:
        """The client id of an order, or of a leg of one ("sma-12~1")."""
        name = client_id(self._journal, order, longest=self._longest)
        self._orders[name] = order
        return name

    def order(self, name: str) -> str | None:
        """The order, or its leg, that a client id was given to here; None for one that is not ours."""
        if not is_ours(self._journal, name):
            return None
        if name not in self._orders:
            for order in self._state().orders.values():
                for one in _names(order):
                    self.of(one)
        return self._orders.get(name)

    # --- out ------------------------------------------------------------------------------------------------

    def sent(self, order: OrderSubmitted) -> OrderSubmitted:
        """An order as it goes out. What it waits for is settled here before: no venue needs to know."""
        return msgspec.structs.replace(order, id=self.of(order.id), parent="")

    def at_venue(self, order: Order) -> AtVenue:
        """An order of the state as its venue knows it."""
        ours = order.strategy != EXTERNAL
        return AtVenue(
            client_id=self.of(_leg(order, len(order.earlier))) if ours else "", venue_id=order.venue_id,
            instrument=order.instrument, side=order.side, type=order.type, qty=order.qty, filled=order.filled,
            limit=order.limit, stop=order.stop, next_id=self.of(_leg(order, len(order.earlier) + 1)) if ours else "",
        )  # fmt: skip

    def asked(self, ask: Ask) -> Ask:
        """A question as it goes out: one about an order that is in doubt about its next leg is about that leg."""
        order = self._state().orders.get(ask.order) if ask.question is Question.ORDER else None
        if order is None:
            return ask
        at = self.at_venue(order)
        if order.doubt is not None and order.doubt.about is About.LEG:
            ask = msgspec.structs.replace(ask, order=at.next_id, instrument=at.instrument)
        else:
            ask = msgspec.structs.replace(
                ask, order=at.client_id, venue_id=at.venue_id, instrument=at.instrument
            )
        return msgspec.structs.replace(ask, since=order.created)

    # --- in -------------------------------------------------------------------------------------------------

    def heard(self, said: Said) -> Said:
        """A statement as it is heard here."""
        if isinstance(said, Answer):
            items = tuple(self._item(item) for item in said.items)
            return msgspec.structs.replace(said, items=items, order=self.order(said.order) or "")
        if isinstance(said, OrderSaid):
            return self._named(said)
        if isinstance(said, FillSaid):
            return self._named(said)
        if isinstance(said, BustSaid):
            return self._named(said)
        if isinstance(said, Failed) and said.order:
            return msgspec.structs.replace(said, order=self.order(said.order) or said.order)
        return said

    def _item(self, item: Item) -> Item:
        if isinstance(item, OrderSaid):
            return self._named(item)
        return self._named(item) if isinstance(item, FillSaid) else item

    def _named(self, said: Named) -> Named:
        """Somebody else's order is known by the venue's id alone: what they call it may be the name of one of ours."""
        order = self.order(said.order) if said.order else None
        if order is None:
            return msgspec.structs.replace(said, order="", venue_id=said.venue_id or said.order)
        return msgspec.structs.replace(said, order=order)


def _names(order: Order) -> Iterator[str]:
    for number in range(len(order.earlier) + 2):
        yield _leg(order, number)


def _leg(order: Order, number: int) -> str:
    return f"{order.id}{LEG}{number}" if number else order.id
