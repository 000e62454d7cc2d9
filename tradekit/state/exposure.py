"""How much is at stake: exposure, and what an order would add to it, in the account's currency.

Cheap sums over what is held, for risk rules. None where a currency's rate is not known: no rule may take that for
nothing. Knows no limit.
"""

from decimal import Decimal

from tradekit.model.account import AccountType
from tradekit.model.doubt import EXTERNAL
from tradekit.model.instrument import Instrument
from tradekit.model.money import ZERO
from tradekit.model.order import OrderSubmitted
from tradekit.state.currency import rate_of
from tradekit.state.shape import State
from tradekit.state.totals import totals_of
from tradekit.state.valuation import rate

__all__ = [
    "conversion",
    "gross_exposure",
    "initial_margin",
    "leg_of",
    "net_exposure",
    "notional",
    "still_held",
]


def gross_exposure(state: State, *, leaving_out: str = "") -> float | None:
    """The sum of all positions' values, long and short alike [account's currency].

    leaving_out  an instrument that is not counted
    """
    return _exposure(state, leaving_out, absolute=True)


def net_exposure(state: State) -> float | None:
    """The sum of all positions' values, shorts counted against longs [account's currency]."""
    return _exposure(state, "", absolute=False)


def notional(state: State, instrument: str, qty: Decimal, price: float) -> float | None:
    """What `qty` units at `price` [quote currency] are worth [account's currency]; its sign is that of `qty`."""
    spec = state.instruments[instrument]
    worth = conversion(state, spec.currency)
    if worth is None or not price:
        return None
    size = float(qty) * float(spec.multiplier)
    return (size / price if spec.inverse else size * price) * worth


def initial_margin(state: State, spec: Instrument) -> float:
    """The fraction of an instrument's value that this account must have for it; 1 in a cash account."""
    return 1.0 if state.account.type is AccountType.CASH else float(spec.margin)


def leg_of(state: State, order: OrderSubmitted) -> Decimal:
    """What is held of the position that an order changes: the one it names in a hedging account [base units]."""
    if not state.account.hedging:
        return state.position(order.strategy, order.instrument)
    name = f"{order.strategy}/{order.instrument}"
    leg = state.positions.get(f"{name}/{order.position}" if order.position else name)
    return ZERO if leg is None else leg.qty


def still_held(state: State, strategy: str, instrument: str, held: Decimal) -> Decimal:
    """How much of what a strategy holds, signed, is there to be reduced at the venue [base units].

    In a netting account what somebody else has traded away since it was opened is gone: by a liquidation, or by hand.
    What somebody else had held the other way before is a position of theirs, and takes nothing off.
    """
    if state.account.hedging or len(state.held.get(instrument, ())) < 2:
        return abs(held)
    own, theirs = (state.positions.get(f"{one}/{instrument}") for one in (strategy, EXTERNAL))
    if own is None or theirs is None or own.qty * theirs.qty >= 0 or theirs.opened < own.opened:
        return abs(held)
    return min(abs(held), max(ZERO, abs(own.qty) - abs(theirs.qty)))


def conversion(state: State, currency: str) -> float | None:
    """What one unit of a currency is worth in the account's currency, or None while that is not known."""
    account = state.account
    if currency == account.currency:
        return 1.0
    known = account.rates.get(currency) or rate_of(state, currency, account.currency)
    return None if known is None else float(known)


def _exposure(state: State, leaving_out: str, *, absolute: bool) -> float | None:
    account, totals = state.account, totals_of(state)
    without = tuple(state.held.get(leaving_out, ()))
    total = 0.0
    for currency in sorted(totals.currencies):
        held = totals.of(currency, without=without)
        if not held.held:
            continue
        if currency != account.currency and account.rates.get(currency) is None:
            return None
        total += (held.gross if absolute else held.net) * rate(account, currency)
    return total
