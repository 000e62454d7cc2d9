"""The course of a run: the bars of one or more series of one timeframe in the order in which they are taken.

By the time of their closes, and at one moment as the series are listed. Knows no indicator and no order.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from operator import getitem
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.data.columns import BarColumns
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar

__all__ = ["Course", "Stretch"]

Places: TypeAlias = NDArray[np.int32]
_FIELDS = ("ts", "open", "high", "low", "close", "volume")
_new_bar: Callable[..., Bar] = Bar


class Stretch(NamedTuple):
    """Some bars in a row: those numbered above `start` and up to `stop`.

    whose  the series of each
    parts  by series: the places that its bars have
    order  of each bar as it is taken, its position in all parts one behind the other
    """

    start: int
    stop: int
    whose: Places
    parts: list[slice]
    order: NDArray[np.int64]

    def woven(self, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Values that are there part by part, as the bars are taken."""
        woven: NDArray[Any] = np.concatenate(parts)[self.order]
        return woven


class Course:
    """Bars are numbered from 1 as they are taken; a bar's place counts from 0 in its own series.

    series  the columns, which share one timeframe; `names` are their instruments
    length  of a bar [ns]
    """

    def __init__(self, series: Sequence[BarColumns]) -> None:
        self.series = list(series)
        self.names = [one.instrument for one in series]
        self.length = duration(self.series[0].timeframe)
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._order = _order(self.series) if len(self.series) > 1 else None
        self._fields = [[getattr(one, name) for one in self.series] for name in _FIELDS]

    def __len__(self) -> int:
        return sum(map(len, self.series))

    def of(self, instrument: str) -> BarColumns:
        """An instrument's bars."""
        return self.series[self._numbers[instrument]]

    def spec(self, instrument: str) -> Instrument:
        """An instrument's terms."""
        return self.of(instrument).spec

    def moved(self, start: int, stop: int) -> list[str]:
        """The instruments that have a bar numbered above `start` and up to `stop`."""
        if self._order is None:
            return self.names[: stop - start]
        return [self.names[number] for number in np.unique(self._order[0][start:stop]).tolist()]

    def stretches(self, *sizes: int) -> Iterator[Stretch]:
        """All bars: stretches of these sizes, the last size again and again. Of several series."""
        whose, places = self._order if self._order is not None else _order(self.series)
        taken, start, left = np.zeros(len(self.series), np.int64), 0, list(sizes)
        while start < len(whose):
            stop = min(start + (left.pop(0) if len(left) > 1 else left[0]), len(whose))
            mine = whose[start:stop]
            counts = np.bincount(mine, minlength=len(self.series))
            before = np.cumsum(counts) - counts - taken
            firsts, taken = taken, taken + counts
            parts = list(map(slice, firsts.tolist(), taken.tolist()))
            yield Stretch(start, stop, mine, parts, before[mine] + places[start:stop])
            start = stop

    def bars(self, stretch: Stretch) -> Iterator[Bar]:
        """The bars of a stretch."""
        numbers = [stretch.woven(list(map(getitem, each, stretch.parts))).tolist() for each in self._fields]
        names = map(self.names.__getitem__, stretch.whose.tolist())
        return map(_new_bar, names, repeat(self.series[0].timeframe), *numbers)

    def at(self, n: int) -> tuple[BarColumns, int]:
        """The series of the `n`-th bar, and its place there."""
        if self._order is None:
            return self.series[0], n - 1
        whose, places = self._order
        return self.series[whose.item(n - 1)], places.item(n - 1)

    def instrument(self, n: int) -> str:
        """What the `n`-th bar is of."""
        return self.names[0 if self._order is None else self._order[0].item(n - 1)]

    def bar(self, n: int) -> Bar:
        """The `n`-th bar."""
        columns, place = self.at(n)
        return columns.bar(place)

    def opens(self, n: int) -> int:
        """When the `n`-th bar opens [UTC ns]."""
        columns, place = self.at(n)
        opens: int = columns.ts.item(place)
        return opens

    def closes(self, n: int) -> int:
        """When the `n`-th bar closes [UTC ns]."""
        return self.opens(n) + self.length

    def place(self, instrument: str, n: int) -> int:
        """The place of an instrument's last bar among the first `n` of all; -1 before its first."""
        if self._order is None or n == 0:
            return n - 1
        number, last = self._numbers[instrument], self._order[0].item(n - 1)
        if number == last:
            return int(self._order[1].item(n - 1))
        # of what closes at the same moment, the first listed was taken
        side: Literal["left", "right"] = "right" if number < last else "left"
        return int(np.searchsorted(self.series[number].ts, self.opens(n), side=side)) - 1


def _order(series: Sequence[BarColumns]) -> tuple[Places, Places]:
    """Of each bar as it is taken: the series, by its number, and the place there."""
    lengths = [len(one) for one in series]
    numbers = np.arange(len(series), dtype=np.int32)
    if all(np.array_equal(one.ts, series[0].ts) for one in series):  # side by side: nothing is to be sorted
        return np.tile(numbers, lengths[0]), np.repeat(np.arange(lengths[0], dtype=np.int32), len(series))
    order = np.argsort(np.concatenate([one.ts for one in series]), kind="stable")
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    whose = np.repeat(numbers, lengths)[order]
    return whose, (order - starts[whose]).astype(np.int32)
