"""The high watermark: a small file beside the journal that says how far it had come.

SQLite drops a damaged tail without a word; this file is what makes the loss visible. Never ahead of the
durable log; after a power cut it may lag by 8 commits or one second. Knows nothing of SQLite.
"""

import contextlib
import hashlib
import os
import threading
from enum import StrEnum
from pathlib import Path

import msgspec

from tradekit.errors import JournalCorruptError

__all__ = ["Mark", "MarkState", "Watermark", "mark_path", "read_mark"]

SYNC_COMMITS = 8
SYNC_SECONDS = 1.0


class MarkState(StrEnum):
    """How the last writer left the journal."""

    OPEN = "open"  # being written, or killed
    CLOSED = "closed"  # in good order
    FAILED = "failed"  # a commit failed: the next open verifies everything


class Mark(msgspec.Struct, frozen=True):
    """What the file says: the journal's id, its last acknowledged seq and that row's chain hash (hex)."""

    journal: str
    seq: int
    epoch: int
    state: MarkState
    chain: str


def mark_path(file: Path) -> Path:
    """Where the watermark of a journal file lies."""
    return file.with_name(file.name + ".mark")


def read_mark(file: Path) -> Mark | None:
    """The mark of a journal file, None when there is none; raises JournalCorruptError for a damaged one.

    An empty one is none: its writer was cut short before it had written anything, here or in the journal.
    """
    path = mark_path(file)
    try:
        line = path.read_bytes()
    except FileNotFoundError:
        return None
    if not line.strip(b"\0"):
        return None
    body, _, digest = line.rstrip(b"\n").rpartition(b" ")
    words = body.split()
    if len(words) != 7 or words[:2] != [b"tradekit-mark", b"1"] or _digest(body) != digest:
        raise JournalCorruptError(
            f"{path} is damaged, so nobody can tell whether {file.name} is whole; compare it with a backup, "
            f"then run: tradekit journal verify {file.name}"
        )
    journal, seq, epoch, state, chain = (word.decode() for word in words[2:])
    return Mark(journal, int(seq), int(epoch), MarkState(state), chain)


def _line(mark: Mark) -> bytes:
    numbers = f"{mark.seq:020d} {mark.epoch:010d}"
    body = f"tradekit-mark 1 {mark.journal:16} {numbers} {mark.state.value:6} {mark.chain}".encode()
    return body + b" " + _digest(body) + b"\n"


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:32].encode()


class Watermark:
    """The writer's side: `write` after each commit and before its acknowledgement, synced off that path."""

    def __init__(self, file: Path) -> None:
        self._fd = os.open(mark_path(file), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._unsynced = 0
        self._closed = False
        self._wake = threading.Condition(threading.Lock())
        self._thread = threading.Thread(target=self._run, name="journal-mark", daemon=True)
        self._thread.start()

    def write(self, mark: Mark, *, sync: bool = False) -> None:
        """Put the mark; raises OSError. `sync` returns once it is on stable storage."""
        os.pwrite(self._fd, _line(mark), 0)
        if sync:
            os.fsync(self._fd)
            return
        self._unsynced += 1
        if self._unsynced == 1 or self._unsynced == SYNC_COMMITS:
            with self._wake:
                self._wake.notify()

    def close(self) -> None:
        """Sync and let go; a second call does nothing."""
        with self._wake:
            if self._closed:
                return
            self._closed = True
            self._wake.notify()
        self._thread.join()
        with contextlib.suppress(OSError):
            os.fsync(self._fd)
        os.close(self._fd)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._unsynced or self._closed)
                self._wake.wait_for(lambda: self._unsynced >= SYNC_COMMITS or self._closed, SYNC_SECONDS)
                if self._closed:
                    return
                self._unsynced = 0
            with contextlib.suppress(
                OSError
            ):  # a mark that cannot be synced lags; the journal's own sync decides
                os.fdatasync(self._fd)
