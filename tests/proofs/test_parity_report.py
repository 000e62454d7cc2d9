"""A session's every difference from its backtest has a reason: through sudden ends, commands, and bad days."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

import tradekit as tk
from tests.local_venue import INTERVAL, LocalVenue
from tests.run.parity.played import worth
from tests.sessions import Project
from tests.wiring.conftest import bars_file
from tests.wiring.test_drill import drilled
from tradekit.model.money import EXACT
from tradekit.report.parity import Parity
from tradekit.run.parity.compare import compare
from tradekit.state.shape import State
from tradekit.strategy.library import SmaCross

pytestmark = pytest.mark.proof


def check(report: Parity, state: State) -> None:
    """Nothing is left without a reason, the effects add up, and the profit is the ledger's at the last prices."""
    assert report.replay.equal, report.replay
    assert [one for one in report.differences if one.kind in ("unexplained", "strategy")] == []
    with localcontext(EXACT):
        total = sum((one.effect for one in report.differences), start=Decimal(0))
        assert report.profit[1] + total == report.profit[0]
        assert report.profit[0] == worth(state) - state.account.opening
    assert report.unexplained == 0


def test_a_paper_session_that_is_killed_and_comes_back_equals_its_backtest(
    tmp_path: Path, proof_record: Callable[..., None], proof_size: Callable[..., int]
) -> None:
    kills = proof_size(ci=1, full=8)
    project = Project(tmp_path / "project")
    project.write(market_data={"bars": ["sample:BTCUSDT-1m"], "speed": 30_000})
    try:
        for number in range(1, kills + 1):
            running = project.run()
            project.wait_for_event("bar.closed", count=number * 1000 // kills)
            running.kill()
        running = project.run()
        project.wait_for_event("feed.ended")
        assert running.stop() == 0
        report = tk.parity(project.journal)
        assert report.equal, str(report)
        assert report.notes == (f"the session was started {kills + 1} times; the backtest runs through",)
    finally:
        project.close()
    proof_record(
        "a paper session killed again and again equals its backtest",
        size=f"{kills} kills in 1 day of 1-minute bars",
        result=f"{report.events:,} events replayed, {report.fills[0]:,} equal fills, 0 differences",
    )


def test_what_a_human_does_to_a_session_explains_all_that_differs(
    tmp_path: Path, proof_record: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "project")
    project.write(market_data={"bars": ["sample:BTCUSDT-1m"], "speed": 30_000})
    monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(project.runtime))
    try:
        running = project.run()
        with tk.connect("paper") as session:
            for bars, command in ((200, session.flatten), (400, session.halt), (500, session.arm)):
                assert session.wait_for(
                    lambda state, bars=bars: len(state.fills) and _bars(state) >= bars, 60
                )
                command()
            session.set_param("fast", 7)
            assert session.wait_for(
                lambda state: all(f.status == "ended" for f in state.health.feeds.values()), 60
            )
            report, state = session.parity(), session.state
        assert running.stop() == 0
    finally:
        project.close()
    check(report, state)
    kinds = Counter(one.kind for one in report.differences)
    assert {"command", "consequence"} <= kinds.keys()
    assert kinds.keys() <= {"command", "consequence", "refused", "restart gap"}
    proof_record(
        "what a human told a paper session explains all that differs",
        size="flatten, halt, arm and a parameter in 1 day of 1-minute bars",
        result=f"{len(report.differences)} differences, 0 unexplained, sums exact",
    )


def _bars(state: object) -> int:
    (series,) = state.bars.values()  # type: ignore[attr-defined]
    return len(series["1m"])


def test_every_difference_of_a_bad_day_has_a_reason(
    tmp_path: Path, proof_record: Callable[..., None], proof_size: Callable[..., int]
) -> None:
    days = proof_size(ci=2, full=40)
    kinds: Counter[str] = Counter()
    for seed in range(days):
        project = Project(tmp_path / f"day{seed}")
        (tmp_path / f"bars{seed}").mkdir()
        faults = {
            "reject": 0.1,
            "lost_reply": 0.1,
            "lost_report": 0.1,
            "twice": 0.05,
            "disconnect": 0.02,
            "delay_s": 2,
        }
        others = {"foreign": 0.05, "bust": 0.05} if seed % 3 == 1 else {}
        project.write(
            strategy={
                "class": "tradekit.strategy.library:SmaCross",
                "params": {"fast": 3, "slow": 8, "qty": 0.5},
            },
            market_data={"bars": [str(bars_file(tmp_path / f"bars{seed}"))], "speed": 300},
            broker={"fee": 0.0005, "slippage": 0.0001, "drill": {"seed": seed, **faults, **others}},
        )
        try:
            parts, _ = drilled(project)
            events = list(parts.journal.events())
        finally:
            project.close()
        report = compare(lambda: iter(events), SmaCross)  # noqa: B023 - read before the next day begins
        check(report, parts.execution.engine.state)
        kinds.update(one.kind for one in report.differences)
    assert kinds.total() > 0
    proof_record(
        "every difference of a drill from its backtest has a reason",
        size=f"{days} days of faults at a paper venue",
        result=f"{kinds.total():,} differences ({', '.join(f'{n} {kind}' for kind, n in kinds.most_common())}), "
        "0 unexplained, sums exact",
    )


def test_a_live_sessions_differences_at_a_venue_have_reasons(
    tmp_path: Path, proof_record: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "project")
    monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(project.runtime))
    with LocalVenue(price=lambda n: 50_000.0 + (n % 3 if n % 6 < 3 else 3 - n % 3) * 20) as venue:
        project.env |= venue.env
        project.write(
            session={"name": "paper", "mode": "live", "account": "desk", "currency": "USDT"},
            strategy={
                "class": "tradekit.strategy.library:SmaCross",
                "params": {"fast": 2, "slow": 4, "qty": 0.01},
            },
            instruments=[{"id": "BTC-USDT"}],
            market_data={"source": "ccxt", "timeframes": [INTERVAL], "warmup_bars": 20},
            broker=venue.broker(),
        )
        try:
            running = project.run("--i-understand")
            with tk.connect("paper") as session:
                assert session.wait_for(lambda state: state.marks and not state.risk.holds, 60)
                session.arm()
                assert session.wait_for(lambda state: len(state.fills) >= 3, 60)
                session.submit("buy", 0.02)
                assert session.wait_for(lambda state: len(state.fills) >= 6, 60)
                report = session.parity()
            assert running.stop() == 0
        finally:
            project.close()
    assert report.replay.equal
    with localcontext(EXACT):
        total = sum((one.effect for one in report.differences), start=Decimal(0))
        assert report.profit[1] + total == report.profit[0]
    kinds = Counter(one.kind for one in report.differences)
    assert {"command", "fee"} <= kinds.keys()
    assert not {"unexplained", "strategy"} & kinds.keys()
    proof_record(
        "every difference of a live session at a local venue has a reason",
        size=f"{report.fills[0]} fills, one by hand",
        result=f"{report.events:,} events replayed, {kinds.total()} differences, 0 unexplained, sums exact",
    )
