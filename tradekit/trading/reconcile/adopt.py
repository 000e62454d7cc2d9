"""Taking over an account that somebody used before: what it holds becomes our books, once, and nothing is traded.

Pure. Orders and trades need none of this: those that are not ours are adopted whenever they are found.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tradekit.core.event import Fact
from tradekit.model.account import AccountAdopted
from tradekit.model.money import ZERO
from tradekit.model.reconciliation import AlertRaised, DifferenceFound, DifferenceResolved
from tradekit.model.said import BalanceSaid, PositionSaid
from tradekit.state.shape import State
from tradekit.trading.reconcile.books import Books, Found, Practice
from tradekit.trading.reconcile.cash import owned
from tradekit.trading.reconcile.positions import held, positions

__all__ = ["account_taken_over", "positions_taken_over", "unready", "without_holdings"]

BY = "adoption"


def without_holdings(books: Books) -> Books:
    """Books without cash and positions: those of an account that is still to be taken over differ from nothing."""
    return msgspec.structs.replace(books, positions=None, balances=None)


def unready(state: State) -> dict[str, str]:
    """Why what is held cannot be counted yet, by the book that is lacking."""
    waiting = any(order.told is not None for order in state.orders.values())
    return (
        {"executions": "what has filled of an order that was there before is not known yet"}
        if waiting
        else {}
    )


def positions_taken_over(state: State, books: Books) -> list[Fact]:
    """The trades that stand for what the account holds, for EXTERNAL.

    What the session does not trade is told and left alone: it is asked about again only when it has changed.
    """
    at_once = Practice(tolerance_s=0)
    facts: list[Fact] = []
    for one in positions(state, books, at_once):
        facts += one.proposed if one.instrument in state.instruments else _left(one)
    return facts


def account_taken_over(state: State, books: Books) -> list[Fact]:
    """The account's cash as the venue has it, beyond what is booked; the market's prices; a word to whoever looks."""
    items = () if books.balances is None else books.balances.items
    holding = () if books.positions is None else books.positions.items
    prices = {
        one.instrument: one.mark
        for one in holding
        if isinstance(one, PositionSaid) and one.mark is not None and one.instrument in state.instruments
    }
    have = owned(state)
    cash = {
        one.currency: one.total - have.get(one.currency, ZERO)
        for one in items
        if isinstance(one, BalanceSaid)
    }
    cash = {name: gap for name, gap in cash.items() if gap}
    return [AccountAdopted(state.session.account, cash, prices), AlertRaised("adopted", _words(state, items))]


def _left(one: Found) -> list[Fact]:
    told = DifferenceFound(one.id, one.kind, one.instrument, one.ours, one.theirs, one.text, reported=True)
    return [told, DifferenceResolved(one.id, one.instrument, "refused", BY)]


def _words(state: State, items: Iterable[object]) -> str:
    cash = [f"{one.total:f} {one.currency}" for one in items if isinstance(one, BalanceSaid) and one.total]
    holding: dict[str, Decimal] = {name: held(state, name) for name in state.instruments}
    there = [f"{qty:f} {name}" for name, qty in holding.items() if qty]
    orders = sum(order.working for order in state.orders.values())
    return (
        f"the account was taken over as the venue has it: {', '.join(cash) or 'no cash'}; "
        f"holding {', '.join(there) or 'nothing that is traded here'}; {orders} working orders"
    )
