"""kill -9 at any moment: nothing that was acknowledged is lost, and the session goes on as if nothing had happened."""

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.proofs.ladder import Ladder
from tests.proofs.twin import Twin, check_kept, check_restored, same, told, trades
from tests.sessions import Project, Running, wait_until
from tradekit.client.connection import Connection
from tradekit.client.replica import Replica
from tradekit.client.session import read_token
from tradekit.core.open import open_journal
from tradekit.run.backtest import backtest
from tradekit.state.shape import fingerprint
from tradekit.wiring.journals import fold_until

pytestmark = [pytest.mark.long, pytest.mark.proof, pytest.mark.timeout(1800)]

LADDER = f"{Path(__file__).parent / 'ladder.py'}:Ladder"
SPEED = 30_000.0  # a day in three seconds
SECTIONS = {
    "strategy": {"class": LADDER},
    "market_data": {"bars": ["sample:BTCUSDT-1m"], "speed": SPEED},
    "state_store": {"snapshot_interval_minutes": 0.005},  # one each 300 ms
    "session": {"name": "ladder", "cash": 100_000, "account": "backtest"},
}


class Follower:
    """A client that keeps every envelope it is told, and folds them."""

    def __init__(self, running: Running) -> None:
        self.seen: dict[int, bytes] = {}
        self.acked: list[int] = []
        self.replica = Replica()
        self.line = Connection(
            running.uri,
            read_token(running.token_file),
            on_snapshot=self.replica.on_snapshot,
            on_events=self._events,
            on_status=self.replica.on_status,
        ).start()

    def _events(self, first: int, last: int, envelopes: list[bytes]) -> None:
        self.seen |= dict(zip(range(first, last + 1), map(bytes, envelopes), strict=True))
        self.replica.on_events(first, last, envelopes)

    def follow(self, seq: int) -> None:
        """Stay until event `seq`, or the feed's end."""
        assert self.line.wait_settled(30).name == "live"
        assert self.replica.wait_for(lambda state: state.seq >= seq or _ended(state), 60)

    def command(self) -> None:
        """Give a command that changes no trade, and wait for its ack."""
        self.acked.append(self.line.send_command("snapshot"))

    def hold(self) -> tuple[int, str]:
        """The seq and the hash of what is shown now."""
        with self.replica.lock:
            return self.replica.seq, fingerprint(self.replica.state)


def _ended(state: object) -> bool:
    return any(feed.status == "ended" for feed in state.health.feeds.values())  # type: ignore[attr-defined]


@pytest.fixture
def projects(tmp_path: Path) -> Iterator[Callable[[], Project]]:
    """A new project for each run."""
    made: list[Project] = []

    def make() -> Project:
        made.append(Project(tmp_path / f"run-{len(made)}", **SECTIONS))
        return made[-1]

    yield make
    for project in made:
        project.close()


def test_a_killed_session_loses_nothing_and_ends_with_the_same_trades(
    projects: Callable[[], Project],
    tmp_path: Path,
    proof_size: Callable[..., int],
    proof_record: Callable[..., None],
) -> None:
    kills, rng = proof_size(ci=8, full=200), random.Random(20221213)
    unkilled = backtest(Ladder, "sample:BTCUSDT-1m", cash=100_000, fee="0.0005", slippage="0.0001")
    project = projects()
    twin = Twin.of(project)
    same(told(twin.events), told(unkilled.events()))
    seen = runs = 0
    for number in range(kills):
        if project.journal.exists() and _feed_has_ended(project):
            _finish(project, twin)
            project, runs = projects(), runs + 1
        before = _last_seq(project)
        seen += _kill_once(project, number, rng)
        check_restored(project, twin, tmp_path / "copy")
        assert _last_seq(project) >= before
    _finish(project, twin)
    proof_record(
        "kill -9: no acknowledged event lost, restored state, memory and book equal, same trades in the end",
        size=f"{kills} kills of a paper session at {SPEED:,.0f}x",
        result=f"0 of {seen:,} events that clients had seen were lost; {runs + 1} days ended with equal trades",
        note=f"{len(twin.events):,} events a day, {len(trades(twin.events)):,} round trips",
    )


def _kill_once(project: Project, number: int, rng: random.Random) -> int:
    """One life and its sudden end, in one of four ways; how many events a client was told in it."""
    running = project.run()
    try:
        goal = _last_seq(project) + rng.randrange(1, 400)
        match number % 4:
            case 0:  # the very moment it serves
                running.kill()
            case 1:  # after so many committed events, as another process sees them
                wait_until(lambda: _last_seq(project) >= goal or _feed_has_ended(project))
                running.kill()
            case _:  # while a client follows; or the moment its command is acknowledged
                return _kill_followed(project, running, goal, commanding=number % 4 == 2)
    finally:
        running.kill()
    return 0


def _kill_followed(project: Project, running: Running, goal: int, *, commanding: bool) -> int:
    follower = Follower(running)
    try:
        follower.follow(goal)
        if commanding:
            follower.command()
        running.process.send_signal(signal.SIGKILL)
        seq, shown = follower.hold()
        running.process.wait()
    finally:
        follower.line.close()
    check_kept(project, follower.seen)
    with open_journal(project.journal) as journal:
        assert fingerprint(fold_until(journal, seq)) == shown
        for acked in follower.acked:
            (event,) = journal.events(acked - 1, acked)
            assert (event.type, event.key) == ("command.received", "snapshot")
    return len(follower.seen)


def _finish(project: Project, twin: Twin) -> None:
    """Let it run to the end of its day undisturbed, stop it, and look at what it has done."""
    running = project.run("--speed", "max")
    project.wait_for_event("feed.ended")
    assert running.stop() == 0, running.log.read_text(encoding="utf-8")
    events = project.events()
    same(told(events), told(twin.events))
    assert trades(events) == trades(twin.events)


def _last_seq(project: Project) -> int:
    if not project.journal.exists():
        return 0
    with open_journal(project.journal) as journal:
        return journal.last_seq


def _feed_has_ended(project: Project) -> bool:
    with open_journal(project.journal) as journal:
        return any(True for _ in journal.events(types=["feed.ended"]))
