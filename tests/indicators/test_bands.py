"""Bands against their definitions, written another way."""

import numpy as np
import pytest

from tests.indicators.kinds import fields
from tradekit.indicators.averages import EMA
from tradekit.indicators.bands import BBANDS, Donchian, Keltner
from tradekit.indicators.volatility import ATR

BARS = fields((100 + np.random.default_rng(2).normal(0, 1, 200).cumsum()).tolist(), width=0.02)
HIGH, LOW, CLOSE = BARS["high"], BARS["low"], BARS["close"]


def test_bollinger_is_the_mean_and_the_population_deviation() -> None:
    made = BBANDS(20, 1.5).arrays(CLOSE)
    windows = np.lib.stride_tricks.sliding_window_view(CLOSE, 20)
    middle, width = windows.mean(axis=1), 1.5 * windows.std(axis=1)
    for line, expected in (("value", middle), ("upper", middle + width), ("lower", middle - width)):
        np.testing.assert_allclose(made[line][19:], expected, rtol=1e-13)


def test_donchian_counts_the_newest_bar() -> None:
    channel = Donchian(3)
    for high, low in ((5.0, 4.0), (9.0, 6.0), (7.0, 3.0), (8.0, 5.0), (7.5, 5.0)):
        channel.update(high, low)
    assert (channel.upper, channel.lower, channel.value) == (8.0, 3.0, 5.5)


@pytest.mark.parametrize(("period", "ranges", "first"), [(20, 10, 20), (5, 10, 11), (1, 1, 2)])
def test_keltner_is_an_ema_and_the_average_range(period: int, ranges: int, first: int) -> None:
    channel = Keltner(period, 1.5, ranges)
    assert channel.warmup == first
    made = channel.arrays(HIGH, LOW, CLOSE)
    middle, width = EMA(period).array(CLOSE), 1.5 * ATR(ranges).array(HIGH, LOW, CLOSE)
    np.testing.assert_array_equal(made["upper"][first:], (middle + width)[first:])
    np.testing.assert_array_equal(made["lower"][first:], (middle - width)[first:])
    np.testing.assert_array_equal(made["value"][first:], middle[first:])
