"""Pruning: whole runs of old, non-critical events go to the archive, and a tombstone says so in the journal.

Nothing is lost at any moment of it: the archive is on stable storage and read back before the commit that journals the
tombstones and drops the events. Knows no snapshot's contents; what came before one is the caller's word.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tradekit.core.archive import JournalPruned, Run, archive_path
from tradekit.core.event import Event, fact_class
from tradekit.core.sqlite import SqliteJournal
from tradekit.core.sqlite_file import (
    COLUMNS,
    WIDTH,
    connect_writer,
    create,
    link,
    read_manifest,
    sync_folder,
    translated,
)
from tradekit.core.sqlite_rows import SqliteRows
from tradekit.errors import ConfigError, JournalCorruptError

__all__ = ["MIN_EVENTS", "Pruned", "prune", "runs_before"]

MIN_EVENTS = 100  # a shorter run stays: its tombstone would take about as much room
_RUNS_A_FACT = 500  # so that no event is larger than some 100 kB

_ABOUT = (
    "This is the archive of a tradekit journal: events that were moved out of it by `tradekit journal prune`. "
    "Keep it beside the journal under its name; without it these events cannot be read, the others can."
)


class Pruned(msgspec.Struct, frozen=True):
    """What a pruning moved: events, in so many runs, to this file."""

    events: int
    runs: int
    archive: str


def prune(journal: SqliteJournal, *, before: int, min_events: int = MIN_EVENTS) -> Pruned:
    """Move every run of at least `min_events` non-critical events up to seq `before` to the archive.

    `before` is the seq of a snapshot, so that a restart needs none of what goes. The room it frees in the file is used
    by what is written next. Raises ConfigError for a seq that the journal has not, JournalCorruptError where
    the journal or the archive does not prove itself; nothing has been moved then.
    """
    journal.flush()
    if not 0 < before <= journal.durable_seq:
        raise ConfigError(f"cannot prune before seq {before}: the journal holds 1 to {journal.durable_seq}")
    archive = archive_path(journal.path)
    runs = runs_before(journal, before, min_events)
    if runs:
        _copy(journal, archive, runs)
        _prove(archive, runs)
        journal.bury(_tombstones(journal, archive, before, runs))
    return Pruned(sum(run.last - run.first + 1 for run in runs), len(runs), archive.name)


def runs_before(journal: SqliteJournal, before: int, min_events: int = MIN_EVENTS) -> list[Run]:
    """The runs that `prune` would move, with their links; reads the types and changes nothing."""
    runs = []
    rows = journal.reader.rows
    for first, last in _spans(_disposable(journal, before)):
        if last - first + 1 >= min_events:
            start, end = rows.link_at(first - 1), rows.link_at(last)
            if start is None or end is None:
                raise JournalCorruptError(
                    f"{journal.path.name} has no event {first - 1} or {last}; verify it"
                )
            runs.append(Run(first, last, start.hex(), end.hex()))
    return runs


def _disposable(journal: SqliteJournal, before: int) -> Iterator[int]:
    """The seqs of non-critical events that are not in the archive; one of an unknown type counts as critical."""
    critical: dict[str, bool] = {}
    for page in journal.reader.rows.main.pages("seq, type", 0, before):
        for seq, tag in page:
            if tag not in critical:
                known = fact_class(tag)
                critical[tag] = known is None or known.CRITICAL
            if not critical[tag]:
                yield seq


def _spans(seqs: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as (first, last) of each unbroken row."""
    first = last = 0
    for seq in seqs:
        if seq != last + 1 or not first:
            if first:
                yield first, last
            first = seq
        last = seq
    if first:
        yield first, last


def _copy(journal: SqliteJournal, archive: Path, runs: Sequence[Run]) -> None:
    """Put the runs into the archive in one transaction; rows that a cut-short pruning left there are written over."""
    manifest = journal.reader.rows.manifest
    with translated(archive):
        if not archive.exists():
            create(archive, manifest, _ABOUT)
        connection = connect_writer(archive)
        try:
            held = read_manifest(connection, archive)
            if held is None:  # a creation that was cut short
                create(archive, manifest, _ABOUT)
            elif held.id != manifest.id:
                raise JournalCorruptError(
                    f"{archive.name} belongs to journal {held.id}, not to {manifest.id}; move it away"
                )
            connection.execute("BEGIN IMMEDIATE")
            into = f"INSERT OR REPLACE INTO events ({COLUMNS}) VALUES ({','.join('?' * WIDTH)})"  # noqa: S608 - constants
            for run in runs:
                for page in journal.reader.rows.main.pages(COLUMNS, run.first - 1, run.last):
                    connection.executemany(into, page)
            connection.execute("COMMIT")
        finally:
            connection.close()  # the last one: SQLite checkpoints, the archive is one file
    sync_folder(archive)


def _prove(archive: Path, runs: Sequence[Run]) -> None:
    """Read the runs back from the archive and hold their chain against the journal's links."""
    rows = SqliteRows(archive)
    try:
        for run in runs:
            chain, seq = bytes.fromhex(run.before), run.first - 1
            for page in rows.pages("seq, payload, chain", run.first - 1, run.last):
                for seq, payload, stored in page:
                    chain = link(chain, payload)
                    if chain != stored:
                        raise JournalCorruptError(
                            f"seq {seq} does not prove itself in {archive.name}; nothing was pruned: verify the journal"
                        )
            if (seq, chain.hex()) != (run.last, run.after):
                raise JournalCorruptError(
                    f"{archive.name} ends at seq {seq} of {run.last}; nothing was pruned"
                )
    finally:
        rows.close()


def _tombstones(journal: SqliteJournal, archive: Path, before: int, runs: Sequence[Run]) -> list[Event]:
    """One step of facts; they happen at the journal's own time, which they do not move on."""
    seq, time = journal.last_seq, journal.reader.rows.time_at(journal.last_seq)
    facts = [
        JournalPruned(archive.name, before, list(runs[at : at + _RUNS_A_FACT]))
        for at in range(0, len(runs), _RUNS_A_FACT)
    ]
    return [
        Event(seq + i, 0, time or 0, 0, fact.TYPE, fact.V, 0, fact.key, fact)
        for i, fact in enumerate(facts, 1)
    ]
