"""What is held is worth: positions at their marks, equity and margins in the account's currency. Floats, as marks are.

A currency without a known rate is left out, and the account says that it is not complete. Moves no money.
"""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from tradekit.model.account import AccountType, CashKind
from tradekit.model.money import CENT, EXACT, ZERO, approximate
from tradekit.state.currency import rate_of
from tradekit.state.days import day_of
from tradekit.state.shape import Account, Position, State

__all__ = ["mark", "rate", "refresh_rates", "revalue", "revalue_position", "tally"]

_FEW = 16  # so many positions are summed anew at each mark; of more, only what has changed is added
_Stake = tuple[float, float, float, float]  # a position's part of equity, unrealised, used, maintenance


def mark(state: State, instrument: str, price: float) -> None:
    """A new price for an instrument: unrealised profit and equity follow."""
    ts = state.time - 1  # what closes at midnight belongs to the day that ends
    account, positions = state.account, state.positions
    keys = state.held.get(instrument, ())
    many = len(positions) > _FEW
    before = [_stake(state, positions[key]) for key in keys] if many else []
    held = False
    for key in keys:
        position = positions[key]
        position.mark = price
        if position.qty:
            held = True
            revalue_position(position)
    if account.rates and _is_rate(state, instrument):
        refresh_rates(state, ts)
    elif not held:  # nothing has another value: equity is what it was when money moved last
        day_of(state, ts).end = account.equity
    elif many:
        _shift(state, before, [_stake(state, positions[key]) for key in keys], ts)
    else:
        revalue(state, ts)


def _is_rate(state: State, instrument: str) -> bool:
    """Whether an instrument's price is the rate of its base currency."""
    spec = state.instruments.get(instrument)
    return spec is not None and spec.base != ""


def revalue_position(position: Position) -> None:
    """Value and unrealised profit at the position's mark."""
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
    account = state.account
    if account.rates or account.type is not AccountType.UNLIMITED:
        _sum_up(state)
    else:
        unrealised = worth = 0.0
        for position in state.positions.values():
            if position.qty:
                unrealised += position.unrealised
                worth += position.unrealised if position.margined else position.value
        account.unrealised = unrealised
        account.equity = approximate(account.cash.get(account.currency, ZERO)) + worth
    if account.equity > account.peak:
        account.peak = account.equity
    day_of(state, ts).end = account.equity


def _sum_up(state: State) -> None:
    """Equity and margins from nothing, each currency at its rate."""
    account = state.account
    stakes = [_stake(state, position) for position in state.positions.values() if position.qty]
    worth, account.unrealised, account.used, account.maintenance = (
        sum(parts, start=0.0) for parts in (zip(*stakes, strict=True) if stakes else ((), (), (), ()))
    )
    cash = sum(
        (
            approximate(amount) * rate(account, currency)
            for currency, amount in account.cash.items()
            if amount
        ),
        start=0.0,
    )
    account.equity = cash + worth
    booked = approximate(account.opening) + approximate(account.realised) - approximate(account.fees)
    booked += sum(map(approximate, account.flows.values()))
    account.currency_gain = account.equity - account.unrealised - booked if account.rates else 0.0


def _shift(state: State, before: list[_Stake], after: list[_Stake], ts: int) -> None:
    """Add what has changed of some positions to the account: with many of them, summing all up would take too long."""
    account = state.account
    for old, new in zip(before, after, strict=True):
        account.equity += new[0] - old[0]
        account.unrealised += new[1] - old[1]
        account.used += new[2] - old[2]
        account.maintenance += new[3] - old[3]
    account.peak = max(account.peak, account.equity)
    day_of(state, ts).end = account.equity


def _stake(state: State, position: Position) -> _Stake:
    """The position's part of the account's equity, unrealised profit and margins [account's currency]."""
    if not position.qty:
        return 0.0, 0.0, 0.0, 0.0
    account = state.account
    worth = rate(account, position.currency)
    unrealised = position.unrealised * worth
    equity = unrealised if position.margined else position.value * worth
    if account.type is AccountType.UNLIMITED:
        return equity, unrealised, 0.0, 0.0
    spec = state.instruments.get(position.instrument)
    value = abs(position.value) * worth
    if spec is None or account.type is AccountType.CASH:
        return equity, unrealised, value, 0.0
    return equity, unrealised, value * approximate(spec.margin), value * approximate(spec.least_margin)


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

    total  "realised", "fees", or the kind of a flow

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
    else:
        kind = CashKind(total)
        account.flows[kind] = account.flows.get(kind, ZERO) + amount
        day.flows += amount
