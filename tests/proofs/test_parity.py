"""The same strategy on the same bars: a backtest, either way it runs, and a paper session tell the same events."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.twin import same, told, trades
from tests.sessions import Project
from tradekit.core.event import Event
from tradekit.model.order import OrderSubmitted, OrderType
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.sim.rules import Rules
from tradekit.strategy.load import load_strategy

pytestmark = pytest.mark.proof

LADDER = f"{Path(__file__).parent / 'ladder.py'}:Ladder"
MEDLEY = f"{Path(__file__).parent / 'medley.py'}:Medley"
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


RULES: dict[str, dict[str, Any]] = {
    "every type of order on the default rules": {},
    "every type of order, part fills and latency": {
        "participation": 0.1,
        "submit_latency": 30_000_000_000,
        "cancel_latency": 90_000_000_000,
    },
    "every type of order at this close and along a path": {
        "market": "this_close",
        "path": "open_low_high_close",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_backtest_and_paper_session_tell_the_same_events(
    case: str, tmp_path: Path, proof_record: Callable[..., None]
) -> None:
    path, params, limits = CASES[case]
    paper = _paper(tmp_path, strategy={"class": path, "params": params}, risk=limits)
    for stepwise in (True, False):
        result = _backtest(path, params, limits=limits, stepwise=stepwise)
        same(told(paper), told(result.events()))
        assert trades(paper) == trades(result.events())
    _record(proof_record, case, paper, result, note="by step and by the written-out loop")


@pytest.mark.parametrize("case", RULES)
def test_backtest_and_paper_session_fill_every_order_by_the_same_rules(
    case: str, tmp_path: Path, proof_record: Callable[..., None]
) -> None:
    rules = RULES[case]
    broker = {"fee": 0.0005, "slippage": 0.0001, "rules": rules}
    paper = _paper(tmp_path, strategy={"class": MEDLEY}, broker=broker)
    result = _backtest(MEDLEY, {}, rules=Rules(**rules))
    same(told(paper), told(result.events()))
    assert {event.data.type for event in paper if isinstance(event.data, OrderSubmitted)} == set(OrderType)
    _record(proof_record, case, paper, result)


def _paper(root: Path, **sections: Any) -> list[Event]:
    session = {"name": "paper", "cash": 100_000, "account": "backtest"}
    project = Project(root / "paper", session=session, **sections)
    try:
        running = project.run()
        project.wait_for_event("feed.ended")
        assert running.stop() == 0
        return project.events()
    finally:
        project.close()


def _backtest(path: str, params: dict[str, Any], **options: Any) -> Result:
    return backtest(
        load_strategy(path, params),
        "sample:BTCUSDT-1m",
        cash=100_000,
        fee="0.0005",
        slippage="0.0001",
        **options,
    )


def _record(
    proof_record: Callable[..., None], case: str, paper: list[Event], result: Result, **note: str
) -> None:
    fills = len(result.fills)
    assert fills >= 3
    proof_record(
        f"backtest = paper session: {case}",
        size="1 day of 1-minute bars",
        result=f"{len(told(paper)):,} equal events, {fills:,} equal fills",
        **note,
    )
