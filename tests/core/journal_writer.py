"""A writer in a process of its own, to be killed: prints what was acknowledged, a line after each ack.

    python -m tests.core.journal_writer FILE MODE

critical  steps of one fill and two marks, each acknowledged
mixed     the same, every fifth step critical
hold      writes one event and waits
full      may write files of 256 KiB at most, and reports how the journal failed
"""

import resource
import sys
from pathlib import Path

from tests.core.journal_contract import fill, mark
from tradekit.core.sqlite import SqliteJournal
from tradekit.errors import JournalError


def say(*words: object) -> None:
    print(*words, flush=True)


def main(path: str, mode: str) -> None:
    journal = SqliteJournal(Path(path))
    say("open", journal.last_seq)
    if mode == "hold":
        journal.append([mark(journal.last_seq + 1)], critical=True)
        say("held", journal.last_seq)
        sys.stdin.read()
    elif mode == "full":
        fail_when_full(journal)
    else:
        for turn in range(1_000_000):
            seq = journal.last_seq
            step = [fill(seq + 1), mark(seq + 2, cause=seq + 1), mark(seq + 3)]
            critical = mode == "critical" or turn % 5 == 0
            journal.append(step, critical=critical)
            say("acked" if critical else "buffered", seq + 3)


def fail_when_full(journal: SqliteJournal) -> None:
    heard: list[int] = []
    journal.on_commit(lambda rows: heard.append(rows[-1].event.seq))
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024, 256 * 1024))
    acked = 0
    try:
        for seq in range(1, 100_000):
            journal.append([fill(seq)], critical=True)
            acked = seq
    except JournalError as error:
        say("failed", acked, heard[-1], journal.durable_seq, error)
    try:
        journal.append([fill(journal.last_seq + 1)], critical=False)
    except JournalError:
        say("refused", 0)
    journal.close()
    say("closed", 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
