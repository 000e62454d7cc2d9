"""Whatever happens to the bytes of a journal is seen: by the open, by verify, or by a reader that checks.

A sample; tests/proofs/test_damage.py goes through every byte.
"""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.core.journal_contract import fill, mark
from tradekit.core.open import open_journal
from tradekit.core.sqlite import SqliteJournal
from tradekit.core.verify import verify_file
from tradekit.core.watermark import MarkState, Watermark, mark_path, read_mark
from tradekit.errors import JournalCorruptError, JournalError

pytestmark = pytest.mark.process

EVENTS = 60
SAMPLES = 40  # every byte is the proofs' matter
REPRICE = "UPDATE events SET payload = CAST(replace(payload, '100.25', '900.25') AS BLOB) WHERE seq = {}"


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A journal that was closed in good order: everything is in the one file."""
    path = tmp_path / "closed" / "journal.db"
    with SqliteJournal(path) as journal:
        write(journal)
    return path


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A journal whose writer was killed: everything is in the WAL."""
    path = tmp_path / "live" / "journal.db"
    with SqliteJournal(path) as journal:
        write(journal)
        shutil.copytree(path.parent, tmp_path / "killed", ignore=shutil.ignore_patterns("*-shm", "*.lock"))
    return tmp_path / "killed" / "journal.db"


def write(journal: SqliteJournal) -> None:
    for seq in range(1, EVENTS + 1, 2):
        journal.append([mark(seq, ts=seq), fill(seq + 1, cause=seq)], critical=True)


def copy(path: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(path.parent, to)
    return to / path.name


def read(path: Path) -> object:
    """Everything a reader is told, by every way of asking; an error is its message."""
    try:
        with open_journal(path) as reader:
            by_type = [
                [e.seq for e in reader.events(types=[tag])] for tag in ("mark.updated", "order.filled")
            ]
            return list(reader.payloads()), by_type, [reader.at_time(seq) for seq in range(EVENTS)]
    except JournalError as error:
        return str(error)


def test_a_bit_flipped_anywhere_in_the_file_is_seen_or_changes_no_event(closed: Path, tmp_path: Path) -> None:
    whole, good = closed.read_bytes(), read(closed)
    rng = random.Random(20221213)
    harmless = 0
    for _ in range(SAMPLES):
        path = copy(closed, tmp_path / "flipped")
        at = rng.randrange(len(whole) * 8)
        data = bytearray(whole)
        data[at // 8] ^= 1 << at % 8
        path.write_bytes(data)
        if verify_file(path).ok:
            assert read(path) == good, f"bit {at} changes an event and nobody says so"
            harmless += 1
    assert harmless < SAMPLES  # free pages and padding only


@pytest.mark.parametrize("what", ["truncated", "flipped"])
def test_a_damaged_wal_is_seen(killed: Path, tmp_path: Path, what: str) -> None:
    wal = killed.with_name("journal.db-wal").read_bytes()
    rng = random.Random(7)
    seen = 0
    for _ in range(SAMPLES // 2):
        path = copy(killed, tmp_path / "damaged")
        at = rng.randrange(len(wal))
        data = bytearray(wal)
        if what == "truncated":
            del data[at:]
        else:
            data[at] ^= 1 << rng.randrange(8)
        path.with_name("journal.db-wal").write_bytes(data)
        verdict = verify_file(path)
        if verdict.ok:
            assert verdict.last_seq == EVENTS
            continue
        seen += 1
        with pytest.raises(JournalError):
            SqliteJournal(path)
    assert seen > SAMPLES // 4


def test_a_killed_journal_without_damage_is_whole(killed: Path) -> None:
    assert verify_file(killed).ok
    with SqliteJournal(killed) as journal:
        assert (journal.last_seq, journal.clean, journal.unacked) == (EVENTS, False, 0)


def test_a_journal_shorter_than_its_watermark_opens_read_only(killed: Path) -> None:
    wal = killed.with_name("journal.db-wal")
    wal.write_bytes(wal.read_bytes()[: wal.stat().st_size // 2])
    with pytest.raises(JournalCorruptError, match=r"ends at seq \d+, but 60 was acknowledged"):
        SqliteJournal(killed)
    with open_journal(killed) as reader:
        assert 0 < len(list(reader.events())) == reader.last_seq < EVENTS
        verdict = reader.verify()
    assert not verdict.ok
    assert verdict.problems == [p for p in verdict.problems if "lost" in p]


def test_events_beyond_the_watermark_are_kept_and_counted(killed: Path) -> None:
    behind = read_mark(killed)
    assert behind is not None
    path = mark_path(killed)
    current = path.read_bytes()
    with SqliteJournal(killed) as journal:
        journal.append([mark(EVENTS + 1)], critical=True)
    path.write_bytes(current)
    with SqliteJournal(killed) as journal:
        assert (journal.last_seq, journal.unacked, journal.clean) == (EVENTS + 1, 1, False)


def edit(*statements: str) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with sqlite3.connect(path) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return apply


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            edit(REPRICE.format(2)),
            "hash chain",
        ),
        (edit("UPDATE events SET type = 'bar.closed' WHERE seq = 2"), "columns"),
        (edit("UPDATE events SET time = 0 WHERE seq = 2"), "session time"),
        (edit("DELETE FROM events WHERE seq = 30"), "seq 30 is missing"),
        (edit("DELETE FROM events WHERE seq > 50"), "10 lost"),
        (edit("UPDATE events SET seq = 61 WHERE seq = 60"), "seq 60 is missing"),
        (edit("UPDATE manifest SET value = '00ff00ff00ff00ff' WHERE name = 'id'"), "hash chain"),
        (edit("DELETE FROM epochs"), "opened 0 times"),
        (
            edit("UPDATE types SET v = 2 WHERE type = 'mark.updated'"),
            "mark.updated of version 2, no event does",
        ),
        (
            edit("UPDATE types SET type = 'mask' WHERE type = 'mark.updated'"),
            "mark.updated of version 1 is not in",
        ),
        (edit("DROP INDEX events_by_type"), "tables"),
        (
            edit(
                "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET sql = replace(sql, 'time', 'tine')"
            ),
            "tine",
        ),
        (lambda path: mark_path(path).unlink(), "missing"),
        (lambda path: mark_path(path).write_bytes(b"tradekit-mark 1 x"), "damaged"),
    ],
    ids=range(14),
)
def test_each_kind_of_damage_is_named(closed: Path, damage: Callable[[Path], None], problem: str) -> None:
    damage(closed)
    verdict = verify_file(closed)
    assert not verdict.ok
    assert problem in " ".join(verdict.problems) or "no such column" in " ".join(verdict.problems)


def test_a_flip_in_the_mark_is_seen_at_every_byte(closed: Path) -> None:
    path = mark_path(closed)
    whole = path.read_bytes()
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 1
        path.write_bytes(data)
        assert not verify_file(closed).ok, at
        with pytest.raises(JournalCorruptError):
            SqliteJournal(closed)


def test_a_checked_reading_stops_at_the_first_break(closed: Path) -> None:
    edit(REPRICE.format(20))(closed)
    with open_journal(closed) as reader:
        seqs: list[int] = []
        with pytest.raises(JournalCorruptError, match="seq 20"):
            seqs.extend(e.seq for e in reader.events(checked=True))
        assert seqs == list(range(1, 20))
        assert [e.seq for e in reader.events(20, checked=True)] == list(range(21, EVENTS + 1))


def test_a_broken_tail_is_not_written_on(closed: Path) -> None:
    edit(REPRICE.format(20))(closed)
    with pytest.raises(JournalCorruptError, match="seq 20"):
        SqliteJournal(closed)


def test_a_journal_that_is_gone_is_not_begun_anew(closed: Path) -> None:
    closed.unlink()
    with pytest.raises(JournalCorruptError, match=r"is gone.*held 60 events"):
        SqliteJournal(closed)
    assert not closed.exists()


def test_the_mark_of_another_journal_is_refused(closed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with SqliteJournal(other) as journal:
        write(journal)
    shutil.copy(mark_path(other), mark_path(closed))
    with pytest.raises(JournalCorruptError, match="belongs to journal"):
        SqliteJournal(closed)


def test_another_history_under_the_same_id_is_refused(tmp_path: Path) -> None:
    for name, last in (("first", 1.0), ("second", 2.0)):
        with SqliteJournal(tmp_path / name, journal_id="00ff00ff00ff00ff") as journal:
            journal.append([mark(1, last=last)], critical=True)
    shutil.copy(mark_path(tmp_path / "first"), mark_path(tmp_path / "second"))
    assert "not the event that was acknowledged" in verify_file(tmp_path / "second").problems[0]
    with pytest.raises(JournalCorruptError, match="not the event that was acknowledged"):
        SqliteJournal(tmp_path / "second")


@pytest.mark.parametrize("state", [MarkState.CLOSED, MarkState.FAILED])
def test_a_journal_whose_commit_failed_is_verified_whole_when_it_is_opened(
    closed: Path, state: MarkState
) -> None:
    edit("UPDATE events SET type = 'bar.closed' WHERE seq = 2")(
        closed
    )  # an open looks at the chain of the tail only
    left = read_mark(closed)
    assert left is not None
    watermark = Watermark(closed)
    watermark.write(msgspec.structs.replace(left, state=state))
    watermark.close()
    if state is MarkState.CLOSED:
        SqliteJournal(closed).close()
        return
    with pytest.raises(JournalCorruptError, match="seq 2: the columns do not say"):
        SqliteJournal(closed)


def test_a_creation_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch()
    with SqliteJournal(path) as journal:
        journal.append([mark(1)], critical=True)
        assert journal.verify().ok
