"""Orders: their words, and every fact of an order's life from the wish to the last fill.

`denied` is our own refusal before anything was sent; `rejected` is the venue's. Knows no venue.
"""

from decimal import Decimal
from enum import StrEnum

from tradekit.core.event import Fact, fact

__all__ = [
    "OrderAccepted",
    "OrderCancelRejected",
    "OrderCancelRequested",
    "OrderCanceled",
    "OrderDenied",
    "OrderExpired",
    "OrderFact",
    "OrderFilled",
    "OrderRejected",
    "OrderReplaceRejected",
    "OrderReplaceRequested",
    "OrderReplaced",
    "OrderSubmitted",
    "OrderTrailed",
    "OrderTriggered",
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
    STOP = "stop"  # a market order once `stop` is reached, against us
    STOP_LIMIT = "stop_limit"  # a limit order from then on
    TRAILING_STOP = "trailing_stop"  # a stop that follows the best price at a distance
    MARKET_IF_TOUCHED = "market_if_touched"  # a market order once `stop` is reached, in our favour
    LIMIT_IF_TOUCHED = "limit_if_touched"  # a limit order from then on


class TimeInForce(StrEnum):
    """How long an order lives."""

    GTC = "gtc"  # until it is canceled
    DAY = "day"  # until the session it was sent in (or for) ends; where there are none, the UTC day
    GTD = "gtd"  # until `expires`
    IOC = "ioc"  # what does not trade at the first chance is canceled
    FOK = "fok"  # all of it at the first chance, or nothing
    AT_OPEN = "at_open"  # at the open of the next session only
    AT_CLOSE = "at_close"  # at the close of the session only


class Status(StrEnum):
    """Where an order stands in its life."""

    SUBMITTED = "submitted"  # the intent is durable; the venue has not answered
    UNKNOWN = "unknown"  # sent; whether the venue has it is in doubt, so it may still trade
    HELD = "held"  # the venue has it; it waits for its parent's fill
    ACCEPTED = "accepted"  # working at the venue
    TRIGGERED = "triggered"  # its trigger was reached: from now on it works as a limit order
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"  # the venue refused
    DENIED = "denied"  # we refused
    EXPIRED = "expired"

    @property
    def working(self) -> bool:
        """Whether the order may still trade."""
        return self in _WORKING


_WORKING = frozenset(
    {
        Status.SUBMITTED,
        Status.UNKNOWN,
        Status.HELD,
        Status.ACCEPTED,
        Status.TRIGGERED,
        Status.PARTIALLY_FILLED,
    }
)


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
    qty         [base units], positive; 0 when `share` sizes it
    limit, stop limit price and trigger [quote currency] or None
    trail       distance of a trailing stop [quote currency]; `trail_pct` the same in percent of the best price
    expires     when a GTD order ends [UTC ns]
    post_only   never takes liquidity: rejected where it would trade at once
    share       size as a fraction of the buying power at the fill, for venues that size orders themselves
    position    which position of a hedging account it belongs to, "" where positions are netted
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
    trail: Decimal | None = None
    trail_pct: Decimal | None = None
    expires: int | None = None
    post_only: bool = False
    share: Decimal | None = None
    position: str = ""


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
    position which position of a hedging account it changed, "" where positions are netted
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
    position: str = ""


@fact("order.triggered", critical=True)
class OrderTriggered(OrderFact, frozen=True, gc=False):
    """The order's trigger was reached at `price` [quote currency]; a stop-limit works as a limit from now on."""

    price: Decimal


@fact("order.trailed")
class OrderTrailed(OrderFact, frozen=True, gc=False):
    """The trigger of a trailing stop followed the market: it is `stop` now [quote currency]."""

    stop: Decimal


@fact("order.replace_requested", critical=True)
class OrderReplaceRequested(OrderFact, frozen=True, gc=False):
    """The intent to change a working order, durable before it leaves. A field that is None stays as it is.

    qty counts from the order's beginning: what has filled already is part of it.
    """

    qty: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_pct: Decimal | None = None
    reason: str = ""


@fact("order.replaced", critical=True)
class OrderReplaced(OrderFact, frozen=True, gc=False):
    """The venue confirms: the order has these terms now. `venue_id` may be a new one."""

    qty: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_pct: Decimal | None = None
    venue_id: str = ""


@fact("order.replace_rejected", critical=True)
class OrderReplaceRejected(OrderFact, frozen=True, gc=False):
    """The venue refused the change; the order stands as it was."""

    reason: str


@fact("order.cancel_requested", critical=True)
class OrderCancelRequested(OrderFact, frozen=True, gc=False):
    """The intent to cancel, durable before it leaves."""

    reason: str = ""


@fact("order.cancel_rejected", critical=True)
class OrderCancelRejected(OrderFact, frozen=True, gc=False):
    """The venue refused to cancel (too late, unknown to it); never takes a fill back."""

    reason: str


@fact("order.canceled", critical=True)
class OrderCanceled(OrderFact, frozen=True, gc=False):
    """The venue confirms: the order trades no more."""

    reason: str = ""


@fact("order.expired", critical=True)
class OrderExpired(OrderFact, frozen=True, gc=False):
    """The order's time has run out at the venue."""

    reason: str = ""
