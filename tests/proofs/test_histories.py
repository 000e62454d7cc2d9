"""Any history, snapshots at any moments, a crash at any step of one: snapshot + tail, replay and live are one state."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import FULL
from tests.state.test_laws import logs
from tradekit.core.event import Event
from tradekit.core.snapshot import SnapshotStore
from tradekit.core.sqlite import SqliteJournal
from tradekit.core.store import Store
from tradekit.state.reducer import REDUCER, apply
from tradekit.state.shape import State, fingerprint

pytestmark = [pytest.mark.proof, pytest.mark.timeout(14_400)]

HISTORIES = 10_000 if FULL else 150
CALLS = ("open", "fsync", "replace", "unlink", "mkdir", "close")  # what a snapshot's write asks of the system
MEMORY = Path("/dev/shm")  # noqa: S108 - durability is not the matter here, so no disk is kept busy


class Cut(BaseException):
    """The process ends here."""


def cut_at(patch: pytest.MonkeyPatch, step: int) -> None:
    """End the process as it makes its so-manieth of these calls; whatever cleans up after it is dead too."""
    made = 0

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal made
            made += 1
            if made >= step:
                raise Cut
            return real(*args, **more)

        return call

    for name in CALLS:
        patch.setattr(os, name, guarded(getattr(os, name)))


def restored(journal: SqliteJournal, snapshots: SnapshotStore) -> tuple[int, Store[State]]:
    """A restart: the newest sound snapshot and the tail after it; from which seq it began."""
    newest = snapshots.latest(durable_seq=journal.durable_seq)
    state = State() if newest is None else msgspec.json.decode(newest.state, type=State)
    store = Store(state, apply, seq=newest.seq if newest else 0, fingerprint=fingerprint)
    begun = store.seq
    store.fold(journal.events(begun, checked=True))
    return begun, store


def live(journal: SqliteJournal, snapshots: SnapshotStore, log: list[Event], plan: list[int]) -> Store[State]:
    """A session that takes the log in steps of these sizes (a negative one is followed by a snapshot)."""
    store = Store(State(), apply, fingerprint=fingerprint)
    at, turn = 0, 0
    while at < len(log):
        size = plan[turn % len(plan)]
        for row in journal.append(log[at : at + abs(size)], critical=size % 2 == 0):
            store.apply(row.event)
        at, turn = at + abs(size), turn + 1
        if size < 0:
            journal.flush()
            snapshots.write(store.seq, store.state)
    return store


STEPS: Counter[str] = Counter()


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    log=logs(),
    plan=st.lists(st.integers(-4, 6).filter(bool), min_size=1, max_size=4),
    step=st.integers(1, 14),
    keep=st.integers(1, 3),
)
def check_history(log: list[Event], plan: list[int], step: int, keep: int) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        file = Path(folder) / "journal.db"
        with SqliteJournal(file) as journal:
            snapshots = SnapshotStore(
                Path(folder) / "state", journal_id=journal.id, reducer_version=REDUCER, max_snapshots=keep
            )
            store = live(journal, snapshots, log, plan)
            journal.flush()
            with pytest.MonkeyPatch.context() as patch:
                cut_at(patch, step)
                try:
                    snapshots.write(store.seq, store.state)
                    STEPS["written"] += 1
                except Cut:
                    STEPS[f"cut at call {step}"] += 1
        with SqliteJournal(file) as journal:
            begun, again = restored(journal, snapshots)
            replay = Store(State(), apply, fingerprint=fingerprint)
            replay.fold(journal.events())
        assert again.hash() == replay.hash() == store.hash()
        assert again.seq == replay.seq == store.seq == len(log)
        STEPS["from a snapshot" if begun else "from the start"] += 1
        assert len(snapshots.files()) <= keep + 1


def test_snapshot_and_tail_are_the_replay_and_the_live_state(proof_record: Callable[..., None]) -> None:
    STEPS.clear()
    check_history()
    cuts = sum(count for what, count in STEPS.items() if what.startswith("cut"))
    assert cuts > 0 < STEPS["from a snapshot"]
    proof_record(
        "snapshot + tail = replay = live, by hash, with a crash at each step of a snapshot's write",
        size=f"{HISTORIES:,} histories",
        result=f"all equal; {cuts:,} crashes, {STEPS['from a snapshot']:,} restarts from a snapshot",
        note=", ".join(sorted(what for what in STEPS if what.startswith("cut"))),
    )
