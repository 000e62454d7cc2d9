"""Orders: their words, and every fact of an order's life from the wish to the last fill.

`denied` is our own refusal before anything was sent; `rejected` is the venue's. Knows no venue.
"""

from decimal import Decimal
from enum import StrEnum

from tradekit.core.event import Fact, fact

__all__ = [
    "OrderAccepted",
    "OrderCancelRequested",
    "OrderCanceled",
    "OrderDenied",
    "OrderExpired",
    "OrderFact",
    "OrderFilled",
    "OrderRejected",
    "OrderSubmitted",
    "OrderType",
    "Side",
    "Status",
    "TimeInForce",
]


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order becomes a trade."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"


class TimeInForce(StrEnum):
    """How long an order lives."""

    GTC = "gtc"


class Status(StrEnum):
    """Where an order stands in its life."""

    SUBMITTED = "submitted"  # the intent is durable; the venue has not answered
    HELD = "held"  # the venue has it; it waits for its parent's fill
    ACCEPTED = "accepted"  # working at the venue
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"  # the venue refused
    DENIED = "denied"  # we refused
    EXPIRED = "expired"

    @property
    def working(self) -> bool:
        """Whether the order may still trade."""
        return self in _WORKING


_WORKING = frozenset({Status.SUBMITTED, Status.HELD, Status.ACCEPTED})


class OrderFact(Fact, frozen=True, gc=False):
    """What every fact of an order names: the order's id and its instrument."""

    id: str
    instrument: str

    @property
    def key(self) -> str:
        """The instrument: `order.filled.BTC-USD`."""
        return self.instrument


@fact("order.submitted", critical=True)
class OrderSubmitted(OrderFact, frozen=True, gc=False):
    """The intent to send an order: durable before it leaves. State gains a working order.

    id          strategy and intent number ("sma-12"), unique in the journal
    qty         [base units], positive
    limit, stop prices [quote currency] or None
    parent      id of the order whose fill brings this one to life, or ""
    group       orders of one group cancel each other: the first fill ends the rest
    reduce_only may only make a position smaller
    reason      why, in the strategy's words
    """

    strategy: str
    account: str
    side: Side
    type: OrderType
    qty: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    parent: str = ""
    group: str = ""
    tag: str = ""
    reason: str = ""


@fact("order.denied", critical=True)
class OrderDenied(OrderFact, frozen=True, gc=False):
    """We refused a wish: the rule that said no, its limit and the value that broke it."""

    strategy: str
    account: str
    side: Side
    type: OrderType
    qty: Decimal
    rule: str
    bound: str
    value: str


@fact("order.accepted", critical=True)
class OrderAccepted(OrderFact, frozen=True, gc=False):
    """The venue has the order. `held` means that it waits there for its parent's fill."""

    venue_id: str
    held: bool = False


@fact("order.rejected", critical=True)
class OrderRejected(OrderFact, frozen=True, gc=False):
    """The venue refused the order."""

    reason: str


@fact("order.filled", critical=True)
class OrderFilled(OrderFact, frozen=True, gc=False):
    """A trade. Position, cash and realised profit change.

    exec_id  the venue's id of this execution, unique with the order
    qty      [base units], positive; price [quote currency]; fee [fee_currency], positive is paid
    rule     the fill rule or the venue's liquidity word that explains the price
    """

    strategy: str
    account: str
    exec_id: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    rule: str = ""


@fact("order.cancel_requested", critical=True)
class OrderCancelRequested(OrderFact, frozen=True, gc=False):
    """The intent to cancel, durable before it leaves."""

    reason: str = ""


@fact("order.canceled", critical=True)
class OrderCanceled(OrderFact, frozen=True, gc=False):
    """The venue confirms: the order trades no more."""

    reason: str = ""


@fact("order.expired", critical=True)
class OrderExpired(OrderFact, frozen=True, gc=False):
    """The order's time has run out at the venue."""

    reason: str = ""
