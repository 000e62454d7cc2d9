"""Each statistic against its definition, and None where there is no answer."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tradekit.errors import DataError
from tradekit.report.stats import drawdown_numbers, return_numbers, statistics, trade_numbers
from tradekit.report.trades import Trade

DAY = 86_400_000_000_000
RETURNS = np.random.default_rng(11).normal(0.001, 0.02, 400)


def days(*values: float) -> "pd.Series[float]":
    return pd.Series(
        values, index=pd.date_range("2021-01-04", periods=len(values), freq="D", tz="UTC"), dtype=float
    )


def trade(pnl: str, *, side: str = "long", entry: int = 0, leave: int = DAY) -> Trade:
    start = pd.Timestamp("2021-01-04", tz="UTC").value
    value = Decimal(pnl)
    return Trade(
        1, "X", "s", side, Decimal(1), start + entry, start + leave, Decimal(100), Decimal(100) + value,
        value, Decimal(0), float(value) / 100, "a", "b", "",
    )  # fmt: skip


def test_return_and_risk_follow_their_definitions() -> None:
    made = return_numbers(np.cumprod(np.concatenate(([1.0], 1 + RETURNS))), 252)
    total = math.prod(1 + r for r in RETURNS) - 1
    mean, n = math.fsum(RETURNS) / len(RETURNS), len(RETURNS)
    deviation = math.sqrt(math.fsum((r - mean) ** 2 for r in RETURNS) / (n - 1))
    downside = math.sqrt(math.fsum(min(r, 0) ** 2 for r in RETURNS) / n)
    ordered = sorted(RETURNS)
    place = 0.05 * (n - 1)
    quantile = ordered[int(place)] + (place - int(place)) * (ordered[int(place) + 1] - ordered[int(place)])
    tail = [r for r in RETURNS if r <= quantile]
    expected = {
        "total_return": total,
        "cagr": (1 + total) ** (252 / n) - 1,
        "volatility": deviation * math.sqrt(252),
        "sharpe": mean / deviation * math.sqrt(252),
        "sortino": mean * 252 / (downside * math.sqrt(252)),
        "omega": sum(r for r in RETURNS if r > 0) / -sum(r for r in RETURNS if r < 0),
        "var_95": quantile,
        "cvar_95": sum(tail) / len(tail),
    }
    tail_ratio = made.pop("tail_ratio")
    assert made == pytest.approx(expected, rel=1e-9)
    assert tail_ratio == pytest.approx(-float(np.quantile(RETURNS, 0.95)) / quantile, rel=1e-9)


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


def test_a_loss_in_the_first_bar_counts_against_the_opening() -> None:
    made = statistics(days(90, 99), [], opening=Decimal(100))
    assert made["total_return"] == pytest.approx(-0.01)
    assert made["max_drawdown"] == pytest.approx(-0.1)
    assert made["opening_equity"] == 100.0
    assert made["max_drawdown_bars"] == 2


def test_the_periods_of_a_year_come_from_the_index() -> None:
    assert statistics(days(1, 2, 3), [])["periods_per_year"] == pytest.approx(365.25)
    assert statistics(days(1, 2, 3), [], periods_per_year=252)["periods_per_year"] == 252


def test_what_is_not_defined_is_none() -> None:
    flat = statistics(days(100, 100, 100), [])
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
    undefined |= {"avg_trade_days", "max_trade_days"}
    assert {name for name, value in flat.items() if value is None} == undefined
    assert (flat["volatility"], flat["max_drawdown"], flat["cagr"]) == (0.0, 0.0, 0.0)


def test_one_bar_has_an_equity_and_no_risk() -> None:
    made = statistics(days(100), [])
    assert (made["final_equity"], made["bars"], made["total_return"], made["sharpe"]) == (
        100.0,
        1,
        None,
        None,
    )
    assert made["ulcer_index"] is None


def test_two_points_have_a_return_and_no_deviation() -> None:
    made = return_numbers(np.array([100.0, 110.0]), 252)
    assert made["total_return"] == pytest.approx(0.1)
    assert (made["volatility"], made["sharpe"]) == (None, None)


def test_ruin_is_final() -> None:
    made = statistics(days(100, 50, -10, 30), [])
    assert (made["cagr"], made["final_equity"]) == (pytest.approx((0.3) ** (365.25 / 3) - 1), 30.0)
    ruined = return_numbers(np.array([100.0, 50.0, 0.0, 0.0]), 252)
    assert (ruined["total_return"], ruined["cagr"]) == (-1.0, -1.0)
    assert ruined["var_95"] == pytest.approx(np.quantile([-0.5, -1.0, 0.0], 0.05))


def test_a_curve_that_starts_at_nothing_has_no_returns() -> None:
    made = statistics(days(0, 10), [])
    assert (made["total_return"], made["max_drawdown"], made["calmar"]) == (None, None, None)


def test_a_growth_beyond_all_numbers_is_none() -> None:
    assert return_numbers(np.array([1.0, 1e10]), 525_960)["cagr"] is None


@pytest.mark.parametrize("values", [(), (1.0, float("nan")), (1.0, float("inf"))])
def test_a_curve_with_a_hole_is_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(DataError, match="empty or has a value that is not finite"):
        statistics(days(*values), [])


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
    assert statistics(days(1, 1, 1, 1), [trade("1", entry=entry, leave=leave)])["exposure"] == share


def test_overlapping_trades_count_a_bar_once_and_open_ones_hold_to_the_end() -> None:
    two = [trade("1", leave=2 * DAY), trade("1", entry=DAY, leave=2 * DAY)]
    late = pd.Timestamp("2021-01-07", tz="UTC").value
    assert statistics(days(1, 1, 1, 1), two)["exposure"] == 0.5
    assert statistics(days(1, 1, 1, 1), two, open_since=[late])["exposure"] == 0.75


def test_every_number_can_be_written_as_json() -> None:
    made = statistics(days(100, 120, 90), [trade("5")], Decimal("1.5"), opening=100)
    assert {type(value) for value in made.values()} <= {float, int, str, type(None)}
    assert made["fees"] == 1.5
    assert (made["start"], made["end"]) == ("2021-01-04T00:00:00Z", "2021-01-06T00:00:00Z")
    assert all(math.isfinite(value) for value in made.values() if isinstance(value, float))
