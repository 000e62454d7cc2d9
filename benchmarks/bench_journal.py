"""Durable append against bare SQLite FULL, Redis and NATS on the same disk, in turns.

Each round measures the limit and ours one after the other, and the median of the rounds' ratios is told: a shared disk
changes its mind from second to second. Knows no trade.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers import nats_rate, redis_rate
from tradekit.core.codec import encode_event
from tradekit.core.event import Event
from tradekit.core.sqlite import SqliteJournal
from tradekit.model.market import Bar

__all__ = ["event", "main"]

ONE, MANY = 1_500, 40_000
IN_FLIGHT = 100
ROUNDS = 5
SWITCH_S = 0.0005  # as a session's process has it
Row = dict[str, Any]
Rate = Callable[[], float]


def event(seq: int) -> Event:
    """A closed bar, 247 bytes once encoded."""
    ts = 1_700_000_000_000_000_000 + seq
    data = Bar("BTCUSDT", "15m", ts, 1.5, 2.5, 1.0, 2.0, 100.0)
    return Event(seq, 0, ts, 0, "bar.closed", 1, 0, data.key, data)


PAYLOAD = encode_event(event(1))


def bare_sqlite(events: int, batch: int) -> float:
    """Events/s of SQLite alone, FULL, two columns, a batch a transaction, one INSERT a batch."""
    sql = ",".join(["INSERT INTO events VALUES (?, ?)", *["(?, ?)"] * (batch - 1)])
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, payload BLOB)")
        began = time.perf_counter()
        for first in range(1, events, batch):
            connection.execute(sql, [v for seq in range(first, first + batch) for v in (seq, PAYLOAD)])
        rate = events / (time.perf_counter() - began)
        connection.close()
    return rate


def journal_rate(events: int, work: Callable[[SqliteJournal, list[list[Event]]], object]) -> float:
    """Events/s of a journal doing `work` on prepared steps of one event."""
    steps = [[event(seq)] for seq in range(1, events + 1)]
    with tempfile.TemporaryDirectory() as folder, SqliteJournal(Path(folder) / "journal.db") as journal:
        began = time.perf_counter()
        work(journal, steps)
        return events / (time.perf_counter() - began)


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


def bursts(journal: SqliteJournal, steps: list[list[Event]]) -> None:
    """A hundred critical steps, and the wait for all of them: what the bare batches do."""
    for at in range(0, len(steps), IN_FLIGHT):
        for step in steps[at : at + IN_FLIGHT]:
            ack = journal.append_async(step, critical=True)
        ack.result()


def in_turns(ours: Rate, limit: Rate) -> tuple[float, float, float]:
    """Both rates at their best, and the median of limit to ours within the rounds."""
    rounds = [(limit(), ours()) for _ in range(ROUNDS)]
    ratio = statistics.median(bare / mine for bare, mine in rounds)
    return max(mine for _, mine in rounds), max(bare for bare, _ in rounds), ratio


def against_sqlite() -> list[Row]:
    """One in flight from a thread and from a loop, and a hundred."""
    rows = []
    for name, events, batch, work, aim in (
        ("durable append, a thread", ONE, 1, append_one, "<= 1.3x"),
        ("durable append, a loop", ONE, 1, await_one, "<= 1.5x"),
        ("durable append, 100 in flight", MANY, IN_FLIGHT, append_many, "<= 1.8x"),
        ("durable append, bursts of 100", MANY, IN_FLIGHT, bursts, "-"),
    ):
        ours, limit, ratio = in_turns(
            partial(journal_rate, events, work), partial(bare_sqlite, events, batch)
        )
        told = f"bare SQLite FULL {limit:,.0f}"
        rows.append(_row(name, events, ours, told, ratio, aim))
    return rows


def against_servers() -> list[Row]:
    """The same beside servers that keep a log; a row without a figure where one is not installed."""
    rows = []
    servers = (
        ("Redis, appendfsync always", redis_rate, "< 1x"),
        ("NATS JetStream, a sync every 2 min", nats_rate, "-"),  # not power-safe: no limit, a bearing
    )
    for name, rate, aim in servers:
        for events, in_flight, work in ((ONE, 1, append_one), (MANY, IN_FLIGHT, append_many)):
            title, mine = f"durable append, {in_flight} in flight", partial(journal_rate, events, work)
            theirs = partial(_served, rate, events, in_flight)
            if theirs():
                ours, limit, ratio = in_turns(mine, theirs)
                rows.append(_row(title, events, ours, f"{name} {limit:,.0f}", ratio, aim))
            else:
                rows.append(_row(title, events, mine(), f"{name}: not installed", None, aim))
    return rows


def _served(rate: Callable[..., float | None], events: int, in_flight: int) -> float:
    """A server's rate with a folder of its own; 0 when it is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        return rate(Path(folder), PAYLOAD, events, in_flight) or 0.0


def _row(name: str, events: int, ours: float, limit: str, ratio: float | None, aim: str) -> Row:
    size, told = f"{events:,} events of {len(PAYLOAD)} B", f"{ours:,.0f} events/s"
    return {"name": name, "size": size, "ours": told, "limit": limit, "ratio": ratio, "aim": aim}


def main() -> list[Row]:
    """The rows for the table."""
    sys.setswitchinterval(SWITCH_S)
    return [*against_sqlite(), *against_servers()]
