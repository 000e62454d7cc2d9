"""Journals as files: opened read-only and folded to the state at any moment, or kept aside for a new one.

Knows the journal and the reducer; no running session is needed.
"""

import contextlib
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from tradekit.core.journal import JournalReader
from tradekit.core.lock import WriterLock
from tradekit.core.open import open_journal
from tradekit.core.watermark import mark_path
from tradekit.errors import JournalError, NotFoundError
from tradekit.state.reducer import apply
from tradekit.state.shape import State

__all__ = ["fold_until", "open_journal", "seq_at", "set_aside", "state_at"]

_log = logging.getLogger("tradekit.session")


def state_at(path: str | os.PathLike[str], at: int | str | datetime | None = None) -> State:
    """The state of the session whose journal lies at `path`, as it was at `at` (default: now).

    at  a seq (int, or digits as text), a time as datetime or text ("2026-01-05 10:15"; UTC unless it says
        otherwise): the state after the last event whose session time is not later

    Raises NotFoundError for a moment before the first event or a seq beyond the last.
    """
    with open_journal(path) as journal:
        return fold_until(journal, seq_at(journal, at))


def fold_until(journal: JournalReader, seq: int) -> State:
    """The fold of the events up to and with `seq`."""
    state = State()
    for event in journal.events(until=seq):
        apply(state, event)
    return state


def seq_at(journal: JournalReader, at: int | str | datetime | None) -> int:
    """The seq that `at` means; see `state_at`."""
    if at is None:
        return journal.last_seq
    if isinstance(at, int) or (isinstance(at, str) and at.isdigit()):
        seq = int(at)
        if not 1 <= seq <= journal.last_seq:
            raise NotFoundError(f"there is no event {seq}; the journal holds 1 to {journal.last_seq}")
        return seq
    moment = _moment(at)
    seq = journal.at_time(int(moment.timestamp() * 1_000_000) * 1000)
    if seq == 0:
        raise NotFoundError(f"{moment.isoformat()} is before the journal's first event")
    return seq


def _moment(at: str | datetime) -> datetime:
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError as error:
            raise NotFoundError(f"{at!r} is no seq and no time; write 48213 or 2026-01-05T10:15") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def set_aside(path: Path) -> Path | None:
    """Keep a journal under its id ("events-2bb9ae074d60.log"), so that a new one can begin in its place.

    Returns the file it is now, None where there was none. Raises JournalLockedError, with nothing moved, while a
    session writes it.
    """
    if not path.exists():
        return None
    lock = WriterLock(path)
    try:
        with open_journal(path) as journal:
            kept = path.with_name(f"{path.stem}-{journal.id[:12]}{path.suffix}")
        _move(path, kept)
    finally:
        lock.release()
    _log.info("the old journal is kept as %s", kept.name)
    return kept


def _move(path: Path, kept: Path) -> None:
    """A journal with all that belongs to it; what a killed writer left beside the file goes first."""
    if kept.exists():
        raise JournalError(f"{kept} is there already; move it away, so that {path.name} can take its place")
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(kept.with_name(kept.name + suffix))
    path.rename(kept)
    with contextlib.suppress(FileNotFoundError):
        mark_path(path).rename(mark_path(kept))
