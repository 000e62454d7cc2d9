"""The kill switch's file: there while the journal does not say it, and safe where it cannot be read."""

from pathlib import Path

import pytest

from tradekit.run.latch import Killed, Latch


def test_what_was_set_is_read_until_it_is_cleared(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "desk.killed")
    assert latch.read() is None
    latch.set(Killed("trader", "enough"))
    assert (tmp_path / "desk.killed").stat().st_mode & 0o777 == 0o600
    assert Latch(tmp_path / "desk.killed").read() == Killed("trader", "enough")
    latch.clear()
    assert latch.read() is None
    latch.clear()


def test_half_a_file_is_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "desk.killed"
    path.write_bytes(b'{"user": "tra')
    assert Latch(path).read() == Killed("latch", "desk.killed was found, and half written")


def test_a_file_that_cannot_be_read_is_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "desk.killed"
    path.mkdir()
    read = Latch(path).read()
    assert read is not None
    assert "cannot be read" in read.reason
    Latch(path).clear()
    assert path.exists()


def test_a_disk_that_takes_nothing_stops_nobody_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Latch(tmp_path / "gone" / "desk.killed").set(Killed("trader", "enough"))
    assert "cannot be written" in caplog.text
