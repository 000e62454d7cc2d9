"""SMA and EMA against formulas written another way."""

import math

import numpy as np
import pytest

from tradekit.indicators.averages import EMA, SMA, WMA

RNG = np.random.default_rng(7)
WALK = 20_000 + np.cumsum(RNG.normal(0, 5, 3_000))


@pytest.mark.parametrize("period", [1, 2, 14, 50, 200])
def test_sma_is_the_mean_of_the_window(period: int) -> None:
    windows = np.lib.stride_tricks.sliding_window_view(WALK, period)
    values = SMA(period).array(WALK)
    np.testing.assert_allclose(values[period - 1 :], windows.mean(axis=1), rtol=1e-13)
    assert np.isnan(values[: period - 1]).all()


def test_sma_does_not_drift_over_a_million_bars() -> None:
    prices = 1.0 + np.abs(np.random.default_rng(3).normal(0, 1, 1_000_000))
    prices[1_000] = 1e12  # one bad tick must not leave its rounding error behind
    average = SMA(37)
    average.batch(prices)
    assert average.value == pytest.approx(math.fsum(prices[-37:]) / 37, rel=1e-14)


def test_a_nan_leaves_sma_again() -> None:
    average = SMA(3)
    average.batch([1.0, 2.0, math.nan, 4.0, 5.0])
    assert math.isnan(average.value)
    average.batch([6.0, 7.0, 8.0, 9.0])
    assert average.value == 8.0


@pytest.mark.parametrize("period", [2, 12, 26])
def test_ema_is_the_weighted_sum_from_the_first_mean(period: int) -> None:
    weight = 2 / (period + 1)
    seed = WALK[:period].mean()
    for at in (period, period + 3, 400):
        tail = WALK[period : at + 1]
        decay = (1 - weight) ** np.arange(len(tail))[::-1]
        expected = seed * (1 - weight) ** len(tail) + (weight * decay * tail).sum()
        assert EMA(period).array(WALK)[at] == pytest.approx(expected, rel=1e-12)


def test_ema_starts_with_the_mean() -> None:
    values = EMA(4).batch([1.0, 2.0, 3.0, 6.0, 8.0])
    assert all(map(math.isnan, values[:3]))
    assert values[3:] == [3.0, 3.0 + 0.4 * 5.0]


def test_wma_weighs_the_newest_most() -> None:
    assert WMA(3).batch([1.0, 2.0, 6.0, 0.0])[2:] == [(1 + 4 + 18) / 6, (2 + 12 + 0) / 6]
