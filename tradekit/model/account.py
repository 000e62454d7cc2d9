"""Facts of an account: cash that moved, what instruments paid or became, currency rates, margin calls.

Venues and feeds tell them and the ledger folds them, live and simulated alike. Knows no order and no bar.
"""

from decimal import Decimal, localcontext
from enum import StrEnum

from tradekit.core.event import Fact, fact
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, EXACT, floor_to, nearest

__all__ = [
    "AccountAdopted",
    "AccountType",
    "CashKind",
    "CashMoved",
    "DividendWentEx",
    "FundingPublished",
    "MarginCalled",
    "RatePublished",
    "SplitEffected",
]


class AccountType(StrEnum):
    """What an account lets its orders do with the money there is."""

    UNLIMITED = "unlimited"  # orders are not held against the money: risk limits alone bound them
    CASH = "cash"  # what is bought is paid in full, and what is sold was held
    MARGIN = "margin"  # long and short against a deposit; below the maintenance margin positions are closed


class CashKind(StrEnum):
    """Why cash moved, where it was no trade."""

    FUNDING = "funding"  # between the longs and the shorts of a perpetual
    BORROW = "borrow"  # for instruments that were sold short
    DIVIDEND = "dividend"
    FEE = "fee"  # one that no fill names: data, custody
    INTEREST = "interest"  # on cash, received or owed
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    WRITE_OFF = "write_off"  # a debt that the venue does not ask for
    ADJUSTMENT = "adjustment"  # to what the venue says there is, accepted by a human
    CASH_IN_LIEU = "cash_in_lieu"  # for the fraction of a unit that a split left over


@fact("cash.moved", critical=True)
class CashMoved(Fact, frozen=True, gc=False):
    """Cash came or went without a trade. The currency's cash and the account's flows of this kind change.

    amount      [currency], positive is received
    instrument  what it was for, and which strategy held it; "" where it was for none
    note        why, in words
    """

    account: str
    currency: str
    amount: Decimal
    kind: CashKind
    instrument: str = ""
    strategy: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """The account: `cash.moved.main`."""
        return self.account


@fact("account.adopted", critical=True)
class AccountAdopted(Fact, frozen=True, gc=False):
    """A live session has taken its account over as the venue's books have it; once, before anything is sent.

    What was there before is no profit: the account's opening balance, its peak and the day's beginning become what it
    is worth.

    cash    by currency: what there was of it beyond what has been booked so far
    prices  by instrument: the market's, where the venue has told it with what is held [quote currency]
    """

    account: str
    cash: dict[str, Decimal]
    prices: dict[str, Decimal]

    @property
    def key(self) -> str:
        """The account."""
        return self.account


@fact("funding.published")
class FundingPublished(Fact, frozen=True, gc=False):
    """A perpetual's funding is due at this moment. Changes no state: what it costs comes as cash that moved.

    rate   fraction of a position's value; positive is paid by longs to shorts
    price  the mark price that the value is taken at [quote currency]
    """

    instrument: str
    rate: Decimal
    price: Decimal

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("dividend.went_ex", critical=True)
class DividendWentEx(Fact, frozen=True, gc=False):
    """Who holds the instrument from now on gets this dividend no more; who held it so far will.

    Changes no state: what is paid, or owed on a short position, comes as cash that moved.

    amount    for one unit [currency]
    currency  it is paid in; "" is the instrument's quote currency
    """

    instrument: str
    amount: Decimal
    currency: str = ""

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("split.effected", critical=True)
class SplitEffected(Fact, frozen=True, gc=False):
    """Every `old` units of an instrument have become `new` ones (2 for 1, or 1 for 10: a reverse split).

    Positions keep their cost and change their quantity, down to whole lots; the last price changes the other way.
    """

    instrument: str
    new: Decimal
    old: Decimal

    def units(self, qty: Decimal, lot: Decimal | None) -> Decimal:
        """What `qty` units become: towards zero to whole lots, to 1e-8 where any quantity is allowed."""
        with localcontext(EXACT):
            return floor_to(qty * self.new / self.old, lot or CENT)

    def price(self, price: Decimal, tick: Decimal | None) -> Decimal:
        """What a price becomes: the nearest tick, to 1e-8 where any price is allowed."""
        with localcontext(EXACT):
            return nearest(price * self.old / self.new, tick or CENT)

    def concerns(self, spec: Instrument | None) -> bool:
        """Whether it changes what is held; an inverse contract is not split."""
        return self.new > 0 and self.old > 0 and not (spec is not None and spec.inverse)

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("rate.published")
class RatePublished(Fact, frozen=True, gc=False):
    """One unit of the currency `base` is worth `rate` units of the currency `quote` from now on."""

    base: str
    quote: str
    rate: Decimal

    @property
    def key(self) -> str:
        """Both currencies: `rate.published.EUR-USD`."""
        return f"{self.base}-{self.quote}"


@fact("margin.called", critical=True)
class MarginCalled(Fact, frozen=True, gc=False):
    """Equity fell below the maintenance margin. Liquidation follows as orders and fills with that word.

    equity, maintenance  at that moment [the account's currency]
    """

    account: str
    equity: Decimal
    maintenance: Decimal
    note: str = ""

    @property
    def key(self) -> str:
        """The account."""
        return self.account
