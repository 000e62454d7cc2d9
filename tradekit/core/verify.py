"""Verification of a journal file: every row, the chain over them, the schema, the manifest, the watermark.

Knows no repair: damage is described and left as it is.
"""

from pathlib import Path
from typing import Any

import msgspec

from tradekit.core.archive import Run, WholeRows
from tradekit.core.codec import decode_event
from tradekit.core.journal import Verdict
from tradekit.core.sqlite_file import COLUMNS, SCHEMA, TABLES, genesis, link
from tradekit.core.sqlite_rows import SqliteRows
from tradekit.core.watermark import Mark, read_mark
from tradekit.errors import JournalCorruptError, JournalError, TradekitError

__all__ = ["mark_problem", "verify_file"]

MAX_PROBLEMS = 20


class _Header(msgspec.Struct, frozen=True, gc=False):
    seq: int
    epoch: int
    ts: int
    type: str
    v: int


_header = msgspec.json.Decoder(_Header)


class _Walk:
    """The rows in order, and what the next one has to be."""

    def __init__(self, chain: bytes, mark: Mark | None) -> None:
        self.chain = chain
        self.mark = mark
        self.marked_seq = mark.seq if mark else 0
        self.marked: str | None = None  # chain at the watermark's seq [hex]
        self.seq = self.events = self.archived = 0
        self.epoch = 1
        self.time: int | None = None
        self.jumped = False  # over a run whose times are not known
        self.types: dict[str, int] = {}  # the highest version of each
        self.problems: list[str] = []

    def row(self, row: tuple[Any, ...]) -> None:
        seq, tag, time, payload, chain = row
        if seq != self.seq + 1:
            self.problem(f"seq {self.seq + 1} is missing: the next row is {seq}")
        self.seq, self.events = seq, self.events + 1
        self.chain = link(self.chain, payload)
        if self.chain != chain:
            self.problem(f"seq {seq}: the hash chain does not hold")
            self.chain = chain
        if seq == self.marked_seq:
            self.marked = chain.hex()
        try:
            header = _header.decode(payload)
            decode_event(payload)
        except msgspec.MsgspecError as error:
            self.problem(f"seq {seq} ({tag}): the payload cannot be read: {error}")
            return
        if (header.seq, header.type) != (seq, tag):
            self.problem(f"seq {seq}: the columns do not say what the payload says")
        self._times(seq, header.ts, time)
        if header.v > self.types.get(tag, 0):
            self.types[tag] = header.v
        if header.epoch < self.epoch:
            self.problem(f"seq {seq}: epoch {header.epoch} comes after epoch {self.epoch}")
        self.epoch = max(self.epoch, header.epoch)

    def _times(self, seq: int, ts: int, time: int) -> None:
        due = ts if self.time is None else max(self.time, ts)
        if time != due and not (self.jumped and time > due):
            self.problem(f"seq {seq}: session time {time} should be {due}")
        self.time, self.jumped = time, False

    def enter(self, run: Run) -> None:
        """What the tombstone says of the link before a run."""
        if run.first != self.seq + 1 or run.last < run.first:
            self.problem(f"the run {run.first} to {run.last} in the archive overlaps others")
        elif run.before != self.chain.hex():
            self.problem(f"seq {self.seq}: the hash chain does not lead into the archive")

    def leave(self, run: Run) -> None:
        """What it says of the link at its end, which a missing archive makes the next one's start."""
        if self.seq == run.last and run.after != self.chain.hex():
            self.problem(f"seq {run.last}: the hash chain does not lead out of the archive")

    def jump(self, run: Run) -> None:
        """Take the tombstone's word for a run whose archive is not there."""
        self.seq, self.chain, self.jumped = run.last, bytes.fromhex(run.after), True
        if self.mark is not None and run.first <= self.mark.seq <= run.last:
            self.marked = self.mark.chain  # it was proved when the run was moved

    def problem(self, text: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text)


def verify_file(path: Path) -> Verdict:
    """Read a whole journal, its archive included, and compare it with what it claims; raises NotFoundError only.

    A writer may be at work meanwhile: what it commits during the reading is not looked at, and when it prunes, all is
    read again.
    """
    while True:
        verdict, moved = _verify(path)
        if not moved:
            return verdict


def _verify(path: Path) -> tuple[Verdict, bool]:
    """The verdict, and whether something was moved to the archive while it was reached."""
    problems: list[str] = []
    missing: list[str] = []
    mark: Mark | None = None
    readable = True
    try:
        mark = read_mark(path)  # before the rows: it is never ahead of them
    except JournalCorruptError as error:
        readable, problems = False, [str(error)]
    try:
        rows = WholeRows(path)
    except JournalError as error:
        return Verdict(False, 0, 0, [*problems, str(error)]), False
    moved = False
    walk = _Walk(genesis(rows.manifest.id), mark)
    try:
        problems += _file_problems(rows.main)
        runs = rows.runs()
        archive = rows.archive() if runs else None
        types = _types(rows)
        if archive is not None:
            problems += [f"{archive.path.name}: {problem}" for problem in _file_problems(archive)]
        missing = _walk_all(rows, archive, walk)
        moved = rows.runs() is not runs
        walk.problems += _type_problems(types, _types(rows), walk.types, whole=not missing)
        problems += walk.problems
        if readable:
            problems += mark_problem(path, rows.manifest.id, walk.seq, walk.marked, mark)
        opened = rows.main.one("SELECT max(epoch) FROM epochs") or 0
        if walk.events and opened < walk.epoch:
            problems.append(f"events are of epoch {walk.epoch}, but the journal was opened {opened} times")
    except (TradekitError, TypeError, ValueError, AttributeError) as error:  # damage shows as any of these
        problems += [*walk.problems, f"reading stopped after seq {walk.seq}: {error}"]
    finally:
        rows.close()
    verdict = Verdict(not problems, walk.events, walk.seq, problems, archived=walk.archived, missing=missing)
    return verdict, moved


def _types(rows: WholeRows) -> dict[str, int]:
    return dict(rows.main.all("SELECT type, v FROM types"))


def _type_problems(
    before: dict[str, int], after: dict[str, int], seen: dict[str, int], *, whole: bool
) -> list[str]:
    """The table of types, as it was before the walk and after it, against the types that the walk has met."""
    problems = [
        f"{tag} of version {v} is not in the table of types"
        for tag, v in seen.items()
        if v > after.get(tag, 0)
    ]
    if whole:
        problems += [
            f"the table of types names {tag} of version {v}, no event does"
            for tag, v in before.items()
            if v > seen.get(tag, 0)
        ]
    return problems


def _walk_all(rows: WholeRows, archive: SqliteRows | None, walk: _Walk) -> list[str]:
    """Walk journal and archive in seq order; returns the runs whose archive is not there."""
    missing: list[str] = []
    for since, last, run in rows.spans(-1, rows.main.one("SELECT max(seq) FROM events")):
        if run is None:
            for page in rows.main.pages(COLUMNS, since, last):
                for row in page:
                    walk.row(row)
            continue
        left = rows.main.one("SELECT count(*) FROM events WHERE seq BETWEEN ? AND ?", run.first, run.last)
        if left:
            walk.problem(f"{left} events between {run.first} and {run.last} are in the archive and here")
        walk.enter(run)
        if archive is None:
            missing.append(f"{run.first}..{run.last}")
            walk.jump(run)
            continue
        for page in archive.pages(COLUMNS, since, last):
            for row in page:
                walk.row(row)
                walk.archived += 1
        walk.leave(run)
    return missing


def mark_problem(
    path: Path, journal_id: str, last_seq: int, chain: str | None, mark: Mark | None
) -> list[str]:
    """What the watermark says against a journal that ends at `last_seq`; empty when they agree.

    `chain` is the journal's link at the mark's seq [hex], None when there is no such row.
    """
    if mark is None:
        return (
            [f"{path.name}.mark is missing, so nobody can tell whether the journal is whole"]
            if last_seq
            else []
        )
    if mark.journal != journal_id:
        return [f"{path.name}.mark belongs to journal {mark.journal}, not to {journal_id}"]
    if last_seq < mark.seq:
        return [
            f"the journal ends at seq {last_seq}, but {mark.seq} was acknowledged: {mark.seq - last_seq} lost"
        ]
    if mark.seq and chain != mark.chain:
        return [f"seq {mark.seq} is not the event that was acknowledged under this number"]
    return []


def _file_problems(rows: SqliteRows) -> list[str]:
    problems = [f"SQLite: {line}" for (line,) in rows.all("PRAGMA integrity_check(10)") if line != "ok"]
    found = sorted(sql for (sql,) in rows.all("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    if rows.manifest.schema == SCHEMA and found != sorted(TABLES):
        problems.append("the tables are not those of a tradekit journal")
    return problems
