"""Facts of orders and fills that are not as we thought: in doubt, missed, found, adopted, claimed, busted, set aside.

They come from the order management behind a real venue; a simulated one is never in doubt. Knows no venue.
"""

from decimal import Decimal
from enum import StrEnum

from tradekit.core.event import fact
from tradekit.model.order import OrderFact, OrderType, Side

__all__ = [
    "EXTERNAL",
    "SYNTHETIC",
    "About",
    "FillBusted",
    "FillCharged",
    "FillQuarantined",
    "FillVoided",
    "OrderAdopted",
    "OrderClaimed",
    "OrderDoubted",
    "OrderGivenUp",
    "OrderMissed",
    "OrderRevived",
]

EXTERNAL = "EXTERNAL"  # the strategy of what is traded on the account by somebody else
SYNTHETIC = (
    "synthetic:"  # how the id of an execution begins that the venue's quantities show and no report told
)


class About(StrEnum):
    """What of an order is in doubt."""

    SUBMIT = "submit"  # whether the venue has it
    CANCEL = "cancel"  # whether it has been canceled
    REPLACE = "replace"  # which of two terms it has
    LEG = "leg"  # whether its replacement is there, now that what it replaces has ended
    FILLS = "fills"  # what of it has filled: the venue counts more than its reports add up to


@fact("order.doubted", critical=True)
class OrderDoubted(OrderFact, frozen=True, gc=False):
    """What was sent has no certain answer: a timeout, an error, a lost link. Nothing is sent again.

    Until a statement of the venue settles it, the instrument takes no order that adds risk.

    cum      for a doubt about fills: what the venue says has filled of the order in all [base units]
    average  and at which price on average [quote currency], where it says so
    """

    about: About
    reason: str
    cum: Decimal | None = None
    average: Decimal | None = None


@fact("order.missed", critical=True)
class OrderMissed(OrderFact, frozen=True, gc=False):
    """A look-up that succeeded did not find a working order. One is no proof; several, apart in time, are."""

    reason: str = ""


@fact("order.given_up", critical=True)
class OrderGivenUp(OrderFact, frozen=True, gc=False):
    """Look-ups enough, far enough apart, have not found a working order: it has ended.

    As rejected where the venue never answered for it, as canceled where it did. Should it trade after all, it is
    revived.
    """

    reason: str


@fact("order.revived", critical=True)
class OrderRevived(OrderFact, frozen=True, gc=False):
    """The venue has an order that was taken for ended: it works again, with what has filled."""

    reason: str
    venue_id: str = ""


@fact("order.adopted", critical=True)
class OrderAdopted(OrderFact, frozen=True, gc=False):
    """The account has an order that was not sent here. Risk counts it; only a claim lets us cancel it.

    qty          [base units], positive
    limit, stop  limit price and trigger [quote currency] or None
    """

    account: str
    side: Side
    type: OrderType
    qty: Decimal
    venue_id: str
    limit: Decimal | None = None
    stop: Decimal | None = None
    reason: str = ""


@fact("order.claimed", critical=True)
class OrderClaimed(OrderFact, frozen=True, gc=False):
    """A human has made an adopted order ours to cancel."""

    user: str


@fact("fill.busted", critical=True)
class FillBusted(OrderFact, frozen=True, gc=False):
    """A trade that was booked is void: the venue has cancelled it, or the real one takes a synthetic one's place.

    The opposite trade is booked at the same price, and the fee is given back. The other fields are those of the fill:
    quantity [base units], price [quote currency], fee [`fee_currency`].
    """

    strategy: str
    account: str
    exec_id: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    reason: str
    position: str = ""


@fact("fill.charged", critical=True)
class FillCharged(OrderFact, frozen=True, gc=False):
    """The fee of a trade that was booked without one. It counts as if it had been told with the trade.

    The other fields are those of the fill: quantity [base units], price [quote currency], fee [`fee_currency`].
    """

    strategy: str
    account: str
    exec_id: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    position: str = ""


@fact("fill.voided", critical=True)
class FillVoided(OrderFact, frozen=True, gc=False):
    """The venue has cancelled a trade that it had not told yet: should it be told later, it is not booked."""

    exec_id: str
    reason: str = ""


@fact("fill.quarantined", critical=True)
class FillQuarantined(OrderFact, frozen=True, gc=False):
    """A reported trade contradicts what is known, and is not booked: the same id with other numbers, or too much.

    `id` is the order's, "" where it belongs to none; the other fields are what the venue told:
    quantity [base units], price [quote currency], fee [`fee_currency`]. No position changes.
    """

    venue_id: str
    exec_id: str
    side: Side
    qty: Decimal
    price: Decimal
    reason: str
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
