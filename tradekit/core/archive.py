"""The archive of a journal: runs of old, non-critical events that were moved to a file beside it.

A tombstone, itself an event, says for each run where it lay and by which links of the chain it hung, so that the
journal proves itself without the archive. Knows no snapshot and decides nothing: `core.prune` does.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tradekit.core.codec import decode_event
from tradekit.core.event import Fact, fact
from tradekit.core.sqlite_file import genesis
from tradekit.core.sqlite_rows import SqliteRows
from tradekit.errors import JournalCorruptError, JournalError, NotFoundError

__all__ = ["JournalPruned", "Run", "WholeRows", "archive_path"]

_LAST = (1 << 63) - 1


class Run(msgspec.Struct, frozen=True, gc=False):
    """Events `first` to `last` were moved; `before` is the chain's link before them, `after` at their end (hex)."""

    first: int
    last: int
    before: str
    after: str


@fact("journal.pruned", critical=True)
class JournalPruned(Fact, frozen=True, gc=False):
    """Runs of events older than the snapshot at seq `snapshot` were moved to the file `archive`."""

    archive: str
    snapshot: int
    runs: list[Run]


def archive_path(file: Path) -> Path:
    """Where the archive of a journal file lies."""
    return file.with_name(file.name + ".archive")


class WholeRows:
    """The rows of a journal with those of its archive at their places, read only; shared between threads.

    Where the archive is not there, a reading that comes to a run in it raises NotFoundError, which names the run.
    """

    def __init__(self, path: Path) -> None:
        self.main = SqliteRows(path)
        self.path = path
        self.manifest = self.main.manifest
        self._archive: SqliteRows | None = None
        self._runs: list[Run] = []
        self._tombstones = 0  # seq of the last one that `_runs` has
        self._turn = threading.Lock()

    def close(self) -> None:
        """Let go of both files."""
        self.main.close()
        if self._archive is not None:
            self._archive.close()

    def runs(self) -> list[Run]:
        """Every run that was moved, in seq order; the same list as long as nothing more is."""
        with self._turn:
            sql = "SELECT seq, payload FROM events WHERE type = ? AND seq > ? ORDER BY seq"
            found = self.main.all(sql, JournalPruned.TYPE, self._tombstones)
            for seq, payload in found:
                data = decode_event(payload).data
                if not isinstance(data, JournalPruned):
                    raise JournalError(f"{self.path.name}: tombstone {seq} is of a version that is not known")
                self._runs = sorted([*self._runs, *data.runs], key=lambda run: run.first)
                self._tombstones = seq
            return self._runs

    def archive(self) -> SqliteRows | None:
        """The archive, None when it is not there; raises JournalCorruptError for another journal's."""
        with self._turn:
            path = archive_path(self.path)
            if self._archive is None and path.is_file():
                rows = SqliteRows(path)
                if rows.manifest.id != self.manifest.id:
                    rows.close()
                    raise JournalCorruptError(
                        f"{path.name} is the archive of journal {rows.manifest.id}, not of {self.manifest.id}"
                    )
                self._archive = rows
            return self._archive

    def spans(
        self, since: int, until: int | None, runs: list[Run] | None = None
    ) -> Iterator[tuple[int, int, Run | None]]:
        """What lies after `since` up to `until`: (since, until, the run that it is a part of or None)."""
        end = _LAST if until is None else until
        runs = self.runs() if runs is None else runs
        for run in runs[bisect_left(runs, since + 1, key=lambda run: run.last) :]:
            if run.first > end:
                break
            if since < run.first - 1:
                yield since, run.first - 1, None
            yield max(since, run.first - 1), min(run.last, end), run
            since = run.last
        if since < end:
            yield since, end, None

    def pages(
        self, columns: str, since: int, until: int | None, where: str = "", *values: Any
    ) -> Iterator[list[Any]]:
        """Rows after `since` in seq order, a page at a time; the first column is the seq.

        Rows that are pruned while they are read are read from the archive from there on.
        """
        pruned = True
        while pruned:
            runs, pruned = self.runs(), False
            for page in self._planned(runs, columns, since, until, where, *values):
                pruned = self.runs() is not runs
                if pruned:
                    break  # this page may lack what was moved: again, by the new plan
                since = page[-1][0]
                yield page

    def _planned(
        self, runs: list[Run], columns: str, since: int, until: int | None, where: str, *values: Any
    ) -> Iterator[list[Any]]:
        for first, last, run in self.spans(since, until, runs):
            rows = self.main if run is None else self.of(run)
            yield from rows.pages(columns, first, last, where, *values)

    def of(self, run: Run) -> SqliteRows:
        """The file that holds a run; raises NotFoundError when it is not there."""
        rows = self.archive()
        if rows is None:
            raise NotFoundError(
                f"events {run.first} to {run.last} of {self.path.name} were moved to {archive_path(self.path).name}, "
                f"which is not there; put it back beside the journal, or ask for what came later"
            )
        return rows

    def run_of(self, seq: int) -> Run | None:
        """The run that event `seq` was moved with, None when it was not."""
        runs = self.runs()
        at = bisect_left(runs, seq, key=lambda run: run.last)
        return runs[at] if at < len(runs) and runs[at].first <= seq else None

    def link_at(self, seq: int) -> bytes | None:
        """The chain's link at `seq`, the first one at 0; None where there is no such event."""
        if seq <= 0:
            return genesis(self.manifest.id)
        run = self.run_of(seq)
        if run is not None and seq == run.last:
            return bytes.fromhex(run.after)
        rows = self.main if run is None else self.of(run)
        link: bytes | None = rows.one("SELECT chain FROM events WHERE seq = ?", seq)
        return link

    def time_at(self, seq: int) -> int | None:
        """The session time at `seq` [UTC ns]."""
        run = self.run_of(seq)
        rows = self.main if run is None else self.of(run)
        time: int | None = rows.one("SELECT time FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1", seq)
        return time
