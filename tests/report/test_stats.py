"""Each statistic against its definition, and None where there is no answer."""

import math
from decimal import Decimal

import msgspec
import numpy as np
import pandas as pd
import pytest

from tradekit.errors import DataError
from tradekit.report.stats import exposure_numbers, run_statistics, statistics, trade_numbers
from tradekit.report.trades import Trade

DAY = 86_400_000_000_000


def days(*values: float, held: float = 0.0) -> pd.DataFrame:
    """Equity by day, with so much held all the time."""
    index = pd.date_range("2021-01-04", periods=len(values), freq="D", tz="UTC")
    return pd.DataFrame({"equity": values, "exposure": held, "gross": abs(held)}, index=index, dtype=float)


def trade(pnl: str, *, side: str = "long", entry: int = 0, leave: int = DAY) -> Trade:
    start = pd.Timestamp("2021-01-04", tz="UTC").value
    value = Decimal(pnl)
    return Trade(
        1, "X", "s", "", side, Decimal(1), start + entry, start + leave, Decimal(100), Decimal(100) + value,
        value, Decimal(0), float(value) / 100, "a", "b", "", "", "", "", "", "",
    )  # fmt: skip


def test_a_loss_in_the_first_bar_counts_against_the_opening() -> None:
    made = run_statistics(days(90, 99), [], opening=Decimal(100))
    assert made["total_return"] == pytest.approx(-0.01)
    assert made["max_drawdown"] == pytest.approx(-0.1)
    assert made["opening_equity"] == 100.0
    assert made["max_drawdown_bars"] == 2


def test_the_periods_of_a_year_come_from_the_index() -> None:
    assert run_statistics(days(1, 2, 3), [])["periods_per_year"] == pytest.approx(365.25)
    assert run_statistics(days(1, 2, 3), [], periods_per_year=252)["periods_per_year"] == 252


def test_what_is_not_defined_is_none() -> None:
    flat = run_statistics(days(100, 100, 100), [])
    undefined = {
        "sharpe",
        "sortino",
        "calmar",
        "omega",
        "tail_ratio",
        "win_rate",
        "profit_factor",
        "best_trade",
    }
    undefined |= {"worst_trade", "avg_trade", "avg_win", "avg_loss", "avg_trade_return"}
    undefined |= {"skew", "kurtosis", "winning_bars", "beta", "alpha", "alpha_compounded"}
    undefined |= {"correlation", "tracking_error", "information_ratio"}
    undefined |= {"avg_trade_days", "max_trade_days"}
    assert {name for name, value in flat.items() if value is None} == undefined
    assert (flat["volatility"], flat["max_drawdown"], flat["cagr"]) == (0.0, 0.0, 0.0)


def test_one_bar_has_an_equity_and_no_risk() -> None:
    made = run_statistics(days(100), [])
    assert (made["final_equity"], made["bars"], made["total_return"], made["sharpe"]) == (
        100.0,
        1,
        None,
        None,
    )
    assert made["ulcer_index"] is None


def test_ruin_is_final() -> None:
    made = run_statistics(days(100, 50, -10, 30), [])
    assert (made["cagr"], made["final_equity"]) == (pytest.approx((0.3) ** (365.25 / 3) - 1), 30.0)
    ruined = run_statistics(days(100, 50, 0, 0), [])
    assert (ruined["total_return"], ruined["cagr"]) == (-1.0, -1.0)
    assert ruined["var_95"] == pytest.approx(np.quantile([-0.5, -1.0, 0.0], 0.05))


def test_a_curve_that_starts_at_nothing_has_no_returns() -> None:
    made = run_statistics(days(0, 10), [])
    assert (made["total_return"], made["max_drawdown"], made["calmar"]) == (None, None, None)


@pytest.mark.parametrize("values", [(), (1.0, float("nan")), (1.0, float("inf"))])
def test_a_curve_with_a_hole_is_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(DataError, match="empty or has a value that is not finite"):
        run_statistics(days(*values), [])


def test_trades_are_counted_and_averaged() -> None:
    made = trade_numbers(
        [trade("10"), trade("-4", side="short"), trade("0"), trade("2", leave=3 * DAY), trade("-6")]
    )
    assert made == pytest.approx(
        {
            "trades": 5,
            "long_trades": 4,
            "short_trades": 1,
            "winning_trades": 2,
            "losing_trades": 2,
            "win_rate": 0.4,
            "profit_factor": 1.2,
            "best_trade": 10.0,
            "worst_trade": -6.0,
            "avg_trade": 0.4,
            "avg_win": 6.0,
            "avg_loss": -5.0,
            "avg_trade_return": 0.004,
            "avg_trade_days": 1.4,
            "max_trade_days": 3.0,
        }
    )


@pytest.mark.parametrize(
    ("entry", "leave", "share"),
    [
        (0, DAY, 0.25),  # the first bar, opened and left at opens
        (DAY, 3 * DAY, 0.5),
        (DAY + 1, DAY + 2, 0.25),  # within one bar
        (2 * DAY, 2 * DAY, 0.25),  # in and out at one moment
        (0, 4 * DAY, 1.0),
    ],
)
def test_exposure_is_the_share_of_bars_that_held_something(entry: int, leave: int, share: float) -> None:
    assert run_statistics(days(1, 1, 1, 1), [trade("1", entry=entry, leave=leave)])["exposure"] == share


def test_overlapping_trades_count_a_bar_once_and_open_ones_hold_to_the_end() -> None:
    two = [trade("1", leave=2 * DAY), trade("1", entry=DAY, leave=2 * DAY)]
    late = pd.Timestamp("2021-01-07", tz="UTC").value
    assert run_statistics(days(1, 1, 1, 1), two)["exposure"] == 0.5
    assert run_statistics(days(1, 1, 1, 1), two, open_since=[late])["exposure"] == 0.75


def test_every_number_can_be_written_as_json() -> None:
    made = run_statistics(days(100, 120, 90), [trade("5")], fees=Decimal("1.5"), opening=100)
    assert {type(value) for value in made.values()} <= {float, int, str, type(None)}
    assert made["fees"] == 1.5
    assert (made["start"], made["end"]) == ("2021-01-04T00:00:00Z", "2021-01-06T00:00:00Z")
    assert all(math.isfinite(value) for value in made.values() if isinstance(value, float))


def test_exposure_is_measured_in_equity_where_there_is_some() -> None:
    frame = days(100, 50, -10, held=-100.0)
    assert exposure_numbers(frame, []) == {
        "exposure": 0.0,
        "avg_net_exposure": -1.5,
        "avg_gross_exposure": 1.5,
        "max_gross_exposure": 2.0,
    }
    assert exposure_numbers(days(-1, -2), [])["max_gross_exposure"] is None


def test_a_series_of_returns_has_the_statistics_of_the_curve_that_it_makes() -> None:
    equity = days(110, 99, 120)
    of_the_run = run_statistics(equity, [], opening=100)
    returns = equity["equity"].div([100, 110, 99]) - 1
    alone = statistics(returns)
    assert {name: of_the_run[name] for name in alone} == pytest.approx(alone)


def test_returns_without_times_need_to_be_told_how_many_make_a_year() -> None:
    plain = statistics([0.01, -0.02, 0.03])
    assert plain["sharpe"] is plain["cagr"] is plain["max_drawdown_days"] is None
    assert plain["total_return"] == pytest.approx(1.01 * 0.98 * 1.03 - 1)
    assert statistics([0.01, -0.02, 0.03], periods_per_year=252)["sharpe"] is not None


def test_two_series_are_put_together_by_their_index() -> None:
    index = pd.date_range("2021-01-04", periods=4, freq="D", tz="UTC")
    mine = pd.Series([0.02, -0.01, 0.03], index=index[1:])
    market = pd.Series([9.0, 0.01, -0.005, 0.015], index=index)
    assert statistics(mine, benchmark=market)["beta"] == pytest.approx(2.0)


def test_a_benchmark_that_does_not_cover_the_returns_is_refused() -> None:
    index = pd.date_range("2021-01-04", periods=3, freq="D", tz="UTC")
    returns = pd.Series([0.01, 0.02, 0.03], index=index)
    with pytest.raises(DataError, match="the benchmark over these periods is empty or has a value"):
        statistics(returns, benchmark=returns.iloc[1:])
    with pytest.raises(DataError, match="the benchmark has 2 returns for 3 periods"):
        statistics(returns, benchmark=[0.01, 0.02])


def test_a_run_beside_a_benchmark_takes_a_return_for_each_bar() -> None:
    equity = days(102, 100.98, 104.0094)
    market = pd.Series([0.01, -0.005, 0.015], index=equity.index)
    made = run_statistics(equity, [], opening=100, benchmark=market)
    assert (made["beta"], made["correlation"]) == (pytest.approx(2.0), pytest.approx(1.0))
    later = run_statistics(equity, [], benchmark=market)
    assert later["beta"] == pytest.approx(2.0)


@pytest.mark.parametrize("returns", [[], [0.1, float("nan")], [[0.1], [0.2]]])
def test_returns_with_a_hole_are_refused(returns: list[float]) -> None:
    with pytest.raises(DataError, match="the series of returns is empty or has a value"):
        statistics(returns)


def test_profits_in_another_currency_count_at_the_rates_of_their_exits() -> None:
    converted = msgspec.structs.replace(trade("10"), rate=1.25)
    assert trade_numbers([converted, trade("-4")])["profit_factor"] == 12.5 / 4
