"""Lines that trail a price, by hand and by a definition written another way."""

import math

import numpy as np
import pytest

from tests.indicators.kinds import fields
from tradekit.indicators.trailing import PSAR, SuperTrend
from tradekit.indicators.volatility import ATR

BARS = fields((100 + np.random.default_rng(8).normal(0, 1, 400).cumsum()).tolist(), width=0.02)
HIGH, LOW, CLOSE = BARS["high"], BARS["low"], BARS["close"]


def test_the_parabolic_stop_follows_a_rise_faster_and_faster() -> None:
    stop = PSAR(0.02, 0.05)
    seen = []
    for low in (10.0, 11.0, 12.0, 13.0, 14.0):
        stop.update(low + 1, low)
        seen.append(stop.value)
    assert math.isnan(seen[0])
    assert seen[1] == 10.0  # the first bar's low
    assert seen[2] == 10.0 + 0.02 * (12 - 10.0)
    assert seen[3] == seen[2] + 0.04 * (13 - seen[2])
    assert seen[4] == seen[3] + 0.05 * (14 - seen[3])  # the weight has reached its maximum
    assert stop.direction == 1.0


def test_the_parabolic_stop_turns_at_the_trends_extreme() -> None:
    stop = PSAR()
    for high, low in ((11.0, 10.0), (12.0, 11.0), (13.0, 12.0)):
        stop.update(high, low)
    stop.update(12.0, 5.0)  # through the stop
    assert (stop.value, stop.direction) == (13.0, -1.0)
    stop.update(6.0, 4.0)
    assert stop.value == 13.0  # 12.84 would be within the high of two bars before
    stop.update(6.0, 5.0)
    assert stop.value == 13.0 + 0.04 * (4.0 - 13.0)
    stop.update(20.0, 6.0)
    assert (stop.value, stop.direction) == (4.0, 1.0)


@pytest.mark.parametrize(
    ("second", "value", "direction"),
    [
        ((9.9, 8.0), 10.0, -1.0),
        ((11.5, 9.6), 9.5, 1.0),
        ((10.5, 8.0), 8.0, 1.0),  # a fall; the stop at the first high is reached at once
        ((10.5, 9.0), 10.5, -1.0),  # a tie counts as a rise; the stop at the first low is reached at once
    ],
)
def test_the_first_trend_is_a_fall_when_the_second_bars_new_low_outdoes_its_new_high(
    second: tuple[float, float], value: float, direction: float
) -> None:
    stop = PSAR()
    stop.update(10.0, 9.5)
    stop.update(*second)
    assert (stop.value, stop.direction) == (value, direction)


def test_supertrend_is_what_its_definition_says() -> None:
    made = SuperTrend(7, 1.5).arrays(HIGH, LOW, CLOSE)
    ranges = 1.5 * ATR(7).array(HIGH, LOW, CLOSE)
    middle = (HIGH + LOW) / 2
    start = 7
    upper, lower = middle[start] + ranges[start], middle[start] - ranges[start]
    line = lower if CLOSE[start] >= middle[start] else upper
    for at in range(start, len(CLOSE)):
        if at > start:
            above, below = middle[at] + ranges[at], middle[at] - ranges[at]
            was_upper = line == upper
            upper = above if above < upper or CLOSE[at - 1] > upper else upper
            lower = below if below > lower or CLOSE[at - 1] < lower else lower
            line = (
                (upper if CLOSE[at] <= upper else lower)
                if was_upper
                else (lower if CLOSE[at] > lower else upper)
            )
        assert made["value"][at] == line
        assert made["direction"][at] == (1.0 if line == lower else -1.0)
    assert {1.0, -1.0} <= set(made["direction"].tolist())


def test_supertrend_starts_as_a_fall_below_the_middle() -> None:
    for close, direction in ((10.4, -1.0), (10.5, 1.0)):
        trend = SuperTrend(1, 1.0)
        trend.update(11.0, 10.0, 10.5)
        trend.update(11.0, 10.0, close)
        assert trend.direction == direction
