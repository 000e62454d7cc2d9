"""Stopping a session from a client: when the call returns, everything is let go."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sessions import Project, opened_project
from tradekit.client import registry
from tradekit.errors import ConnectionLostError
from tradekit.wiring.sessions import connect, start

pytestmark = pytest.mark.process


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    for made in opened_project(tmp_path / "project"):
        monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(made.runtime))
        yield made


def test_the_next_start_may_follow_at_once_and_goes_on_where_it_was(project: Project) -> None:
    seqs = []
    for _ in range(3):
        session = start(project.config)
        seqs.append(session.stop("enough"))
        assert session.status == "closed"
        assert registry.entries() == []
    assert seqs == sorted(set(seqs))
    assert [event.epoch for event in project.events("session.opened")] == [1, 2, 3]


def test_another_client_stops_it_too_and_a_stopped_one_says_so(project: Project) -> None:
    running = project.run()
    session = connect("paper")
    session.stop()
    assert running.process.wait(30) == 0
    with pytest.raises(ConnectionLostError, match="closed"):
        session.halt()
