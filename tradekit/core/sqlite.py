"""The default journal: one SQLite file in WAL mode with synchronous=FULL, one writer, group commit.

Knows no fact of the trade; reading is in sqlite_reader, the file's tables in sqlite_file, proof in verify.
"""

import contextlib
import functools
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from tradekit.core.archive import Run
from tradekit.core.clock import Clock, SystemClock, new_id
from tradekit.core.event import Event, fact_class
from tradekit.core.group import GroupCommit
from tradekit.core.journal import Journal, OnCommit, Verdict
from tradekit.core.lock import WriterLock
from tradekit.core.sqlite_file import (
    COLUMNS,
    SCHEMA,
    WIDTH,
    Manifest,
    connect_writer,
    create,
    genesis,
    read_manifest,
    translated,
)
from tradekit.core.sqlite_reader import SqliteReader
from tradekit.core.step import Ack, Stored, stamp
from tradekit.core.verify import mark_problem, verify_file
from tradekit.core.watermark import Mark, MarkState, Watermark, mark_path, read_mark
from tradekit.errors import JournalCorruptError, JournalError, VersionError

__all__ = ["SqliteJournal"]

TAIL = 10_000  # rows whose chain is checked at each open; a reader that replays checks the rest
TIDY_PAGES = 1_000  # WAL pages after which the writer checkpoints when nothing waits ...
FULL_PAGES = 8_000  # ... and after which it checkpoints before the next commit
EXACT = 32  # up to so many rows a statement has its very size; above, a multiple of STEP, padded with NULLs
STEP = 8
MAX_ROWS = 256


class _End(NamedTuple):
    """Where a log ends: its last seq, the session time there (running maximum of ts [UTC ns]), the chain's link."""

    seq: int
    time: int | None
    chain: bytes


class SqliteJournal(Journal):
    """The writer of a journal file, which is created if it is not there; hold it open for the session's life.

    `clean` tells whether the last writer closed in good order; `unacked` counts the events at the end that
    were durable but perhaps not acknowledged when a killed writer went.
    Raises JournalLockedError, JournalCorruptError, VersionError, JournalError.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock | None = None,
        program: str = "tradekit",
        journal_id: str | None = None,
    ) -> None:
        self.path = path = path.resolve()
        self._clock = clock or SystemClock()
        self._now = self._clock.now
        self._wal_pages = 0
        with contextlib.ExitStack() as undo, translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = WriterLock(path)
            undo.callback(lock.release)
            self._connection = _open_file(
                path, Manifest(journal_id or new_id(), SCHEMA, self._clock.now(), program)
            )
            undo.callback(self._connection.close)
            self.reader = SqliteReader(path)
            undo.callback(self.reader.close)
            self._admit()
            self._epoch = self._next_epoch(program)
            self._mark = Watermark(path)
            undo.callback(self._mark.close)
            self._mark.write(self._marked(MarkState.OPEN), sync=True)
            undo.pop_all()
        self._lock = lock
        self._last_seq = self._written.seq
        self._order = threading.Lock()  # held while a step is numbered and queued
        self._closed = False
        self._bury: list[Run] = []  # to be dropped by the next commit
        self._group = GroupCommit(
            durable_seq=self._written.seq,
            write=self._write,
            commit=self._commit,
            tidy=self._checkpoint,
            failed=self._stop_writing,
        )

    # -- opening --------------------------------------------------------------------------------------------

    def _admit(self) -> None:
        """Take up where the file ends, or refuse a file that does not prove what it claims."""
        path, mark = self.path, read_mark(self.path)
        rows = self._connection.execute(
            "SELECT seq, time, chain FROM events ORDER BY seq DESC LIMIT 1"
        ).fetchall()
        self._written = _End(*rows[0]) if rows else _End(0, None, genesis(self.id))
        self._inserted = self._written
        problems: list[str] = []
        if mark is not None and mark.state is MarkState.FAILED:
            problems = verify_file(path).problems
        problems = problems or mark_problem(path, self.id, self._written.seq, self._link_at(mark), mark)
        if problems:
            raise JournalCorruptError(
                f"{path} cannot be written: {'; '.join(problems)}. Look at it with tradekit.open_journal, "
                f"keep it with its .mark file, and start a new journal or restore a backup"
            )
        self.reader.check(max(self._written.seq - TAIL, 0))
        self._types = dict(self._connection.execute("SELECT type, v FROM types"))
        for tag, v in self._types.items():
            known = fact_class(tag)
            if known is not None and v > known.V:
                raise VersionError(
                    f"{path} holds {tag} of version {v}, this tradekit knows version {known.V}: a newer one "
                    f"wrote it; update tradekit, the file is left as it is"
                )
        self.clean = mark is None or mark.state is MarkState.CLOSED
        self.unacked = self._written.seq - (mark.seq if mark else 0)
        self._marked_epoch = mark.epoch if mark else 0

    def _link_at(self, mark: Mark | None) -> str | None:
        """The chain's link at the mark's seq [hex]; the mark's word for an event that was moved to the archive."""
        if mark is None or not mark.seq:
            return None
        if self.reader.rows.run_of(mark.seq) is not None:
            return mark.chain
        found = self.reader.rows.link_at(mark.seq)
        return found.hex() if found else None

    def _next_epoch(self, program: str) -> int:
        known = self._connection.execute("SELECT max(epoch) FROM epochs").fetchone()[0] or 0
        epoch: int = max(known, self._marked_epoch) + 1
        self._connection.execute("INSERT INTO epochs VALUES (?, ?, ?)", (epoch, self._clock.now(), program))
        return epoch

    # -- writing --------------------------------------------------------------------------------------------

    def append(self, events: Sequence[Event], *, critical: bool) -> tuple[Stored, ...]:
        """Write one step; a critical one is committed by this thread when the writer is idle."""
        ack = self._queue(events, critical=critical, wake=False)
        if not ack.done():
            self._group.settle(ack.stored[-1].event.seq)
        return ack.stored

    def append_async(self, events: Sequence[Event], *, critical: bool) -> Ack:
        """Write one step without waiting; the writer's thread commits and wakes who waits."""
        return self._queue(events, critical=critical, wake=True)

    def _queue(self, events: Sequence[Event], *, critical: bool, wake: bool) -> Ack:
        with self._order:
            step = stamp(events, self._last_seq, self._epoch, self._now())
            if not step:
                return Ack(step)
            ack = self._group.put(step, critical, wake)
            self._last_seq += len(step)
            return ack

    def _write(self, rows: Sequence[Stored], *, alone: bool = False) -> None:
        """Insert rows into the transaction under way, which begins when there is none; `alone` they are a whole one."""
        if self._wal_pages > FULL_PAGES and not self._connection.in_transaction:
            self._checkpoint()
        (_, time, chain), size, types = self._inserted, 0, self._types
        values: list[Any] = []
        new: dict[str, int] = {}
        for row in rows:
            e, payload = row.event, row.payload
            chain = sha256(chain + payload).digest()  # `link`, without the call
            ts, tag = e.ts, e.type
            time = ts if time is None or ts > time else time
            size += len(payload)
            values += (e.seq, tag, time, payload, chain)
            if types.get(tag, 0) < e.v:
                new[tag] = e.v
        bury, self._bury = self._bury, []
        _insert(self._connection, values, len(rows), new, bury, alone=alone)
        types.update(new)
        self._inserted = _End(rows[-1].event.seq, time, chain)
        self._wal_pages += size // 2_000

    def _commit(self, rows: Sequence[Stored]) -> bool:
        """Put a group on stable storage, then the watermark; True when a checkpoint is due."""
        connection = self._connection
        if rows:
            self._write(rows, alone=not connection.in_transaction)
        if connection.in_transaction:
            connection.execute("COMMIT")
        self._written = self._inserted
        self._mark.write(self._marked(MarkState.OPEN))
        self._wal_pages += 4  # at least a leaf of the table and one of the index, whole pages
        return self._wal_pages > TIDY_PAGES

    def _checkpoint(self) -> None:
        """Move the WAL's pages into the file; what a reader still needs stays for the next time."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._wal_pages = 0

    def _stop_writing(self, error: JournalError) -> None:
        """Fail-stop. The reader's connection is still open, so closing the writer's does not checkpoint."""
        with contextlib.suppress(OSError):
            self._mark.write(self._marked(MarkState.FAILED), sync=True)
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def _marked(self, state: MarkState) -> Mark:
        return Mark(self.id, self._written.seq, self._epoch, state, self._written.chain.hex())

    def bury(self, tombstones: Sequence[Event]) -> None:
        """Journal tombstones and drop the events they name in the same commit; `core.prune` calls this.

        The events are in the archive, on stable storage, and the caller is the one that appends.
        """
        self.flush()
        self._bury = [run for event in tombstones for run in event.data.runs]  # type: ignore[attr-defined]
        self.append(tombstones, critical=True)
        self._mark.write(self._marked(MarkState.OPEN), sync=True)  # the mark may have named a dropped event

    def on_commit(self, callback: OnCommit) -> None:
        """Call back after each durable commit, from the thread that committed."""
        self._group.add_callback(callback)

    def flush(self) -> None:
        """Return once everything appended so far is on stable storage."""
        self._group.flush()

    def close(self) -> None:
        """Commit what is buffered, leave one clean file, and let the lock go; a second call does nothing.

        Raises JournalError when the last commit fails; everything is let go of all the same.
        """
        with self._order:
            closed, self._closed = self._closed, True
        if closed:
            return
        with contextlib.ExitStack() as stack:
            stack.callback(self._lock.release)
            stack.callback(self._mark.close)
            self._group.close()
            self.reader.close()
            if self._group.error is None:
                self._connection.close()  # the last connection: SQLite checkpoints and removes the WAL
                self._mark.write(self._marked(MarkState.CLOSED), sync=True)

    # -- reading --------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The journal's random identity."""
        return self.reader.id

    @property
    def schema(self) -> int:
        """The version of the file's format."""
        return self.reader.schema

    @property
    def epoch(self) -> int:
        """How many times a writer has opened this journal, this time included."""
        return self._epoch

    @property
    def last_seq(self) -> int:
        """The last seq given out; it may still be buffered."""
        return self._last_seq

    @property
    def durable_seq(self) -> int:
        """The last seq that is on stable storage."""
        return self._group.durable_seq

    @property
    def failure(self) -> JournalError | None:
        """Why the journal closed itself for writing, or None."""
        return self._group.error

    def events(
        self,
        since: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        *,
        subject: str | None = None,
        checked: bool = False,
    ) -> Iterator[Event]:
        """The durable events; see the port."""
        return self.reader.events(since, until, types, subject=subject, checked=checked)

    def payloads(self, since: int = 0, until: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The durable (seq, payload) pairs."""
        return self.reader.payloads(since, until)

    def at_time(self, ts: int) -> int:
        """The last durable seq whose session time is at or before `ts` [UTC ns]."""
        return self.reader.at_time(ts)

    def verify(self) -> Verdict:
        """Read the whole file and compare it with what it claims."""
        return self.reader.verify()


def _open_file(path: Path, manifest: Manifest) -> sqlite3.Connection:
    """The writer's connection to a journal, which is created when there is none."""
    if not path.exists():
        mark = read_mark(path)
        if mark is not None and mark.seq:
            raise JournalCorruptError(
                f"{path} is gone, but {mark_path(path).name} says that it held {mark.seq} events; restore it "
                f"from a backup, or move the .mark file away to start a new journal"
            )
        mark_path(path).unlink(missing_ok=True)
        create(path, manifest)
    connection = connect_writer(path)
    try:
        if read_manifest(connection, path) is None:  # a creation that was cut short
            create(path, manifest)
    except BaseException:
        connection.close()
        raise
    return connection


def _insert(
    connection: sqlite3.Connection,
    values: list[Any],
    rows: int,
    types: dict[str, int],
    bury: Sequence[Run],
    *,
    alone: bool,
) -> None:
    """Insert rows into a transaction; one INSERT where they may stand alone: each statement gives up the GIL once."""
    if not connection.in_transaction and (types or bury or rows > MAX_ROWS or not alone):
        connection.execute("BEGIN IMMEDIATE")
    for tag, v in types.items():
        connection.execute("INSERT OR REPLACE INTO types VALUES (?, ?)", (tag, v))
    for run in bury:
        connection.execute("DELETE FROM events WHERE seq BETWEEN ? AND ?", (run.first, run.last))
    for at in range(0, rows, MAX_ROWS):
        size = min(MAX_ROWS, rows - at)
        connection.execute(*_statement(values[at * WIDTH : (at + size) * WIDTH], size))


def _statement(values: list[Any], rows: int) -> tuple[str, list[Any]]:
    """A statement that inserts so many rows, and its values; few sizes, so that SQLite prepares each once."""
    if rows <= EXACT:
        return _insert_exactly(rows), values
    size = -(-rows // STEP) * STEP
    return _insert_padded(size), values + [None] * ((size - rows) * WIDTH)


_ROW = "(" + ",".join("?" * WIDTH) + ")"


@functools.cache
def _insert_exactly(rows: int) -> str:
    return f"INSERT INTO events ({COLUMNS}) VALUES {','.join([_ROW] * rows)}"  # noqa: S608 - no value in it


@functools.cache
def _insert_padded(rows: int) -> str:
    some = f"SELECT * FROM (VALUES {','.join([_ROW] * rows)}) WHERE column1 IS NOT NULL"  # noqa: S608 - the same
    return f"INSERT INTO events ({COLUMNS}) {some}"
