"""Reading an SQLite journal, in any process, while its writer writes or when nobody does.

Knows no writer; the writer reads its own file through the same code.
"""

import heapq
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tradekit.core.codec import decode_event
from tradekit.core.event import Event
from tradekit.core.journal import JournalReader, Verdict
from tradekit.core.sqlite_file import Manifest, connect_reader, genesis, link, read_manifest, translated
from tradekit.errors import JournalCorruptError, JournalError

__all__ = ["SqliteReader", "SqliteRows"]

PAGE = 1_000  # rows a query: no long-lived read transaction keeps the writer from checkpointing
_LAST = (1 << 63) - 1


class SqliteRows:
    """Queries on one read-only connection, safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = connect_reader(path)
        self._turn = threading.Lock()
        try:
            manifest = read_manifest(self._connection, path)
            if manifest is None:
                raise JournalError(
                    f"{path} is an empty file; a journal is created by the session that writes it"
                )
        except BaseException:
            self._connection.close()
            raise
        self.manifest: Manifest = manifest

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._connection.close()

    def all(self, sql: str, *values: Any) -> list[Any]:
        """Every row of a query."""
        with self._turn, translated(self.path):
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.ProgrammingError as error:
                raise JournalError(f"{self.path} was closed while it was read; open it again") from error

    def one(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self.all(sql, *values)
        return rows[0][0] if rows else None

    def pages(
        self, columns: str, since: int, until: int | None, where: str = "", *values: Any
    ) -> Iterator[list[Any]]:
        """Rows of `events` after `since` in seq order, a page at a time; the first column is the seq."""
        sql = f"SELECT {columns} FROM events WHERE {where} seq > ? AND seq <= ? ORDER BY seq LIMIT {PAGE}"  # noqa: S608 - columns and where are this module's words
        last = _LAST if until is None else until
        while rows := self.all(sql, *values, since, last):
            yield rows
            if len(rows) < PAGE:
                return
            since = rows[-1][0]


class SqliteReader(JournalReader):
    """A journal file, read only. Raises NotFoundError, JournalError, VersionError or JournalCorruptError.

    A journal that is shorter than its watermark still opens here, so that what is left can be looked at;
    `verify` tells.
    """

    def __init__(self, path: Path) -> None:
        self._rows = SqliteRows(path)
        self.path = path

    @property
    def id(self) -> str:
        """The journal's random identity."""
        return self._rows.manifest.id

    @property
    def schema(self) -> int:
        """The version of the file's format."""
        return self._rows.manifest.schema

    @property
    def epoch(self) -> int:
        """How many times a writer has opened this journal."""
        return int(self._rows.one("SELECT max(epoch) FROM epochs") or 0)

    @property
    def last_seq(self) -> int:
        """The last durable seq, 0 when empty."""
        return int(self._rows.one("SELECT max(seq) FROM events") or 0)

    def events(
        self,
        since: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        *,
        checked: bool = False,
    ) -> Iterator[Event]:
        """The durable events after `since` up to `until`; see the port."""
        if types is None:
            return map(decode_event, self._payloads(since, until, checked=checked))
        wanted = frozenset(types)
        if checked:
            return (
                e for e in map(decode_event, self._payloads(since, until, checked=True)) if e.type in wanted
            )
        # Each type by its own walk of the index: seq order without sorting.
        return heapq.merge(*(self._of_type(tag, since, until) for tag in sorted(wanted)), key=lambda e: e.seq)

    def payloads(self, since: int = 0, until: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The durable (seq, payload) pairs after `since` up to `until`."""
        for page in self._rows.pages("seq, payload", since, until):
            yield from page

    def at_time(self, ts: int) -> int:
        """The last seq whose session time is at or before `ts` [UTC ns]."""
        low, high = 0, self.last_seq  # session time only grows, so a binary search finds it
        while low < high:
            middle = (low + high + 1) // 2
            time = self._rows.one("SELECT time FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1", middle)
            low, high = (middle, high) if time is not None and time <= ts else (low, middle - 1)
        return low

    def verify(self) -> Verdict:
        """Read everything and compare it with what the journal claims."""
        from tradekit.core.verify import verify_file

        return verify_file(self.path)

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()

    def _of_type(self, tag: str, since: int, until: int | None) -> Iterator[Event]:
        for page in self._rows.pages("seq, payload", since, until, "type = ? AND", tag):
            for _, payload in page:
                yield decode_event(payload)

    def _payloads(self, since: int, until: int | None, *, checked: bool) -> Iterator[bytes]:
        if not checked:
            for page in self._rows.pages("seq, payload", since, until):
                for _, payload in page:
                    yield payload
            return
        expected = max(since, 0)
        chain = (
            self._rows.one("SELECT chain FROM events WHERE seq = ?", since) if since > 0 else genesis(self.id)
        )
        for page in self._rows.pages("seq, payload, chain", since, until):
            for seq, payload, stored in page:
                expected += 1
                sound = isinstance(payload, bytes) and isinstance(chain, bytes)  # a flip may change a type
                chain = link(chain, payload) if sound else None
                if seq != expected or chain is None or chain != stored:
                    raise JournalCorruptError(
                        f"{self.path.name} is damaged at seq {expected}: the hash chain does not hold; "
                        f"run: tradekit journal verify {self.path.name}"
                    )
                yield payload
