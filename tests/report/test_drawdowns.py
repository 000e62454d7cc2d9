"""Drawdowns: how deep, how long, from when to when."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.report.drawdowns import drawdown_frame, drawdown_numbers

DAY = 86_400_000_000_000


def daily(*values: float) -> "pd.Series[float]":
    index = pd.date_range("2021-01-04", periods=len(values), freq="D", tz="UTC")
    return pd.Series(values, index=index, dtype=float)


def day(n: int) -> pd.Timestamp:
    return pd.Timestamp(f"2021-01-{n:02}", tz="UTC")


def test_a_drawdown_is_measured_in_depth_bars_and_days() -> None:
    curve = np.array([100.0, 120.0, 90.0, 108.0, 120.0, 130.0, 117.0])
    made = drawdown_numbers(curve, np.arange(7) * DAY)
    assert made["max_drawdown"] == pytest.approx(-0.25)
    assert made["max_drawdown_bars"] == 2
    assert made["max_drawdown_days"] == 3.0
    assert made["ulcer_index"] == pytest.approx(math.sqrt((0.25**2 + 0.1**2 + 0.1**2) / 6))


def test_a_drawdown_that_never_recovers_lasts_to_the_end() -> None:
    made = drawdown_numbers(np.array([100.0, 90.0, 95.0, 99.0]), np.arange(4) * DAY)
    assert (made["max_drawdown_bars"], made["max_drawdown_days"]) == (3, 3.0)


def test_without_moments_there_are_no_days() -> None:
    made = drawdown_numbers(np.array([100.0, 90.0]), None)
    assert (made["max_drawdown_bars"], made["max_drawdown_days"]) == (1, None)


def test_a_curve_that_starts_at_nothing_has_no_drawdown() -> None:
    assert set(drawdown_numbers(np.array([0.0, 10.0]), np.arange(2) * DAY).values()) == {None}
    assert len(drawdown_frame(daily(0, -5), 0.0)) == 0


def test_each_drawdown_is_a_row_and_the_deepest_comes_first() -> None:
    made = drawdown_frame(daily(100, 95, 100, 120, 90, 60, 90, 120, 108), 100.0)
    assert made["depth"].tolist() == pytest.approx([-0.5, -0.1, -0.05])
    deepest, lasting, first = (made.iloc[n] for n in range(3))
    assert (deepest["start"], deepest["valley"], deepest["end"]) == (day(7), day(9), day(11))
    assert (deepest["bars"], deepest["days"], deepest["recovery_days"]) == (3, 4.0, 2.0)
    assert (lasting["start"], lasting["valley"], lasting["days"]) == (day(11), day(12), 1.0)
    assert pd.isna(lasting["end"])
    assert math.isnan(lasting["recovery_days"])
    assert (first["start"], first["end"]) == (day(4), day(6))


def test_a_loss_in_the_first_bar_began_at_the_opening_balance() -> None:
    (row,) = drawdown_frame(daily(90, 100), 100.0).to_dict("records")
    assert (row["start"], row["valley"], row["end"]) == (day(4), day(4), day(5))


def test_the_valley_is_the_first_of_equally_low_points() -> None:
    (row,) = drawdown_frame(daily(90, 95, 90, 101), 100.0).to_dict("records")
    assert row["valley"] == day(4)


def test_a_curve_that_only_rises_has_no_rows() -> None:
    made = drawdown_frame(daily(101, 102, 102), 100.0)
    assert len(made) == 0
    assert list(made) == ["start", "valley", "end", "depth", "bars", "days", "recovery_days"]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
@law(60)
def test_the_rows_are_what_walking_along_the_curve_finds(values: list[int]) -> None:
    found, high, low = [], 20.0, 0.0
    for value in map(float, values):
        if value >= high:
            if low:
                found.append(low)
            high, low = value, 0.0
        else:
            low = min(low, value / high - 1)
    if low:
        found.append(low)
    table = drawdown_frame(daily(*values), 20.0)
    assert table["depth"].tolist() == pytest.approx(sorted(found))
    numbers = drawdown_numbers(np.array([20.0, *values]), np.arange(len(values) + 1) * DAY)
    assert numbers["max_drawdown"] == pytest.approx(min(found, default=0.0))
    assert numbers["max_drawdown_bars"] == max(table["bars"], default=0)
