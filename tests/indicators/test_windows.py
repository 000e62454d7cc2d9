"""The arithmetic of windows against numpy's and Python's own, written another way."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.indicators.windows import (
    Windowed,
    highest,
    lowest,
    spread,
    spreads,
    weighted,
    weighted_all,
)

COLUMNS = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40).map(np.array)


@given(COLUMNS, st.integers(1, 40))
@law(60)
def test_extremes_are_those_of_each_window(values: np.ndarray, span: int) -> None:
    span = min(span, len(values))
    windows = np.lib.stride_tricks.sliding_window_view(values, span)
    np.testing.assert_array_equal(highest(values, span), windows.max(axis=1))
    np.testing.assert_array_equal(lowest(values, span), windows.min(axis=1))


@given(COLUMNS, st.integers(1, 40))
@law(40)
def test_a_column_is_its_windows_one_by_one(values: np.ndarray, span: int) -> None:
    span = min(span, len(values))
    weights = [n - 1.5 for n in range(span)]
    alone = [deque(values[at : at + span].tolist()) for at in range(len(values) - span + 1)]
    assert weighted_all(values, weights).tolist() == [weighted(window, weights) for window in alone]
    means, variances = spreads(values, span)
    assert list(zip(means.tolist(), variances.tolist(), strict=True)) == [spread(window) for window in alone]


@pytest.mark.parametrize("level", [1.0, 1e5, 1e9])
def test_the_variance_is_as_good_far_from_zero_as_near_it(level: float) -> None:
    moves = np.array([0.0, 0.25, 0.5, -0.25, 1.0])  # exact at each of these levels
    mean, variance = spread(deque((level + moves).tolist()))
    assert mean == pytest.approx(moves.mean() - 1.0, rel=1e-15)
    assert variance == pytest.approx(moves.var(), rel=1e-15)


def test_a_window_that_does_not_move_has_no_spread_at_all() -> None:
    assert spread(deque([0.1] * 7)) == (0.0, 0.0)


def test_a_window_says_nothing_of_what_it_means() -> None:
    with pytest.raises(NotImplementedError):
        Windowed(1).update(1.0)
    made = Windowed(1)
    made.ready = True
    with pytest.raises(NotImplementedError):
        made.array([1.0])
