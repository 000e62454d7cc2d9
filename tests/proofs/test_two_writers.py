"""One writer a journal: whoever comes second is refused at once, and a killed one leaves no lock behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proofs.lives import Life, Said, check
from tradekit.core.sqlite import SqliteJournal
from tradekit.errors import JournalLockedError

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1800)]

AT_ONCE = 4


def race(file: Path) -> tuple[list[Life], list[Said]]:
    """So many writers started at the same moment: the one that holds the journal, and what the others said."""
    lives = [Life(file, "hold") for _ in range(AT_ONCE)]
    for life in lives:
        life.wait_for("\n")
    losers = [life for life in lives if life.said().words[:1] == ["locked"]]
    return [life for life in lives if life not in losers], [life.end() for life in losers]


def test_of_writers_that_start_together_one_writes(
    tmp_path: Path, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    rounds, events = proof_size(ci=5, full=100), 0
    file = tmp_path / "journal.db"
    for number in range(rounds):
        holders, losers = race(file)
        assert (len(holders), len(losers)) == (1, AT_ONCE - 1)
        (holder,) = holders
        holder.wait_for("acked")
        with pytest.raises(JournalLockedError, match=f"process {holder.process.pid};"):
            SqliteJournal(file)  # the holder goes on holding it: who waited would wait for ever
        holder.kill()
        said = holder.end()
        last = check(file, said)  # its lock is no longer one
        assert (said.opened, last) == (events, events + 3), number
        events = last
    proof_record(
        "of writers that start together one writes, and a killed one leaves no lock",
        size=f"{rounds} races of {AT_ONCE}",
        result="the others refused at once",
    )
