"""A sweep's row is the backtest of its parameters, whichever way it runs; a slip is answered before."""

import math
from typing import Any

import numpy as np
import pandas as pd
import param
import pytest

from tests.builders import columns, flat
from tests.run.decisions import Table
from tradekit.errors import ConfigError, DataError, StrategyError
from tradekit.model.market import Bar
from tradekit.run.backtest import backtest
from tradekit.run.sweep import sweep
from tradekit.run.sweep_result import SweepResult
from tradekit.strategy.base import Strategy
from tradekit.strategy.library import SmaCross, SmaCrossVector
from tradekit.strategy.vector import Bars

pytestmark = pytest.mark.shell

WALK = np.round(100 * 64 * np.exp(np.random.default_rng(6).normal(0, 0.01, 400).cumsum())) / 64
BARS = columns([flat(n, price) for n, price in enumerate(WALK.tolist())])
GRID = {"fast": range(2, 5), "slow": [8, 13]}
RUN: dict[str, Any] = {"cash": 50_000, "fee": 0.00097, "slippage": 0.000271}  # no fee ends in a half of 1e-8
PAIRS = [(fast, slow) for fast in GRID["fast"] for slow in GRID["slow"]]


def swept(strategy: Any = SmaCrossVector, grid: Any = GRID, **more: Any) -> SweepResult:
    return sweep(strategy, BARS, grid, **(RUN | {"workers": 1} | more))


@pytest.mark.parametrize("kind", [SmaCross, SmaCrossVector])
def test_each_row_is_the_backtest_of_its_parameters(kind: type[Strategy]) -> None:
    found = swept(kind)
    assert found.engine == ("step" if kind is SmaCross else "vector")
    assert list(zip(found.frame["fast"], found.frame["slow"], strict=True)) == PAIRS
    for (fast, slow), (_, row) in zip(PAIRS, found.frame.iterrows(), strict=True):
        stats = backtest(kind(fast=fast, slow=slow), BARS, **RUN).stats
        assert set(row.index) - {"fast", "slow"} <= stats.keys()
        for name in row.index.difference(["fast", "slow", "start", "end"]):
            expected = math.nan if stats[name] is None else stats[name]
            assert row[name] == pytest.approx(expected, rel=1e-9, abs=1e-11, nan_ok=True), name


def test_both_styles_of_the_same_strategy_give_the_same_table() -> None:
    by_array, by_bar = swept(SmaCrossVector).frame, swept(SmaCross).frame
    for name in by_array.columns:
        np.testing.assert_allclose(by_array[name], by_bar[name], rtol=1e-9, atol=1e-11, err_msg=name)


def test_threads_change_nothing() -> None:
    pd.testing.assert_frame_equal(swept(workers=1).frame, swept(workers=3).frame)


@pytest.mark.process
def test_processes_change_nothing_and_take_a_class_written_where_it_is_used() -> None:
    class Local(SmaCross):
        pass

    pd.testing.assert_frame_equal(swept(Local, workers=1).frame, swept(Local, workers=3).frame)


def test_an_indicator_is_computed_once_for_each_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    import tradekit.strategy.memo as memo

    real, computed = memo._computed, []

    def noted(kind: Any, data: Any, args: Any, named: Any) -> Any:
        computed.append(args)
        return real(kind, data, args, named)

    monkeypatch.setattr(memo, "_computed", noted)
    swept()
    assert sorted(computed) == [(2,), (3,), (4,), (8,), (13,)]


def test_limits_send_a_vector_strategy_through_the_engine() -> None:
    found = swept(leverage=1, grid={"qty": [1, 1000]})
    assert found.engine == "step"
    assert found.frame["trades"].tolist()[1] == 0 < found.frame["trades"].tolist()[0]


def test_the_constraint_keeps_what_it_says_and_a_given_instance_keeps_its_other_parameters() -> None:
    found = swept(
        SmaCrossVector(qty=3.0), {"fast": [3, 9], "slow": [5, 10]}, constraint=lambda p: p.fast < p.slow
    )
    assert found.frame[["fast", "slow"]].to_numpy().tolist() == [[3, 5], [3, 10], [9, 10]]
    alone = backtest(SmaCrossVector(fast=3, slow=5, qty=3.0), BARS, **RUN)
    assert found.frame["final_equity"][0] == pytest.approx(alone.stats["final_equity"])


def test_numpys_numbers_are_taken_as_values() -> None:
    found = swept(grid={"fast": np.arange(2, 4), "qty": np.linspace(0.5, 1, 2)})
    assert found.best.keys() == {"fast", "qty"}
    assert type(found.best["fast"]) is int


def test_the_best_is_the_metrics_highest_or_with_a_minus_its_lowest() -> None:
    found, lowest = swept(metric="total_return"), swept(metric="-volatility")
    row = found.frame["total_return"].idxmax()
    assert found.best == {"fast": PAIRS[row][0], "slow": PAIRS[row][1]}
    assert found.top(3)["total_return"].is_monotonic_decreasing
    row = lowest.frame["volatility"].idxmin()
    assert lowest.best == {"fast": PAIRS[row][0], "slow": PAIRS[row][1]}
    assert tuple(backtest(SmaCrossVector(**found.best), BARS, **RUN).opened.params.values())[:2] == tuple(
        found.best.values()
    )


def test_progress_is_told_with_each_combination() -> None:
    seen: list[tuple[int, int]] = []
    swept(progress=lambda done, of: seen.append((done, of)))
    assert seen == [(n, 6) for n in range(1, 7)]


class Fussy(Table):
    level = param.Integer(1, bounds=(0, 9))
    window = 1

    def target(self, bars: Bars) -> Any:
        if self.level == 3:
            raise RuntimeError("not three")
        return np.zeros(len(bars))


class FussyByBar(Strategy):
    level = param.Integer(1, bounds=(0, 9))

    def on_bar(self, bar: Bar) -> None:
        if self.level == 3:
            raise RuntimeError("not three")


@pytest.mark.parametrize("kind", [Fussy, FussyByBar])
def test_an_error_of_a_run_names_its_parameters(kind: type[Strategy]) -> None:
    with pytest.raises(StrategyError, match=rf"{kind.__name__}\(level=3\): .*RuntimeError: not three"):
        swept(kind, {"level": [1, 2, 3, 4]})


@pytest.mark.parametrize(
    ("grid", "more", "error", "message"),
    [
        (
            {"fsat": [1]},
            {},
            StrategyError,
            r"SmaCrossVector has no parameter 'fsat' \(did you mean 'fast'\?\); it has",
        ),
        ({"fast": [2, 500]}, {}, StrategyError, "SmaCrossVector.fast: "),
        ({"fast": 3}, {}, ConfigError, r"grid\['fast'\] is 3: give the values to try, as a list or a range"),
        ({"fast": "23"}, {}, ConfigError, "give the values to try"),
        (
            {"fast": []},
            {},
            ConfigError,
            "there is no combination to run: a parameter without a value has none",
        ),
        (GRID, {"constraint": lambda p: False}, ConfigError, "the constraint keeps none of them"),
        (
            GRID,
            {"metric": "sharp"},
            ConfigError,
            r"metric 'sharp' is no statistic of this sweep \(did you mean",
        ),
        (
            GRID,
            {"levrage": 2},
            ConfigError,
            r"a backtest has no option 'levrage' \(did you mean 'leverage'\?\)",
        ),
        (GRID, {"fee": 2}, ConfigError, "fee is 2: give a fraction"),
    ],
)
def test_a_slip_is_answered_in_words(grid: Any, more: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        swept(grid=grid, **more)


def test_where_no_combination_has_the_metric_there_is_no_best() -> None:
    found = swept(Fussy, {"level": [1, 2]})
    assert found.frame["sharpe"].isna().all()
    assert "2 combinations" in str(found)
    with pytest.raises(DataError, match="no combination has a sharpe: none of them traded"):
        _ = found.best


def test_it_shows_the_best_rows_in_a_terminal_and_a_notebook() -> None:
    found = swept()
    assert repr(found) == "sweep of SmaCrossVector over fast, slow: 6 combinations"
    assert len(found) == 6
    assert str(found).splitlines()[0].endswith("best by sharpe:")
    best = list(found.best.values())
    assert str(found).splitlines()[2].split()[1:3] == [str(one) for one in best]
    assert "<table" in found._repr_html_()


def test_the_map_has_a_cell_for_each_pair_and_the_best_over_the_rest() -> None:
    found = swept(grid={**GRID, "qty": [1.0, 2.0]}, metric="total_return")
    (renderer,) = found.heatmap().layout.renderers
    data = renderer.data_source.data
    assert list(zip(data["x"], data["y"], strict=True)) == [(str(f), str(s)) for f, s in PAIRS]
    best = found.frame.groupby(["fast", "slow"])["total_return"].max()
    np.testing.assert_array_equal(data["value"], best.to_numpy())
    row = found.heatmap("slow", metric="-max_drawdown_bars", dark=True).layout
    assert (row.xaxis[0].axis_label, row.yaxis[0].axis_label) == ("slow", "fast")
    with pytest.raises(ConfigError, match=r"'quantity' is no swept parameter; there are fast, slow, qty"):
        found.heatmap("quantity")
    with pytest.raises(ConfigError, match=r"'sharp' is no statistic \(did you mean 'sharpe'\?\)"):
        found.heatmap(metric="sharp")
