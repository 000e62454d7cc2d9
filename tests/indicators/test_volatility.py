"""ATR against Wilder's own arithmetic."""

import math

import numpy as np
import pytest

from tradekit.indicators.volatility import ATR, NATR

HIGH = np.array([10.0, 12.0, 11.0, 15.0, 14.0, 9.0])
LOW = np.array([8.0, 9.0, 10.0, 13.0, 10.0, 8.0])
CLOSE = np.array([9.0, 11.0, 10.5, 14.0, 10.0, 8.5])
RANGES = [3.0, 1.0, 4.5, 4.0, 2.0]  # bars 1 to 5: a gap up at bar 3, a gap down at bar 5


def test_the_true_range_counts_the_gap_from_the_last_close() -> None:
    assert ATR(1).batch(HIGH, LOW, CLOSE)[1:] == RANGES


def test_the_first_value_is_the_mean_of_the_first_ranges_and_the_next_are_smoothed() -> None:
    values = ATR(3).batch(HIGH, LOW, CLOSE)
    first = (3.0 + 1.0 + 4.5) / 3
    second = (first * 2 + 4.0) / 3
    assert all(map(math.isnan, values[:3]))
    assert values[3:] == pytest.approx([first, second, (second * 2 + 2.0) / 3], rel=1e-15)


def test_the_normalised_range_is_in_per_cent_of_the_close() -> None:
    ranges, shares = ATR(3).batch(HIGH, LOW, CLOSE), NATR(3).batch(HIGH, LOW, CLOSE)
    assert shares[3:] == pytest.approx([100 * r / c for r, c in zip(ranges[3:], CLOSE[3:], strict=True)])
    assert NATR(1).batch([2.0, 2.0], [0.0, 0.0], [1.0, 0.0])[-1] == 0.0  # in per cent of nothing
