"""A disk that fails, fills up or lies: never an acknowledgement without durability, and always a full stop."""

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.proofs.lives import Life, Said, check
from tests.proofs.writer import step
from tradekit.core.sqlite import SqliteJournal
from tradekit.core.verify import verify_file
from tradekit.core.watermark import MarkState, read_mark
from tradekit.errors import JournalError

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200)]

MODES = ("sync", "loop", "upkeep")
STEPS = 250


def life_under(file: Path, mode: str, call: str, fault: str) -> Said:
    """A writer whose system calls of one kind meet a fault."""
    under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{fault}"]
    return Life(file, mode, STEPS, under=under).end()


def check_stopped(said: Said) -> bool:
    """After the failure, if it was told at all: no acknowledgement, and no append taken. Whether it was told."""
    if "failed" not in said.words:
        assert "refused" not in said.words or "aside" in said.words
        return False
    after = said.words[said.words.index("failed") + 1 :]
    assert set(after) <= {"refused", "failed", "end"}
    assert said.opened == -1 or after[:1] == ["refused"]
    return True


@pytest.mark.parametrize(
    ("call", "error", "again"),
    [
        ("pwrite64", "EIO", ""),
        ("pwrite64", "ENOSPC", "+"),
        ("fdatasync", "EIO", ""),
        ("fdatasync", "ENOSPC", "+"),
        ("fsync", "EIO", ""),
        ("ftruncate", "EIO", ""),
    ],
)
def test_a_failing_call_stops_the_journal_and_loses_nothing_acknowledged(
    tmp_path: Path,
    proof_size: Callable[..., int],
    proof_needs: Callable[..., None],
    proof_record: Callable[..., None],
    call: str,
    error: str,
    again: str,
) -> None:
    proof_needs("strace")
    numbers = proof_size(ci=5, full=200) if call in ("pwrite64", "fdatasync") else proof_size(ci=3, full=10)

    def one(number: int) -> tuple[Said, bool]:
        file = tmp_path / str(number) / "journal.db"
        at = number * number + 4 if numbers == 8 else number  # past the opening, with few
        said = life_under(file, MODES[number % 3], call, f"error={error}:when={at}{again}")
        stopped = check_stopped(said)
        if file.exists():
            check(file, said)
        return said, stopped

    with ThreadPoolExecutor(2) as pool:
        lives = list(pool.map(one, range(1, numbers + 1)))
    stopped = sum(was for _, was in lives)
    assert stopped > 0
    proof_record(
        f"{call} fails with {error}{' from then on' if again else ' once'}: full stop, no acknowledged event lost",
        size=f"{numbers} places",
        result=f"0 of {sum(said.acked for said, _ in lives):,} lost; stopped {stopped} times",
        note="the other times it met the watermark off the path, a snapshot or an archive, or came after the end",
    )


def test_a_call_that_lies_is_found_out(
    tmp_path: Path,
    proof_size: Callable[..., int],
    proof_needs: Callable[..., None],
    proof_record: Callable[..., None],
) -> None:
    """The kernel says that it wrote ten bytes and did not: what is lost so is told, at the latest by the next open."""
    proof_needs("strace")
    numbers = proof_size(ci=8, full=300)

    def one(number: int) -> str:
        file = tmp_path / str(number) / "journal.db"
        at = number if numbers > 16 else number * 4
        said = life_under(file, MODES[number % 3], "pwrite64", f"retval=10:when={at}")
        if "failed" in said.words:
            check_stopped(said)
            return "stopped"
        if not verify_file(file).ok:
            try:
                SqliteJournal(file).close()
            except JournalError:
                return "refused"
            return "told by verify"  # not in the tail that every open reads
        check(file, said)
        return "harmless"

    with ThreadPoolExecutor(2) as pool:
        ends = Counter(pool.map(one, range(1, numbers + 1)))
    assert ends["harmless"] < numbers
    proof_record(
        "a short write that the disk denies: stopped, refused or told by verify, never silent",
        size=f"pwrite64 1..{numbers}",
        result=", ".join(f"{count} {end}" for end, count in sorted(ends.items())),
    )


@pytest.fixture
def small_disk(tmp_path: Path, proof_needs: Callable[..., None]) -> Iterator[Path]:
    """A file system of one megabyte."""
    proof_needs("root", "mount")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_stops_the_journal_and_loses_nothing_acknowledged(
    small_disk: Path, proof_record: Callable[..., None]
) -> None:
    acked = []
    for mode in MODES:
        file = small_disk / mode / "journal.db"
        said = Life(file, mode).end()
        assert check_stopped(said)
        mark = read_mark(file)
        assert mark is not None
        assert mark.state is MarkState.FAILED
        assert verify_file(file).last_seq >= said.acked > 100
        acked.append(said.acked)
        resize(small_disk, "4m")
        with SqliteJournal(file) as journal:  # there is room again
            assert journal.last_seq >= said.acked
            journal.append(step(journal.last_seq), critical=True)
            assert journal.verify().ok
        for left in file.parent.glob("journal.db*"):
            left.unlink()
        resize(small_disk, "1m")
    proof_record(
        "a disk that fills up: full stop, no acknowledged event lost", size="1 MiB", result=f"kept {acked}"
    )


def resize(folder: Path, size: str) -> None:
    """Let the disk have so much."""
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)
