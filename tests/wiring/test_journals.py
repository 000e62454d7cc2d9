from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.builders import MINUTE, START
from tests.sessions import Project
from tests.wiring.conftest import live
from tradekit.core.open import open_journal
from tradekit.errors import NotFoundError
from tradekit.wiring.journals import export_parquet, rewind, seq_at, state_at


@pytest.fixture
def played(project: Project) -> Project:
    """Sixty bars in the journal: the bar n closes at START + n + 1 minutes."""
    live(project, 60)
    return project


def test_without_a_moment_the_state_is_that_of_now(played: Project) -> None:
    state = state_at(played.journal)
    assert state.seq == played.events()[-1].seq
    assert state.time == START + 60 * MINUTE


@pytest.mark.parametrize("at", [17, "17"])
def test_a_seq_names_its_event(played: Project, at: int | str) -> None:
    assert state_at(played.journal, at).seq == 17


@pytest.mark.parametrize(
    "at",
    [
        "2022-12-13 00:10",
        "2022-12-13T00:10:59",
        "2022-12-13T01:10+01:00",
        datetime(2022, 12, 13, 0, 10, tzinfo=UTC),
        datetime(2022, 12, 13, 5, 40, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(2022, 12, 13, 0, 10),  # noqa: DTZ001 - one without a zone is UTC
    ],
)
def test_a_time_names_the_last_event_until_then(played: Project, at: str | datetime) -> None:
    state = state_at(played.journal, at)
    assert state.time == START + 10 * MINUTE
    assert len(state.bars["BTCUSDT"]["1m"]) == 10
    following = played.events()[state.seq]
    assert following.ts > state.time


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (0, "there is no event 0; the journal holds 1 to"),
        (10_000, "there is no event 10000"),
        ("2022-12-12", "before the journal's first event"),
        ("yesterday", "'yesterday' is no seq and no time"),
    ],
)
def test_a_moment_that_is_not_there_is_named(played: Project, at: int | str, said: str) -> None:
    with pytest.raises(NotFoundError, match=said):
        state_at(played.journal, at)


def test_after_the_end_is_the_end(played: Project) -> None:
    with open_journal(played.journal) as journal:
        assert seq_at(journal, "2030-01-01") == journal.last_seq


def test_a_moment_can_be_had_as_frames(played: Project) -> None:
    then = rewind(played.journal, "2022-12-13 00:30")
    assert then.state == state_at(played.journal, "2022-12-13 00:30")
    assert len(then.bars("BTCUSDT", "1m")) == 30
    assert rewind(played.journal).seq > then.seq


def test_a_journal_is_written_out_as_parquet(played: Project, tmp_path: Path) -> None:
    every = pq.read_table(export_parquet(played.journal, tmp_path / "all.parquet"))
    assert every["seq"].to_pylist() == [event.seq for event in played.events()]
    bars = pq.read_table(export_parquet(played.journal, str(tmp_path / "bars"), subject="bar.closed.*.1m"))
    assert len(bars) == 60
    chosen = pq.read_table(export_parquet(played.journal, tmp_path / "one", types=["session.opened"]))
    assert chosen["type"].to_pylist() == ["session.opened"]
