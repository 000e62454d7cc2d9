"""Indicators that remember a window of bars and nothing before it, and the arithmetic of such windows.

Each number is worked out from its own window, in one order, alone and for a whole column alike: nothing drifts.
Knows no particular indicator.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from tradekit.indicators.base import Floats, Indicator

__all__ = [
    "Spread",
    "Window",
    "Windowed",
    "highest",
    "lowest",
    "spread",
    "spreads",
    "weighted",
    "weighted_all",
]

NOISE = (
    2e-14  # a difference of no more than this share of a price is rounding, no movement; TA-Lib 0.8 agrees
)

Window: TypeAlias = deque[float]
Spread: TypeAlias = tuple[float, float]


class Windowed(Indicator):
    """An indicator whose lines depend on the last `span` bars only.

    `_look` sets the lines from one window of each field, oldest first; `_over` makes them for every window of
    `span` in longer columns. Both do the same operations in the same order.
    """

    __slots__ = ("_windows",)

    def __init__(self, span: int) -> None:
        super().__init__(warmup=span)
        self._windows: tuple[Window, ...] = tuple(deque(maxlen=span) for _ in self.inputs)

    def update(self, *fields: float) -> None:
        """Take the next bar's fields."""
        windows = self._windows
        for window, field in zip(windows, fields, strict=True):
            window.append(field)
        if not self.ready:
            if len(windows[0]) < self.warmup:
                return
            self.ready = True
        self._look(*windows)

    def _look(self, *windows: Any, **_: Any) -> None:
        raise NotImplementedError

    def _over(self, *columns: Any, **_: Any) -> Sequence[Floats]:
        raise NotImplementedError

    def _lines(self, *columns: Floats) -> Sequence[Floats]:
        before = (list(window)[1:] for window in self._windows)
        whole = tuple(np.concatenate(pair) for pair in zip(before, columns, strict=True))
        for window, column in zip(self._windows, columns, strict=True):
            window.extend(column[-self.warmup :].tolist())
        return self._over(*whole)


# --- the arithmetic, of one window and of every window in a column ----------------------------------------------


def weighted(window: Iterable[float], weights: Iterable[float]) -> float:
    """Sum of weight times value, oldest first."""
    total = 0.0
    for value, weight in zip(window, weights, strict=True):
        total += weight * value
    return total


def weighted_all(values: Floats, weights: Sequence[float]) -> Floats:
    """`weighted` of every window of as many values as weights, shape (values - weights + 1,)."""
    count = len(values) - len(weights) + 1
    total = np.zeros(count)
    for start, weight in enumerate(weights):
        total += weight * values[start : start + count]
    return total


def spread(window: Window) -> Spread:
    """(mean less newest value, population variance) of a window.

    Taken from the newest value, so that the digits that all values share cancel first: the variance of prices
    near 100,000 is as good as that of prices near 1, and a window that does not move has exactly 0 and 0.
    """
    count, newest = len(window), window[-1]
    total = 0.0
    for value in window:
        total += value - newest
    mean = total / count
    squares = 0.0
    for value in window:
        off = value - newest - mean
        squares += off * off
    return mean, squares / count


def spreads(values: Floats, span: int) -> tuple[Floats, Floats]:
    """`spread` of every window of `span` values, shape (values - span + 1,) each."""
    count = len(values) - span + 1
    newest = values[span - 1 :]
    mean, squares = np.zeros(count), np.zeros(count)
    for start in range(span):
        mean += values[start : start + count] - newest
    mean /= span
    for start in range(span):
        off = values[start : start + count] - newest - mean
        squares += off * off
    return mean, squares / span


def highest(values: Floats, span: int) -> Floats:
    """The greatest of every window of `span` values: windows of 1, 2, 4 and so on, and two of them that overlap."""
    return _most(np.maximum, values, span)


def lowest(values: Floats, span: int) -> Floats:
    """The least of every window of `span` values."""
    return _most(np.minimum, values, span)


def _most(pick: np.ufunc, values: Floats, span: int) -> Floats:
    width = 1
    while width < span:
        step = min(width, span - width)
        values = pick(values[:-step], values[step:])
        width += step
    return values
