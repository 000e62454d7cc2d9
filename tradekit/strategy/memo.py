"""Indicators over whole columns, computed once for the same indicator, parameters and data.

Knows no bars and no strategy: it is given arrays and a recipe.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.errors import StrategyError
from tradekit.indicators.base import Indicator, by_chunk

__all__ = ["Memo"]

Column: TypeAlias = NDArray[Any]
_ROOM = 64 * 2**20  # [bytes]


class Memo:
    """Remembers what was computed, up to `room` bytes; what was not asked for longest goes first.

    Data is known by its place in memory, which holds for read-only arrays only: the columns of the bars and what
    `find` itself gave. An indicator on a writable array is computed each time.
    """

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._used = 0
        self._known: OrderedDict[Any, tuple[Sequence[Column], Any]] = OrderedDict()

    def find(self, kind: Any, columns: Sequence[Column], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The values of an indicator after each bar, read-only: an array of shape (bars,), or one a line by its name.

        Raises StrategyError for what is no indicator.
        """
        if not columns:
            raise StrategyError(
                "an indicator needs data: give a column first, as in self.ind(SMA, bars.close, 20)"
            )
        if any(column.flags.writeable for column in columns):
            return _frozen(_computed(kind, columns, args, named))
        key = (kind, args, tuple(sorted(named.items())), tuple(_place(column) for column in columns))
        try:
            found = self._known.get(key)
        except TypeError:  # a parameter that cannot be looked up, such as a list
            return _frozen(_computed(kind, columns, args, named))
        if found is not None:
            self._known.move_to_end(key)
            return found[1]
        made = _frozen(_computed(kind, columns, args, named))
        self._known[key] = columns, made  # the columns are held: their place stays theirs
        self._used += _size(made)
        while self._used > self._room:
            _, (_, dropped) = self._known.popitem(last=False)
            self._used -= _size(dropped)
        return made


def _place(column: Column) -> tuple[Any, ...]:
    return column.__array_interface__["data"][0], column.shape, column.strides, column.dtype.str


def _computed(kind: Any, columns: Sequence[Column], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if not isinstance(kind, type):
        return kind(*columns, *args, **named)
    made: Any = kind(*args, **named)
    if not hasattr(made, "update") or not hasattr(made, "ready"):
        raise StrategyError(f"{kind.__name__} is no indicator: it needs `update`, `value` and `ready`")
    lines = getattr(made, "outputs", ("value",))
    if by_chunk(made) if isinstance(made, Indicator) else hasattr(made, "array"):
        return made.array(*columns) if len(lines) == 1 else made.arrays(*columns)
    values = {line: np.full(len(columns[0]), np.nan) for line in lines}
    for at, fields in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        made.update(*fields)
        if made.ready:
            for line, column in values.items():
                column[at] = getattr(made, line)
    return values if len(lines) > 1 else values["value"]


def _frozen(made: Any) -> Any:
    """What was computed, read-only; several arrays stay several."""
    if isinstance(made, dict):
        return {name: _frozen(one) for name, one in made.items()}
    if isinstance(made, tuple):
        frozen = [_frozen(one) for one in made]
        return type(made)(*frozen) if hasattr(made, "_fields") else tuple(frozen)
    array = np.asarray(made).view()
    array.flags.writeable = False
    return array


def _size(made: Any) -> int:
    if isinstance(made, dict):
        made = tuple(made.values())
    return sum(map(_size, made)) if isinstance(made, tuple) else int(made.nbytes)
