"""Since when a session's position is another one than its backtest's, instrument by instrument.

Knows executions and their places, no reason.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

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
                    moves[deal.instrument].append((at(fill.place), side, fill.moved * deal.side.sign))
        self._courses = {name: _course(found) for name, found in moves.items()}

    def of(self, instrument: str, rank: int) -> tuple[Decimal, Decimal]:
        """The session's position and the backtest's at a rank [base units]."""
        known = self._at(instrument, rank)
        return (ZERO, ZERO) if known is None else (known.session, known.backtest)

    def apart_since(self, instrument: str, rank: int) -> int | None:
        """The rank at which they came apart that are not the same at `rank`; None where they are the same."""
        known = self._at(instrument, rank)
        return None if known is None else known.apart

    def _at(self, instrument: str, rank: int) -> "_Both | None":
        course = self._courses.get(instrument, [])
        at = bisect_right(course, rank, key=attrgetter("rank"))
        return course[at - 1] if at else None


class _Both(NamedTuple):
    """Both positions from a rank on, and since which they have not been the same."""

    rank: int
    session: Decimal
    backtest: Decimal
    apart: int | None


def _course(moves: list[tuple[int, int, Decimal]]) -> list[_Both]:
    """Both positions after each rank at which either has moved."""
    held = [ZERO, ZERO]
    found: list[_Both] = []
    apart: int | None = None
    for rank, these in groupby(sorted(moves, key=itemgetter(0)), key=itemgetter(0)):
        for _, side, signed in these:
            held[side] = EXACT.add(held[side], signed)
        apart = None if held[0] == held[1] else rank if apart is None else apart
        found.append(_Both(rank, held[0], held[1], apart))
    return found
