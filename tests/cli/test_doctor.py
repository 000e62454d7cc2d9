"""`tradekit doctor`: what it says of a configuration, of a running session and of the machine, and how it ends."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import event, opened
from tests.sessions import Project, opened_project
from tradekit.core.clock import ManualClock
from tradekit.core.open import open_writer
from tradekit.core.watermark import mark_path
from tradekit.wiring.checkup import check_config, check_machine

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py
Start = Callable[..., "Session"]  # noqa: F821


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield from opened_project(tmp_path / "project")


def graded(cli: Cli, *words: object) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code, and the findings by subject."""
    said = cli("doctor", *words, "--json")
    assert said.json["ok"] is (said.code == 0)
    return said.code, {one["subject"]: one for one in said.json["findings"]}


def put(journal: Path, project: Project) -> None:
    """A copy of the journal, with its watermark, where the project's session has its own."""
    project.journal.parent.mkdir(parents=True)
    project.journal.write_bytes(journal.read_bytes())
    mark_path(project.journal).write_bytes(mark_path(journal).read_bytes())


def test_a_sound_configuration_has_nothing_wrong_and_is_left_as_it_is(cli: Cli, project: Project) -> None:
    before = sorted(project.root.rglob("*"))
    code, found = graded(cli, project.config)
    assert code == 0
    assert {one["grade"] for one in found.values()} <= {"well", "note"}
    assert found["config"]["said"].endswith("session 'paper', paper")
    assert found["data"]["said"] == "BTCUSDT: 1,440 bars of 1m, 2022-12-13 00:00 to 2022-12-13 23:59"
    assert found["strategy"]["said"] == "tradekit.strategy.library:SmaCross"
    assert found["journal"]["said"] == f"{project.journal} will be made"
    assert sorted(project.root.rglob("*")) == before


def test_people_read_a_line_a_finding_with_what_to_do(cli: Cli, project: Project) -> None:
    project.write(strategy={"class": "tradekit.strategy.library:SmaCros"})
    said = cli("doctor", project.config)
    assert said.code == 1
    assert said.out.startswith(f"{project.config}\n")
    assert "  wrong  strategy " in said.out
    assert said.out.endswith("something is wrong\n")
    project.write(strategy={"class": "tradekit.strategy.library:SmaCross"})
    assert cli("doctor", project.config).out.endswith("nothing is wrong\n")


@pytest.mark.parametrize(
    ("sections", "subject", "said"),
    [
        ({"broker": {"fees": 1}}, "config", "unknown key 'broker.fees'; did you mean 'fee'?"),
        ({"market_data": {"bars": ["none.csv"]}}, "data", "none.csv"),
        ({"strategy": {"class": "nowhere:X"}}, "strategy", "there is no module 'nowhere'"),
        ({"strategy": {"class": "tradekit.strategy.library:SmaCross", "params": {"fats": 1}}}, "strategy", "'fast'"),
        ({"risk": {"max_positon": 1}}, "risk", "max_position"),
        ({"session": {"name": "paper", "mode": "live"}}, "config", "live needs a broker"),
        ({"event_bus": {"event_log_file": "config/paper.yaml"}}, "journal", "paper.yaml"),
    ],
)  # fmt: skip
def test_what_would_keep_it_from_starting_is_said(
    cli: Cli, project: Project, sections: dict[str, Any], subject: str, said: str
) -> None:
    project.write(**sections)
    code, found = graded(cli, project.config)
    assert (code, found[subject]["grade"]) == (1, "wrong")
    assert said in found[subject]["said"]


def test_a_file_that_is_not_there_is_a_finding_and_a_session_that_is_not_is_bad_input(cli: Cli) -> None:
    code, found = graded(cli, "config/none.yaml")
    assert code == 1
    assert "there is no configuration config/none.yaml" in found["config"]["said"]
    said = cli("doctor", "none")
    assert (said.code, said.out) == (2, "")
    assert "no session named 'none' runs" in said.err


def test_a_port_in_use_is_wrong_unless_the_session_itself_has_it(
    cli: Cli, project: Project, session: Start
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project.write(websocket={"port": port})
        code, found = graded(cli, project.config)
        assert (code, found["port"]["grade"]) == (1, "wrong")
        assert f"127.0.0.1:{port} cannot be had" in found["port"]["said"]
        session("paper", pid=4711)
        code, found = graded(cli, project.config)
        assert (code, found["session"]["grade"]) == (0, "note")
        assert "'paper' runs already (pid 4711)" in found["session"]["said"]


def test_a_journal_is_verified(cli: Cli, project: Project, journal: Path) -> None:
    put(journal, project)
    code, found = graded(cli, project.config)
    assert code == 0
    assert found["journal"]["said"].endswith("events, verified")
    body = bytearray(project.journal.read_bytes())
    body[body.rindex(b'"bar.closed"') + 20] ^= 1
    project.journal.write_bytes(body)
    code, found = graded(cli, project.config)
    assert (code, found["journal"]["grade"]) == (1, "wrong")
    assert "chain" in found["journal"]["said"]


def test_a_clock_behind_the_journal_is_wrong(project: Project) -> None:
    with open_writer(project.journal, clock=ManualClock(2_000_000_000_000_000_000)) as writer:
        writer.append([event(opened())], critical=True)
    found = {
        one.subject: one for one in check_config(project.config, clock=ManualClock(1_900_000_000 * 10**9))
    }
    assert found["clock"].said == "the clock is 100,000,000 s behind the journal's last event"
    assert found["clock"].grade == "wrong"
    early = {one.subject: one.grade for one in check_machine(ManualClock(0))}
    assert early["clock"] == "wrong"


def test_a_strategy_whose_source_was_changed_is_noted(cli: Cli, project: Project, journal: Path) -> None:
    put(journal, project)
    project.write(strategy={"class": "tradekit.strategy.library:InsideBarBreakout"})
    said = cli("doctor", project.config)
    assert said.code == 0
    assert "its source is not the one that its journal began with" in said.out


def test_a_session_is_known_by_its_own_pages(cli: Cli, session: Start) -> None:
    paper = session("paper")
    paper.source.metrics = lambda: (
        b"tradekit_journal_seq 5\ntradekit_journal_durable_seq 5\ntradekit_loop_lag_seconds 0.002\n"
    )
    code, found = graded(cli, "paper")
    assert (code, found["journal"]["grade"], found["event loop"]["grade"]) == (0, "well", "well")
    paper.source.metrics = lambda: b"tradekit_journal_failed 1.0\n"
    paper.source.health = lambda: {"live": False, "ready": False, "reasons": ["the journal failed"]}
    code, found = graded(cli, "paper")
    assert code == 1
    assert (found["session"]["said"], found["journal"]["grade"]) == ("the journal failed", "wrong")


def test_a_session_that_does_not_answer_is_wrong(cli: Cli, session: Start) -> None:
    session("paper").bridge.close()
    code, found = graded(cli, "paper")
    assert (code, found["session"]["grade"]) == (1, "wrong")
    assert "gives no answer within 3 s (" in found["session"]["said"]


def test_without_a_target_the_machine_and_all_sessions_are_looked_at(cli: Cli, session: Start) -> None:
    session("one")
    session("two")
    said = cli("doctor")
    assert [line for line in said.out.splitlines() if not line.startswith(" ")] == [
        "this machine",
        "one",
        "two",
        "nothing is wrong",
    ]
    assert cli("doctor", "--json").json["ok"] is True
