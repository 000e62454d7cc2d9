"""Oscillators where TA-Lib does not say enough: their ends, and what does not move."""

import numpy as np
import pytest

from tests.indicators.kinds import Make
from tradekit.indicators.averages import SMA
from tradekit.indicators.momentum import RSI
from tradekit.indicators.oscillators import CCI, Stochastic, StochRSI, WilliamsR

CLOSE = 100 + np.random.default_rng(6).normal(0, 1, 200).cumsum()


def test_the_ends_of_the_scales() -> None:
    for close, place in ((4.0, 0.0), (8.0, 100.0), (5.0, 25.0)):
        stochastic, williams = Stochastic(2, 1, 1), WilliamsR(2)
        for indicator in (stochastic, williams):
            indicator.update(8.0, 4.0, 6.0)
            indicator.update(8.0, 4.0, close)
        assert stochastic.value == stochastic.signal == place
        assert williams.value == place - 100.0


@pytest.mark.parametrize("make", [lambda n: Stochastic(n, 1, 1), WilliamsR, CCI])
def test_a_price_that_does_not_move_has_no_place(make: Make) -> None:
    for wobble in (0.0, 1e-15):  # nor one that only rounding moves
        made = make(4)
        for n in range(8):
            made.update(0.1 + wobble * (n % 2), 0.1, 0.1 + wobble * (n % 2))
        assert made.value == 0.0


def test_stochastic_rsi_can_be_smoothed_as_charts_do() -> None:
    made = StochRSI(14, 14, 3, smooth=3).arrays(CLOSE)
    rsi = RSI(14).array(CLOSE)[14:]
    windows = np.lib.stride_tricks.sliding_window_view(rsi, 14)
    low, high = windows.min(axis=1), windows.max(axis=1)
    k = SMA(3).array(100 * (rsi[13:] - low) / (high - low))[2:]
    np.testing.assert_allclose(made["value"][31:], k[2:], rtol=1e-12)
    np.testing.assert_allclose(made["signal"][31:], SMA(3).array(k)[2:], rtol=1e-12)
    assert np.isnan(made["value"][:31]).all()


def test_cci_counts_mean_absolute_deviations() -> None:
    index = CCI(4)
    for value in (10.0, 12.0, 11.0, 15.0):
        index.update(value + 1, value - 1, value)
    assert index.value == pytest.approx((15 - 12) / (0.015 * (2 + 0 + 1 + 3) / 4), rel=1e-14)
