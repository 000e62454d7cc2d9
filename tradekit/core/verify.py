"""Verification of a journal file: every row, the chain over them, the schema, the manifest, the watermark.

Knows no repair: damage is described and left as it is.
"""

from pathlib import Path
from typing import Any

import msgspec

from tradekit.core.codec import decode_event
from tradekit.core.journal import Verdict
from tradekit.core.sqlite_file import COLUMNS, SCHEMA, TABLES, genesis, link
from tradekit.core.sqlite_reader import SqliteRows
from tradekit.core.watermark import Mark, read_mark
from tradekit.errors import JournalCorruptError, JournalError

__all__ = ["mark_problem", "verify_file"]

MAX_PROBLEMS = 20


class _Header(msgspec.Struct, frozen=True, gc=False):
    seq: int
    epoch: int
    ts: int
    recorded: int
    type: str
    v: int
    cause: int
    key: str


_header = msgspec.json.Decoder(_Header)


class _Walk:
    """The rows in order, and what the next one has to be."""

    def __init__(self, chain: bytes, marked_seq: int) -> None:
        self.chain = chain
        self.marked_seq = marked_seq
        self.marked: str | None = None  # chain at the watermark's seq [hex]
        self.seq = self.events = 0
        self.epoch = 1
        self.time: int | None = None
        self.problems: list[str] = []

    def row(self, row: tuple[Any, ...]) -> None:
        seq, epoch, ts, recorded, tag, v, cause, key, time, payload, chain = row
        if seq != self.seq + 1:
            self.problem(f"seq {self.seq + 1} is missing: the next row is {seq}")
        self.seq, self.events = seq, self.events + 1
        self.chain = link(self.chain, payload)
        if self.chain != chain:
            self.problem(f"seq {seq}: the hash chain does not hold")
            self.chain = chain
        if seq == self.marked_seq:
            self.marked = chain.hex()
        self.time = ts if self.time is None else max(self.time, ts)
        if time != self.time:
            self.problem(f"seq {seq}: session time {time} should be {self.time}")
            self.time = time
        if epoch < self.epoch:
            self.problem(f"seq {seq}: epoch {epoch} comes after epoch {self.epoch}")
        self.epoch = max(self.epoch, epoch)
        try:
            header = _header.decode(payload)
            decode_event(payload)
        except msgspec.MsgspecError as error:
            self.problem(f"seq {seq} ({tag}): the payload cannot be read: {error}")
            return
        if msgspec.structs.astuple(header) != (seq, epoch, ts, recorded, tag, v, cause, key):
            self.problem(f"seq {seq}: the columns do not say what the payload says")

    def problem(self, text: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text)


def verify_file(path: Path) -> Verdict:
    """Read a whole journal and compare it with what it claims; raises NotFoundError only.

    A writer may be at work meanwhile: what it commits during the reading is not looked at.
    """
    problems: list[str] = []
    mark: Mark | None = None
    readable = True
    try:
        mark = read_mark(path)  # before the rows: it is never ahead of them
    except JournalCorruptError as error:
        readable, problems = False, [str(error)]
    try:
        rows = SqliteRows(path)
    except JournalError as error:
        return Verdict(False, 0, 0, [*problems, str(error)])
    walk = _Walk(genesis(rows.manifest.id), mark.seq if mark else 0)
    try:
        problems += _file_problems(rows)
        for page in rows.pages(COLUMNS, -1, rows.one("SELECT max(seq) FROM events")):
            for row in page:
                walk.row(row)
        problems += walk.problems
        if readable:
            problems += mark_problem(path, rows.manifest.id, walk.seq, walk.marked, mark)
        opened = rows.one("SELECT max(epoch) FROM epochs") or 0
        if walk.events and opened < walk.epoch:
            problems.append(f"events are of epoch {walk.epoch}, but the journal was opened {opened} times")
    except (JournalError, TypeError, ValueError, AttributeError) as error:  # damage shows as any of these
        problems += [*walk.problems, f"reading stopped after seq {walk.seq}: {error}"]
    finally:
        rows.close()
    return Verdict(not problems, walk.events, walk.seq, problems)


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
