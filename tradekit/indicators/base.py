"""What every indicator is: a small machine that takes one bar's fields at a time and holds its latest value.

Knows no bar, no instrument and no clock; it is fed numbers and nothing else.
"""

from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradekit.errors import StrategyError

__all__ = ["Floats", "Indicator", "columns_of", "positive_period"]

Floats: TypeAlias = NDArray[np.float64]


class Indicator:
    """The shape that the engine feeds: `update(*fields)` once a closed bar, then read `value` and `ready`.

    inputs  names of the bar's fields that `update` takes, in order
    value   the latest value; nan until `ready`
    ready   whether enough bars have been seen; once true it stays true
    warmup  number of bars after which `ready` turns true

    `array` and `batch` take whole columns instead of single fields. They carry the state on, so that any mix
    of `update`, `array` and `batch` over the same bars gives the same values to the last bit.
    """

    __slots__ = ("ready", "value", "warmup")
    inputs: ClassVar[tuple[str, ...]] = ("close",)

    def __init__(self, *, warmup: int) -> None:
        self.value: float = float("nan")
        self.ready: bool = False
        self.warmup: int = warmup

    def update(self, *fields: Any, **_: Any) -> None:
        """Take the fields of one bar; `value` and `ready` are fresh afterwards."""
        raise NotImplementedError

    def array(self, *columns: Any, **_: Any) -> Floats:
        """Take the fields of many bars; the value after each of them (nan where not ready), shape (bars,)."""
        raise NotImplementedError

    def batch(self, *columns: ArrayLike) -> list[float]:
        """As `array`, as a list: what a loop over bars reads fastest."""
        values: list[float] = self.array(*columns).tolist()
        return values

    def _until_ready(self, out: Floats, *columns: Floats) -> int:
        """Feed bars one by one until ready or at the end; their values go to `out`; how many bars it took."""
        at = 0
        while not self.ready and at < len(out):
            self.update(*(float(column[at]) for column in columns))
            out[at] = self.value
            at += 1
        return at


def positive_period(indicator: str, period: object, *, least: int = 1) -> int:
    """`period` as an int, or StrategyError when it is no whole number of at least `least` bars."""
    if isinstance(period, bool) or not isinstance(period, (int, np.integer)):
        raise StrategyError(f"{indicator}: the period is {period!r}; give a whole number of bars, such as 20")
    if period < least:
        raise StrategyError(f"{indicator}: the period is {period}; it must be at least {least} [bars]")
    return int(period)


def columns_of(indicator: str, *columns: ArrayLike) -> tuple[Floats, ...]:
    """The columns as float64 arrays, or StrategyError when they are not of one length and one dimension."""
    arrays = tuple(np.asarray(column, dtype=np.float64) for column in columns)
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 1:
        found = ", ".join(str(array.shape) for array in arrays)
        raise StrategyError(f"{indicator}: columns of shape {found}; give flat columns of one length")
    return arrays
