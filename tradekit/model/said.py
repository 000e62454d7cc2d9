"""What a venue says, as data: reports of orders and trades, answers to questions, failures, the link's state.

A broker makes these of its venue's messages and nothing else; what they mean for our orders is the order management's
to say. Knows no order of ours beyond its id.
"""

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec

from tradekit.model.order import OrderType, Side

__all__ = [
    "BOOKS",
    "Answer",
    "Ask",
    "BalanceSaid",
    "BustSaid",
    "Failed",
    "FillSaid",
    "Item",
    "LinkSaid",
    "OrderSaid",
    "PositionSaid",
    "Question",
    "Said",
    "Unknown",
    "What",
]


class What(StrEnum):
    """What is told of an order."""

    NEW = "new"  # the venue has it, and it works
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    CANCEL_REJECTED = "cancel_rejected"  # about the cancel only, whatever status comes with it
    REPLACE_REJECTED = "replace_rejected"  # about the change only
    FILLED = "filled"  # all of it has traded; the trades come as fills


class Question(StrEnum):
    """A book of the venue that may be asked for."""

    OPEN_ORDERS = "open_orders"
    EXECUTIONS = "executions"
    POSITIONS = "positions"
    BALANCES = "balances"
    ORDER = "order"  # one order, by its client id
    TIME = "time"  # the venue's clock: the answer's `ts`


BOOKS = (Question.OPEN_ORDERS, Question.EXECUTIONS, Question.POSITIONS, Question.BALANCES)


class Ask(msgspec.Struct, frozen=True):
    """A question to the venue: executions from `since` on [UTC ns], or the order that is named.

    since     of an order: it was sent then or later, 0 where that is not known
    venue_id, instrument  what is known of that order, for venues that cannot find it by its client id alone
    """

    question: Question
    since: int = 0
    order: str = ""
    venue_id: str = ""
    instrument: str = ""


class OrderSaid(msgspec.Struct, frozen=True, kw_only=True):
    """A statement about one order. What the venue leaves out is "" or None.

    order     our order's id, from the client id that the venue shows; "" where there is none
    venue_id  the venue's id; `earlier` the one before a replacement
    qty       the whole quantity, cum what has filled of it [base units]
    """

    what: What
    order: str = ""
    venue_id: str = ""
    earlier: str = ""
    instrument: str = ""
    side: Side | None = None
    type: OrderType | None = None
    qty: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    cum: Decimal | None = None
    price: Decimal | None = None  # average of what has filled
    reason: str = ""
    ts: int = 0


class FillSaid(msgspec.Struct, frozen=True, kw_only=True):
    """One trade. What the venue leaves out is "" or None.

    qty       this trade's quantity; 0 where the venue tells only what has filled in all
    price     this trade's price; 0 where it tells only the average of all
    cum       what has filled of the order with it [base units], None where the venue does not count
    average   the average price of all that has filled with it
    position  the side of a hedging account that it is of, as the venue calls it
    """

    exec_id: str
    qty: Decimal
    price: Decimal
    order: str = ""
    venue_id: str = ""
    instrument: str = ""
    side: Side | None = None
    cum: Decimal | None = None
    average: Decimal | None = None
    position: str = ""
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    liquidity: str = ""
    ts: int = 0


class BustSaid(msgspec.Struct, frozen=True, kw_only=True):
    """The venue has cancelled a trade."""

    exec_id: str
    order: str = ""
    venue_id: str = ""
    reason: str = ""
    ts: int = 0


class PositionSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the account holds of an instrument: signed quantity; its average entry price, and the market's, if told."""

    instrument: str
    qty: Decimal
    price: Decimal | None = None
    mark: Decimal | None = None


class BalanceSaid(msgspec.Struct, frozen=True, kw_only=True):
    """The account's cash in one currency, what secures orders included."""

    currency: str
    total: Decimal


Item: TypeAlias = OrderSaid | FillSaid | PositionSaid | BalanceSaid


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A book of the venue, read without a fault.

    complete  whether what is not in it is not there; balances often leave currencies out
    order     the order that was asked for, with Question.ORDER
    since     of executions: from when on they are all there [UTC ns]; an order that was sent before may have traded
              though none shows it. 0 where the venue forgets nothing
    """

    question: Question
    order: str = ""
    items: tuple[Item, ...] = ()
    complete: bool = True
    since: int = 0
    ts: int = 0


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a question that could not be had, or not be read. It says nothing about what the book holds.

    kept  False where the venue keeps no such book: then nobody waits for it
    """

    question: Question
    reason: str
    kept: bool = True
    ts: int = 0


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A call without a certain answer: it timed out, the server failed, the answer could not be read.

    call   submit, cancel or replace; "" where it is not known which
    order  our order's id; "" puts every order whose answer is due in doubt
    banned the venue takes nothing from us any more, for a while: one more request makes it longer
    """

    call: str = ""
    order: str = ""
    reason: str = ""
    banned: bool = False
    ts: int = 0


class LinkSaid(msgspec.Struct, frozen=True, kw_only=True):
    """The connection was lost, or is there again."""

    up: bool
    reason: str = ""
    ts: int = 0


Said: TypeAlias = OrderSaid | FillSaid | BustSaid | Answer | Unknown | Failed | LinkSaid
