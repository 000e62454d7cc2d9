"""The same strategy on the same bars: a backtest, either way it runs, and a paper session tell the same events."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.twin import same, told, trades
from tests.sessions import Project
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.strategy.load import load_strategy

pytestmark = pytest.mark.proof

LADDER = f"{Path(__file__).parent / 'ladder.py'}:Ladder"
LIBRARY = "tradekit.strategy.library"
CASES = {
    "market orders on averages": (f"{LIBRARY}:SmaCross", {"fast": 5, "slow": 15, "qty": 0.5}, {}),
    "targets by array": (f"{LIBRARY}:SmaCrossVector", {"fast": 5, "slow": 15, "qty": 0.5}, {}),
    "limits, stops, targets and cancels": (LADDER, {}, {}),
    "brackets on bars of 15 minutes and an hour": (
        f"{LIBRARY}:InsideBarBreakout",
        {"volume_filter": 0.0},
        {},
    ),
    "risk limits that refuse": (LADDER, {"qty": 0.5}, {"max_position": 1, "leverage": 0.1}),
}


@pytest.mark.parametrize("case", CASES)
def test_backtest_and_paper_session_tell_the_same_events(
    case: str, tmp_path: Path, proof_record: Callable[..., None]
) -> None:
    path, params, limits = CASES[case]
    project = Project(
        tmp_path / "paper",
        strategy={"class": path, "params": params},
        session={"name": "paper", "cash": 100_000, "account": "backtest"},
        risk=limits,
    )
    try:
        running = project.run()
        project.wait_for_event("feed.ended")
        assert running.stop() == 0
    finally:
        project.close()
    paper = project.events()
    for stepwise in (True, False):
        result = _backtest(path, params, limits, stepwise=stepwise)
        same(told(paper), told(result.events()))
        assert trades(paper) == trades(result.events())
    fills = len(result.fills)
    assert fills >= 3
    proof_record(
        f"backtest = paper session: {case}",
        size="1 day of 1-minute bars",
        result=f"{len(told(paper)):,} equal events, {fills:,} equal fills",
        note="by step and by the written-out loop",
    )


def _backtest(path: str, params: dict[str, Any], limits: dict[str, Any], *, stepwise: bool) -> Result:
    return backtest(
        load_strategy(path, params), "sample:BTCUSDT-1m", cash=100_000, fee="0.0005", slippage="0.0001",
        limits=limits, stepwise=stepwise,
    )  # fmt: skip
