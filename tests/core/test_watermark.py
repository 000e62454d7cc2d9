import os
import threading
from pathlib import Path

import pytest

from tradekit.core import watermark as watermark_module
from tradekit.core.watermark import SYNC_COMMITS, Mark, MarkState, Watermark, mark_path, read_mark
from tradekit.errors import JournalCorruptError


def mark(seq: int, state: MarkState = MarkState.OPEN) -> Mark:
    return Mark("00ff00ff00ff00ff", seq, 3, state, "ab" * 32)


def test_a_mark_is_given_back(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    assert read_mark(file) is None
    watermark = Watermark(file)
    for seq, state in ((1, MarkState.OPEN), (10**18, MarkState.FAILED), (2, MarkState.CLOSED)):
        watermark.write(mark(seq, state))
        assert read_mark(file) == mark(seq, state)
    watermark.close()
    watermark.close()
    assert read_mark(file) == mark(2, MarkState.CLOSED)


def test_every_mark_has_the_same_length(tmp_path: Path) -> None:
    watermark = Watermark(tmp_path / "journal.db")
    sizes = set()
    for written in (mark(0), mark(10**18), mark(5, MarkState.CLOSED), mark(6, MarkState.FAILED)):
        watermark.write(written, sync=True)
        sizes.add(mark_path(tmp_path / "journal.db").stat().st_size)
    watermark.close()
    assert len(sizes) == 1


def test_an_empty_mark_is_none(tmp_path: Path) -> None:
    """Its writer was cut short before it had written anything."""
    file = tmp_path / "journal.db"
    for empty in (b"", bytes(170)):
        mark_path(file).write_bytes(empty)
        assert read_mark(file) is None


def test_a_damaged_mark_is_named(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    for damaged in (b"tradekit-mark 2", b"\xff" * 200):
        mark_path(file).write_bytes(damaged)
        with pytest.raises(JournalCorruptError, match=r"journal.db.mark is damaged"):
            read_mark(file)


def test_marks_are_synced_after_some_commits_and_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = threading.Semaphore(0)
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (real(fd), synced.release())[0])
    monkeypatch.setattr(watermark_module, "SYNC_SECONDS", 600.0)
    watermark = Watermark(tmp_path / "journal.db")
    for seq in range(SYNC_COMMITS):
        watermark.write(mark(seq))
    assert synced.acquire(timeout=30)  # by their number
    monkeypatch.setattr(watermark_module, "SYNC_SECONDS", 0.01)
    watermark.write(mark(99))
    assert synced.acquire(timeout=30)  # by its age
    watermark.close()
