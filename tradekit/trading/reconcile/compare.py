"""`reconcile(state, books)`: what the venue's books say otherwise than ours, each difference explained.

Pure: it changes nothing and trades nothing. Accepting what it proposes makes it find nothing the second time. Knows
neither when books are asked for nor who accepts.
"""

from tradekit.state.shape import State
from tradekit.trading.reconcile.books import Books, Found, Kind, Practice
from tradekit.trading.reconcile.cash import cash
from tradekit.trading.reconcile.fills import fills
from tradekit.trading.reconcile.orders import orders
from tradekit.trading.reconcile.positions import positions

__all__ = ["covered", "reconcile"]

_DEFAULT = Practice()


def reconcile(state: State, books: Books, practice: Practice = _DEFAULT) -> list[Found]:
    """The differences, trades first: they explain most of the others.

    A book that was not answered is no empty book: nothing follows from it.
    """
    return [
        *fills(state, books, practice),
        *orders(state, books, practice),
        *positions(state, books, practice),
        *cash(state, books, practice),
    ]


def covered(kind: str, books: Books) -> bool:
    """Whether the books were able to show a difference of this kind, had there been one."""
    if kind == Kind.CASH:
        return books.balances is not None
    if kind.startswith("position."):
        return books.positions is not None
    if kind.startswith("fill."):
        return books.executions is not None
    if kind == Kind.ORDER_FORGOTTEN:
        return books.open_orders is not None and books.executions is not None
    return books.open_orders is not None
