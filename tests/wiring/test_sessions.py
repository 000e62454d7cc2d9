"""The front door's `start`, `connect` and `sessions`, on real sessions."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sessions import REPOSITORY, Project, wait_until
from tradekit.client import registry
from tradekit.client.registry import Entry, register
from tradekit.client.session import SessionClient
from tradekit.errors import (
    ConfigError,
    ConnectionLostError,
    NotFoundError,
    RefusedError,
    StrategyError,
    TradekitError,
)
from tradekit.state.shape import State
from tradekit.strategy.library import SmaCross
from tradekit.wiring.journals import state_at
from tradekit.wiring.sessions import Session, connect, find_config, sessions, start

Host = Callable[..., Any]
WAIT_S = 30.0


def ended(state: State) -> bool:
    return any(feed.status == "ended" for feed in state.health.feeds.values())


def entry(name: str, port: int, **more: Any) -> Entry:
    told = {
        "journal": "",
        "token_file": "/nowhere/x.token",
        "mode": "paper",
        "folder": "/nowhere",
        "started": 1,
    }
    return Entry(name=name, uri=f"ws://127.0.0.1:{port}/ws", pid=1, **told | more)


# --- finding --------------------------------------------------------------------------------------------------


def test_a_configuration_is_looked_for_upward(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = project.root / "notebooks" / "deep"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert find_config("config/paper.yaml") == project.config
    assert find_config(project.config) == project.config
    with pytest.raises(ConfigError, match=r"no config/papre.yaml in .*deep or above it"):
        find_config("config/papre.yaml")


def test_sessions_are_listed_by_name(project: Project) -> None:
    assert list(sessions().columns) == ["mode", "uri", "pid", "started", "journal"]
    assert len(sessions()) == 0
    with register(entry("one", 1)), register(entry("two", 2)):
        assert list(sessions().index) == ["one", "two"]
        assert str(sessions()["started"].dtype) == "datetime64[ns, UTC]"


def test_who_names_nothing_gets_the_only_session_or_a_question(project: Project) -> None:
    with pytest.raises(NotFoundError, match=r"no session runs on this machine; start one"):
        connect()
    with (
        register(entry("one", 1)),
        register(entry("two", 2)),
        pytest.raises(NotFoundError, match=r"several sessions run: one, two; say which"),
    ):
        connect()


def test_a_name_that_does_not_run_is_met_with_those_that_do(project: Project) -> None:
    with register(entry("paper", 1)), pytest.raises(NotFoundError, match=r"did you mean 'paper'"):
        connect("papre")


def test_an_address_that_nobody_registered_needs_a_token(project: Project) -> None:
    with pytest.raises(NotFoundError, match=r"give token= or token_file="):
        connect("ws://127.0.0.1:9")


def test_nobody_there_is_said_within_the_time(project: Project) -> None:
    with pytest.raises(ConnectionLostError, match=r"no session answers at ws://127\.0\.0\.1:9"):
        connect("ws://127.0.0.1:9", token="made up", timeout_s=0.4)


# --- attaching ------------------------------------------------------------------------------------------------


def test_an_address_without_its_scheme_is_no_name() -> None:
    with pytest.raises(
        NotFoundError, match=r"is no session's name; as an address it reads ws://127\.0\.0\.1:8765"
    ):
        connect("127.0.0.1:8765")


def test_a_session_is_attached_to_by_name_by_address_and_as_the_only_one(
    project: Project, host: Host
) -> None:
    def play(session: Session) -> set[tuple[str, str, int]]:
        assert session.wait_for(ended, WAIT_S)
        address = session.uri.removesuffix("/ws")
        token = Path(registry.entries()[0].token_file).read_text(encoding="ascii").strip()
        ways = [
            lambda: connect("paper"), lambda: connect(address), connect,
            lambda: connect(address.replace("127.0.0.1", "localhost")), lambda: connect(address, token=token),
        ]  # fmt: skip
        seen = set()
        for way in ways:
            with way() as other:
                seen.add((other.name, other.status, len(other.fills)))
        return seen

    fills = len(state_at_end(host(play), project).fills)
    assert fills > 3


def state_at_end(seen: set[tuple[str, str, int]], project: Project) -> State:
    state = state_at(project.journal)
    assert seen == {("paper", "live", len(state.fills))}
    return state


def test_a_wrong_token_is_refused(project: Project, host: Host) -> None:
    def play(session: Session) -> None:
        with pytest.raises(RefusedError, match="does not know the token"):
            connect("paper", token="made up")

    host(play)


def test_it_is_used_alike_in_a_script_in_a_running_loop_and_from_threads(
    project: Project, host: Host
) -> None:
    def play(session: Session) -> list[float]:
        assert session.wait_for(ended, WAIT_S)
        equities: list[float] = []

        def look() -> None:
            with connect("paper") as other:
                equities.append(float(other.equity.iloc[-1]))

        async def cell() -> None:  # as in a notebook: a loop runs, and nothing is awaited
            look()

        look()
        asyncio.run(cell())
        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
        return equities

    equities = host(play)
    assert len(equities) == 5
    assert len(set(equities)) == 1


def test_detaching_stops_nothing_and_leaves_no_thread(project: Project, host: Host) -> None:
    def clients() -> int:
        return sum(thread.name == "tradekit-client" for thread in threading.enumerate())

    def play(session: Session) -> None:
        mine = clients()
        other = connect("paper")
        assert clients() == mine + 1
        other.close()
        assert other.status == "closed"
        wait_until(lambda: clients() == mine)
        assert session.status == "live"
        with pytest.raises(ConnectionLostError, match="is closed"):
            other.halt()

    host(play)


def test_when_the_session_stops_its_clients_say_so(project: Project, host: Host) -> None:
    kept: list[Session] = []

    def play(session: Session) -> None:
        kept.append(connect("paper"))
        SessionClient.stop(session)

    host(play)
    try:
        wait_until(lambda: "token file" in kept[0].replica.problem)
        assert kept[0].status == "stale"
        assert kept[0].replica.problem.startswith("the session is not running")
        assert "stale" in repr(kept[0])
        assert len(kept[0].orders) >= 0  # what was last known can still be read
    finally:
        kept[0].close()


# --- starting -------------------------------------------------------------------------------------------------


@pytest.fixture
def started(project: Project) -> Iterator[list[Session]]:
    """Sessions to be ended with the test."""
    made: list[Session] = []
    yield made
    for session in made:
        session.close()
    for one in registry.entries():
        os.kill(one.pid, 9)
    wait_until(lambda: not registry.entries())


def test_a_session_that_runs_is_not_started_again(project: Project) -> None:
    with (
        register(entry("paper", 1)),
        pytest.raises(ConfigError, match=r"tk.connect\('paper'\) attaches to it"),
    ):
        start(project.config)


@pytest.mark.parametrize(
    ("strategy", "error", "said"),
    [
        ("nowhere:Idea", StrategyError, "no module 'nowhere'"),
        (int, StrategyError, "is no strategy"),
    ],
)
def test_a_strategy_that_cannot_be_had_is_refused_here(
    project: Project, strategy: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        start(project.config, strategy=strategy)


@pytest.mark.process
def test_why_it_did_not_start_is_told_with_its_whole_reason(project: Project) -> None:
    data = project.sections["market_data"]
    project.write(market_data=data | {"bars": ["gone.csv"]})
    with pytest.raises(TradekitError, match=r"did not start: .*gone.csv.*\(its log: .*paper.session.log\)"):
        start(project.config)


@pytest.mark.proof
def test_a_session_outlives_whoever_started_it(
    project: Project, started: list[Session], proof_record: Callable[..., None]
) -> None:
    script = (
        "import tradekit as tk\n"
        f"s = tk.start({str(project.config)!r}, strategy='tradekit.strategy.library:SmaCross',"
        " set={'strategy.params.fast': 7})\n"
        "print(s.name, flush=True)\n"
        "import os; os._exit(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=project.env,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "paper", done.stderr
    session = connect("paper")
    started.append(session)
    assert session.wait_for(ended, WAIT_S)
    assert session.state.strategy.params["fast"] == 7
    assert session.stop() > 0
    proof_record("a session outlives the process that started it", size="1 session", result="attached again")


@pytest.mark.proof
def test_start_takes_an_instance_and_a_fresh_journal(project: Project, started: list[Session]) -> None:
    for fresh in (False, True):
        session = start(project.config, strategy=SmaCross(fast=3, slow=9), fresh=fresh)
        started.append(session)
        assert session.wait_for(ended, WAIT_S)
        assert session.state.strategy.params == {"fast": 3, "slow": 9, "qty": 1.0}
        session.stop()
    assert len(list(project.journal.parent.glob("events-*.log"))) == 1
    assert state_at(project.journal).session.epoch == 1
