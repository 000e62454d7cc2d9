"""What is held is worth: positions at their marks, equity and margins in the account's currency. Floats, as marks are.

A currency without a known rate is left out, and the account says that it is not complete. Moves no money.
"""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from tradekit.model.account import CashKind
from tradekit.model.money import CENT, EXACT, ZERO, approximate
from tradekit.state.currency import rate_of
from tradekit.state.days import day_of
from tradekit.state.shape import Account, Position, State
from tradekit.state.totals import Totals, totals_of

__all__ = ["OPENING", "mark", "rate", "refresh_rates", "revalue", "revalue_position", "tally"]

OPENING = "opening"  # the total of what an account that was adopted had before


def mark(state: State, instrument: str, price: float) -> None:
    """A new price for an instrument: unrealised profit and equity follow."""
    ts = state.time - 1  # what closes at midnight belongs to the day that ends
    account, positions = state.account, state.positions
    held = False
    for key in state.held.get(instrument, ()):
        position = positions[key]
        position.mark = price
        if position.qty:
            held = True
            revalue_position(state, key)
    if account.rates and _is_rate(state, instrument):
        refresh_rates(state, ts)
    elif not held:  # nothing has another value: equity is what it was when money moved last
        day_of(state, ts).end = account.equity
    else:
        revalue(state, ts)


def _is_rate(state: State, instrument: str) -> bool:
    """Whether an instrument's price is the rate of its base currency."""
    spec = state.instruments.get(instrument)
    return spec is not None and spec.base != ""


def revalue_position(state: State, key: str) -> None:
    """Value and unrealised profit of a position at its mark; the totals follow."""
    _value(state.positions[key])
    totals_of(state).take(state, key)


def _value(position: Position) -> None:
    qty = position.qty
    if not qty:
        position.value = position.unrealised = 0.0
    elif not position.inverse:
        position.value = value = approximate(qty) * position.mark * approximate(position.multiplier)
        position.unrealised = value - approximate(position.cost)
    else:
        worth = approximate(qty) * approximate(position.multiplier)
        position.value = worth / position.mark if position.mark else 0.0
        position.unrealised = -position.value - approximate(position.cost)


def revalue(state: State, ts: int) -> None:
    """Equity from cash and what is held at its marks; the peak and the end of the day of `ts` [UTC ns] follow."""
    account, totals = state.account, totals_of(state)
    if account.rates:
        _convert(account, totals)
    else:
        held = totals.of(account.currency)
        account.equity = approximate(account.cash.get(account.currency, ZERO)) + held.worth
        account.unrealised, account.used, account.maintenance = held.unrealised, held.used, held.maintenance
    equity = account.equity
    if equity > account.peak:
        account.peak = equity
    day_of(state, ts).end = equity


def _convert(account: Account, totals: Totals) -> None:
    """Equity and margins, each currency at its rate."""
    equity = unrealised = used = maintenance = 0.0
    for currency in (*account.cash, *sorted(totals.currencies - account.cash.keys())):
        held, at = totals.of(currency), rate(account, currency)
        equity += (approximate(account.cash.get(currency, ZERO)) + held.worth) * at
        unrealised += held.unrealised * at
        used += held.used * at
        maintenance += held.maintenance * at
    account.equity, account.unrealised, account.used, account.maintenance = (
        equity,
        unrealised,
        used,
        maintenance,
    )
    booked = approximate(account.opening) + approximate(account.realised) - approximate(account.fees)
    booked += sum(map(approximate, account.flows.values()))
    account.currency_gain = equity - unrealised - booked


# --- currencies ---------------------------------------------------------------------------------------------


def rate(account: Account, currency: str) -> float:
    """What one unit of a currency in use is worth in the account's currency; 0 while that is not known."""
    return 1.0 if currency == account.currency else float(account.rates.get(currency) or 0)


def refresh_rates(state: State, ts: int) -> None:
    """Rates may have changed at `ts` [UTC ns]: value anew; book what waited for a rate."""
    account = state.account
    with localcontext(EXACT):
        for currency in account.rates:
            known = account.rates[currency] = rate_of(state, currency, account.currency)
            if known is not None:
                for total, amount in account.unbooked.pop(currency, {}).items():
                    tally(state, ts, total, currency, amount)
    revalue(state, ts)


def tally(state: State, ts: int, total: str, currency: str, amount: Decimal) -> None:
    """Book an amount to one of the account's totals, and to the day of `ts` [UTC ns], in the account's currency.

    total  "realised", "fees", OPENING, or the kind of a flow

    The amount is converted at the rate of this moment, to 1e-8 (half to even). Without a rate it waits for one. To be
    called within the context of exact money.
    """
    account = state.account
    if currency != account.currency:
        if currency not in account.rates:
            account.rates[currency] = rate_of(state, currency, account.currency)
        known = account.rates[currency]
        if known is None:
            waiting = account.unbooked.setdefault(currency, {})
            waiting[total] = waiting.get(total, ZERO) + amount
            return
        amount = (amount * known).quantize(CENT, ROUND_HALF_EVEN)
    day = day_of(state, ts)
    if total == "realised":
        account.realised += amount
        day.realised += amount
    elif total == "fees":
        account.fees += amount
        day.fees += amount
    elif total == OPENING:
        account.opening += amount
        day.start += float(amount)
    else:
        kind = CashKind(total)
        account.flows[kind] = account.flows.get(kind, ZERO) + amount
        day.flows += amount
