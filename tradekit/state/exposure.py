"""How much is at stake: exposure, and what an order would add to it, in the account's currency.

Cheap sums over what is held, for risk rules. None where a currency's rate is not known: no rule may take that for
nothing. Knows no limit.
"""

from decimal import Decimal

from tradekit.model.account import AccountType
from tradekit.model.instrument import Instrument
from tradekit.model.money import ZERO
from tradekit.model.order import OrderSubmitted
from tradekit.state.currency import rate_of
from tradekit.state.shape import State
from tradekit.state.valuation import rate

__all__ = ["conversion", "gross_exposure", "initial_margin", "leg_of", "net_exposure", "notional"]


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


def conversion(state: State, currency: str) -> float | None:
    """What one unit of a currency is worth in the account's currency, or None while that is not known."""
    account = state.account
    if currency == account.currency:
        return 1.0
    known = account.rates.get(currency) or rate_of(state, currency, account.currency)
    return None if known is None else float(known)


def _exposure(state: State, leaving_out: str, *, absolute: bool) -> float | None:
    account = state.account
    total = 0.0
    for position in state.positions.values():
        if position.qty and position.instrument != leaving_out:
            value = abs(position.value) if absolute else position.value
            if position.currency != account.currency:
                if account.rates.get(position.currency) is None:
                    return None
                value *= rate(account, position.currency)
            total += value
    return total
