"""The lives of writers: started, ended, and what is left held against what was said. Knows `tests.proofs.writer`."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.proofs.writer import START, STEP, step
from tests.sessions import wait_until
from tradekit.core.archive import JournalPruned
from tradekit.core.codec import encode_fact
from tradekit.core.lock import WriterLock
from tradekit.core.snapshot import SnapshotStore
from tradekit.core.sqlite import SqliteJournal
from tradekit.errors import JournalLockedError

ROOT = Path(__file__).parents[2]
BOUND_S = 120.0
LOST_EVENTS, LOST_NS = 1_000, 100_000_000  # of what was buffered, at most


@dataclass
class Said:
    """What a writer has said before its end; a line that was cut off counts for nothing."""

    opened: int = -1
    acked: int = 0
    buffered: list[tuple[int, int, int]] = field(default_factory=list)  # seq, before and after [monotonic ns]
    snapshot: int = 0
    pruned: int = 0
    words: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> "Said":
        said = cls()
        for line in text[: text.rfind("\n") + 1].splitlines():
            word, *rest = line.split(" ")
            said.words.append(word)
            match word:
                case "open":
                    said.opened = int(rest[0])
                case "acked":
                    said.acked = int(rest[0])
                case "buffered":
                    said.buffered.append((int(rest[0]), int(rest[1]), int(rest[2])))
                case "snapshot":
                    said.snapshot = int(rest[0])
                case "pruned":
                    said.pruned += int(rest[0])
        return said


class Life:
    """A writer's process, and its words as they come."""

    def __init__(self, file: Path, mode: str, steps: int = 1_000_000, *, under: Sequence[str] = ()) -> None:
        command = [*under, sys.executable, "-m", "tests.proofs.writer", str(file), mode, str(steps)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._text = bytearray()
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while data := os.read(self.process.stdout.fileno(), 1 << 16):
            with self._came:
                self._text += data
                self._came.notify_all()
        with self._came:
            self._came.notify_all()

    def wait_for(self, word: str, times: int = 1) -> None:
        """Until it has said `word` so often, or has ended."""
        with self._came:
            assert self._came.wait_for(
                lambda: self._text.count(word.encode()) >= times or self.process.poll() is not None, BOUND_S
            )

    def said(self) -> Said:
        """What it has said so far."""
        with self._came:
            return Said.of(self._text.decode())

    def kill(self) -> None:
        """kill -9, now."""
        self.process.kill()

    def end(self) -> Said:
        """Wait until it is gone; what it has said."""
        self.process.wait(BOUND_S)
        self._reader.join(BOUND_S)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        return Said.of(self._text.decode())


def check(file: Path, said: Said) -> int:
    """Open what is left and hold it against what was said; returns its last seq."""
    wait_until(lambda: not _locked(file))
    began = time.process_time()  # what else the machine does is not the journal's
    with SqliteJournal(file) as journal:
        assert time.process_time() - began < 2.0 + 0.0005 * journal.last_seq
        last = journal.last_seq
        assert last >= said.acked, f"{said.acked - last} acknowledged events are lost"
        _check_buffered(last, said)
        verdict = journal.verify()
        assert verdict.ok, verdict.problems
        _check_events(journal)
        _check_snapshots(journal, said)
    return last


def _locked(file: Path) -> bool:
    """Whether a writer that was killed under a tracer has not let go of its files yet."""
    if not file.parent.exists():
        return False  # it had not come so far
    try:
        WriterLock(file).release()
    except JournalLockedError:
        return True
    return False


def _check_buffered(last: int, said: Said) -> None:
    """Only a suffix of the bounded length and age is lost of what was not acknowledged."""
    if not said.buffered:
        return
    seq, before, _ = said.buffered[-1]
    assert seq - last <= LOST_EVENTS
    overdue = [seq for seq, _, after in said.buffered if seq > last and before - after > LOST_NS]
    assert overdue == [], "buffered events older than the bound are lost"


def _check_events(journal: SqliteJournal) -> None:
    """Steps are whole, and every event is what was written under its number."""
    expected: list[bytes] = []
    for event in journal.events(checked=True):
        if isinstance(event.data, JournalPruned):
            assert not expected, "a step is split"
            continue
        if not expected:
            expected = [encode_fact(e.data) for e in step(event.seq - 1)]
        assert encode_fact(event.data) == expected.pop(0)
        assert event.ts == START + event.seq
    assert not expected, f"the last step has not all its {STEP} events"


def _check_snapshots(journal: SqliteJournal, said: Said) -> None:
    """The newest sound snapshot is no older than the last one that was told, and not ahead of the journal."""
    store = SnapshotStore(
        journal.path.parent / "state", journal_id=journal.id, reducer_version=1, max_snapshots=3
    )
    newest = store.latest(durable_seq=journal.last_seq)
    assert (newest.seq if newest else 0) >= said.snapshot
    assert all(int(path.stem[-20:]) <= journal.last_seq for path in store.files())
