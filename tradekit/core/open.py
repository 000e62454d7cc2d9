"""Where a journal is opened: to read, by anybody; to write, by its one session; or put aside for a new one.

Knows the backends by name, so that nothing else has to.
"""

import os
from pathlib import Path

from tradekit.core.clock import Clock
from tradekit.core.journal import Journal, JournalReader
from tradekit.core.lock import WriterLock
from tradekit.core.memory import MemoryJournal
from tradekit.core.sqlite import SqliteJournal
from tradekit.core.sqlite_file import sync_folder, translated
from tradekit.core.sqlite_reader import SqliteReader

__all__ = ["open_journal", "open_writer", "set_aside"]


def open_journal(path: str | os.PathLike[str]) -> JournalReader:
    """A journal file, read only; its session may go on writing meanwhile.

    Raises NotFoundError when there is no such file, JournalError or JournalCorruptError when it is no
    readable journal, VersionError when a newer tradekit wrote it. Close it, or use it in a `with` statement.
    """
    return SqliteReader(Path(path))


def open_writer(
    path: str | os.PathLike[str] | None, *, clock: Clock | None = None, program: str = "tradekit"
) -> Journal:
    """The journal that a session writes, created where it is not there; `None` keeps it in memory.

    Raises JournalLockedError when another process writes it, JournalCorruptError when it does not prove
    what it claims, VersionError when a newer tradekit wrote it.
    """
    if path is None:
        return MemoryJournal(clock=clock)
    return SqliteJournal(Path(path), clock=clock, program=program)


def set_aside(path: str | os.PathLike[str]) -> Path | None:
    """Keep an old journal under its id, so that a new one can begin at `path`; returns where it is now.

    None when there is none. Raises JournalLockedError, and moves nothing, while a session writes it.
    """
    old = Path(path).resolve()
    if not old.exists():
        return None
    lock = WriterLock(old)
    try:
        with open_journal(old) as journal:
            kept = old.with_name(f"{old.stem}-{journal.id}{old.suffix}")
        with translated(old):
            for end in (
                "-wal",
                "-shm",
                ".mark",
                "",
            ):  # the journal itself last: cut short, it can be done again
                part = old.with_name(old.name + end)
                if part.exists():
                    part.rename(kept.with_name(kept.name + end))
            sync_folder(old)
    finally:
        lock.release()
    return kept
