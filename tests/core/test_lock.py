import os
from pathlib import Path

import pytest

from tradekit.core.lock import WriterLock
from tradekit.errors import JournalLockedError


def test_a_lock_is_held_until_it_is_released(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    lock = WriterLock(file)
    assert lock.path.read_text() == f"{os.getpid()}\n"
    with pytest.raises(JournalLockedError, match=f"process {os.getpid()}; attach"):
        WriterLock(file)
    lock.release()
    lock.release()
    assert lock.path.read_text() == ""
    WriterLock(file).release()


def test_a_lock_file_left_behind_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "journal.db.lock").write_text("4242\n")
    lock = WriterLock(tmp_path / "journal.db")
    assert lock.path.read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_child_that_is_just_starting_keeps_no_lock(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "journal.db")
    assert lock._fd is not None
    copy = os.dup(lock._fd)  # as a process forked by another thread has it until it runs its own program
    lock.release()
    WriterLock(tmp_path / "journal.db").release()
    os.close(copy)
