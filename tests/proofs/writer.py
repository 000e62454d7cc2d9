"""A writer in a process of its own, to be killed, cut off or refused by its disk; quick to start.

    python -m tests.proofs.writer FILE MODE [STEPS]

sync    steps of a fill and two marks, every fifth acknowledged, from a plain thread
loop    the same from an event loop, twenty acknowledgements on the way
upkeep  like sync, with a snapshot after every 40 steps and a pruning after every 120
prune   prunes all that is there, and appends a step
hold    writes one event and waits until its stdin is closed

Says what happened, a line each, only once it has: open SEQ, acked SEQ, buffered SEQ BEFORE AFTER [monotonic ns],
snapshot SEQ, pruned EVENTS, failed (the journal), aside (a snapshot or an archive), refused, locked, end.
"""

import asyncio
import os
import sys
import time
from collections import deque
from decimal import Decimal
from pathlib import Path

from tradekit.core.event import Event
from tradekit.core.prune import prune
from tradekit.core.snapshot import SnapshotStore
from tradekit.core.sqlite import SqliteJournal
from tradekit.errors import JournalError, JournalLockedError
from tradekit.model.market import MarkUpdated
from tradekit.model.order import OrderFilled, Side

START = 1_700_000_000_000_000_000
STEP = 3  # events


def say(*words: object) -> None:
    """One whole line, past every buffer."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def step(last_seq: int) -> list[Event]:
    """A fill and two marks after `last_seq`, their contents a function of their seqs."""
    first = last_seq + 1
    fill = OrderFilled(
        f"sma-{first}", "BTCUSDT", "sma", "main", f"x-{first}", Side.BUY, Decimal(first), Decimal("100.25"),
        Decimal("0.01"), "USD",
    )  # fmt: skip
    marks = [MarkUpdated("BTCUSDT", float(seq)) for seq in (first + 1, first + 2)]
    return [
        Event(seq, 0, START + seq, 0, fact.TYPE, fact.V, 0, fact.key, fact)
        for seq, fact in enumerate((fill, *marks), first)
    ]


def in_a_row(journal: SqliteJournal, steps: int, *, upkeep: bool) -> None:
    """Append from this thread."""
    snapshots = SnapshotStore(
        journal.path.parent / "state", journal_id=journal.id, reducer_version=1, max_snapshots=3
    )
    for turn in range(1, steps + 1):
        critical, before = turn % 5 == 0, time.monotonic_ns()
        journal.append(step(journal.last_seq), critical=critical)
        if critical:
            say("acked", journal.last_seq)
        else:
            say("buffered", journal.last_seq, before, time.monotonic_ns())
        if upkeep and turn % 40 == 0:
            snapshots.write(journal.durable_seq, {"seq": journal.durable_seq})
            say("snapshot", journal.durable_seq)
        if upkeep and turn % 120 == 0:
            say("pruned", prune(journal, before=journal.durable_seq, min_events=2).events)


async def from_a_loop(journal: SqliteJournal, steps: int) -> None:
    """Append with twenty on the way."""
    waiting = deque([journal.append_async(step(journal.last_seq), critical=True)])
    for _ in range(steps):
        if len(waiting) >= 20:
            say("acked", (await waiting.popleft())[-1].event.seq)
        waiting.append(journal.append_async(step(journal.last_seq), critical=True))
    for ack in waiting:
        say("acked", (await ack)[-1].event.seq)


def after(journal: SqliteJournal, error: Exception) -> None:
    """A journal that failed takes nothing more; one whose snapshot or archive failed goes on."""
    say("aside" if journal.failure is None else "failed", error)
    try:
        journal.append(step(journal.last_seq), critical=True)
        say("acked", journal.last_seq)
    except JournalError:
        say("refused")


def main(file: str, mode: str, steps: str = "1000000") -> None:
    """Open and write until the end, whatever it is."""
    try:
        journal = SqliteJournal(Path(file))
    except JournalLockedError:
        say("locked")
        return
    except JournalError as error:
        say("failed", error)
        return
    say("open", journal.last_seq)
    try:
        if mode == "hold":
            journal.append(step(journal.last_seq), critical=True)
            say("acked", journal.last_seq)
            sys.stdin.read()
        elif mode == "prune":
            say("pruned", prune(journal, before=journal.last_seq, min_events=2).events)
            journal.append(step(journal.last_seq), critical=True)
            say("acked", journal.last_seq)
        elif mode == "loop":
            asyncio.run(from_a_loop(journal, int(steps)))
        else:
            in_a_row(journal, int(steps), upkeep=mode == "upkeep")
    except (JournalError, OSError) as error:
        after(journal, error)
    try:
        journal.close()
        say("end")
    except JournalError as error:
        say("failed", error)


if __name__ == "__main__":
    main(*sys.argv[1:])
