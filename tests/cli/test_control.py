"""`tradekit halt, arm, disarm, kill, stop`: what reaches the session, what is told, and how fast."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py
Start = Callable[..., "Session"]  # noqa: F821
WORDS = {"halt": "halted", "arm": "armed", "disarm": "disarmed", "kill": "killed", "stop": "stopping"}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_reaches_the_session_with_its_reason(cli: Cli, session: Start, word: str) -> None:
    paper, other = session("paper"), session("other")
    said = cli(word, "paper", "--reason", "lunch")
    assert (said.code, said.out, said.err) == (0, "", f"paper: {WORDS[word]}, #1\n")
    assert [(c.name, c.args, c.user) for c in paper.source.commands] == [(word, {"reason": "lunch"}, "local")]
    assert other.source.commands == []


def test_json_says_under_which_number_it_is_journaled(cli: Cli, session: Start) -> None:
    session("paper").source.append(("a", 1), ("b", 2))
    said = cli("halt", "paper", "--json")
    assert said.json == {"session": "paper", "command": "halt", "seq": 3}


def test_an_unknown_session_is_refused_by_name(cli: Cli, session: Start) -> None:
    session("paper")
    said = cli("halt", "papr")
    assert said.code == 2
    assert "no session named 'papr' runs (did you mean 'paper'?); running: paper" in said.err


def test_a_refusal_is_told_with_its_reason(cli: Cli, session: Start) -> None:
    session("paper").source.refuse["arm"] = "a human must look first"
    said = cli("arm", "paper")
    assert (said.code, said.err) == (2, "tradekit: error: arm: a human must look first\n")


def test_a_token_without_the_scope_cannot_arm(cli: Cli, session: Start) -> None:
    paper = session("paper", scopes=("read", "operate"))
    said = cli("arm", "paper")
    assert said.code == 2
    assert "needs the scope 'trade'" in said.err
    assert paper.source.commands == []


def test_a_token_that_others_may_read_is_refused(cli: Cli, session: Start, tmp_path: Path) -> None:
    session("paper")
    (tmp_path / "paper.token").chmod(0o644)
    said = cli("halt", "paper")
    assert (said.code, "others may read it" in said.err) == (2, True)


def test_a_wrong_token_is_refused_at_the_door(cli: Cli, session: Start, tmp_path: Path) -> None:
    session("paper")
    (tmp_path / "paper.token").write_text("x" * 40)
    said = cli("halt", "paper")
    assert (said.code, "halt was not sent" in said.err) == (2, True)
    assert "x" * 40 not in said.err


def test_no_answer_in_time_says_that_it_may_have_happened(cli: Cli, session: Start) -> None:
    session("paper").source.hold = True
    said = cli("halt", "paper", "--timeout", "0.2")
    assert said.code == 1
    assert "no answer to halt within 0.2 s" in said.err
    assert "its gate is shut all the same" in said.err
    assert "`tradekit stop paper` ends it" in said.err


def test_a_session_that_cannot_be_reached_is_a_failure(cli: Cli, session: Start) -> None:
    session("paper").bridge.close()
    said = cli("kill", "paper")
    assert (said.code, "cannot be reached" in said.err) == (1, True)


def test_kill_all_reaches_everybody_whatever_one_of_them_does(cli: Cli, session: Start) -> None:
    sessions = [session(name) for name in ("a", "b", "c")]
    sessions[1].bridge.close()
    said = cli("kill", "--all", "--reason", "smoke", "--json")
    assert said.code == 1
    assert [told["session"] for told in said.json] == ["a", "b", "c"]
    assert [("error" in told) for told in said.json] == [False, True, False]
    assert [[c.args for c in one.source.commands] for one in sessions] == [
        [{"reason": "smoke"}],
        [],
        [{"reason": "smoke"}],
    ]


def test_kill_all_is_told_in_words_too(cli: Cli, session: Start) -> None:
    session("a")
    session("b")
    assert cli("kill", "--all").err == "a: killed, #1\nb: killed, #1\n"


def test_kill_all_of_nothing_is_done(cli: Cli) -> None:
    said = cli("kill", "--all")
    assert (said.code, said.err) == (0, "no session runs on this machine\n")


@pytest.mark.parametrize("words", [(), ("paper", "--all")])
def test_kill_asks_for_one_or_for_all(cli: Cli, session: Start, words: tuple[str, ...]) -> None:
    paper = session("paper")
    said = cli("kill", *words)
    assert (said.code, "the name of a session, or --all" in said.err) == (2, True)
    assert paper.source.commands == []


MUTE = """
import os, sys
from tradekit.client.registry import Entry, register
token_file, port = sys.argv[1:]
uri = f"ws://127.0.0.1:{port}/ws"
held = register(Entry(name="mute", uri=uri, pid=os.getpid(), started=1, journal="", token_file=token_file, mode="paper", folder=""))
print("in", flush=True)
sys.stdin.read()
"""  # noqa: E501 - a program


def test_stop_turns_to_sigterm_when_the_bridge_is_dead(cli: Cli, session: Start, tmp_path: Path) -> None:
    closed = session("other").bridge
    closed.close()
    process = subprocess.Popen(
        [sys.executable, "-c", MUTE, str(tmp_path / "other.token"), str(closed.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    said = cli("stop", "mute")
    assert process.wait(30) == -signal.SIGTERM
    process.communicate()
    assert (said.code, said.err) == (0, "mute: stopping, by SIGTERM, its bridge gave no answer\n")


@pytest.mark.process
def test_the_quick_ways_load_nothing_heavy(session: Start) -> None:
    session("paper")
    code = "import sys; from tradekit.cli.main import main; main(['kill', 'paper']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "websockets" in loaded
    assert not loaded & {"pandas", "numpy", "panel", "bokeh", "param", "sqlite3", "yaml", "prometheus_client"}
