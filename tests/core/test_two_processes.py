"""A journal that another process writes: its lock, its readers, and a disk that fills up under it."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.core.journal_contract import bar
from tests.sessions import wait_until
from tradekit.core.open import open_journal
from tradekit.core.sqlite import SqliteJournal
from tradekit.errors import JournalLockedError

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "events.log"


def writer(path: Path, mode: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.core.journal_writer", str(path), mode],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_writer_in_another_process_locks_and_a_killed_one_does_not(path: Path) -> None:
    with writer(path, "hold") as process:
        assert process.stdout is not None
        assert [process.stdout.readline().split()[0] for _ in range(2)] == ["open", "held"]
        with pytest.raises(JournalLockedError, match=f"process {process.pid};"):
            SqliteJournal(path)
        process.kill()
        process.wait()
    with SqliteJournal(path) as journal:
        assert (journal.last_seq, journal.epoch, journal.clean, journal.unacked) == (1, 2, False, 0)


def test_readers_follow_a_writer_in_another_process(path: Path) -> None:
    with writer(path, "mixed") as process:
        assert process.stdout is not None
        process.stdout.readline()
        reader = open_journal(path)
        drain = threading.Thread(target=lambda: [None for _ in process.stdout or ()])
        drain.start()
        for _ in range(5):
            before = reader.last_seq
            wait_until(lambda before=before: reader.last_seq > before)
            seqs = [e.seq for e in reader.events(checked=True)]
            assert seqs == list(range(1, len(seqs) + 1))
            assert len(seqs) > before
            assert reader.verify().ok
        process.kill()
        drain.join()
    assert reader.verify().ok
    reader.close()


def test_a_full_disk_stops_the_journal_and_loses_nothing_acknowledged(path: Path) -> None:
    out, _ = writer(path, "full").communicate(timeout=60)
    lines = [line.split(maxsplit=4) for line in out.splitlines()]
    assert [line[0] for line in lines] == ["open", "failed", "refused", "closed"]
    acked, heard, durable = (int(word) for word in lines[1][1:4])
    assert acked == heard == durable > 20
    assert "closed for writing after seq" in lines[1][4]
    with SqliteJournal(path) as journal:  # a failed journal is verified whole when it is opened
        assert journal.last_seq >= acked
        assert not journal.clean
        journal.append([bar(journal.last_seq + 1)], critical=True)
