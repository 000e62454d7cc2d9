"""The writer's lock: one process writes a file, a second one is told who and what to do.

Held by the kernel (flock), so a killed writer leaves no stale lock; knows nothing of what it guards.
"""

import fcntl
import os
from pathlib import Path

from tradekit.errors import JournalLockedError

__all__ = ["WriterLock"]


class WriterLock:
    """An exclusive lock on `<file>.lock`, which holds the writer's process id while it is taken.

    Raises JournalLockedError at once when another process (or another writer in this one) holds it.
    """

    def __init__(self, file: Path) -> None:
        self.path = file.with_name(file.name + ".lock")
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError as error:
            pid = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise JournalLockedError(
                f"{file} is written by process {pid}; attach to that session with tk.connect(), "
                f"or stop it (tradekit stop) and try again"
            ) from error
        except OSError:
            os.close(fd)
            raise
        self._fd: int | None = fd

    def release(self) -> None:
        """Give the lock up; the file stays, so that two waiting writers never lock two different files.

        Unlocked by word, not only by closing: a child that another thread is just starting holds a copy of the
        descriptor until it runs its own program, and a closed copy alone would leave the lock to it.
        """
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            os.close(self._fd)
            self._fd = None
