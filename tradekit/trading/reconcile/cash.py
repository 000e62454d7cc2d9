"""Cash compared, currency by currency. One that the venue's answer leaves out says nothing unless it is complete.

Pure. Where an account is paid in full, what is held of a pair's base is a balance too.
"""

from collections.abc import Iterator
from decimal import Decimal

from tradekit.model.account import CashKind, CashMoved
from tradekit.model.money import ZERO
from tradekit.model.said import BalanceSaid
from tradekit.state.shape import State
from tradekit.trading.reconcile.books import Books, Found, Kind, Practice

__all__ = ["cash", "owned"]


def owned(state: State) -> dict[str, Decimal]:
    """What there is of each currency: cash, and the base of pairs that are paid in full."""
    have = dict(state.account.cash)
    for one in state.positions.values():
        spec = state.instruments.get(one.instrument)
        if spec is not None and spec.base and not spec.margined:
            have[spec.base] = have.get(spec.base, ZERO) + one.qty
    return have


def cash(state: State, books: Books, practice: Practice) -> Iterator[Found]:
    """The differences between the account's balances and what is booked."""
    answer = books.balances
    if answer is None or _moving(state, books, practice):
        return
    theirs = {item.currency: item.total for item in answer.items if isinstance(item, BalanceSaid)}
    have = owned(state)
    names = list(theirs)
    if answer.complete:
        names += [name for name in have if name not in theirs]
    for name in names:
        ours, total = have.get(name, ZERO), theirs.get(name, ZERO)
        gap = total - ours
        if abs(gap) <= practice.cash:
            continue
        text = f"the account has {total:f} {name}, {ours:f} are booked"
        moved = CashMoved(state.session.account, name, gap, CashKind.ADJUSTMENT, note="reconciliation")
        base = name not in state.account.cash and name in have  # a holding: its position says more
        yield Found(
            kind=Kind.CASH, subject=name, instrument="", ours=f"{ours:f}", theirs=f"{total:f}", text=text,
            proposed=() if base else (moved,),
        )  # fmt: skip


def _moving(state: State, books: Books, practice: Practice) -> bool:
    """Whether anything has traded so lately that the venue's answer may be older."""
    lately = (one.updated for one in state.positions.values())
    return books.at - max(lately, default=0) < practice.tolerance
