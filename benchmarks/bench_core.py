"""The core against its limits in the same run: dispatch, durable append, cold replay.

Knows no trade; each limit is the bare Python or SQLite that does the same work and nothing else.
"""

import asyncio
import functools
import sqlite3
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tradekit.core.bus import Bus
from tradekit.core.event import Event
from tradekit.core.sqlite import SqliteJournal
from tradekit.model.market import Bar

__all__ = ["main"]

ONE, MANY, REPLAY = 2_000, 60_000, 200_000
IN_FLIGHT = 100
ROUNDS = 3
Row = dict[str, Any]


def event(seq: int) -> Event:
    """A closed bar, 247 bytes once encoded."""
    ts = 1_700_000_000_000_000_000 + seq
    return Event(
        seq, 0, ts, 0, "bar.closed", 1, 0, "BTCUSDT.15m", Bar("BTCUSDT", "15m", ts, 1.5, 2.5, 1.0, 2.0, 100.0)
    )


def seconds(work: Callable[[], object]) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare_sqlite(events: int, batch: int) -> float:
    """Events/s of SQLite alone, FULL, two columns, a batch a transaction, one INSERT a batch."""
    payload = b"x" * 247
    sql = ",".join(["INSERT INTO events VALUES (?, ?)", *["(?, ?)"] * (batch - 1)])
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, payload BLOB)")

        def work() -> None:
            for first in range(1, events, batch):
                connection.execute(sql, [v for seq in range(first, first + batch) for v in (seq, payload)])

        rate = events / seconds(work)
        connection.close()
    return rate


def with_journal(events: int, work: Callable[[SqliteJournal, list[list[Event]]], object]) -> float:
    """Events/s of a journal doing `work` on prepared steps of one event."""
    steps = [[event(seq)] for seq in range(1, events + 1)]
    with tempfile.TemporaryDirectory() as folder, SqliteJournal(Path(folder) / "journal.db") as journal:
        return events / seconds(lambda: work(journal, steps))


def append_one(journal: SqliteJournal, steps: list[list[Event]]) -> None:
    """One critical step after the other, from a plain thread."""
    for step in steps:
        journal.append(step, critical=True)


def await_one(journal: SqliteJournal, steps: list[list[Event]]) -> None:
    """One critical step after the other, from an event loop."""

    async def session() -> None:
        for step in steps:
            await journal.append_async(step, critical=True)

    asyncio.run(session())


def append_many(journal: SqliteJournal, steps: list[list[Event]]) -> None:
    """Critical steps, a hundred on the way at any time."""
    on_the_way = deque(journal.append_async(step, critical=True) for step in steps[:IN_FLIGHT])
    for step in steps[IN_FLIGHT:]:
        on_the_way.popleft().result()
        on_the_way.append(journal.append_async(step, critical=True))
    journal.flush()


def appends() -> list[Row]:
    """Durable append: one in flight from a thread and a loop, and a hundred."""
    bare_one = max(bare_sqlite(ONE, 1) for _ in range(ROUNDS))
    bare_many = max(bare_sqlite(MANY, IN_FLIGHT) for _ in range(ROUNDS))
    rows = []
    for name, events, work, limit, aim in (
        ("durable append, a thread", ONE, append_one, bare_one, "<= 1.3x"),
        ("durable append, a loop", ONE, await_one, bare_one, "<= 1.5x"),
        ("durable append, 100 in flight", MANY, append_many, bare_many, "<= 1.8x"),
    ):
        ours = max(with_journal(events, work) for _ in range(ROUNDS))
        rows.append(
            {
                "name": name,
                "size": f"{events:,} events",
                "ours": f"{ours:,.0f} events/s",
                "limit": f"bare SQLite FULL {limit:,.0f}",
                "ratio": limit / ours,
                "aim": aim,
            }
        )
    return rows


def dispatch(subscribers: int) -> Row:
    """One event to its subscribers, history on, beside a loop over a dict of lists."""
    published = event(1)
    subject, calls = published.subject, 200_000 // subscribers
    bus, history = Bus(), deque[Event](maxlen=1_000)
    handlers: dict[str, list[Callable[[Event], None]]] = {subject: []}

    def hear(event: Event) -> None:
        """Do nothing with it."""

    def bare(subject: str, event: Event) -> None:
        history.append(event)
        for handler in handlers[subject]:
            handler(event)

    for _ in range(subscribers):
        bus.subscribe("bar.closed.>", hear)
        handlers[subject].append(hear)

    def ours_in_a_row() -> None:
        for _ in range(calls):
            bus.publish(published)

    def bare_in_a_row() -> None:
        for _ in range(calls):
            bare(subject, published)

    ours = min(seconds(ours_in_a_row) for _ in range(5)) / calls
    limit = min(seconds(bare_in_a_row) for _ in range(5)) / calls
    return {
        "name": "dispatch of one event",
        "size": f"{subscribers} subscribers",
        "ours": f"{ours * 1e9:,.0f} ns",
        "limit": f"bare loop {limit * 1e9:,.0f} ns",
        "ratio": ours / limit,
        "aim": "<= 1.7x" if subscribers == 1 else "<= 1.3x",
    }


def exhaust(read: Callable[[], Iterable[object]]) -> None:
    """Read to the end and keep nothing."""
    deque(read(), maxlen=0)


def replays() -> list[Row]:
    """Reading a journal back as events, beside SQLite giving the bare payloads."""
    with tempfile.TemporaryDirectory() as folder, SqliteJournal(Path(folder) / "journal.db") as journal:
        for seq in range(1, REPLAY + 1):
            journal.append([event(seq)], critical=False)
        journal.flush()
        limit = REPLAY / min(seconds(lambda: exhaust(journal.payloads)) for _ in range(ROUNDS))
        rows = []
        for name, checked, aim in (
            ("cold read", False, "400 k/s"),
            ("cold read, chain verified", True, "250 k/s"),
        ):
            read = functools.partial(journal.events, checked=checked)
            took = min(seconds(functools.partial(exhaust, read)) for _ in range(ROUNDS))
            rows.append(
                {
                    "name": name,
                    "size": f"{REPLAY:,} events",
                    "ours": f"{REPLAY / took:,.0f} events/s",
                    "limit": f"payloads alone {limit:,.0f}",
                    "ratio": limit * took / REPLAY,
                    "aim": aim,
                }
            )
    return rows


def main() -> list[Row]:
    """The rows for the table."""
    return [*(dispatch(n) for n in (1, 10, 100)), *appends(), *replays()]
