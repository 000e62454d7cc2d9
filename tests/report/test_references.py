"""The statistics beside other people's: values worked out elsewhere, and empyrical-reloaded run on the same returns."""

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.data.load import load_bars
from tradekit.report.stats import statistics

pytestmark = pytest.mark.shell

FOLDER = Path(__file__).parent / "references"
SERIES: dict[str, Any] = json.loads((FOLDER / "references.json").read_text(encoding="utf-8"))
OURS = {
    "total_return": "total_return", "cagr_periods": "cagr", "mean_ann": "mean_return", "vol_ann": "volatility",
    "sharpe": "sharpe", "sortino_full_n": "sortino", "max_drawdown": "max_drawdown", "calmar": "calmar",
    "downside_dev_ann": "downside_deviation", "var95_hist": "var_95", "cvar95_hist": "cvar_95",
    "var95_param": "var_95_normal", "skew_fisher_unbiased": "skew", "kurt_excess_unbiased": "kurtosis",
    "omega0": "omega", "profit_factor": "omega", "win_rate_nonzero": "winning_bars", "best": "best_bar",
    "worst": "worst_bar", "ulcer": "ulcer_index", "tail_ratio": "tail_ratio",
    "longest_underwater_obs": "max_drawdown_bars", "beta": "beta", "alpha_ann_simple": "alpha",
    "alpha_ann_compound": "alpha_compounded", "corr": "correlation", "information_ratio": "information_ratio",
    "tracking_error_ann": "tracking_error",
}  # fmt: skip
PEER = {
    "total_return": "cum_returns_final", "cagr": "annual_return", "volatility": "annual_volatility",
    "sharpe": "sharpe_ratio", "sortino": "sortino_ratio", "max_drawdown": "max_drawdown", "calmar": "calmar_ratio",
    "downside_deviation": "downside_risk", "var_95": "value_at_risk", "cvar_95": "conditional_value_at_risk",
    "omega": "omega_ratio", "tail_ratio": "tail_ratio",
}  # fmt: skip
YEARLY = {"cagr", "volatility", "sharpe", "sortino", "calmar", "downside_deviation"}


@pytest.mark.parametrize("name", SERIES)
def test_every_value_worked_out_elsewhere_is_met(name: str) -> None:
    series = SERIES[name]
    frame = pd.DataFrame({"ret": series["returns"]}) if "returns" in series else read(series["file"])
    made = statistics(frame["ret"], periods_per_year=series["periods_per_year"], benchmark=frame.get("bench"))
    ours = {theirs: made[OURS[theirs]] for theirs in series["values"]}
    undefined = {theirs for theirs, value in series["values"].items() if value is None}
    assert {theirs for theirs, value in ours.items() if value is None} == undefined
    assert [ours[name] for name in ours if name not in undefined] == pytest.approx(
        [value for value in series["values"].values() if value is not None], rel=1e-8, abs=1e-8
    )


def read(file: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / file, index_col="ts", parse_dates=True)


@pytest.fixture(scope="module")
def empyrical() -> Any:
    """The library; all of SciPy comes with it, which takes longer than these tests."""
    return importlib.import_module("empyrical")


@pytest.mark.parametrize("name", ["BTCUSDT-1m", "ADAUSDT-PERP-1m"])
def test_empyrical_finds_the_same_in_packaged_bars(empyrical: Any, name: str) -> None:
    returns = load_bars(f"sample:{name}")["close"].pct_change().dropna()
    year = 525_960
    theirs = {
        ours: getattr(empyrical, find)(returns, **({"annualization": year} if ours in YEARLY else {}))
        for ours, find in PEER.items()
    }
    made = statistics(returns, periods_per_year=year)
    assert {ours: made[ours] for ours in PEER} == pytest.approx(theirs, rel=1e-8)


@given(
    st.lists(st.floats(-0.3, 0.3).map(lambda r: round(r, 4)), min_size=4, max_size=60).filter(
        lambda r: len(set(r)) > 1
    )
)
@law(40)
def test_skew_and_kurtosis_are_those_of_pandas(returns: list[float]) -> None:
    made = statistics(returns)
    series = pd.Series(returns)
    assert made["skew"] == pytest.approx(series.skew(), rel=1e-6, abs=1e-8)
    assert made["kurtosis"] == pytest.approx(series.kurt(), rel=1e-6, abs=1e-8)


def test_beta_and_alpha_are_those_of_empyrical(empyrical: Any) -> None:
    frame = read("aapl_beside_msft.csv.gz")
    made = statistics(frame["ret"], periods_per_year=252, benchmark=frame["bench"])
    assert made["beta"] == pytest.approx(empyrical.beta(frame["ret"], frame["bench"]), rel=1e-8)
    assert made["alpha_compounded"] == pytest.approx(
        empyrical.alpha(frame["ret"], frame["bench"], annualization=252), rel=1e-8
    )
    assert made["correlation"] == pytest.approx(float(np.corrcoef(frame["ret"], frame["bench"])[0, 1]))
