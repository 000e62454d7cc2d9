"""What a fill comes to in its instrument's currency: quantity, fee and the currency's rate, as the ledger books them.

Changes nothing. Knows no position: how fills become round trips is `report.trades`' business.
"""

from decimal import Decimal
from typing import NamedTuple

from tradekit.model.doubt import FillCharged
from tradekit.model.money import CENT, EXACT
from tradekit.model.order import OrderFilled, Side
from tradekit.state.currency import rate_of
from tradekit.state.shape import State

__all__ = ["Booked", "booked"]


class Booked(NamedTuple):
    """A fill as it was booked.

    qty   what the position changed by [base units], positive: a fee that is paid in what was traded is part of it
    fee   [currency of the instrument]; None where it was paid in a currency without a known rate
    rate  worth of one unit of the instrument's currency [account currency], 0 where that is not known
    """

    qty: Decimal
    fee: Decimal | None
    rate: float


def booked(state: State, fill: OrderFilled | FillCharged) -> Booked:
    """A fill in its instrument's currency, at the rates that `state` knows."""
    spec = state.instruments.get(fill.instrument)
    currency = state.account.currency if spec is None else spec.currency
    rate = _rate(state, currency, state.account.currency)
    fee, paid_in = fill.fee, fill.fee_currency
    if not fee or paid_in == currency:
        return Booked(fill.qty, fee, float(rate or 0))
    if spec is not None and not spec.margined and spec.base == paid_in:
        qty = EXACT.subtract(fill.qty, fee) if fill.side is Side.BUY else EXACT.add(fill.qty, fee)
        if qty > 0:
            return Booked(qty, spec.value(fee, fill.price), float(rate or 0))
    paid = _rate(state, paid_in, currency)
    converted = None if paid is None else EXACT.multiply(fee, paid).quantize(CENT)
    return Booked(fill.qty, converted, float(rate or 0))


def _rate(state: State, currency: str, unit: str) -> Decimal | None:
    return Decimal(1) if currency == unit else rate_of(state, currency, unit)
