"""The command line's door: help, exit codes, errors told once and plainly."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tradekit.cli.main import build_parser, main
from tradekit.cli.show import note, print_json
from tradekit.core.redact import secrets
from tradekit.core.version import version
from tradekit.errors import ConfigError

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py
SCRIPT = str(Path(sys.executable).with_name("tradekit"))
COMMANDS = (
    *(
        "demo",
        "dashboard",
        "lab",
        "backtest",
        "sweep",
        "run",
        "sessions",
        "halt",
        "arm",
        "disarm",
        "stop",
        "kill",
    ),
    "token",
    "parity",
    "report",
    "service",
    *(
        "journal verify",
        "journal info",
        "journal tail",
        "journal trades",
        "state",
        "why",
        "doctor",
        "version",
    ),
)


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_help_with_its_exit_codes(cli: Cli, words: str) -> None:
    said = cli(*words.split(), "--help")
    assert said.code == 0
    assert f"usage: tradekit {words}" in said.out
    assert re.search(r"exit codes:\n  0  \w.*\n  1  \w.*\n  2  \w", said.out)


def test_the_list_of_commands_above_is_whole(cli: Cli) -> None:
    listed = set(re.findall(r"^    ([a-z]+) ", cli("--help").out, re.MULTILINE))
    assert listed | {"dashboard"} == {words.split()[0] for words in COMMANDS}


@pytest.mark.parametrize(
    "words", [["backtest"], ["sessions"], ["halt"], ["kill"], ["run"], ["state"], ["doctor"], ["version"]]
)
def test_whatever_prints_data_prints_json_too(cli: Cli, words: list[str]) -> None:
    assert "--json" in cli(*words, "--help").out


def test_without_a_command_the_commands_are_listed(cli: Cli) -> None:
    said = cli()
    assert (said.code, said.out) == (2, "")
    assert "backtest" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bcktest"], "did you mean 'backtest'?"),
        (["journal", "verfy", "x"], "did you mean 'verify'?"),
        (["journal"], "the following arguments are required: WHAT"),
        (["zzz"], "invalid choice: 'zzz'"),
        (["version", "--jso"], "unrecognized arguments: --jso"),
        (["sessions", "extra"], "unrecognized arguments: extra"),
    ],
)
def test_a_bad_command_line_ends_with_2_and_says_where_to_look(cli: Cli, words: list[str], said: str) -> None:
    answer = cli(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("tradekit: error: ")
    assert said in answer.err
    assert re.search(r"^see: tradekit.* --help$", answer.err, re.MULTILINE)


def test_version_in_words_and_in_json(cli: Cli) -> None:
    assert cli("version").out.startswith(f"tradekit {version()} (Python 3.")
    assert cli("version", "--json").json["tradekit"] == version()
    assert cli("--version").out == cli("version").out


def test_an_error_is_told_without_a_traceback_unless_asked_for(cli: Cli) -> None:
    said = cli("run", "none.yaml")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("tradekit: error: there is no configuration none.yaml")
    with pytest.raises(ConfigError):
        main(["run", "none.yaml", "--debug"])


def test_a_bugs_traceback_and_a_note_show_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets.add("s3cret-of-the-command")
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook

    def bug() -> None:
        raise LookupError("no s3cret-of-the-command there")

    monkeypatch.setattr("tradekit.client.registry.entries", bug)
    try:
        with pytest.raises(LookupError) as raised:
            main(["sessions"])
        sys.excepthook(LookupError, raised.value, raised.tb)
    finally:
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    said = capsys.readouterr().err
    assert 'raise LookupError("no *** there")' in said
    assert "s3cret" not in said
    monkeypatch.undo()
    note("halt s3cret-of-the-command")
    print_json({"name": "s3cret-of-the-command"})
    assert capsys.readouterr() == ('{"name":"***"}\n', "halt ***\n")


def test_ctrl_c_ends_a_command_with_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tradekit.client.registry.entries", interrupted)
    said = cli("sessions")
    assert (said.code, said.err) == (130, "tradekit: interrupted\n")


@pytest.mark.process
def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([SCRIPT, "version"], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.process
def test_the_module_is_the_script() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tradekit", "version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("tradekit ")
    assert subprocess.run([SCRIPT, "bad"], capture_output=True).returncode == 2


@pytest.mark.process
def test_building_the_parser_loads_no_command() -> None:
    code = "import sys; from tradekit.cli.main import build_parser; build_parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "pandas",
        "numpy",
        "panel",
        "bokeh",
        "param",
        "sqlite3",
        "yaml",
        "asyncio",
        "websockets",
        "tornado",
    }
    assert not heavy & {name.partition(".")[0] for name in done.stdout.split()}
    assert build_parser().prog == "tradekit"
