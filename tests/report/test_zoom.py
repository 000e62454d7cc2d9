"""A history at several bar lengths: every level tells the same story."""

import numpy as np
import pandas as pd
import pytest

from tradekit.report.zoom import COARSEST_BARS, FINEST_BARS, curve_at, fill_columns, levels, timeframe_of

pytestmark = pytest.mark.shell

MINUTE_MS = 60_000


def history(
    n: int, *, start: str = "2024-01-01", freq: str = "1min", timeframe: str | None = "1m"
) -> pd.DataFrame:
    close = 100 + np.random.default_rng(5).normal(0, 1, n).cumsum()
    opened = np.concatenate(([100.0], close[:-1]))
    index = pd.date_range(start, periods=n, freq=freq, tz="UTC", name="ts")
    prices = {"open": opened, "high": np.maximum(opened, close) + 1, "low": np.minimum(opened, close) - 1}
    bars = pd.DataFrame({**prices, "close": close, "volume": 1.0}, index=index)
    if timeframe is not None:
        bars.attrs["timeframe"] = timeframe
    return bars


def test_a_short_history_is_kept_bar_by_bar() -> None:
    bars = history(40)
    (only,) = levels(bars)
    assert only.timeframe == "1m"
    assert only.columns["close"].tolist() == bars["close"].tolist()
    assert only.columns["x"][0] == pd.Timestamp("2024-01-01", tz="UTC").value / 1e6 + MINUTE_MS / 2


def test_the_coarsest_level_can_always_be_shown_whole() -> None:
    made = levels(history(1_440))
    assert [level.timeframe for level in made] == ["1m", "2m", "5m", "15m"]
    assert [len(level) for level in made] == [1_440, 720, 288, 96]
    assert len(made[-1]) <= COARSEST_BARS < len(made[-2])


def test_longer_bars_have_the_first_open_the_extremes_and_the_last_close() -> None:
    bars = history(1_440)
    made = levels(bars)[-1]
    plain = bars.resample("15min").agg({"open": "first", "high": "max", "low": "min", "close": "last"})
    for name in plain:
        np.testing.assert_array_equal(made.columns[name], plain[name])


def test_a_long_history_leaves_out_the_levels_that_are_too_fine() -> None:
    made = levels(history(50_000))
    assert made[0].timeframe == "5m"
    assert len(made[0]) == 10_000 <= FINEST_BARS
    assert len(made[-1]) <= COARSEST_BARS


def test_levels_are_whole_multiples_of_the_bars_own_length() -> None:
    assert [level.timeframe for level in levels(history(2_000, freq="20min", timeframe="20m"))] == [
        "20m",
        "1h",
        "2h",
        "4h",
    ]


def test_weeks_begin_on_monday() -> None:
    made = levels(history(900, start="2024-01-03", freq="1D", timeframe="1D"))[-1]
    assert made.timeframe == "1W"
    opened = pd.to_datetime(made.columns["x"] * 1e6 - made.length / 2, utc=True)
    assert set(opened.day_of_week) == {0}


def test_hours_without_bars_leave_no_bar_behind() -> None:
    bars = history(2_000)
    kept = bars[bars.index.hour != 3]
    kept.attrs = bars.attrs
    made = next(level for level in levels(kept) if level.timeframe == "15m")
    hours = pd.to_datetime(made.columns["x"], unit="ms", utc=True).hour
    assert 3 not in set(hours)


def test_the_length_of_bars_that_say_none_is_their_commonest_distance() -> None:
    bars = history(100, freq="1h", timeframe=None)
    assert timeframe_of(bars.drop(bars.index[[5, 50]])) == "1h"


def test_a_curve_keeps_the_last_equity_and_the_deepest_drawdown_of_each_stretch() -> None:
    index = pd.date_range("2024-01-01", periods=4, freq="1min", tz="UTC")
    equity = pd.DataFrame({"equity": [10.0, 4.0, 8.0, 9.0], "drawdown": [0.0, -0.6, -0.2, -0.1]}, index=index)
    made = curve_at(equity, 2 * 60_000_000_000)
    assert made["equity"].tolist() == [4.0, 9.0]
    assert made["drawdown"].tolist() == [-0.6, -0.2]
    assert np.diff(made["x"]).tolist() == [2 * MINUTE_MS]


def test_fills_stand_in_the_middle_of_their_bar() -> None:
    fills = pd.DataFrame(
        {"side": ["buy", "sell"], "qty": 1.0, "price": [5.0, 6.0], "fee": 0.5, "realised": [0.0, 1.0]},
        index=pd.date_range("1970-01-01", periods=2, freq="1min", tz="UTC"),
    )
    made = fill_columns(fills, 60_000_000_000)
    assert made["x"].tolist() == [30_000, 90_000]
    assert made["side"].tolist() == [1, -1]
    assert made["realised"].tolist() == pytest.approx([0.0, 1.0])
