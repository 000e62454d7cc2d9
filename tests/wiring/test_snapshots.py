"""Snapshots while a session runs: when its configuration says so, and without one when the disk says no."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.sessions import Project, wait_until
from tradekit.config.schema import StateStoreSection
from tradekit.core.snapshot_policy import SnapshotPolicy
from tradekit.wiring.sessions import Session
from tradekit.wiring.snapshots import journal_bytes, policy_of

Host = Callable[..., Any]
NEVER = {"snapshot_interval_minutes": 600, "snapshot_every_events": None, "snapshot_every_mb": None}


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.wiring.snapshots._LOOK_S", 0.005)


def played_out(session: Session) -> None:
    wait_until(lambda: any(feed.status == "ended" for feed in session.state.health.feeds.values()))


def seqs(project: Project) -> list[int]:
    """Where there are snapshots, oldest first; the last one is that of the clean stop."""
    folder = project.root / "data" / "state" / "paper"
    return sorted(int(path.stem.rpartition("-")[2]) for path in folder.glob("*.snapshot"))


@pytest.mark.parametrize(
    ("bound", "least"),
    [
        ({"snapshot_every_events": 40}, 40),
        ({"snapshot_every_mb": 0.02}, 1),
        ({"snapshot_interval_minutes": 0.002}, 1),
    ],
)
def test_each_bound_alone_makes_snapshots(
    project: Project, host: Host, bound: dict[str, Any], least: int
) -> None:
    project.write(state_store=NEVER | bound)
    host(played_out, market_data__speed=14_000)
    made = seqs(project)
    assert len(made) >= 3
    assert made[-1] == project.events()[-1].seq
    assert all(b - a >= least for a, b in pairwise(made[:-1]))


def test_without_a_bound_only_the_clean_stop_makes_one(project: Project, host: Host) -> None:
    project.write(state_store=NEVER)
    host(played_out)
    assert seqs(project) == [project.events()[-1].seq]


def test_a_disk_without_room_for_snapshots_stops_no_trade(
    project: Project, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    project.write(state_store=NEVER | {"snapshot_every_events": 40})
    (project.root / "data").write_text("a file where the folder should be")
    host(played_out, market_data__speed=14_000)
    assert host.code == 0
    assert caplog.text.count("no snapshot (") >= 2
    assert "no last snapshot" in caplog.text
    assert len(project.events("bar.closed")) == 240


def test_a_session_that_comes_back_counts_from_its_newest_snapshot(project: Project, host: Host) -> None:
    project.write(state_store=NEVER)
    host(played_out)
    project.write(state_store=NEVER | {"snapshot_every_events": 1_000})
    host(lambda session: None)
    assert len(seqs(project)) == 2


def test_the_configuration_says_when() -> None:
    section = StateStoreSection(
        snapshot_interval_minutes=2, snapshot_every_events=None, snapshot_every_mb=0.5
    )
    assert policy_of(section) == SnapshotPolicy(interval_s=120, events=None, size=2**19)
    assert policy_of(StateStoreSection()) == SnapshotPolicy(interval_s=300, events=100_000, size=64 * 2**20)


def test_a_journals_bytes_are_those_of_its_file_and_its_log(tmp_path: Path) -> None:
    assert journal_bytes(None) == 0
    assert journal_bytes(tmp_path / "none") == 0
    (tmp_path / "x").write_bytes(b"12345")
    (tmp_path / "x-wal").write_bytes(b"123")
    assert journal_bytes(tmp_path / "x") == 8
