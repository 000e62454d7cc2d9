"""What a simulated exchange answers when it is asked for its books.

Its book is a fold of the session's journal, so what it shows is what the session has, unless a fold is wrong. Knows no
order management.
"""

from typing import TYPE_CHECKING

from tradekit.model.money import ZERO
from tradekit.model.said import Answer, Ask, OrderSaid, PositionSaid, Question, Said, Unknown, What
from tradekit.sim.book import Resting
from tradekit.sim.exchange import Exchange

if TYPE_CHECKING:
    from tradekit.sim.venue import AnyExchange

__all__ = ["asked_of"]


def asked_of(exchange: "AnyExchange", ask: Ask, ts: int) -> Said:
    """The answer to one question at `ts` [UTC ns]; a book that is not kept here is unknown."""
    if isinstance(exchange, Exchange):
        if ask.question is Question.OPEN_ORDERS:
            shown = tuple(_shown(one) for one in exchange.book.values())
            return Answer(question=ask.question, items=shown, ts=ts)
        if ask.question is Question.POSITIONS:
            held = tuple(PositionSaid(instrument=name, qty=qty) for name, qty in exchange.held().items())
            return Answer(question=ask.question, items=held, ts=ts)
    return Unknown(question=ask.question, reason="a simulated exchange keeps no such book", kept=False, ts=ts)


def _shown(resting: Resting) -> OrderSaid:
    order = resting.order
    sized = order.share is None or order.qty
    return OrderSaid(
        what=What.NEW, order=order.id, venue_id=f"sim-{order.id}", instrument=order.instrument, side=order.side,
        type=order.type, qty=order.qty if sized else None, limit=order.limit, stop=order.stop,
        cum=order.qty - resting.leaves if sized else ZERO,
    )  # fmt: skip
