"""Deviation, z-score and regression against numpy's."""

import numpy as np
import pytest

from tradekit.indicators.dispersion import STDDEV, LinearRegression, ZScore

CLOSE = 60_000 + np.random.default_rng(4).normal(0, 3, 300).cumsum()
WINDOWS = np.lib.stride_tricks.sliding_window_view(CLOSE, 15)


def test_the_deviation_is_of_the_population() -> None:
    np.testing.assert_allclose(STDDEV(15).array(CLOSE)[14:], WINDOWS.std(axis=1), rtol=1e-10)


def test_the_z_score_counts_deviations_from_the_mean() -> None:
    expected = (WINDOWS[:, -1] - WINDOWS.mean(axis=1)) / WINDOWS.std(axis=1)
    np.testing.assert_allclose(ZScore(15).array(CLOSE)[14:], expected, rtol=1e-9, atol=1e-9)


def test_the_z_score_of_what_does_not_move_is_none() -> None:
    assert ZScore(3).batch([0.1, 0.1, 0.1])[-1] == 0.0


def test_the_line_is_that_of_least_squares() -> None:
    made = LinearRegression(15).arrays(CLOSE)
    slopes, starts = np.polynomial.polynomial.polyfit(np.arange(15), WINDOWS.T - 60_000, 1)[::-1]
    np.testing.assert_allclose(made["slope"][14:], slopes, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(made["value"][14:] - 60_000, starts + 14 * slopes, rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("slope", [0.0, 0.25, -3.0])
def test_a_straight_line_is_its_own_regression(slope: float) -> None:
    values = 1000.0 + slope * np.arange(8)
    made = LinearRegression(4)
    made.batch(values)
    assert (made.slope, made.value) == (slope, values[-1])
