"""RSI against Wilder's own arithmetic."""

import math

import pytest

from tradekit.indicators.momentum import MOM, ROC, RSI


def test_the_first_value_is_the_share_of_rises_in_the_first_moves() -> None:
    values = RSI(4).batch([10.0, 11.0, 10.5, 12.5, 12.0])  # up 1, down .5, up 2, down .5
    assert all(map(math.isnan, values[:4]))
    assert values[4] == pytest.approx(75.0, rel=1e-15)


def test_the_next_values_are_smoothed() -> None:
    values = RSI(2).batch([10.0, 11.0, 10.0, 13.0])
    rises, falls = (0.5 * 1 + 3) / 2, (0.5 * 1 + 0) / 2
    assert values[3] == pytest.approx(100 * rises / (rises + falls), rel=1e-15)


@pytest.mark.parametrize(
    ("prices", "value"), [([1, 2, 3, 4], 100.0), ([4, 3, 2, 1], 0.0), ([5, 5, 5, 5], 0.0)]
)
def test_the_ends_of_the_scale(prices: list[float], value: float) -> None:
    assert RSI(3).batch(prices)[-1] == value


def test_momentum_and_rate_of_change_look_back_so_many_bars() -> None:
    assert MOM(2).batch([10.0, 11.0, 15.0, 12.0])[2:] == [5.0, 1.0]
    assert ROC(2).batch([10.0, 16.0, 15.0, 12.0])[2:] == [50.0, -25.0]
    assert ROC(1).batch([0.0, 3.0])[1] == 0.0  # from nothing
