"""kill -9 of a journal's writer, at random moments and at each call that writes: no acknowledged event is lost."""

import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.proofs.lives import Life, Said, check
from tests.proofs.writer import step
from tradekit.core.prune import prune
from tradekit.core.sqlite import SqliteJournal

pytestmark = [pytest.mark.long, pytest.mark.proof, pytest.mark.timeout(7200)]

MODES = ("sync", "loop", "upkeep")
LIVES = 10  # of one journal
PRUNED_STEPS = 120


def random_lives(folder: Path, seed: int, kills: int) -> tuple[int, int]:
    """So many lives of writers that each end by kill -9; the acknowledged events and those lost unacknowledged."""
    rng, acked, lost = random.Random(seed), 0, 0
    before = 0
    for number in range(kills):
        file = folder / str(number // LIVES) / "journal.db"
        before = 0 if number % LIVES == 0 else before
        life = Life(file, MODES[number % len(MODES)])
        life.wait_for("\n", rng.randrange(0, 400))
        threading.Event().wait(rng.random() * 0.002)  # between two words
        life.kill()
        said = life.end()
        assert said.opened in (-1, before)
        last = check(file, said)
        acked += max(said.acked - before, 0)
        lost += max(0, (said.buffered[-1][0] if said.buffered else 0) - last)
        before = last
    return acked, lost


def test_random_kills_lose_no_acknowledged_event(
    tmp_path: Path, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    kills = proof_size(ci=24, full=2_000)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda seed: random_lives(tmp_path / str(seed), seed, kills // 2), (1, 2)))
    acked, lost = (sum(result[at] for result in results) for at in (0, 1))
    assert acked > kills
    proof_record(
        "kill -9 of a journal's writer at random: no acknowledged event lost, the rest only as a bounded suffix",
        size=f"{kills} kills",
        result=f"0 of {acked:,} acknowledged events lost",
        note=f"{lost:,} buffered events lost, never more than 1,000 or 100 ms at once",
    )


def life_until(file: Path, mode: str, call: str, number: int) -> Said:
    """A writer that is killed as it enters the so-manieth such call (counted in each thread)."""
    inject = f"inject={call}:signal=KILL:when={number}"
    under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    return Life(file, mode, 400, under=under).end()


@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO"])
def test_a_pruning_that_is_cut_short_at_any_write_loses_nothing(
    tmp_path: Path,
    proof_size: Callable[..., int],
    proof_needs: Callable[..., None],
    proof_record: Callable[..., None],
    fault: str,
) -> None:
    proof_needs("strace")
    whole = tmp_path / "whole" / "journal.db"
    with SqliteJournal(whole) as journal:
        for _ in range(PRUNED_STEPS):
            journal.append(step(journal.last_seq), critical=False)
    ends = Counter[str]()

    def one(case: tuple[str, int]) -> str:
        call, number = case
        file = Path(shutil.copytree(whole.parent, tmp_path / f"{call}-{number}")) / whole.name
        inject = f"inject={call}:{fault}:when={number}"
        under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
        said = Life(file, "prune", under=under).end()
        assert check(file, said) >= 3 * PRUNED_STEPS
        with SqliteJournal(file) as journal:  # and it can be done again
            prune(journal, before=3 * PRUNED_STEPS, min_events=2)
            assert journal.verify().archived == 2 * PRUNED_STEPS
        shutil.rmtree(file.parent)
        return "cut short" if "end" not in said.words or {"failed", "aside"} & set(said.words) else "whole"

    apart = proof_size(ci=24, full=1)
    cases = [("pwrite64", number) for number in range(1, 250, apart)]
    cases += [("fdatasync", number) for number in range(1, 23, min(apart, 4))]
    with ThreadPoolExecutor(2) as pool:
        ends.update(pool.map(one, cases))
    assert ends["cut short"] > len(cases) // 3
    proof_record(
        f"a pruning cut short at any write ({fault}) loses nothing and can be done again",
        size=f"{len(cases)} places",
        result=", ".join(f"{count} {end}" for end, count in sorted(ends.items())),
    )


def test_a_kill_at_each_write_loses_no_acknowledged_event(
    tmp_path: Path,
    proof_size: Callable[..., int],
    proof_needs: Callable[..., None],
    proof_record: Callable[..., None],
) -> None:
    proof_needs("strace")
    calls = proof_size(ci=20, full=500)

    def one(case: tuple[str, int]) -> Said:
        call, number = case
        file = tmp_path / f"{call}-{number}" / "journal.db"
        mode = MODES[number % len(MODES)]
        if number % 2:  # a journal that is there already: the calls are those of appends
            SqliteJournal(file).close()
        first = life_until(file, mode, call, number)
        check(file, first)  # and the next life goes on
        return first

    cases = [("pwrite64", number) for number in range(1, calls + 1)]
    cases += [("fdatasync", number) for number in range(1, calls // 4 + 1)]
    cases += [(call, number) for call in ("fsync", "ftruncate", "rename", "unlink") for number in (1, 2, 3)]
    with ThreadPoolExecutor(2) as pool:
        lives = list(pool.map(one, cases))
    killed = sum("end" not in said.words for said in lives)
    assert killed >= calls, "hardly a call was met"
    proof_record(
        "kill -9 at each system call that writes: no acknowledged event lost",
        size=f"pwrite64 1..{calls}, fdatasync 1..{calls // 4}, fsync, ftruncate, rename, unlink 1..3",
        result=f"0 of {sum(said.acked for said in lives):,} acknowledged events lost in {killed} kills",
    )
