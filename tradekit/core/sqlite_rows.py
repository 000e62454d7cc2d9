"""Queries on a journal's file or its archive: one read-only connection, pages of rows.

Knows the tables and no event.
"""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tradekit.core.sqlite_file import Manifest, connect_reader, read_manifest, translated
from tradekit.errors import JournalError

__all__ = ["SqliteRows"]

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
