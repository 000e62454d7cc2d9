import os
import resource
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from tradekit.core.clock import ManualClock
from tradekit.health import machine
from tradekit.health.finding import Finding, Grade


@pytest.mark.parametrize(
    ("version", "grade"),
    [
        ((3, 6, 23), Grade.WRONG),
        ((3, 7, 0), Grade.NOTE),
        ((3, 40, 1), Grade.NOTE),
        ((3, 44, 5), Grade.NOTE),
        ((3, 44, 6), Grade.WELL),
        ((3, 45, 9), Grade.NOTE),
        ((3, 50, 6), Grade.NOTE),
        ((3, 50, 7), Grade.WELL),
        ((3, 51, 2), Grade.NOTE),
        ((3, 51, 3), Grade.WELL),
        ((3, 53, 0), Grade.WELL),
        ((4, 0, 0), Grade.WELL),
    ],
)
def test_an_sqlite_with_the_wal_reset_bug_is_noted(version: tuple[int, int, int], grade: Grade) -> None:
    assert machine.sqlite_sound(version).grade is grade


def test_a_clock_behind_what_is_certainly_past_is_wrong() -> None:
    at = 1_700_000_000_000_000_000
    assert machine.clock_sane(ManualClock(at), after=at + 999_999_999).grade is Grade.WELL
    found = machine.clock_sane(ManualClock(at), after=at + 90_000_000_000, what="the journal's last event")
    assert (found.grade, found.said) == (Grade.WRONG, "the clock is 90 s behind the journal's last event")


@pytest.mark.parametrize(
    ("limit", "clients", "grade"),
    [(100, 64, Grade.WRONG), (128, 64, Grade.WELL), (resource.RLIM_INFINITY, 10**6, Grade.WELL)],
)
def test_files_for_all_clients_must_fit(
    monkeypatch: pytest.MonkeyPatch, limit: int, clients: int, grade: Grade
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, limit))
    assert machine.open_files(clients).grade is grade


def folder(path: Path) -> Finding:
    return machine.folder_usable(path, "folder")[0]


def test_a_folder_that_is_there_or_can_be_made_is_well(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert folder(tmp_path) == Finding("folder", Grade.WELL, str(tmp_path))
    deep = tmp_path / "a" / "b"
    assert folder(deep) == Finding("folder", Grade.WELL, f"{deep} will be made")
    assert not deep.exists()


@pytest.mark.parametrize(("mode", "who"), [(0o777, "everybody"), (0o775, "your group")])
def test_a_folder_that_others_may_write_in_is_noted(tmp_path: Path, mode: int, who: str) -> None:
    tmp_path.chmod(mode)
    assert folder(tmp_path).grade is Grade.NOTE
    assert folder(tmp_path).said.startswith(f"{who} may write in")


def test_a_folder_that_cannot_be_written_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert folder(tmp_path / "file" / "below").said.startswith(f"{tmp_path / 'file'} is a file")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    assert folder(tmp_path).grade is Grade.WRONG


@pytest.mark.parametrize(
    ("free", "grade"), [(100 * 2**20, Grade.WRONG), (2**30, Grade.NOTE), (100 * 2**30, Grade.WELL)]
)
def test_a_disk_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, grade: Grade) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(free))
    assert machine.folder_usable(tmp_path, "folder")[1].grade is grade


def test_a_port_is_free_or_somebody_has_it() -> None:
    assert machine.port_free("127.0.0.1", 0).grade is Grade.WELL
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = machine.port_free("127.0.0.1", port)
    assert (taken.grade, taken.said) == (
        Grade.WRONG,
        f"127.0.0.1:{port} cannot be had: Address already in use",
    )
    assert machine.port_free("127.0.0.1", port).grade is Grade.WELL
    assert machine.port_free("nowhere.invalid", 8765).grade is Grade.WRONG
