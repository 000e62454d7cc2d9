"""A curve by month, by year and over a window."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.errors import DataError
from tradekit.report.periods import by_month, by_year, rolling


def curve(values: list[float], start: str, freq: str = "D") -> "pd.Series[float]":
    return pd.Series(
        values, index=pd.date_range(start, periods=len(values), freq=freq, tz="UTC"), dtype=float
    )


def trades(**pnl: float) -> pd.DataFrame:
    times = pd.to_datetime([day.replace("_", "-")[1:] for day in pnl], utc=True)
    return pd.DataFrame({"exit_time": times, "pnl": list(pnl.values())})


def test_each_month_starts_where_the_last_one_ended() -> None:
    equity = pd.concat(
        [curve([110.0], "2020-12-31"), curve([121.0, 99.0], "2021-01-30"), curve([198.0], "2021-03-01")]
    )
    made = by_month(equity, 100.0)
    assert made.index.tolist() == [2020, 2021]
    assert made.columns.tolist() == [*range(1, 13), "year"]
    assert made.loc[2020, 12] == made.loc[2020, "year"] == pytest.approx(0.1)
    assert made.loc[2021, [1, 3, "year"]].tolist() == pytest.approx([-0.1, 1.0, 0.8])
    assert int(made.count().sum()) == 5


def test_a_month_that_begins_with_nothing_left_has_no_return() -> None:
    made = by_month(curve([-5.0, 5.0], "2021-01-31"), 100.0)
    assert made.loc[2021, 1] == pytest.approx(-1.05)
    assert math.isnan(made.loc[2021, 2])


@given(st.lists(st.floats(0.9, 1.12), min_size=1, max_size=40), st.integers(0, 360))
@law(30)
def test_months_compound_to_their_year_and_years_to_the_whole(steps: list[float], day: int) -> None:
    start = pd.Timestamp("2020-01-05", tz="UTC") + pd.Timedelta(days=day)
    values = 100.0 * np.cumprod(steps)
    equity = pd.Series(values, index=pd.date_range(start, periods=len(steps), freq="17D"))
    made = by_month(equity, 100.0)
    months = (made[list(range(1, 13))].fillna(0.0) + 1).prod(axis=1) - 1
    assert months.tolist() == pytest.approx(made["year"].tolist())
    assert (made["year"] + 1).prod() == pytest.approx(values[-1] / 100.0)


def test_each_year_has_its_return_its_deepest_point_and_the_trades_closed_in_it() -> None:
    equity = curve([120.0, 90.0, 99.0], "2020-12-31").to_frame("equity")
    equity["drawdown"] = [0.0, -0.25, -0.175]
    made = by_year(equity, 100.0, trades(_2021_01_01=-30.0, _2021_01_02=9.0))
    assert made.index.tolist() == [2020, 2021]
    assert made["total_return"].tolist() == pytest.approx([0.2, -0.175])
    assert made["max_drawdown"].tolist() == [0.0, -0.25]
    assert (made["trades"].tolist(), made["pnl"].tolist()) == ([0, 2], [0.0, -21.0])


def test_a_year_without_trades_is_there_all_the_same() -> None:
    equity = curve([100.0], "2020-12-31").to_frame("equity").assign(drawdown=0.0)
    assert by_year(equity, 100.0, trades())["trades"].tolist() == [0]


def test_a_window_has_the_numbers_of_its_own_steps() -> None:
    equity = curve([100.0, 110.0, 99.0, 108.9, 108.9], "2021-01-04")
    made = rolling(equity, 2, 252)
    assert made["total_return"].tolist()[2:] == pytest.approx([-0.01, -0.01, 0.1])
    assert made["total_return"].isna().tolist() == [True, True, False, False, False]
    steps = np.array([-0.1, 0.1])
    assert made["volatility"].iloc[3] == pytest.approx(steps.std(ddof=1) * math.sqrt(252))
    assert made["sharpe"].iloc[4] == pytest.approx(0.05 / np.std([0.1, 0.0], ddof=1) * math.sqrt(252))


def test_a_window_in_which_nothing_moved_has_no_ratio() -> None:
    made = rolling(curve([100.0, 130.0, 130.0, 130.0], "2021-01-04"), 2, 252)
    assert (made["volatility"].iloc[-1], math.isnan(made["sharpe"].iloc[-1])) == (0.0, True)
    assert rolling(curve([100.0, 130.0, 120.0], "2021-01-04"), 2, None)["volatility"].isna().all()


def test_a_window_of_one_bar_is_refused() -> None:
    with pytest.raises(DataError, match="a rolling window of 1 bars has no deviation"):
        rolling(curve([1.0, 2.0], "2021-01-04"), 1, 252)
