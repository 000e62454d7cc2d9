import itertools
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.journal_contract import JournalContract, bar, fill, mark
from tests.interleaved import interleavings
from tests.sessions import wait_until
from tradekit.core import group, sqlite, sqlite_file
from tradekit.core.clock import ManualClock
from tradekit.core.journal import Journal, Verdict
from tradekit.core.open import open_journal, open_writer
from tradekit.core.sqlite import SqliteJournal
from tradekit.core.verify import verify_file
from tradekit.core.watermark import MarkState, read_mark
from tradekit.errors import JournalCorruptError, JournalError, JournalLockedError, NotFoundError, VersionError

pytestmark = pytest.mark.shell


class TestSqliteJournal(JournalContract):
    @pytest.fixture
    def journal(self, clock: ManualClock, tmp_path: Path) -> Iterator[Journal]:
        with SqliteJournal(tmp_path / "journal.db", clock=clock) as journal:
            yield journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "events.log"


def write(path: Path, events: int) -> None:
    with SqliteJournal(path) as journal:
        for seq in range(journal.last_seq + 1, journal.last_seq + 1 + events):
            journal.append([mark(seq) if seq % 2 else fill(seq)], critical=False)


def test_every_file_is_its_owners_only(path: Path) -> None:
    umask = os.umask(0)
    try:
        with SqliteJournal(path) as journal:
            journal.append([mark(1)], critical=True)
            files = sorted(path.parent.iterdir())
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in files}
    finally:
        os.umask(umask)
    assert set(modes) == {f"events.log{end}" for end in ("", "-wal", "-shm", ".lock", ".mark")}
    assert set(modes.values()) == {0o600}


def test_the_first_table_says_what_the_file_is(path: Path) -> None:
    write(path, 1)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        first, text = connection.execute(
            "SELECT name, (SELECT text FROM about) FROM sqlite_master"
        ).fetchone()
    connection.close()
    assert first == "about"
    assert "tradekit journal" in text


def test_a_plain_sqlite3_shows_the_events_as_columns(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([mark(1), fill(2, cause=1)], critical=True)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        (row,) = connection.execute("SELECT * FROM log WHERE type = 'order.filled'").fetchall()
    connection.close()
    assert (row["seq"], row["epoch"], row["v"], row["cause"], row["key"]) == (2, 1, 1, 1, "BTCUSDT")
    assert '"price":"100.25"' in row["data"]


def test_each_writer_has_its_epoch_and_goes_on_where_the_last_one_ended(path: Path) -> None:
    ids = set()
    for epoch in (1, 2, 3):
        with SqliteJournal(path) as journal:
            assert (journal.epoch, journal.last_seq, journal.clean, journal.unacked) == (
                epoch,
                epoch - 1,
                True,
                0,
            )
            assert journal.append([mark(epoch)], critical=True)[0].event.epoch == epoch
            ids.add(journal.id)
    assert len(ids) == 1
    with open_journal(path) as reader:
        assert (reader.epoch, reader.last_seq, reader.id) == (3, 3, *ids)
        assert [e.epoch for e in reader.events()] == [1, 2, 3]


def test_the_writer_syncs_each_commit_to_the_disk(path: Path) -> None:
    with SqliteJournal(path) as journal:
        settings = [
            journal._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    assert settings == [
        "wal",
        2,
    ]  # FULL: only a power cut shows the difference, and NORMAL lost events in those


def test_what_nobody_waits_for_becomes_durable_by_itself(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([mark(1)], critical=False)
        wait_until(lambda: journal.durable_seq == 1)


def test_no_more_than_a_thousand_events_may_be_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "MAX_AGE_S", 600.0)  # by their number, not by their age
    with SqliteJournal(path) as journal:
        busy, go = threading.Event(), threading.Event()
        journal.on_commit(
            lambda rows: (busy.set(), go.wait(30))[0]
        )  # a disk that hangs after its first commit
        journal.append_async([mark(1)], critical=True)
        assert busy.wait(30)
        acks = [journal.append_async([mark(seq)], critical=False) for seq in range(2, 1003)]
        waiting = [ack.stored[0].event.seq for ack in acks if not ack.done()]
        assert waiting == [1002]
        go.set()
        assert acks[-1].result(30)
        assert journal.durable_seq == 1002


def test_a_buffered_event_that_is_overdue_makes_the_next_append_wait(path: Path) -> None:
    with SqliteJournal(path) as journal:
        busy, go = threading.Event(), threading.Event()
        journal.on_commit(lambda rows: (busy.set(), go.wait(30))[0])
        journal.append_async([mark(1)], critical=True)
        assert busy.wait(30)
        first = journal.append_async([mark(2)], critical=False)
        assert first.done()
        wait_until(lambda: not journal.append_async([mark(journal.last_seq + 1)], critical=False).done())
        assert journal.last_seq < 900  # by its age, not by the number of events
        go.set()


@pytest.mark.process
def test_the_wal_stays_small_under_a_long_load(path: Path) -> None:
    with SqliteJournal(path) as journal:
        for seq in range(1, 30_001):
            journal.append([fill(seq)], critical=False)
        journal.flush()
        wal = path.with_name("events.log-wal")
        assert wal.stat().st_size < 8 * 2**20 < path.stat().st_size + wal.stat().st_size


# -- one writer, many readers -------------------------------------------------------------------------------


def test_a_second_writer_is_refused_at_once_with_the_first_ones_pid(path: Path) -> None:
    refused = pytest.raises(JournalLockedError, match=f"process {os.getpid()}.*tk.connect")
    with SqliteJournal(path), refused:  # the first one holds it all the while: who waited would wait for ever
        SqliteJournal(path)


def test_a_reader_cannot_write(path: Path) -> None:
    write(path, 3)
    with open_journal(path) as reader:
        rows = reader.rows.main  # type: ignore[attr-defined]
        assert rows.one("PRAGMA query_only") == 1
        with pytest.raises(JournalError, match="readonly"):
            rows.all("DELETE FROM events")
        assert reader.last_seq == 3


def test_a_reader_that_was_closed_says_so(path: Path) -> None:
    write(path, 1)
    reader = open_journal(path)
    reader.close()
    with pytest.raises(JournalError, match="closed"):
        list(reader.events())


def test_what_is_no_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no journal at"):
        open_journal(tmp_path / "none.log")
    (tmp_path / "text.log").write_text("bar,1,2,3\n" * 500)
    with pytest.raises(JournalCorruptError, match="not a database"):
        open_journal(tmp_path / "text.log")
    (tmp_path / "empty.log").touch()
    with pytest.raises(JournalError, match="empty"):
        open_journal(tmp_path / "empty.log")
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE prices (a)")
    connection.close()
    for open_it in (open_journal, open_writer):
        with pytest.raises(JournalError, match="not a tradekit journal"):
            open_it(tmp_path / "other.db")


def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("a file, not a folder")
    with pytest.raises(JournalError, match=r"notes/journal.db cannot be used as a journal: .*notes"):
        open_writer(tmp_path / "notes" / "journal.db")
    (tmp_path / "folder").mkdir()
    with pytest.raises(JournalError, match="cannot be used as a journal"):
        open_writer(tmp_path / "folder")


def test_an_archived_journal_is_read_where_nothing_can_be_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, 3)
    monkeypatch.setattr(os, "access", lambda *_: False)
    real, modes = sqlite_file._connect, []

    def read_only_folder(path: Path, mode: str, more: str = "") -> sqlite3.Connection:
        modes.append(more)
        if not more:
            raise sqlite3.OperationalError("unable to open database file")
        return real(path, mode, more)

    monkeypatch.setattr(sqlite_file, "_connect", read_only_folder)
    with open_journal(path) as reader:
        assert [e.seq for e in reader.events()] == [1, 2, 3]
    assert modes == ["", "&immutable=1"]


# -- versions -----------------------------------------------------------------------------------------------


def test_a_journal_of_a_newer_format_is_left_alone(path: Path) -> None:
    write(path, 1)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE manifest SET value = 2 WHERE name = 'schema'")
    connection.close()
    for open_it in (open_journal, open_writer):
        with pytest.raises(VersionError, match="update tradekit"):
            open_it(path)


def test_a_journal_with_a_newer_event_is_not_written(path: Path) -> None:
    write(path, 1)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE types SET v = 2 WHERE type = 'mark.updated'")
    connection.close()
    with pytest.raises(VersionError, match=r"mark.updated of version 2"):
        open_writer(path)
    with open_journal(path) as reader:
        assert reader.last_seq == 1


# -- failure ------------------------------------------------------------------------------------------------


def test_what_comes_while_rows_are_inserted_is_in_the_same_transaction_and_chain(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "MAX_AGE_S", 60)  # nothing is committed before it must be
    journal = SqliteJournal(path)
    insert, acks, commits = sqlite._insert, [], []

    def slow(*args: Any, **how: Any) -> None:
        insert(*args, **how)
        if len(acks) < 3:
            acks.append(journal.append_async([bar(len(acks) + 3)], critical=True))

    monkeypatch.setattr(sqlite, "_insert", slow)
    journal.on_commit(lambda rows: commits.append([row.event.seq for row in rows]))
    journal.append_async([mark(1)], critical=False)
    journal.append([mark(2)], critical=True)
    assert [ack.result(30)[0].event.seq for ack in acks] == [3, 4, 5]
    assert (commits, journal.durable_seq) == ([[1, 2, 3, 4, 5]], 5)
    journal.close()
    assert verify_file(path) == Verdict(True, 5, 5, [])


def test_a_disk_that_breaks_half_way_through_a_group_leaves_none_of_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "MAX_AGE_S", 60)  # nothing is committed before it must be
    journal = SqliteJournal(path)
    journal.append([mark(1)], critical=True)
    insert, acks = sqlite._insert, []

    def breaking(*args: Any, **how: Any) -> None:
        if acks:
            raise sqlite3.OperationalError("disk I/O error")
        insert(*args, **how)
        acks.append(journal.append_async([mark(4)], critical=True))

    monkeypatch.setattr(sqlite, "_insert", breaking)
    journal.append_async([mark(2)], critical=False)
    with pytest.raises(JournalError, match="closed for writing after seq 1"):
        journal.append([mark(3)], critical=True)
    with pytest.raises(JournalError, match="disk I/O error"):
        acks[0].result(30)
    journal.close()
    monkeypatch.undo()
    marked = read_mark(path)
    assert marked is not None
    assert (marked.seq, marked.state) == (1, MarkState.FAILED)
    with SqliteJournal(path) as journal:  # verified whole: the mark and the chain fit what is there
        assert [e.seq for e in journal.events()] == [1]
        journal.append([mark(2)], critical=True)


def test_a_failed_commit_fails_all_who_wait_and_tells_nobody(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **how: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    journal = SqliteJournal(path)
    heard: list[int] = []
    journal.append([mark(1)], critical=True)
    journal.on_commit(lambda rows: heard.append(rows[-1].event.seq))
    monkeypatch.setattr("tradekit.core.sqlite._insert", broken)
    acks = [journal.append_async([mark(2)], critical=False), journal.append_async([mark(3)], critical=True)]
    with pytest.raises(JournalError, match="disk I/O error"):
        acks[1].result(30)
    with pytest.raises(JournalError, match="closed for writing after seq 1"):
        journal.append([mark(4)], critical=False)
    with pytest.raises(JournalError, match="closed for writing"):
        journal.flush()
    assert (heard, journal.durable_seq) == ([], 1)
    assert journal.failure is not None
    assert [e.seq for e in journal.events()] == [1]
    journal.close()
    assert b" failed " in path.with_name("events.log.mark").read_bytes()


def test_a_journal_that_two_threads_close_is_let_go_once(tmp_path: Path) -> None:
    numbers = itertools.count()

    def made() -> SqliteJournal:
        return SqliteJournal(tmp_path / f"{next(numbers)}.db")

    for journal in interleavings(
        made, SqliteJournal.close, SqliteJournal.close, within="core/sqlite.py", patience_s=0.2
    ):
        SqliteJournal(journal.path).close()
