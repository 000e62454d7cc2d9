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
from tradekit.core.event import Event
from tradekit.core.open import open_journal
from tradekit.core.snapshot import SnapshotStore
from tradekit.core.sqlite import SqliteJournal
from tradekit.model.market import MarkUpdated
from tradekit.state.reducer import REDUCER, apply
from tradekit.state.shape import State
from tradekit.wiring.journals import fold_until

__all__ = ["main"]

EVENTS, ROUNDS = 200_000, 3
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


def seconds(work: Callable[[], object]) -> float:
    """The best of the rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def restart(path: Path, folder: Path) -> float:
    """Seconds from nothing to the state at the end, by way of a snapshot 1,000 events before it."""
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

    return seconds(again)


def main() -> list[Row]:
    """The rows for the table."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.db"
        with SqliteJournal(path) as journal:
            for seq in range(1, EVENTS + 1):
                journal.append([event(seq) if seq % 4 == 0 else mark(seq)], critical=False)
        with open_journal(path) as reader:
            limit = EVENTS / seconds(lambda: exhaust(reader.payloads()))
            for what, take, checked, aim in (
                ("cold read", exhaust, False, "-"),
                ("cold read, chain verified", exhaust, True, "-"),
                ("cold replay into state", fold, False, "400 k/s"),
                ("cold replay into state, chain verified", fold, True, "250 k/s"),
            ):
                took = seconds(partial(_replay, take, reader, checked))
                rows.append(_row(what, f"{EVENTS / took:,.0f} events/s", limit, limit * took / EVENTS, aim))
            took = seconds(reader.verify)
            rows.append(
                _row("verify", f"{EVENTS / took:,.0f} events/s", limit, limit * took / EVENTS, "100 k/s")
            )
        rows.append(
            _row(
                "restart with a snapshot",
                f"{restart(path, Path(name) / 'state'):.2f} s",
                limit,
                None,
                "< 2 s",
            )
        )
    return rows


def _replay(take: Callable[[Iterable[Event]], None], reader: Any, checked: bool) -> None:
    take(reader.events(checked=checked))


def _row(name: str, ours: str, limit: float, ratio: float | None, aim: str) -> Row:
    told = f"payloads alone {limit:,.0f}"
    return {
        "name": name,
        "size": f"{EVENTS:,} events",
        "ours": ours,
        "limit": told,
        "ratio": ratio,
        "aim": aim,
    }
