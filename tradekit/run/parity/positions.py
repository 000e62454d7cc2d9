"""Since when a session's position is another one than its backtest's, instrument by instrument.

Knows executions and their places, no reason.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import groupby

from tradekit.model.doubt import EXTERNAL
from tradekit.model.money import EXACT, ZERO
from tradekit.run.parity.lives import Deal

__all__ = ["Positions"]


class Positions:
    """Both positions at any place; `at` gives a place its rank."""

    def __init__(self, session: Iterable[Deal], backtest: Iterable[Deal], at: Callable[[int], int]) -> None:
        moves: dict[str, list[tuple[int, int, Decimal]]] = defaultdict(list)
        for side, deals in enumerate((session, backtest)):
            for deal in deals:
                if deal.strategy == EXTERNAL:
                    continue
                for fill in deal.fills:
                    moves[deal.instrument].append((at(fill.place), side, fill.qty * deal.side.sign))
        self._courses = {name: _course(found) for name, found in moves.items()}

    def of(self, instrument: str, rank: int) -> tuple[Decimal, Decimal]:
        """The session's position and the backtest's at a rank [base units]."""
        known = (ZERO, ZERO)
        for place, live, backtest in self._courses.get(instrument, ()):
            if place > rank:
                break
            known = live, backtest
        return known

    def apart_since(self, instrument: str, rank: int) -> int | None:
        """The rank at which they came apart that are not the same at `rank`; None where they are the same."""
        since = None
        for place, live, backtest in self._courses.get(instrument, ()):
            if place > rank:
                break
            since = None if live == backtest else place if since is None else since
        return since


def _course(moves: list[tuple[int, int, Decimal]]) -> list[tuple[int, Decimal, Decimal]]:
    """Both positions after each rank at which either has moved."""
    held = [ZERO, ZERO]
    found = []
    for rank, these in groupby(sorted(moves, key=lambda move: move[0]), key=lambda move: move[0]):
        for _, side, signed in these:
            held[side] = EXACT.add(held[side], signed)
        found.append((rank, held[0], held[1]))
    return found
