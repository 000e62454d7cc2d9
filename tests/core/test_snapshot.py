import errno
import json
import os
import random
import stat
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tradekit.core.clock import ManualClock
from tradekit.core.snapshot import SnapshotStore
from tradekit.errors import ConfigError, JournalError


class Book(msgspec.Struct):
    cash: Decimal
    note: str = ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "state"


def snapshots(folder: Path, *, journal_id: str = "aa11", reducer: int = 3, keep: int = 4) -> SnapshotStore:
    return SnapshotStore(
        folder, journal_id=journal_id, reducer_version=reducer, max_snapshots=keep, clock=ManualClock(77)
    )


def test_a_state_is_given_back_as_it_was(folder: Path) -> None:
    store = snapshots(folder)
    assert store.latest() is None
    store.write(12, Book(Decimal("0.00000001"), "line\nbreak"), memory={"trail": 1.5})
    snapshot = store.latest()
    assert snapshot is not None
    assert (snapshot.seq, snapshot.created, snapshot.memory) == (12, 77, {"trail": 1.5})
    assert msgspec.json.decode(snapshot.state, type=Book) == Book(Decimal("0.00000001"), "line\nbreak")


def test_encoded_bytes_are_taken_as_they_are(folder: Path) -> None:
    store = snapshots(folder)
    store.write(1, b'{"cash":"1"}')
    snapshot = store.latest()
    assert snapshot is not None
    assert (snapshot.state, snapshot.memory) == (b'{"cash":"1"}', None)
    with pytest.raises(JournalError, match="one line"):
        store.write(2, b'{\n"cash":"1"}')


def test_a_file_is_its_owners_only_and_says_what_it_is(folder: Path) -> None:
    path = snapshots(folder).write(5, Book(Decimal(1)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header = json.loads(path.read_text().splitlines()[0])
    assert (header["journal"], header["seq"], header["reducer"], header["program"]) == (
        "aa11",
        5,
        3,
        "tradekit",
    )


def test_the_oldest_beyond_the_limit_go(folder: Path) -> None:
    other = snapshots(folder, journal_id="bb22")
    other.write(1, b"{}")
    store = snapshots(folder, keep=2)
    for seq in (5, 40, 300):
        store.write(seq, b"{}")
    assert [int(path.stem[-20:]) for path in store.files()] == [300, 40]
    assert len(other.files()) == 1
    with pytest.raises(ConfigError, match="at least 1"):
        snapshots(folder, keep=0)


def test_the_newest_one_that_the_journal_has_reached_is_taken(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = snapshots(folder)
    for seq in (10, 20, 30):
        store.write(seq, b"{}")
    answers = [store.latest(durable_seq=29), store.latest(durable_seq=30), store.latest(before=20)]
    assert [snapshot.seq for snapshot in answers if snapshot] == [20, 30, 10]
    assert store.latest(durable_seq=9) is None
    assert "ahead of its journal" in caplog.text


def test_another_reducers_snapshot_is_passed_over(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    snapshots(folder, reducer=3).write(10, b"{}")
    snapshots(folder, reducer=4).write(20, b"{}")
    snapshot = snapshots(folder, reducer=3).latest()
    assert snapshot is not None
    assert snapshot.seq == 10
    assert "reducer 4 made it" in caplog.text


def test_another_journals_snapshot_is_passed_over_even_under_this_ones_name(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = snapshots(folder, journal_id="bb22").write(10, b"{}")
    path.rename(path.with_name(path.name.replace("bb22", "aa11")))
    assert snapshots(folder).latest() is None
    assert "of journal bb22" in caplog.text


def test_a_flip_or_cut_falls_back_to_the_one_before(folder: Path) -> None:
    store = snapshots(folder)
    store.write(10, b'{"cash":"1"}')
    path = store.write(20, b'{"cash":"2"}', memory=[1, 2])
    whole = path.read_bytes()
    rng = random.Random(3)
    for at in range(0, len(whole), 7):  # every byte is the proofs' matter
        flipped = bytearray(whole)
        flipped[at] ^= 1 << rng.randrange(8)
        for damaged in (bytes(flipped), whole[:at]):
            path.write_bytes(damaged)
            snapshot = store.latest()
            assert snapshot is not None
            assert snapshot.seq == 10, at
    path.write_bytes(whole)
    snapshot = store.latest()
    assert snapshot is not None
    assert snapshot.seq == 20


def test_a_write_that_fails_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = snapshots(folder)
    store.write(10, b"{}")

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.write(20, b"{}")
    assert [path.name for path in folder.iterdir()] == [path.name for path in store.files()]
    assert len(store.files()) == 1
