"""`tradekit dashboard` and `tradekit lab`: what is started, with what."""

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tradekit.wiring.demo import free_port

pytestmark = pytest.mark.process

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py


class Started(Exception):
    """Stands for the program that took this process's place."""


@pytest.fixture
def lab(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`lab("--no-browser")`: the command line that JupyterLab is started with."""

    def replaced(path: str, words: list[str]) -> None:
        assert path == sys.executable == words[0]
        raise Started(words[1:])

    def run(*words: str) -> list[str]:
        with pytest.raises(Started) as started:
            cli("lab", *words)
        return list(started.value.args[0])

    monkeypatch.setattr(os, "execv", replaced)
    return run


def test_lab_opens_the_projects_notebooks(
    lab: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    words = lab()
    assert words[:2] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path}" in words
    assert "--LabApp.default_url=/lab/tree/notebooks" in words


def test_lab_without_a_project_opens_here(
    lab: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = lab()
    assert f"--ServerApp.root_dir={tmp_path}" in words
    assert not [word for word in words if "default_url" in word]


def test_lab_asks_nothing_from_the_network(lab: Callable[..., list[str]]) -> None:
    assert {word.partition("=")[0] for word in lab()} >= {
        "--LabApp.news_url",
        "--LabApp.check_for_updates_class",
    }


def test_lab_passes_other_options_on(lab: Callable[..., list[str]]) -> None:
    assert lab("--no-browser", "--port", "8890")[-3:] == ["--no-browser", "--port", "8890"]


def test_lab_that_cannot_be_started_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: str, words: list[str]) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "execv", missing)
    said = cli("lab")
    assert (said.code, "JupyterLab cannot be started: No such file" in said.err) == (2, True)


def test_a_dashboard_of_nobody_is_refused(cli: Cli) -> None:
    said = cli("dashboard", "papr", "--no-show")
    assert (said.code, "no session named 'papr' runs" in said.err) == (2, True)


def test_a_dashboard_says_where_it_is_and_ends_cleanly(cli: Cli) -> None:
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("tradekit")),
            "dashboard",
            "--no-show",
            "--port",
            str(free_port(0)),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"the dashboard is at (http://\S+) - Ctrl-C ends it", line)
    assert found is not None, line + process.communicate()[1]
    with urllib.request.urlopen(found[1]) as page:  # noqa: S310 - our own http address
        assert page.status == 200
    process.terminate()
    assert "Traceback" not in process.communicate(timeout=30)[1]
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "served"),
    [
        ((), ("127.0.0.1", 5006, "dark", True)),
        (("--port", "5099", "--theme", "light", "--no-show"), ("127.0.0.1", 5099, "light", False)),
        (("--config", "desk.yaml"), ("localhost", 5050, "light", True)),
        (
            ("--config", "desk.yaml", "--theme", "dark", "--address", "127.0.0.1"),
            ("127.0.0.1", 5050, "dark", True),
        ),
    ],
)
def test_a_dashboard_is_served_as_the_configuration_and_the_options_say(
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    served: tuple[str, int, str, bool],
) -> None:
    def serve(
        names: list[str], *, host: str, port: int, theme: str, show: bool, data: object, on_ready: object
    ) -> None:
        asked.append((names, (host, port, theme, show)))

    asked: list[object] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tradekit.wiring.board.serve_dashboard", serve)
    Path("desk.yaml").write_text("dashboard: {host: localhost, port: 5050, theme: light}", encoding="utf-8")
    assert cli("dashboard", "paper", *words).code == 0
    assert asked == [(["paper"], served)]


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        ((), None),
        (("--data", "bars"), Path("bars")),
        (("--config", "desk.yaml"), "from the project"),
        (("--config", "desk.yaml", "--data", "bars"), Path("bars")),
    ],
)
def test_the_research_pages_folder_of_bars_is_the_options_or_the_configurations(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], folder: object
) -> None:
    asked: list[object] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "tradekit.wiring.board.serve_dashboard", lambda names, *, data, **others: asked.append(data)
    )
    Path("desk.yaml").write_text("dashboard: {data_folder: market/bars}", encoding="utf-8")
    assert cli("dashboard", *words).code == 0
    assert asked == [tmp_path / "market/bars" if folder == "from the project" else folder]


@pytest.mark.parametrize(
    "words",
    [("dashboard", "--port"), ("demo", "--port"), ("demo", "--dashboard-port")],
)
def test_a_port_that_is_none_is_refused(cli: Cli, words: tuple[str, ...]) -> None:
    for port in ("99999", "-1", "http"):
        said = cli(*words[:-1], f"{words[-1]}={port}")
        assert said.code == 2
        assert f"'{port}' is no port; give a number from 0 to 65535" in said.err


def test_a_dashboards_port_in_use_is_refused(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = cli("dashboard", "--no-show", "--port", port)
    assert (said.code, f"port {port} on 127.0.0.1 cannot be opened" in said.err) == (2, True)
