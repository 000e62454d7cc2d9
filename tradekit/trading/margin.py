"""Margin: what an order may use of the account's money, and when and in what order positions must be closed.

Pure functions of the state; formulas and sources are in docs/accounts.md. Knows no venue.
"""

from collections.abc import Collection
from decimal import Decimal

from tradekit.model.account import AccountType, MarginCalled
from tradekit.model.money import ZERO, exact
from tradekit.model.order import OrderSubmitted
from tradekit.state.exposure import initial_margin, leg_of, notional
from tradekit.state.shape import Order, Position, State
from tradekit.state.valuation import rate

__all__ = ["Shortage", "buying_power", "is_called", "margin_call", "next_to_close", "shortage"]

Shortage = tuple[str, str, str]  # the rule, its bound and the value that broke it, as a denial words them


def buying_power(state: State, instrument: str) -> float:
    """The value that could still be bought of an instrument: free margin over its initial margin [account's currency].

    Without bound (inf) in an unlimited account, 0 where nothing is free.
    """
    account = state.account
    if account.type is AccountType.UNLIMITED:
        return float("inf")
    return max(0.0, account.free) / initial_margin(state, state.instruments[instrument])


def shortage(
    state: State,
    order: OrderSubmitted,
    price: float | None,
    under_way: Decimal = ZERO,
    working: Collection[Order] | None = None,
) -> Shortage | None:
    """Why the account's money does not allow `order`, or None.

    price      the last price known [quote currency]
    under_way  quantity that working orders of the same side may still add in this instrument [base units]

    working    the orders of all instruments that may still trade; None: they are looked for in the state

    Working orders of other instruments reserve what they may need.
    """
    account = state.account
    if account.type is AccountType.UNLIMITED:
        return None
    held = leg_of(state, order)
    after = held + (order.qty + under_way) * order.side.sign
    if account.type is AccountType.CASH and after < 0:
        return "short", "0", f"{after:f}"
    added = abs(after) - abs(held)
    if added <= 0:
        return None
    needed = _needed(state, order, added, price)
    if needed is None:
        return "buying_power", "", f"no price or no rate of {order.instrument} is known yet"
    reserved = sum(
        (
            _needed(state, one, one.leaves, None) or 0.0
            for one in (state.orders.values() if working is None else working)
            if one.working and one.instrument != order.instrument
        ),
        start=0.0,
    )
    free = account.free - reserved
    return ("buying_power", f"{free:.2f}", f"{needed:.2f}") if needed > free * (1 + 1e-12) else None


def _needed(state: State, order: OrderSubmitted | Order, qty: Decimal, price: float | None) -> float | None:
    """Initial margin for `qty` more units at the order's price, else the last one [account's currency]."""
    mark = state.marks.get(order.instrument)
    at = order.limit or order.stop or price or (mark.last if mark is not None else None)
    if at is None or (isinstance(order, Order) and order.reduce_only):
        return None
    value = notional(state, order.instrument, qty, float(at))
    return None if value is None else value * initial_margin(state, state.instruments[order.instrument])


# --- margin calls -------------------------------------------------------------------------------------------


def is_called(state: State) -> bool:
    """Whether positions must be closed: equity is below the maintenance margin, and every rate is known."""
    account = state.account
    return account.equity < account.maintenance and account.type is AccountType.MARGIN and account.complete


def margin_call(state: State) -> MarginCalled:
    """The fact that tells a call."""
    account = state.account
    return MarginCalled(
        state.session.account,
        exact(account.equity),
        exact(account.maintenance),
        f"equity {account.equity:.2f} is below the maintenance margin {account.maintenance:.2f}",
    )


def next_to_close(state: State) -> Position | None:
    """The position that is closed next: the largest loss [account's currency], of equal ones the oldest."""
    account = state.account
    held = [one for one in state.positions.values() if one.qty]
    return min(held, key=lambda one: (one.unrealised * rate(account, one.currency), one.opened), default=None)
