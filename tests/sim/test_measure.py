"""The sweep's numbers are the report's: the same names, the same definitions, from arrays instead of records."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders import START, law
from tradekit.model.instrument import Instrument
from tradekit.report.equity import curve_frame
from tradekit.report.executions import Execution
from tradekit.report.returns import benchmark_numbers
from tradekit.report.stats import run_statistics
from tradekit.report.trades import open_since, round_trips
from tradekit.sim.costs import Costs
from tradekit.sim.measure import numbers_of, periods_a_year
from tradekit.sim.vector import Terms, equity_of, fills_of

pytestmark = pytest.mark.shell

CASH = 10_000.0
HOUR = 3_600_000_000_000
WANTED = st.lists(st.sampled_from([0.0, 1.0, 2.0, -1.0, 0.5, -3.0, math.nan]), min_size=1, max_size=60)


def execution(number: int, qty: float, price: float, fee: float, ts: int) -> Execution:
    size, paid, cost = (Decimal(repr(abs(one))) for one in (qty, price, fee))
    return Execution(str(number), "X", "buy" if qty > 0 else "sell", size, paid, cost, ts)


def both(
    targets: list[float], opens: Any, closes: Any, costs: Costs
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The numbers here and the report's, of the same run."""
    spec = Instrument(id="X", multiplier=Decimal(2))
    stamps = START + np.arange(len(targets), dtype=np.int64) * HOUR
    terms = Terms.of(spec, costs)
    fills = fills_of(opens, np.array(targets), terms)
    equity = equity_of(closes, fills, terms, CASH)
    found = numbers_of(equity, fills, stamps, terms, CASH)
    columns = (fills.qty, fills.price, fills.fee, stamps[fills.at])
    records = [execution(n, *one) for n, one in enumerate(zip(*(c.tolist() for c in columns), strict=True))]
    nothing = np.zeros(len(equity))
    curve = curve_frame(stamps, equity, equity, nothing, nothing, CASH)
    trips = round_trips(records, instruments={"X": spec})
    fees = float(fills.fee.sum())
    return found, run_statistics(curve, trips, fees=fees, opening=CASH, open_since=open_since(records))


def agree(found: dict[str, Any], reported: dict[str, Any]) -> None:
    left_out = {
        "start",
        "end",
        "bars",
        "periods_per_year",
        "opening_equity",
        "tail_ratio",
        "var_95",
        "cvar_95",
        "var_95_normal",
        "mean_return",
        "downside_deviation",
        "skew",
        "kurtosis",
        "best_bar",
        "worst_bar",
        "winning_bars",
        "avg_net_exposure",
        "avg_gross_exposure",
        "max_gross_exposure",
        *benchmark_numbers(np.empty(0), None, None),
    }
    assert reported.keys() - found.keys() == left_out
    for name, value in found.items():
        expected = reported[name]
        assert (value is None) == (expected is None), name
        assert type(value) is type(expected), name
        if value is not None:
            assert value == pytest.approx(expected, rel=1e-9, abs=1e-11), name


@given(WANTED, st.integers(0, 2**20), st.sampled_from([0, "0.002"]))
@example([0.0], 1, 0)
@example([1.0, 1.0], 1, 0)
@law(60)
def test_every_number_is_the_reports(targets: list[float], seed: int, fee: object) -> None:
    rng = np.random.default_rng(seed)
    prices = rng.integers(80 * 64, 120 * 64, (2, len(targets))) / 64
    agree(*both(targets, *prices, Costs.of(fee)))


def test_a_long_run_agrees_too() -> None:
    rng = np.random.default_rng(8)
    walk = 100 * np.exp(rng.normal(0, 0.01, 5000).cumsum())
    targets = rng.choice([0.0, 1.0, 2.5, -1.0, math.nan], 5000, p=[0.1, 0.1, 0.05, 0.05, 0.7])
    found, reported = both(targets.tolist(), walk, walk, Costs.of("0.0005"))
    agree(found, reported)
    assert found["trades"] > 500


def test_ruin_ends_the_returns_and_the_report_says_the_same() -> None:
    closes = np.array([100.0, 100.0, 20.0, 30.0, 500.0, 90.0])
    agree(*both([100.0] * 6, closes, closes, Costs.of()))


def test_a_curve_without_variance_has_no_sharpe_ratio() -> None:
    closes = np.full(6, 50.0)
    found, reported = both([1.0] * 6, closes, closes, Costs.of())
    agree(found, reported)
    assert found["sharpe"] is None
    assert found["volatility"] == 0.0


def test_a_steady_gain_keeps_its_small_variance() -> None:
    closes = 100 * 1.01 ** np.arange(40) * (1 + 1e-7 * np.sin(np.arange(40.0)))
    found, reported = both([50.0] * 40, closes, closes, Costs.of())
    assert found["volatility"] == pytest.approx(reported["volatility"], rel=1e-6)


def test_a_single_bar_has_no_year() -> None:
    assert periods_a_year(np.array([START])) is None
    assert periods_a_year(START + np.arange(25) * HOUR) == pytest.approx(24 * 365.25)
