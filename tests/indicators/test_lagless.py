"""Averages that lag less, against their definitions."""

import numpy as np
import pytest

from tradekit.indicators.averages import EMA
from tradekit.indicators.lagless import DEMA, KAMA, TEMA

CLOSE = 100 + np.random.default_rng(6).normal(0, 1, 120).cumsum()


def test_double_and_triple_are_averages_of_averages() -> None:
    once = EMA(6).array(CLOSE)
    twice = EMA(6).array(once[5:])
    thrice = EMA(6).array(twice[5:])
    np.testing.assert_array_equal(DEMA(6).array(CLOSE)[10:], (2 * once[5:] - twice)[5:])
    np.testing.assert_array_equal(TEMA(6).array(CLOSE)[15:], (3 * once[10:] - 3 * twice[5:] + thrice)[5:])


def test_a_straight_way_moves_kaufmans_average_fast_and_noise_moves_it_slowly() -> None:
    fast, slow = (2 / 3) ** 2, (2 / 31) ** 2
    straight, noise = KAMA(4), KAMA(4)
    straight.batch([1.0, 2.0, 3.0, 4.0, 5.0])
    noise.batch([1.0, 2.0, 1.0, 2.0, 1.0])
    assert straight.value == pytest.approx(4 + fast * 1, rel=1e-15)
    assert noise.value == pytest.approx(2 + slow * -1, rel=1e-15)


def test_where_nothing_moves_it_stays() -> None:
    assert KAMA(3).batch([7.0] * 9)[3:] == [7.0] * 6
