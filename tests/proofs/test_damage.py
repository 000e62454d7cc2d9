"""A bit flipped or a file cut at any byte of a journal, its WAL, archive, watermark or snapshot: never in silence.

Silent would be: `verify` says ok, and an event reads differently or is missing. A flip that changes no event (free
pages, unused bits) is harmless and counted apart.
"""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.proofs.writer import step
from tradekit.core.archive import archive_path
from tradekit.core.open import open_journal
from tradekit.core.prune import prune
from tradekit.core.snapshot import SnapshotStore
from tradekit.core.sqlite import SqliteJournal
from tradekit.core.verify import verify_file
from tradekit.core.watermark import mark_path
from tradekit.errors import TradekitError

pytestmark = [pytest.mark.proof, pytest.mark.timeout(14_400)]

STEPS = 4  # of three events
Damage = tuple[str, int]  # "cut" or "flip", and at which byte


def write(file: Path, *, pruned: bool, killed: bool) -> Path:
    """A small journal; `killed` leaves everything in the WAL. Returns the file, in a folder of its own."""
    with SqliteJournal(file) as journal:
        for _ in range(STEPS):
            journal.append(step(journal.last_seq), critical=True)
        if pruned:
            assert prune(journal, before=journal.last_seq, min_events=2).events == 2 * STEPS
        if killed:
            shutil.copytree(
                file.parent, file.parent.with_name("killed"), ignore=shutil.ignore_patterns("*-shm", "*.lock")
            )
            file = file.parent.with_name("killed") / file.name
    file.with_name(file.name + ".lock").unlink(missing_ok=True)
    return file


def read(file: Path) -> object:
    """All that a reader is told, by every way of asking."""
    with open_journal(file) as reader:
        kinds = [
            [e.seq for e in reader.events(types=[tag])]
            for tag in ("mark.updated", "order.filled", "journal.pruned")
        ]
        times = [reader.at_time(event.ts) for event in reader.events()]
        return list(reader.payloads()), kinds, times, reader.epoch, reader.id


def damages(size: int, wanted: int | None, rng: random.Random) -> Iterator[Damage]:
    """Every byte both ways, or a sample of so many."""
    if wanted is None:
        for at in range(size):
            yield "cut", at
            yield "flip", at
    else:
        for number in range(wanted):
            yield ("flip", "cut")[number % 2], rng.randrange(size)


def damaged(whole: bytes, damage: Damage) -> bytes:
    """The bytes after it; which bit flips follows from where."""
    kind, at = damage
    if kind == "cut":
        return whole[:at]
    flipped = bytearray(whole)
    flipped[at] ^= 1 << (at * 5 % 8)
    return bytes(flipped)


def judge(file: Path, good: object) -> str:
    """What comes of a damaged journal: detected, harmless, or silent."""
    if not verify_file(file).ok:
        return "detected"
    try:
        return "harmless" if read(file) == good else "silent"
    except TradekitError:
        return "detected"


@pytest.mark.parametrize(
    ("what", "pruned", "killed", "share"),
    [
        ("the journal", True, False, 40),
        ("its archive", True, False, 20),
        ("its WAL", False, True, 30),
        ("its watermark", False, False, 5),
    ],
)
def test_damage_to_a_journal_is_never_silent(
    tmp_path: Path,
    proof_size: Callable[..., int],
    proof_record: Callable[..., None],
    what: str,
    pruned: bool,
    killed: bool,
    share: int,
) -> None:
    file = write(tmp_path / "whole" / "journal.db", pruned=pruned, killed=killed)
    good = read(shutil.copytree(file.parent, tmp_path / "good") / file.name)
    target = {
        "the journal": file,
        "its archive": archive_path(file),
        "its WAL": file.with_name(file.name + "-wal"),
        "its watermark": mark_path(file),
    }[what]
    whole, wanted = target.read_bytes(), proof_size(ci=share * 20, full=0)
    others = [
        (path.name, path.read_bytes())
        for path in file.parent.iterdir()
        if path != target and path.suffix != ".db-shm"
    ]
    ends: Counter[str] = Counter()
    case = tmp_path / "case"
    for damage in damages(len(whole), wanted or None, random.Random(7)):
        shutil.rmtree(case, ignore_errors=True)
        case.mkdir()
        for name, data in others:
            (case / name).write_bytes(data)
        (case / target.name).write_bytes(damaged(whole, damage))
        end = judge(case / file.name, good)
        assert end != "silent", damage
        ends[end] += 1
    assert ends["detected"] > ends["harmless"] * 0.2
    proof_record(
        f"a flipped bit or a cut in {what} is never silent",
        size=f"{ends.total():,} cases" + ("" if wanted else ", every byte"),
        result=f"0 silent; {ends['detected']:,} detected, {ends['harmless']:,} changed no event",
    )


def test_damage_to_a_snapshot_is_passed_over(
    tmp_path: Path, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    store = SnapshotStore(tmp_path, journal_id="00ff00ff00ff00ff", reducer_version=1)
    store.write(10, b'{"cash":"1"}')
    path = store.write(20, {"cash": "2" * 900}, memory=[1, 2])
    whole, wanted, passed_over = path.read_bytes(), proof_size(ci=250, full=0), 0
    for damage in damages(len(whole), wanted or None, random.Random(7)):
        path.write_bytes(damaged(whole, damage))
        newest = store.latest()
        assert newest is not None
        assert newest.seq == 10, damage
        passed_over += 1
    proof_record(
        "a flipped bit or a cut in a snapshot: the one before is taken",
        size=f"{passed_over:,} cases" + ("" if wanted else ", every byte"),
    )
