"""A client that follows a session through its sudden ends shows, at every moment, the fold of the journal."""

import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sessions import Project, opened_project, wait_until
from tradekit.client.session import SessionClient, read_token
from tradekit.core.event import Event
from tradekit.core.open import open_journal
from tradekit.state.reducer import apply
from tradekit.state.shape import State, fingerprint

pytestmark = [pytest.mark.long, pytest.mark.proof, pytest.mark.timeout(900)]

LADDER = f"{Path(__file__).parent / 'ladder.py'}:Ladder"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A fast session on a port that it keeps."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    yield from opened_project(
        tmp_path / "project",
        strategy={"class": LADDER},
        market_data={"bars": ["sample:BTCUSDT-1m"], "speed": 20_000},
        websocket={"port": port},
    )


class Shown:
    """What a client showed after each frame: seq and hash; and how its line was."""

    def __init__(self, client: SessionClient) -> None:
        self.hashes: dict[int, str] = {}
        self.statuses: list[str] = []
        self.client = client
        client.replica.watch(self._changed, status=self.statuses.append)

    def _changed(self, names: frozenset[str], events: list[Event]) -> None:
        with self.client.replica.lock:
            self.hashes[self.client.replica.seq] = fingerprint(self.client.replica.state)


def test_a_replica_equals_the_fold_of_the_journal_at_every_frame_through_kills(
    project: Project, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    lives, rng = proof_size(ci=3, full=60), random.Random(4)
    running = project.run()
    with SessionClient.attach(running.uri, read_token(running.token_file), reconnect_cap_s=0.2) as client:
        shown = Shown(client)
        for life in range(2, lives + 1):
            goal = client.seq + rng.randrange(20, 300)
            assert client.wait_for(lambda state, goal=goal: state.seq >= goal or _ended(state), 60)
            running.kill()
            wait_until(lambda: client.status == "stale", 120)  # it hashes every frame that it has, first
            running = project.run()
            assert client.wait_for(lambda state, life=life: state.session.epoch == life, 60)
            wait_until(lambda: client.status == "live")
        assert running.stop() == 0
        wait_until(lambda: "the session is not running" in client.replica.problem)
        assert client.status == "stale"
        assert client.replica.seq == _last_seq(project)
    _check(project, shown.hashes)
    assert shown.statuses.count("live") >= lives - 1
    assert "refused" not in shown.statuses
    proof_record(
        "a client's replica equals the fold of the journal at every frame, through kills and restarts",
        size=f"{lives} lives of a session on one port",
        result=f"{len(shown.hashes):,} equal hashes up to event {max(shown.hashes):,}",
        note="stale after each end, live again by itself",
    )


def _check(project: Project, hashes: dict[int, str]) -> None:
    state = State()
    with open_journal(project.journal) as journal:
        for event in journal.events():
            apply(state, event)
            if event.seq in hashes:
                assert hashes[event.seq] == fingerprint(state), f"another state at #{event.seq}"


def _ended(state: Any) -> bool:
    return any(feed.status == "ended" for feed in state.health.feeds.values())


def _last_seq(project: Project) -> int:
    with open_journal(project.journal) as journal:
        return journal.last_seq
