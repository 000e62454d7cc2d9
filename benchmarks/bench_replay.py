"""Cold replay: a journal read back as events and folded into a state, with and without its chain verified.

Beside SQLite giving the bare payloads. Knows the reducer; the events are bars and marks, as most of a session's are.
"""

import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.bench_journal import event
from benchmarks.stopwatch import Duel, duel
from tradekit.core.event import Event
from tradekit.core.open import open_journal
from tradekit.core.snapshot import SnapshotStore
from tradekit.core.sqlite import SqliteJournal
from tradekit.model.market import MarkUpdated
from tradekit.state.reducer import REDUCER, apply
from tradekit.state.shape import State
from tradekit.wiring.journals import fold_until

__all__ = ["main"]

EVENTS, ROUNDS = 1_000_000, 3
BATCH = 500  # events an append, to write the journal with
Row = dict[str, Any]


def mark(seq: int) -> Event:
    """A mark of the instrument."""
    data = MarkUpdated("BTCUSDT", 100.0 + seq % 7, 99.5, 100.5)
    return Event(seq, 0, 1_700_000_000_000_000_000 + seq, 0, "mark.updated", 1, 0, data.key, data)


def fold(events: Iterable[Event]) -> None:
    """Into a state, with the one reducer."""
    state = State()
    for one in events:
        apply(state, one)


def exhaust(events: Iterable[object]) -> None:
    """Read to the end and keep nothing."""
    deque(events, maxlen=0)


def restart(path: Path, folder: Path) -> Callable[[], None]:
    """From nothing to the state at the end, by way of a snapshot 1,000 events before it."""
    with open_journal(path) as journal:
        snapshots = SnapshotStore(folder, journal_id=journal.id, reducer_version=REDUCER)
        snapshots.write(EVENTS - 1_000, fold_until(journal, EVENTS - 1_000))

    def again() -> None:
        with SqliteJournal(path) as journal:
            newest = snapshots.latest(durable_seq=journal.last_seq)
            assert newest is not None
            state = msgspec.json.decode(newest.state, type=State)
            for one in journal.events(newest.seq):
                apply(state, one)
            assert state.seq == EVENTS

    return again


def main() -> list[Row]:
    """The rows for the table."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.db"
        with SqliteJournal(path) as journal:
            for first in range(1, EVENTS + 1, BATCH):
                told = [event(seq) if seq % 4 == 0 else mark(seq) for seq in range(first, first + BATCH)]
                journal.append(told, critical=False)
        with open_journal(path) as reader:
            bare = partial(_exhaust_payloads, reader)
            for what, work, aim in (
                ("cold read", partial(_replay, exhaust, reader, False), "-"),
                ("cold read, chain verified", partial(_replay, exhaust, reader, True), "-"),
                ("cold replay into state", partial(_replay, fold, reader, False), "<= 5.2x"),
                ("cold replay into state, chain verified", partial(_replay, fold, reader, True), "<= 8.4x"),
                ("verify", reader.verify, "-"),
            ):
                made = duel(work, bare, rounds=ROUNDS)
                print(f"{what}: {made.told(EVENTS)}", flush=True)
                rows.append(_row(what, made, aim))
        again = restart(path, Path(name) / "state")
        rows.append(_restarted(max(_seconds(again) for _ in range(ROUNDS))))
    return rows


def _replay(take: Callable[[Iterable[Event]], None], reader: Any, checked: bool) -> None:
    take(reader.events(checked=checked))


def _exhaust_payloads(reader: Any) -> None:
    exhaust(reader.payloads())


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _row(name: str, made: Duel, aim: str) -> Row:
    ours, limit = made.rates(EVENTS)
    return {
        "name": name,
        "size": f"{EVENTS:,} events",
        "ours": f"{ours:,.0f} events/s",
        "limit": f"payloads alone {limit:,.0f}",
        "ratio": made.ratio,
        "aim": aim,
    }


def _restarted(took: float) -> Row:
    return {
        "name": "restart with a snapshot",
        "size": f"{EVENTS:,} events",
        "ours": f"{took:.2f} s",
        "limit": "-",
        "ratio": None,
        "aim": "< 2 s",
    }
