"""What systemd is told, over a socket as its own."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradekit.health.supervisor import Supervised


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The manager's end of the line."""
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("notify")
        line.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", "notify")
        yield line


def heard(line: socket.socket, count: int) -> list[str]:
    return [line.recv(4096).decode() for _ in range(count)]


async def _supervised(seconds: float = 0.05) -> None:
    with Supervised(lambda: "paper, armed, #7"):
        await asyncio.sleep(seconds)


def test_it_is_ready_gives_signs_of_life_with_its_standing_and_says_that_it_stops(
    manager: socket.socket,
) -> None:
    asyncio.run(_supervised())
    assert heard(manager, 3) == ["READY=1", "WATCHDOG=1\nSTATUS=paper, armed, #7", "STOPPING=1"]


def test_signs_come_three_times_within_the_watchdogs_time(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    asyncio.run(_supervised(0.06))
    told = heard(manager, 1)
    while told[-1] != "STOPPING=1":
        told += heard(manager, 1)
    assert sum(one.startswith("WATCHDOG=1") for one in told) >= 3


def test_a_loop_that_hangs_gives_none(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "3000")

    async def hang() -> None:
        with Supervised(lambda: "x"):
            await asyncio.sleep(0)
            manager.settimeout(0.05)  # the loop waits here and does nothing else
            heard(manager, 2)
            with pytest.raises(TimeoutError):
                manager.recv(4096)

    asyncio.run(hang())


@pytest.mark.parametrize("pid", ["1", "nonsense"])
def test_a_watchdog_of_another_process_is_not_ours(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, pid: str
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "3000")
    monkeypatch.setenv("WATCHDOG_PID", pid)
    asyncio.run(_supervised())
    assert heard(manager, 3)[-1] == "STOPPING=1"  # one sign of life, not twenty


def test_a_socket_of_the_abstract_kind_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"tradekit-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0{name}")
        line.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        asyncio.run(_supervised())
        assert heard(line, 1) == ["READY=1"]


def test_without_a_manager_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    with Supervised(lambda: "x") as made:  # not even a loop is needed
        assert made is not None


def test_a_manager_that_is_gone_is_said_in_the_log_and_costs_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nowhere"))
    asyncio.run(_supervised())
    assert "systemd is not told READY=1" in caplog.text
