"""A whole session, its bridge included, hosted in the test's process, with a client that is attached to it."""

import logging
import os
import re
import signal
import socket
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.sessions import Project, wait_until
from tests.wiring.conftest import BARS, live
from tradekit.client import registry
from tradekit.client.registry import Entry, register
from tradekit.config.load import load_config
from tradekit.core.open import open_writer
from tradekit.core.watermark import MarkState, read_mark
from tradekit.errors import ConfigError, JournalLockedError, RefusedError
from tradekit.run.latch import Killed, Latch
from tradekit.state.shape import State, fingerprint
from tradekit.wiring.host import run_session
from tradekit.wiring.journals import state_at
from tradekit.wiring.sessions import Session

Host = Callable[..., Any]
WAIT_S = 30.0


def ended(state: State) -> bool:
    return any(feed.status == "ended" for feed in state.health.feeds.values())


def played_out(session: Session) -> None:
    assert session.wait_for(ended, WAIT_S)


def test_a_session_plays_its_bars_stays_up_and_says_so(project: Project, host: Host) -> None:
    def play(session: Session) -> tuple[int, str]:
        played_out(session)
        session.halt("it still listens")
        assert session.wait_for(lambda state: state.risk.halted, WAIT_S)
        return session.replica.seq, fingerprint(session.replica.state)

    seq, shown = host(play)
    assert host.code == 0
    assert fingerprint(state_at(project.journal, seq)) == shown
    (feed,) = state_at(project.journal).health.feeds.values()
    assert (feed.status, feed.detail) == ("ended", "the recorded data has come to its end")


def test_a_clean_stop_leaves_a_closed_journal_a_snapshot_and_nothing_else(
    project: Project, host: Host
) -> None:
    config = load_config(project.config)

    def play(session: Session) -> None:
        (entry,) = registry.entries()
        assert (entry.name, entry.uri, entry.token_file) == ("paper", session.uri, str(config.token_file))
        assert config.token_file.stat().st_mode & 0o777 == 0o600
        played_out(session)

    host(play)
    assert registry.entries() == []
    assert sorted(path.name for path in project.journal.parent.iterdir()) == [
        "events.log", "events.log.lock", "events.log.mark",
    ]  # fmt: skip
    mark = read_mark(project.journal)
    assert mark is not None
    assert mark.state is MarkState.CLOSED
    (snapshot,) = (project.root / "data" / "state" / "paper").iterdir()
    assert int(snapshot.stem.rpartition("-")[2]) == mark.seq == project.events()[-1].seq


def test_a_kill_that_an_earlier_life_could_not_journal_is_the_first_thing_that_the_next_one_does(
    project: Project, host: Host
) -> None:
    live(project, 100, clean=True)
    config = load_config(project.config)
    Latch(config.latch_file).set(Killed("trader", "it hung"))
    host(played_out)
    state = state_at(project.journal)
    assert (state.risk.killed, state.risk.reason, state.risk.user) == (True, "it hung", "trader")
    orders = [event.seq for event in project.events() if event.type == "order.submitted"]
    (killed,) = [
        event.seq for event in project.events() if event.type == "command.received" and event.key == "kill"
    ]
    assert max(orders) < killed
    assert not config.latch_file.exists()


def test_where_a_rule_goes_by_them_it_is_told_that_a_client_has_come(project: Project, host: Host) -> None:
    def play(session: Session) -> None:
        assert session.wait_for(lambda state: state.health.attendance.clients == 1, WAIT_S)

    host(play, dead_man__clients={"after_s": 86_400})
    host(played_out)
    told = [event for event in project.events() if event.type == "clients.changed"]
    assert [event.data.clients for event in told if event.data.clients] == [1], (
        "once, and not where there is no rule"
    )  # type: ignore[attr-defined]


def test_the_next_start_goes_on_where_the_last_one_stopped(project: Project, host: Host) -> None:
    live(project, 100, clean=True)
    host(played_out, state_store__replay_events_on_restore=False)
    state = state_at(project.journal)
    assert state.session.epoch == 2
    assert len(project.events("bar.closed")) == BARS
    assert len(state.bars["BTCUSDT"]["1m"]) == BARS


def test_every_command_works_through_the_bridge(project: Project, host: Host) -> None:
    def play(session: Session) -> list[str]:
        played_out(session)
        session.halt("lunch")
        session.arm()
        session.disarm("tea")
        session.set_param("fast", 5)
        session.snapshot()
        session.cancel_all()
        session.flatten()
        with pytest.raises(RefusedError, match="no working order 'none'"):
            session.cancel("none")
        with pytest.raises(RefusedError, match="has no parameter 'fats'"):
            session.set_param("fats", 1)
        with pytest.raises(RefusedError, match="at most 400"):
            session.set_params(fast=7, slow=4000)
        session.set_params(slow=30, qty=0.25)
        last = session.kill("fire")
        assert session.wait_for(lambda state: state.seq >= last, WAIT_S)
        return [*session.commands["name"]]

    given = [
        "halt", "arm", "disarm", "set_param", "snapshot", "cancel_all", "flatten", "cancel", "set_param", "set_param",
        "set_param", "kill",
    ]  # fmt: skip
    assert host(play) == given
    state = state_at(project.journal)
    assert (state.risk.killed, state.risk.reason) == (True, "fire")
    assert state.strategy.params == {"fast": 5, "slow": 30, "qty": 0.25}, "what was refused changed nothing"
    assert {event.data.user for event in project.events("command.received")} == {"local"}
    assert len(list((project.root / "data" / "state" / "paper").iterdir())) == 2


def test_a_parameter_changed_in_the_file_is_set_by_a_command_of_the_configuration(
    project: Project, host: Host
) -> None:
    live(project, 100)
    project.write(strategy=project.sections["strategy"] | {"params": {"fast": 4}})
    host(played_out)
    (told,) = project.events("command.received")[:1]
    assert (told.data.name, told.data.args, told.data.user) == (
        "set_param",
        {"values": {"fast": 4}},
        "config",
    )
    assert state_at(project.journal).strategy.params["fast"] == 4
    assert len(project.events("bar.closed")) == BARS


def test_the_health_page_says_why_a_session_is_not_ready(project: Project, host: Host) -> None:
    def pages(session: Session) -> tuple[str, str, str]:
        page = session.uri.replace("ws://", "http://").removesuffix("/ws")

        def get(name: str) -> str:
            with urllib.request.urlopen(f"{page}/{name}", timeout=30) as answer:  # noqa: S310 - loopback
                return str(answer.read().decode())

        played_out(session)
        ready = get("health")
        session.halt("lunch")
        return ready, get("health"), get("metrics")

    ready, halted, metrics = host(pages)
    assert '"ready":true' in ready.replace(" ", "")
    assert '"ready":false' in halted.replace(" ", "")
    assert "lunch" in halted
    assert 'tradekit_events_total{type="bar.closed"} 240.0' in metrics


def test_a_strategy_that_fails_halts_its_session_and_leaves_it_up(project: Project, host: Host) -> None:
    file = project.root / "strategies" / "bad.py"
    file.parent.mkdir()
    file.write_text(
        "import tradekit as tk\n\nclass Bad(tk.Strategy):\n    def on_bar(self, bar):\n        1 / 0\n",
        encoding="utf-8",
    )
    project.write(strategy={"class": "strategies/bad.py:Bad"})

    def play(session: Session) -> str:
        played_out(session)
        return session.state.strategy.error

    assert "on_bar (line 5 of bad.py): ZeroDivisionError" in host(play)
    risk = state_at(project.journal).risk
    assert risk.halted
    assert "the strategy failed in on_bar (line 5 of bad.py)" in risk.reason


def test_a_step_that_takes_too_long_halts_the_session(project: Project, host: Host) -> None:
    file = project.root / "strategies" / "slow.py"
    file.parent.mkdir()
    file.write_text(
        "import time\nimport tradekit as tk\n\nclass Slow(tk.Strategy):\n    def on_bar(self, bar):\n"
        "        if not self.state.risk.halted:\n            time.sleep(1.02)\n            self.buy(1)\n",
        encoding="utf-8",
    )
    project.write(
        strategy={"class": "strategies/slow.py:Slow"}, session={"name": "paper", "step_deadline_s": 1.0}
    )
    host(played_out)
    state = state_at(project.journal)
    assert re.match(r"a step took \d\.\d s; 1 s are allowed", state.risk.reason)
    assert state.fills == []
    assert [order.note for order in state.orders.values()] == [f"halted: {state.risk.reason}"]


# --- what cannot start: nothing is touched --------------------------------------------------------------------


def refused(project: Project, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        run_session(load_config(project.config), announce=lambda told: pytest.fail("it announced itself"))


def test_a_port_in_use_is_refused_before_anything_is_touched(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project.write(websocket={"port": port})
        refused(project, ConfigError, f"websocket.port: 127.0.0.1:{port} cannot be had")
    assert not project.journal.exists()
    assert registry.entries() == []


def test_a_second_session_of_the_same_name_is_refused_and_the_first_keeps_its_token(project: Project) -> None:
    config = load_config(project.config)
    config.token_file.parent.mkdir(parents=True)
    config.token_file.write_text("the first one's")
    entry = Entry(
        name="paper", uri="ws://127.0.0.1:1/ws", pid=4711, started=1, journal="", mode="paper",
        token_file=str(config.token_file), folder=str(config.folder),
    )  # fmt: skip
    with register(entry):
        refused(project, ConfigError, r"'paper' runs already \(pid 4711")
        assert [one.pid for one in registry.entries()] == [4711]
    assert config.token_file.read_text() == "the first one's"
    assert not project.journal.exists()


def test_a_second_session_on_the_same_journal_is_told_whose_it_is(project: Project) -> None:
    with open_writer(project.journal):
        refused(project, JournalLockedError, r"is written by process \d+")
    assert registry.entries() == []
    assert not load_config(project.config).token_file.exists()


def test_a_name_taken_meanwhile_leaves_the_other_session_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradekit.wiring.host.entries", list)
    config = load_config(project.config)
    entry = Entry(
        name="paper", uri="ws://127.0.0.1:1/ws", pid=4711, started=1, journal="", mode="paper",
        token_file=str(config.token_file), folder=str(config.folder),
    )  # fmt: skip
    config.token_file.parent.mkdir(parents=True)
    config.token_file.write_text("the first one's")
    with register(entry):
        refused(project, ConfigError, "runs already")
    assert config.token_file.read_text() == "the first one's"


def test_a_session_without_a_bridge_runs_and_nothing_finds_it(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.write(websocket={"enabled": False})
    told: list[dict[str, Any]] = []
    caplog.set_level(logging.INFO)

    def stop_at_the_end() -> None:
        wait_until(lambda: "feed ended" in caplog.text)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=stop_at_the_end)

    def announce(announced: dict[str, Any]) -> None:
        told.append(announced)
        thread.start()

    assert run_session(load_config(project.config), announce=announce) == 0
    thread.join()
    assert (told[0]["uri"], told[0]["token_file"]) == (None, None)
    assert registry.entries() == []
    assert project.events()[-1].data.reason == "SIGTERM"


def test_the_manager_that_started_it_is_told_how_it_is(
    project: Project, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)  # a socket's path is short
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("notify")
        manager.settimeout(WAIT_S)
        monkeypatch.setenv("NOTIFY_SOCKET", "notify")
        monkeypatch.setenv("WATCHDOG_USEC", "300000")
        told: list[str] = []

        def play(session: Session) -> None:
            while not told or not told[-1].startswith("WATCHDOG=1\nSTATUS=paper: paper, armed, #"):
                told.append(manager.recv(4096).decode())

        host(play)
        while told[-1] != "STOPPING=1":
            told.append(manager.recv(4096).decode())
    assert told[0] == "READY=1"
