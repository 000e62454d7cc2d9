"""MACD from its averages, and the seeds that TA-Lib gives them."""

import numpy as np

from tradekit.indicators.averages import EMA
from tradekit.indicators.macd import MACD

CLOSE = 100 + np.random.default_rng(6).normal(0, 1, 120).cumsum()


def test_the_fast_average_starts_with_the_slow_ones_first_value() -> None:
    made = MACD(5, 12, 4).arrays(CLOSE)
    line = EMA(5).array(CLOSE[7:])[4:] - EMA(12).array(CLOSE)[11:]  # 12 - 5 values skipped
    signal = EMA(4).array(line)
    np.testing.assert_array_equal(made["value"][14:], line[3:])
    np.testing.assert_array_equal(made["signal"][14:], signal[3:])
    np.testing.assert_array_equal(made["histogram"][14:], line[3:] - signal[3:])
    assert np.isnan(made["value"][:14]).all()
