"""`tradekit demo` as its user meets it: one address, fills soon, and nothing left behind."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradekit.client import registry
from tradekit.client.registry import Entry
from tradekit.core.clock import ManualClock
from tradekit.errors import TradekitError
from tradekit.wiring import demo
from tradekit.wiring.journals import state_at

pytestmark = pytest.mark.process

NOON = 1_800_000_000_000_000_000
BOUND_S = 60


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry and a cache of this test's own; gives the folder of the demos."""
    monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tradekit" / "demo"


@pytest.fixture
def started() -> Iterator[list["subprocess.Popen[str]"]]:
    """Demos to be killed after the test if they still run."""
    made: list[subprocess.Popen[str]] = []
    yield made
    for process in made:
        if process.returncode is None:
            process.terminate()  # so that it ends its session too
            process.communicate()


def start(started: list["subprocess.Popen[str]"], *words: str) -> "subprocess.Popen[str]":
    script = str(Path(sys.executable).with_name("tradekit"))
    process = subprocess.Popen(
        [script, "demo", *(words or ("--port", "0", "--dashboard-port", "0"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.append(process)
    return process


def address(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """The one address it prints, and all that it said until then."""
    assert process.stdout is not None
    said = ""
    while "open " not in said:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        said += line
    (url,) = re.findall(r"http://\S+", said)
    return url, said


def ended(process: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> int:
    """The exit code after a signal; what it said goes nowhere but a traceback."""
    process.send_signal(number)
    assert "Traceback" not in process.communicate(timeout=BOUND_S)[1]
    return process.returncode


def until(condition: object, what: str) -> None:
    end = time.monotonic() + BOUND_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.05)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_prints_one_address_trades_within_a_minute_and_leaves_no_process(
    started: list["subprocess.Popen[str]"], folders: Path
) -> None:
    process = start(started)
    url, said = address(process)
    assert said.count("http://") == 1
    with urllib.request.urlopen(url) as page:  # noqa: S310 - our own http address
        assert page.status == 200
    (entry,) = registry.entries()
    assert entry.name == "demo"
    assert entry.pid != process.pid
    until(lambda: state_at(entry.journal).fills, "no fill within a minute")
    assert ended(process, signal.SIGINT) == 0
    assert registry.entries() == []
    until(lambda: gone(entry.pid), "the session's process is still there")
    assert state_at(entry.journal).session.open is False  # it was ended in good order
    assert len(list(folders.iterdir())) == 1


def test_a_second_demo_runs_beside_the_first_in_a_folder_of_its_own(
    started: list["subprocess.Popen[str]"], folders: Path
) -> None:
    first = start(started)
    first_url, _ = address(first)
    port = registry.find("demo").uri.rpartition(":")[2].removesuffix("/ws")
    second = start(started, "--port", port, "--dashboard-port", first_url.rpartition(":")[2].rstrip("/"))
    second_url, said = address(second)
    assert second_url != first_url
    assert f"port {port} is in use; the session takes " in said
    assert "is in use; the dashboard takes " in said
    assert [entry.name for entry in registry.entries()] == ["demo", "demo-2"]
    assert len({entry.journal for entry in registry.entries()}) == 2
    assert [ended(process) for process in (first, second)] == [0, 0]
    assert registry.entries() == []


def test_ended_while_it_starts_it_leaves_nothing_either(started: list["subprocess.Popen[str]"]) -> None:
    process = start(started)
    assert process.stdout is not None
    process.stdout.readline()
    assert ended(process) == 0
    until(lambda: registry.entries() == [], "the session's process is still there")


def program(tmp_path: Path, script: str) -> str:
    """A program to be started in Python's place."""
    file = tmp_path / "python"
    file.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def test_a_session_that_does_not_start_is_told_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.sys, "executable", program(tmp_path, "echo 'no more disk' >&2; exit 1\n"))
    with pytest.raises(TradekitError, match="the demo's session did not start: no more disk"):
        demo.run_demo(port=0, dashboard_port=0, say=lambda text: None)


def test_a_session_that_will_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_STOP_S", 0.2)
    monkeypatch.setattr(demo, "_START_S", 0.2)
    stubborn = program(
        tmp_path, f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do read x < {tmp_path}/none; done\n"
    )
    os.mkfifo(tmp_path / "none")
    monkeypatch.setattr(demo.sys, "executable", stubborn)
    with pytest.raises(TradekitError, match="it said nothing"):
        demo.run_demo(port=0, dashboard_port=0, say=lambda text: None)
    assert gone(int((tmp_path / "pid").read_text()))


def test_old_folders_go_but_not_one_in_use(folders: Path) -> None:
    names = [f"20240101-00000{n}-aa" for n in range(8)]
    for name in names:
        (folders / name / "logs").mkdir(parents=True)
    entry = Entry(
        name="demo",
        uri="ws://127.0.0.1:1/ws",
        pid=1,
        started=1,
        journal="",
        token_file="",
        mode="paper",
        folder=str(folders / names[1] / "logs"),
    )
    with registry.register(entry):
        config = demo._prepare(ManualClock(NOON))
    assert config.name == "demo-2.yaml"
    assert config.parent.name.startswith("20270115-080000-")
    assert sorted(one.name for one in folders.iterdir()) == [names[1], *names[4:], config.parent.name]


def test_a_free_port_is_kept_and_a_taken_one_replaced() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert demo.free_port(port) != port
    assert demo.free_port(port) == port


@pytest.fixture
def hangups() -> Iterator[None]:
    """What this process does about a closed terminal, put back after the test."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangups")
@pytest.mark.parametrize(("before", "goes_on"), [(signal.SIG_DFL, False), (signal.SIG_IGN, True)])
def test_a_closed_terminal_ends_it_in_good_order_unless_nohup_was_said(
    before: signal.Handlers, goes_on: bool
) -> None:
    signal.signal(signal.SIGHUP, before)
    went_on = False
    with demo._interruptible():
        signal.raise_signal(signal.SIGHUP)
        went_on = True
    assert went_on is goes_on
    assert signal.getsignal(signal.SIGHUP) == before
