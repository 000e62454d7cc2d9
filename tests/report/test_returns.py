"""Return and risk against their definitions, worked out one number at a time."""

import math

import numpy as np
import pytest

from tradekit.report.returns import benchmark_numbers, compounded, ratio, return_numbers

RETURNS = np.random.default_rng(11).normal(0.001, 0.02, 400)


def test_return_and_risk_follow_their_definitions() -> None:
    total = math.prod(1 + r for r in RETURNS) - 1
    made = return_numbers(RETURNS, total, 252)
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
        "mean_return": mean * 252,
        "volatility": deviation * math.sqrt(252),
        "downside_deviation": downside * math.sqrt(252),
        "sharpe": mean / deviation * math.sqrt(252),
        "sortino": mean * 252 / (downside * math.sqrt(252)),
        "omega": sum(r for r in RETURNS if r > 0) / -sum(r for r in RETURNS if r < 0),
        "tail_ratio": -float(np.quantile(RETURNS, 0.95)) / quantile,
        "var_95": quantile,
        "cvar_95": sum(tail) / len(tail),
        "var_95_normal": mean - 1.6448536269514722 * deviation,
        "best_bar": max(RETURNS),
        "worst_bar": min(RETURNS),
        "winning_bars": sum(r > 0 for r in RETURNS) / n,
    }
    assert {name: made[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    assert set(made) - set(expected) == {"skew", "kurtosis"}


def test_the_shape_of_a_series_is_its_third_and_fourth_moment_without_bias() -> None:
    made = return_numbers(np.array([0.0, 0.0, 0.0, 0.0, 1.0]), 0.0, None)
    assert made["skew"] == pytest.approx(math.sqrt(5))
    assert made["kurtosis"] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("count", "known"), [(1, set()), (2, set()), (3, {"skew"}), (4, {"skew", "kurtosis"})]
)
def test_a_shape_needs_points_enough(count: int, known: set[str]) -> None:
    made = return_numbers(np.array([0.01, -0.02, 0.05, 0.01])[:count], 0.0, 252)
    assert {name for name in ("skew", "kurtosis") if made[name] is not None} == known


def test_one_return_has_no_deviation() -> None:
    made = return_numbers(np.array([0.1]), 0.1, 252)
    assert made["total_return"] == pytest.approx(0.1)
    assert made["volatility"] is made["sharpe"] is made["var_95_normal"] is None


def test_returns_that_are_all_equal_have_no_ratio_to_their_deviation() -> None:
    made = return_numbers(np.full(10, 0.1), 0.1, 252)
    assert (made["volatility"], made["sharpe"], made["skew"]) == (0.0, None, None)
    assert made["var_95_normal"] == pytest.approx(0.1)


def test_without_a_number_of_periods_nothing_is_told_a_year() -> None:
    made = return_numbers(RETURNS, 0.5, None)
    yearly = {"cagr", "mean_return", "volatility", "downside_deviation", "sharpe", "sortino"}
    assert {name for name, value in made.items() if value is None} == yearly


def test_without_a_return_nothing_is_known() -> None:
    assert set(return_numbers(np.empty(0), 0.0, 252).values()) == {None}


def test_a_growth_beyond_all_numbers_is_none() -> None:
    assert return_numbers(np.array([1e10]), 1e10, 525_960)["cagr"] is None


def test_what_is_lost_stays_lost() -> None:
    assert compounded(np.array([0.5, -1.0, 0.3])).tolist() == [1.0, 1.5, 0.0, 0.0]
    assert compounded(np.array([-1.5, -1.0])).tolist() == [1.0, -0.5, -0.5]


def test_a_benchmark_is_compared_by_its_definitions() -> None:
    b = np.array([0.01, -0.02, 0.015, 0.005])
    r = 0.001 + 1.5 * b + np.array([0.001, -0.001, -0.001, 0.001])
    made = benchmark_numbers(r, b, 252)
    slope = float(np.cov(r, b, ddof=1)[0, 1] / np.var(b, ddof=1))
    rest = r.mean() - slope * b.mean()
    apart = (r - b).std(ddof=1)
    assert made == pytest.approx(
        {
            "beta": slope,
            "alpha": rest * 252,
            "alpha_compounded": (1 + rest) ** 252 - 1,
            "correlation": float(np.corrcoef(r, b)[0, 1]),
            "tracking_error": apart * math.sqrt(252),
            "information_ratio": (r - b).mean() / apart * math.sqrt(252),
        }
    )


def test_a_benchmark_that_does_not_move_explains_nothing() -> None:
    made = benchmark_numbers(np.array([0.01, 0.02]), np.array([0.01, 0.01]), 252)
    assert made["beta"] is made["alpha"] is made["correlation"] is None
    assert made["tracking_error"] is not None


def test_what_follows_a_benchmark_exactly_has_no_information_ratio() -> None:
    b = np.array([0.01, 0.02])
    made = benchmark_numbers(b, b, None)
    assert (made["beta"], made["information_ratio"], made["alpha"]) == (pytest.approx(1.0), None, None)


def test_without_a_benchmark_nothing_is_compared() -> None:
    assert set(benchmark_numbers(RETURNS, None, 252).values()) == {None}
    assert set(benchmark_numbers(RETURNS[:1], RETURNS[:1], 252).values()) == {None}


def test_a_quotient_of_nothing_is_none() -> None:
    assert (ratio(1.0, 0.0), ratio(None, 1.0), ratio(1.0, None), ratio(1.0, 4.0)) == (None, None, None, 0.25)
