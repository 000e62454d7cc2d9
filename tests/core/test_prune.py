"""Old events go to the archive: nothing is lost, all is still read, and the journal proves itself without them."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.journal_contract import START, fill, mark
from tradekit.core import prune as prune_module
from tradekit.core import verify
from tradekit.core.archive import JournalPruned, archive_path
from tradekit.core.event import Event
from tradekit.core.open import open_journal
from tradekit.core.prune import Pruned, prune
from tradekit.core.sqlite import SqliteJournal
from tradekit.core.verify import verify_file
from tradekit.core.watermark import mark_path
from tradekit.errors import ConfigError, JournalCorruptError, NotFoundError

pytestmark = pytest.mark.shell

FILLS = (1, 31, 32, 40, 90)  # criticals of a journal of 100; the others are marks
EVENTS = 100


def event(seq: int) -> Event:
    return fill(seq) if seq in FILLS else mark(seq, ts=START + (seq if seq % 7 else -seq), last=float(seq))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "logs" / "journal.db"
    with SqliteJournal(path) as journal:
        for seq in range(1, EVENTS + 1):
            journal.append([event(seq)], critical=False)
    return path


@pytest.fixture
def pruned(path: Path) -> Path:
    """Seqs 2..30, 41..80 are in the archive; 33..39 are too few."""
    with SqliteJournal(path) as journal:
        assert prune(journal, before=80, min_events=10) == Pruned(69, 2, "journal.db.archive")
    return path


def read(path: Path) -> object:
    """All that a reader can be asked, by every way."""
    with open_journal(path) as reader:
        return (
            [(e.seq, e.data) for e in reader.events(checked=True, until=EVENTS)],
            [e.seq for e in reader.events(25, 95, ["order.filled", "mark.updated"])],
            [e.seq for e in reader.events(subject="order.*.BTCUSDT")],
            dict(reader.payloads(0, EVENTS)),
            [reader.at_time(START + ts) for ts in range(-EVENTS, EVENTS)],
        )


def test_what_was_pruned_is_read_from_the_archive(path: Path) -> None:
    before = read(path)
    with SqliteJournal(path) as journal:
        prune(journal, before=80, min_events=10)
    assert read(path)[:4] == before[:4]  # type: ignore[index]
    with open_journal(path) as reader:
        assert [reader.at_time(START + ts) for ts in (-EVENTS, 8, 60, 95)] == [0, 8, 60, 95]
        verdict = reader.verify()
    assert (verdict.ok, verdict.events, verdict.archived, verdict.missing) == (True, EVENTS + 1, 69, [])
    with sqlite3.connect(path) as connection:
        left = {seq for (seq,) in connection.execute("SELECT seq FROM events")}
    connection.close()
    assert left == {1, *range(31, 41), *range(81, EVENTS + 2)}


def test_the_tombstone_is_an_event_that_names_the_runs_and_their_links(pruned: Path) -> None:
    with open_journal(pruned) as reader:
        (tombstone,) = reader.events(types=["journal.pruned"])
        links = {seq: reader.rows.link_at(seq).hex() for seq in (1, 30, 40, 80)}  # type: ignore[attr-defined]
    assert isinstance(tombstone.data, JournalPruned)
    assert (tombstone.data.archive, tombstone.data.snapshot) == ("journal.db.archive", 80)
    assert [(run.first, run.last, run.before, run.after) for run in tombstone.data.runs] == [
        (2, 30, links[1], links[30]),
        (41, 80, links[40], links[80]),
    ]
    assert tombstone.ts <= START + EVENTS  # the state's time does not move


def test_the_journal_is_written_on_and_pruned_again(pruned: Path) -> None:
    with SqliteJournal(pruned) as journal:
        for seq in range(journal.last_seq + 1, 221):
            journal.append([mark(seq)], critical=False)
        assert (
            prune(journal, before=200, min_events=10).runs == 2
        )  # 91..100 and what came after the tombstone
        assert prune(journal, before=200, min_events=10).runs == 0
        assert [e.seq for e in journal.events(checked=True)] == list(range(1, journal.last_seq + 1))
        assert journal.verify().ok
    assert verify_file(pruned).archived == 69 + 10 + 99


def test_many_runs_are_told_in_one_step_of_several_facts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune_module, "_RUNS_A_FACT", 2)
    with SqliteJournal(path) as journal:
        assert prune(journal, before=EVENTS, min_events=1).runs == 4
        assert [len(e.data.runs) for e in journal.events(types=["journal.pruned"])] == [2, 2]  # type: ignore[attr-defined]
    assert verify_file(path).ok


@pytest.mark.parametrize("before", [0, -1, EVENTS + 1])
def test_only_what_is_durable_is_pruned(path: Path, before: int) -> None:
    with SqliteJournal(path) as journal, pytest.raises(ConfigError, match="holds 1 to 100"):
        prune(journal, before=before)
    assert not archive_path(path).exists()


def test_an_event_of_an_unknown_type_is_not_pruned(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([Event(101, 0, START, 0, "plugin.heard", 1, 0, "x", mark(1).data)], critical=True)
        assert prune(journal, before=101, min_events=1).events == EVENTS - len(FILLS)
        assert [e.seq for e in journal.events(types=["plugin.heard"])] == [101]


@pytest.mark.parametrize("ask", ["payloads", "checked", "typed"])
def test_what_is_pruned_while_it_is_read_is_read_from_the_archive(
    path: Path, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    monkeypatch.setattr("tradekit.core.sqlite_rows.PAGE", 7)
    marks = [seq for seq in range(1, EVENTS + 1) if seq not in FILLS]
    with open_journal(path) as reader:
        reading = {
            "payloads": (seq for seq, _ in reader.payloads(0, EVENTS)),
            "checked": (event.seq for event in reader.events(0, EVENTS, checked=True)),
            "typed": (event.seq for event in reader.events(types=["mark.updated"])),
        }[ask]
        seqs = [next(reading) for _ in range(3)]
        with SqliteJournal(path) as journal:
            prune(journal, before=80, min_events=10)
        seqs += reading
    assert seqs == (marks if ask == "typed" else list(range(1, EVENTS + 1)))


def test_a_verification_that_meets_a_pruning_starts_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk_all, walks = verify._walk_all, []

    def prune_first(*args: object) -> list[str]:
        walks.append(1)
        if len(walks) == 1:
            with SqliteJournal(path) as journal:
                prune(journal, before=80, min_events=10)
        return walk_all(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(verify, "_walk_all", prune_first)
    verdict = verify_file(path)
    assert (verdict.ok, verdict.archived, len(walks)) == (True, 69, 2)


# -- without the archive ------------------------------------------------------------------------------------


@pytest.fixture
def alone(pruned: Path) -> Path:
    """A pruned journal whose archive lies elsewhere."""
    archive_path(pruned).rename(pruned.parent.parent / "archive")
    return pruned


def test_a_journal_proves_itself_without_its_archive(alone: Path) -> None:
    verdict = verify_file(alone)
    assert (verdict.ok, verdict.events, verdict.last_seq) == (True, EVENTS + 1 - 69, EVENTS + 1)
    assert (verdict.archived, verdict.missing) == (0, ["2..30", "41..80"])


def test_a_reading_names_the_range_that_is_missing(alone: Path) -> None:
    with open_journal(alone) as reader:
        assert [e.seq for e in reader.events(80, checked=True)] == list(range(81, EVENTS + 2))
        assert [e.seq for e in reader.events(30, 40)] == list(range(31, 41))
        for ask in (
            lambda: list(reader.events()),
            lambda: list(reader.payloads(45)),
            lambda: list(reader.events(types=["mark.updated"])),
            lambda: list(reader.events(50, checked=True)),
        ):
            with pytest.raises(
                NotFoundError, match=r"events (2 to 30|41 to 80) .*archive, which is not there"
            ):
                ask()
        with pytest.raises(NotFoundError, match="41 to 80"):
            reader.at_time(START + 60)


def test_a_writer_needs_no_archive(alone: Path) -> None:
    with SqliteJournal(alone) as journal:
        journal.append([mark(EVENTS + 2)], critical=True)
    assert verify_file(alone).ok


def test_a_stale_watermark_in_a_pruned_run_is_taken_at_its_word(path: Path) -> None:
    """A power cut may bring back a mark that names an event which has been moved meanwhile."""
    with SqliteJournal(path) as journal:
        journal.append([mark(EVENTS + 1)], critical=True)
        stale = mark_path(path).read_bytes()
        prune(journal, before=EVENTS + 1, min_events=1)
    for keep in (True, False):
        mark_path(path).write_bytes(stale)
        if not keep:
            archive_path(path).unlink()
        assert verify_file(path).ok
        SqliteJournal(path).close()


# -- damage -------------------------------------------------------------------------------------------------


def edit(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM events WHERE seq = 20", "seq 20 is missing"),
        ("DELETE FROM events WHERE seq = 80", "seq 80 is missing"),
        (
            "UPDATE events SET payload = CAST(replace(payload, '50.0', '51.0') AS BLOB) WHERE seq = 50",
            "seq 50",
        ),
        ("UPDATE manifest SET value = '00ff00ff00ff00ff' WHERE name = 'id'", "of journal 00ff00ff00ff00ff"),
    ],
)
def test_damage_in_the_archive_is_named(pruned: Path, statement: str, problem: str) -> None:
    edit(archive_path(pruned), statement)
    verdict = verify_file(pruned)
    assert not verdict.ok
    assert problem in " ".join(verdict.problems)


def test_a_hole_that_no_tombstone_explains_is_damage(alone: Path) -> None:
    edit(alone, "DELETE FROM events WHERE seq = 31")
    assert not verify_file(alone).ok


def test_events_that_are_in_both_files_are_told(pruned: Path) -> None:
    edit(pruned, "INSERT INTO events SELECT 20, type, time, payload, chain FROM events WHERE seq = 33")
    assert "1 events between 2 and 30 are in the archive and here" in verify_file(pruned).problems


def test_the_archive_of_another_journal_is_not_written(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with SqliteJournal(other) as journal:
        journal.append([mark(1), mark(2)], critical=True)
        prune(journal, before=2, min_events=1)
    shutil.copy(archive_path(other), archive_path(path))
    with SqliteJournal(path) as journal, pytest.raises(JournalCorruptError, match="belongs to journal"):
        prune(journal, before=80, min_events=10)
    assert verify_file(path).events == EVENTS


# -- cut short ----------------------------------------------------------------------------------------------


class Cut(BaseException):
    """The process ends here."""


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`cuts("_prove")`: end the process when pruning comes to this function."""

    def arm(name: str) -> None:
        def cut(*args: object) -> None:
            raise Cut

        monkeypatch.setattr(prune_module, name, cut)

    return arm


@pytest.mark.parametrize("where", ["create", "read_manifest", "sync_folder", "_prove", "_tombstones"])
def test_a_pruning_cut_short_changes_nothing_and_is_done_again(
    path: Path, cuts: Callable[[str], None], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(path)
    cuts(where)
    with SqliteJournal(path) as journal, pytest.raises(Cut):
        prune(journal, before=80, min_events=10)
    assert read(path) == before
    assert verify_file(path).ok
    monkeypatch.undo()
    with SqliteJournal(path) as journal:
        assert prune(journal, before=80, min_events=10).events == 69
    assert verify_file(path).archived == 69
    assert os.stat(archive_path(path)).st_mode & 0o777 == 0o600
