"""What every indicator is: a small machine that takes one bar's fields at a time and holds its latest value.

Knows no bar, no instrument and no clock; it is fed numbers and nothing else.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradekit.errors import StrategyError

__all__ = ["Floats", "Indicator", "by_chunk", "columns_of", "positive_number", "positive_period"]

Floats: TypeAlias = NDArray[np.float64]

_FORMS = ("_lines", "array", "arrays", "batch")


class Indicator:
    """The shape that the engine feeds: `update(*fields)` once a closed bar, then read `value` and `ready`.

    inputs   names of the bar's fields that `update` takes, in order
    outputs  names of the lines that it holds, the main one, `value`, first
    value    the latest value of the main line; nan until `ready`, as the other lines are
    ready    whether enough bars have been seen; once true it stays true
    warmup   number of bars after which `ready` turns true
    made     the arguments it was made with, so that another can be made like it
    prices   which of its lines are prices, to be drawn over the bars; none: it has a scale of its own

    `array`, `arrays` and `batch` take whole columns instead of single fields. They carry the state on, so that
    any mix of them and of `update` over the same bars gives the same values to the last bit. The fields are
    numbers; what has no value (nan) is for whoever made the bars to refuse.
    """

    __slots__ = ("made", "ready", "value", "warmup")
    inputs: ClassVar[tuple[str, ...]] = ("close",)
    outputs: ClassVar[tuple[str, ...]] = ("value",)
    prices: ClassVar[tuple[str, ...]] = ()
    made: tuple[tuple[Any, ...], dict[str, Any]]
    value: float
    ready: bool
    warmup: int

    def __init_subclass__(cls) -> None:
        """Refuse lines that nothing could hold."""
        super().__init_subclass__()
        if cls.outputs[:1] != ("value",) or not all(map(str.isidentifier, cls.outputs)):
            raise StrategyError(
                f"{cls.__name__}.outputs is {cls.outputs}; give names of attributes, 'value' the first of them"
            )

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Note down what it is made with."""
        made = super().__new__(cls)
        made.made = (args, options)
        return made

    def __init__(self, *, warmup: int) -> None:
        self.ready = False
        self.warmup = warmup
        for line in self.outputs:
            setattr(self, line, float("nan"))

    def update(self, *fields: Any, **_: Any) -> None:
        """Take the fields of one bar; the lines and `ready` are fresh afterwards."""
        raise NotImplementedError

    def array(self, *columns: ArrayLike) -> Floats:
        """Take the fields of many bars; the main line after each of them (nan while not ready), shape (bars,)."""
        return self.arrays(*columns)["value"]

    def arrays(self, *columns: ArrayLike) -> dict[str, Floats]:
        """As `array`, for each of the lines by its name, in the order of `outputs`."""
        given = columns_of(type(self).__name__, *columns, wanted=self.inputs)
        made = {line: np.full(len(given[0]), np.nan) for line in self.outputs}
        head = self._until_ready(made, given)
        if head < len(given[0]):
            for line, values in zip(
                self.outputs, self._lines(*(column[head:] for column in given)), strict=True
            ):
                made[line][head:] = values
                setattr(self, line, float(values[-1]))
        return made

    def batch(self, *columns: ArrayLike) -> list[float]:
        """As `array`, as a list: what a loop over bars reads fastest."""
        values: list[float] = self.array(*columns).tolist()
        return values

    def _until_ready(self, made: dict[str, Floats], columns: Sequence[Floats]) -> int:
        """Feed bars one by one until ready or at the end; what they make goes to `made`; how many bars it took."""
        at = 0
        while not self.ready and at < len(columns[0]):
            self.update(*(float(column[at]) for column in columns))
            for line, values in made.items():
                values[at] = getattr(self, line)
            at += 1
        return at

    def _lines(self, *columns: Any, **_: Any) -> Sequence[Floats]:
        """The lines after each of these bars, one or more, when `ready` is true already; the state goes on.

        A kind of indicator that can do better than bar by bar says so here.
        """
        update = self.update
        made: tuple[list[float], ...] = tuple([] for _ in self.outputs)
        for fields in zip(*(column.tolist() for column in columns), strict=True):
            update(*fields)
            for line, values in zip(self.outputs, made, strict=True):
                values.append(getattr(self, line))
        return tuple(map(np.array, made))


def by_chunk(indicator: object) -> bool:
    """Whether an indicator can be computed ahead by the chunk, all its lines with it.

    One of ours can when its form for columns belongs to its `update`: a class that changes `update` and inherits
    the rest cannot. A plain class can when it has `batch` and `warmup` and no line but `value`.
    """
    kind = type(indicator)
    if not isinstance(indicator, Indicator):
        lines = getattr(indicator, "outputs", ("value",))
        return hasattr(indicator, "batch") and hasattr(indicator, "warmup") and len(lines) == 1
    for ancestor in kind.__mro__:
        own = vars(ancestor)
        if ancestor is not Indicator and not own.keys().isdisjoint(_FORMS):
            return True
        if "update" in own:
            return False
    return False


def positive_period(indicator: str, period: object, *, least: int = 1, what: str = "period") -> int:
    """`period` as an int, or StrategyError when it is no whole number of at least `least` bars."""
    if isinstance(period, bool) or not isinstance(period, (int, np.integer)):
        raise StrategyError(f"{indicator}: the {what} is {period!r}; give a whole number of bars, such as 20")
    if period < least:
        raise StrategyError(f"{indicator}: the {what} is {period}; it must be at least {least} [bars]")
    return int(period)


def positive_number(indicator: str, what: str, number: object) -> float:
    """`number` as a float, or StrategyError when it is none, or not above zero."""
    if isinstance(number, bool) or not isinstance(number, (int, float, np.number)):
        raise StrategyError(f"{indicator}: the {what} is {number!r}; give a number, such as 2.0")
    if not 0.0 < float(number) < float("inf"):
        raise StrategyError(f"{indicator}: the {what} is {number}; it must be above zero, and finite")
    return float(number)


def columns_of(
    indicator: str, *columns: ArrayLike, wanted: Sequence[str] | None = None
) -> tuple[Floats, ...]:
    """The columns as float64 arrays, or StrategyError when they are not as many as `wanted`, flat and of one length."""
    if wanted is not None and len(columns) != len(wanted):
        raise StrategyError(f"{indicator} takes {', '.join(wanted)}; it was given {len(columns)} columns")
    arrays = tuple(np.asarray(column, dtype=np.float64) for column in columns)
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 1:
        found = ", ".join(str(array.shape) for array in arrays)
        raise StrategyError(f"{indicator}: columns of shape {found}; give flat columns of one length")
    return arrays
