"""`tradekit run`: a session in a process of its own, from the shell's side."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tradekit.client import registry
from tradekit.core.open import open_journal

pytestmark = pytest.mark.process

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py
SCRIPT = str(Path(sys.executable).with_name("tradekit"))
DESK = """\
session: {name: desk, cash: 100000}
strategy: {class: "tradekit.strategy.library:SmaCross", params: {fast: 5, slow: 15, qty: 0.5}}
market_data: {bars: ["sample:BTCUSDT-1m"], speed: 600}
websocket: {port: 0}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    file = folder / "desk.yaml"
    file.write_text(DESK, encoding="utf-8")
    return file


class Process:
    """A session's process and what it announced."""

    def __init__(self, *words: object) -> None:
        self.popen = subprocess.Popen(
            [SCRIPT, "run", *map(str, words), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        assert line, self.popen.communicate()[1]
        self.told: dict[str, Any] = json.loads(line)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code and what else it said, after a signal."""
        self.popen.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        """Exit code and what else it said."""
        out, err = self.popen.communicate(timeout=30)
        return self.popen.returncode, out, err


@pytest.fixture
def run() -> Iterator[Callable[..., Process]]:
    """`run(file)`: a session that serves; killed after the test if it still runs."""
    made: list[Process] = []

    def start(*words: object) -> Process:
        made.append(Process(*words))
        return made[-1]

    yield start
    for one in made:
        if one.popen.poll() is None:
            os.killpg(one.popen.pid, signal.SIGKILL)
            one.popen.communicate()


def test_it_announces_itself_once_in_one_line_of_absolute_paths(
    run: Callable[..., Process], desk: Path, tmp_path: Path
) -> None:
    process = run(desk)
    told = process.told
    assert told["session"] == "desk"
    assert told["pid"] == process.popen.pid
    assert told["journal"] == str(tmp_path / "logs" / "events.log")
    assert told["token_file"] == str(tmp_path / "logs" / "desk.token")
    assert told["uri"] == registry.find("desk").uri
    assert not told["uri"].endswith(":0/ws")
    assert Path(told["token_file"]).stat().st_mode & 0o777 == 0o600
    code, out, err = process.end()
    assert (code, out) == (0, "")
    assert "closed" in err
    assert "Traceback" not in err
    assert registry.entries() == []


def test_ctrl_c_and_stop_end_it_in_good_order_too(cli: Cli, run: Callable[..., Process], desk: Path) -> None:
    assert run(desk).end(signal.SIGINT)[0] == 0
    process = run(desk)
    assert cli("stop", "desk", "--reason", "enough").code == 0
    assert process.wait()[0] == 0
    with open_journal(process.told["journal"]) as journal:
        closed = [event.data for event in journal.events(types=["session.closed"])]
        assert len(closed) == 2
        assert journal.verify().ok


def test_the_words_of_the_command_line_reach_the_journal(
    cli: Cli, run: Callable[..., Process], desk: Path
) -> None:
    process = run(desk)
    for word in ("halt", "disarm", "arm", "kill"):
        assert cli(word, "desk", "--reason", f"{word} it").code == 0
    state = cli("state", "--journal", process.told["journal"], "--json").json
    assert [(c["name"], c["args"]["reason"], c["user"]) for c in state["commands"]] == [
        (word, f"{word} it", "local") for word in ("halt", "disarm", "arm", "kill")
    ]
    assert (state["risk"]["killed"], state["risk"]["armed"]) == (True, False)
    assert process.end()[0] == 0


def test_the_next_run_goes_on_where_a_killed_one_was(
    cli: Cli, run: Callable[..., Process], desk: Path
) -> None:
    process = run(desk)
    assert cli("halt", "desk", "--json").code == 0
    process.end(signal.SIGKILL)
    assert registry.entries() == []
    with open_journal(process.told["journal"]) as journal:
        before = journal.last_seq
    assert run(desk).end()[0] == 0
    state = cli("state", "--journal", process.told["journal"], "--json").json
    assert state["seq"] > before
    assert state["risk"]["halted"] is True
    assert state["session"]["epoch"] == 2


def test_a_second_session_on_the_same_journal_is_refused(run: Callable[..., Process], desk: Path) -> None:
    first = run(desk)
    other = desk.with_name("other.yaml")
    other.write_text(DESK.replace("name: desk", "name: other"), encoding="utf-8")
    done = subprocess.run([SCRIPT, "run", str(other), "--json"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "tradekit: error: " in done.stderr
    assert "events.log" in done.stderr
    assert first.end()[0] == 0


def test_a_second_session_of_the_same_name_is_refused(run: Callable[..., Process], desk: Path) -> None:
    first = run(desk)
    again = desk.with_name("again.yaml")
    again.write_text(DESK + "event_bus: {event_log_file: logs/again.log}\n", encoding="utf-8")
    done = subprocess.run([SCRIPT, "run", str(again), "--json"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "a session named 'desk' runs already" in done.stderr
    assert first.end()[0] == 0


def test_a_port_in_use_is_refused_and_nothing_is_lost(desk: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run([SCRIPT, "run", str(desk), "--port", str(port)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"127.0.0.1:{port}" in done.stderr
    assert "set another port (0 takes a free one)" in done.stderr
    assert not (tmp_path / "logs" / "desk.token").exists()


def test_strategy_parameters_speed_and_any_key_can_be_chosen_here(
    cli: Cli, run: Callable[..., Process], desk: Path
) -> None:
    breakout = "tradekit.strategy.library:InsideBarBreakout"
    process = run(
        desk, "--strategy", breakout, "--set", "qty=0.1", "--set", "session.cash=5000", "--speed", "max"
    )
    assert process.end()[0] == 0
    state = cli("state", "--journal", process.told["journal"], "--json").json
    assert state["strategy"]["cls"] == breakout
    assert state["strategy"]["params"]["qty"] == 0.1
    assert state["account"]["opening"] == "5000"


def test_a_strategy_in_a_file_of_the_project_is_found_from_anywhere(
    cli: Cli, run: Callable[..., Process], desk: Path, tmp_path: Path
) -> None:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "mine.py").write_text(
        "from tradekit.strategy.library import SmaCross\n\nclass Mine(SmaCross):\n    pass\n",
        encoding="utf-8",
    )
    process = run(desk, "--strategy", "strategies/mine.py:Mine")
    assert process.end()[0] == 0
    assert cli("state", "--journal", process.told["journal"], "--json").json["strategy"]["id"] == "mine"


def test_without_json_it_says_where_it_is(desk: Path) -> None:
    process = subprocess.Popen(
        [SCRIPT, "run", str(desk)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = ""
    while "Ctrl-C or `tradekit stop desk` ends it" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    assert "session desk serves at ws://127.0.0.1:" in said
    process.terminate()
    assert process.communicate(timeout=30)[0] == ""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sesion: {}", "line 5: unknown key 'sesion'; did you mean 'session'?"),
        ("session: {name: desk}", "line 5: session is given twice, first in line 1"),
        ("broker: {name: ib}", "broker.name: mode paper sends nothing to 'ib'"),
        ("event_bus: {enabled: false}", "event_bus.enabled: false is for backtests only"),
        ("risk: {max_leverage: 2}", "'max_leverage' is unknown (did you mean 'leverage'?); known rules: "),
        ("risk: {leverage: 0}", "risk.leverage is 0"),
    ],
)
def test_a_bad_configuration_is_refused_with_exit_code_2(cli: Cli, desk: Path, text: str, said: str) -> None:
    desk.write_text(DESK + text + "\n", encoding="utf-8")
    answer = cli("run", desk, "--json")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("tradekit: error: ")
    assert said in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--strategy", "tradekit.strategy.library:SmaCros"), "has no strategy 'SmaCros'"),
        (("--strategy", "strategies/none.py:Mine"), "none.py"),
        (("--strategy", "SmaCross"), "write module:Class"),
        (("--set", "fst=3"), "no parameter 'fst' (did you mean 'fast'?)"),
        (("--set", "slow=1"), "SmaCross.slow"),
        (("--set", "market_data.bars=[nowhere.csv]"), "there is no file"),
        (("--set", "market_data.timeframes=[30s]"), "30s bars cannot be made from"),
        (("--set", "session.mode=live"), "broker.name: live needs a broker"),
        (("--set", "broker.api_key=hunter2"), "looks like a secret"),
        (("--set", "sesion.name=x"), "unknown key 'sesion'; did you mean 'session'?"),
        (("--speed", "fast"), "argument --speed: 'fast' is no speed"),
        (("--speed", "-1"), "market_data.speed: -1 would stand still"),
        (("--log", "none/x.log"), "there is no folder none"),
        (("--port", "99999"), "websocket.port: expected a whole number of at most 65535"),
    ],
)
def test_a_bad_choice_is_refused_and_leaves_no_journal(
    cli: Cli, desk: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    answer = cli("run", desk, *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "hunter2" not in answer.err
    assert not (tmp_path / "logs" / "events.log").exists()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("100,103,98,", "line 3"),
        ("100,97,98,99", "line 3"),
        ("100,103,98,NaN", "line 3"),
    ],
)
def test_bad_bars_are_refused_before_anything_starts(
    cli: Cli, desk: Path, tmp_path: Path, cells: str, said: str
) -> None:
    rows = [f"2024-01-01T00:{m:02}:00Z,100,103,98,101" for m in range(5)]
    rows[1] = f"2024-01-01T00:01:00Z,{cells}"
    (tmp_path / "day.csv").write_text("\n".join(["ts,open,high,low,close", *rows]) + "\n", encoding="utf-8")
    answer = cli("run", desk, "--set", "market_data.bars=[day.csv]")
    assert answer.code == 2
    assert str(tmp_path / "day.csv") in answer.err
    assert said in answer.err
    assert not (tmp_path / "logs" / "events.log").exists()
