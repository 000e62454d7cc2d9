"""The longer bars of a run over recorded bars, made ahead by column: which of them close with which bar.

Equal, bar for bar and in the same order, to what the engine makes one by one. Knows no engine.
"""

from collections.abc import Sequence

import numpy as np

from tradekit.data.aggregate import Closed
from tradekit.data.columns import BarColumns
from tradekit.data.resample import resample
from tradekit.model.instrument import duration

__all__ = ["Longer", "can_be_made"]

NEVER = 0  # bars are numbered from 1


def can_be_made(columns: BarColumns, timeframes: Sequence[str]) -> bool:
    """Whether bars of all these timeframes can be made ahead: whole numbers of the columns' own, none overlapping."""
    source = duration(columns.timeframe)
    whole = all(duration(one) % source == 0 for one in timeframes)
    return whole and not (columns.ts[1:] < columns.ts[:-1] + source).any()


class Longer:
    """Bars of longer timeframes, to be taken in the order in which they close.

    due  number of the bar, counted from 1, with which the next of them close; 0 when none is left
    """

    def __init__(self, columns: BarColumns, timeframes: Sequence[str]) -> None:
        """`timeframes` are longer than the columns' own; of those that close at one moment the first comes first."""
        self._made = [resample(columns, timeframe) for timeframe in timeframes]
        lengths = [len(made) for made in self._made]
        ends = np.concatenate([np.empty(0, np.int64), *(made.closes for made in self._made)])
        number = np.searchsorted(columns.closes, ends) + 1
        whose = np.repeat(np.arange(len(lengths)), lengths)
        order = np.lexsort((whose, ends, number))
        self._number, self._ends = number[order].tolist(), ends[order].tolist()
        self._whose = whose[order].tolist()
        self._bars = [made.bars() for made in self._made]
        self._taken = 0
        self.due = self._number[0] if self._number else NEVER

    def take(self) -> list[Closed]:
        """The bars that close with bar number `due`, each with its own close [UTC ns]."""
        first, due = self._taken, self.due
        while self._taken < len(self._number) and self._number[self._taken] == due:
            self._taken += 1
        self.due = self._number[self._taken] if self._taken < len(self._number) else NEVER
        return [(self._ends[at], next(self._bars[self._whose[at]])) for at in range(first, self._taken)]
