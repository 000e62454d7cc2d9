"""`tradekit journal export|prune|migrate` as their user meets them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tradekit.core.archive import archive_path
from tradekit.core.open import open_journal, open_writer
from tradekit.core.snapshot import SnapshotStore
from tradekit.state.shape import fingerprint
from tradekit.wiring.journals import state_at

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py


@pytest.fixture
def own(journal: Path, tmp_path: Path) -> Path:
    """The journal as a copy that may be written."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for file in journal.parent.iterdir():
        shutil.copy(file, folder)
    return folder / journal.name


@pytest.fixture
def snapshot(own: Path) -> Path:
    """A snapshot at seq 150."""
    with open_journal(own) as reader:
        store = SnapshotStore(own.parent / "state", journal_id=reader.id, reducer_version=1)
    return store.write(150, b"{}")


# -- export -------------------------------------------------------------------------------------------------


def test_an_export_to_the_pipe_is_the_journals_lines(
    journal: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from tradekit.cli.main import main

    assert main(["journal", "export", str(journal)]) == 0
    out, err = capfdbinary.readouterr()
    with open_journal(journal) as reader:
        assert out.splitlines() == [payload for _, payload in reader.payloads()]
    assert err.endswith(b"events written\n")


def test_an_export_chooses_by_type_subject_and_moment(cli: Cli, journal: Path, tmp_path: Path) -> None:
    out = tmp_path / "fills.jsonl"
    said = cli("journal", "export", journal, "--to", out, "--type", "order.filled", "--until", 200, "--json")
    events = [json.loads(line) for line in out.read_text().splitlines()]
    assert said.json == {"events": len(events), "file": str(out), "format": "jsonl"}
    assert {event["type"] for event in events} == {"order.filled"}
    assert all(event["seq"] <= 200 for event in events)
    cli("journal", "export", journal, "--to", out, "--subject", "bar.>", "--since", "2022-12-13T02:50")
    assert len(out.read_text().splitlines()) == 10


def test_the_name_says_parquet(cli: Cli, journal: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.parquet"
    said = cli("journal", "export", journal, "--to", out, "--json")
    assert (said.code, said.json["format"], out.read_bytes()[:4]) == (0, "parquet", b"PAR1")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--format", "parquet"), "Parquet needs --to FILE"),
        (("--json",), "needs --to FILE"),
        (("--since", "lunch"), "is no seq and no time"),
        (("--subject", "bar..x", "--to", "out"), "subject pattern 'bar..x'"),
        (("--format", "xml"), "did you mean"),
    ],
)
def test_an_export_that_makes_no_sense_is_bad_input(
    cli: Cli,
    journal: Path,
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    said = cli("journal", "export", journal, *words)
    assert (said.code, said.out) == (2, "")
    assert told in said.err or "invalid choice" in said.err


def test_a_journal_is_not_exported_onto_itself(cli: Cli, own: Path) -> None:
    said = cli("journal", "export", own, "--to", own)
    assert (said.code, "is the journal itself" in said.err) == (2, True)
    assert cli("journal", "verify", own).code == 0


# -- prune --------------------------------------------------------------------------------------------------


def test_pruning_moves_old_bars_and_keeps_what_was_decided(cli: Cli, own: Path, snapshot: Path) -> None:
    before = state_at(own)
    dry = cli("journal", "prune", own, "--snapshot", snapshot, "--min", 2, "--dry-run", "--json").json
    assert (dry["moved"], archive_path(own).exists()) == (False, False)
    told = cli("journal", "prune", own, "--snapshot", snapshot, "--min", 2, "--json").json
    assert (told["events"], told["runs"]) == (dry["events"], dry["runs"])
    assert told["events"] > 50
    assert told == {**dry, "moved": True, "archive": str(archive_path(own))}
    verdict = cli("journal", "verify", own, "--json")
    assert (verdict.code, verdict.json["archived"]) == (0, told["events"])
    assert f"{told['events']} of them in the archive" in cli("journal", "verify", own).out
    after = state_at(own, before.seq)
    assert fingerprint(after) == fingerprint(before)


def test_without_the_archive_the_state_says_what_is_missing(cli: Cli, own: Path, snapshot: Path) -> None:
    cli("journal", "prune", own, "--snapshot", snapshot, "--min", 2)
    archive_path(own).unlink()
    said = cli("state", "--journal", own)
    assert said.code == 2
    assert "events.log.archive, which is not there" in said.err
    assert "proved by tombstones, archive not there: " in cli("journal", "verify", own).out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--snapshot", "none.snapshot"), "there is no snapshot at"),
        (("--min", "0"), "give 1 or more"),
        ((), "no journal"),
    ],
)
def test_a_pruning_that_makes_no_sense_is_bad_input(
    cli: Cli, own: Path, snapshot: Path, words: tuple[str, ...], told: str
) -> None:
    file = own if words else own.with_name("other.log")
    said = cli("journal", "prune", file, "--snapshot", snapshot, *words)
    assert (said.code, told in said.err) == (2, True)
    assert not file.with_name("other.log").exists()


def test_another_journals_snapshot_prunes_nothing(cli: Cli, own: Path, tmp_path: Path) -> None:
    other = SnapshotStore(tmp_path / "other", journal_id="00ff00ff00ff00ff", reducer_version=1).write(
        150, b"{}"
    )
    said = cli("journal", "prune", own, "--snapshot", other)
    assert (said.code, "snapshot of journal 00ff00ff00ff00ff" in said.err) == (2, True)
    other.write_bytes(b"{}")
    assert "no sound snapshot" in cli("journal", "prune", own, "--snapshot", other).err


def test_a_running_session_is_not_pruned(cli: Cli, own: Path, snapshot: Path) -> None:
    with open_writer(own):
        said = cli("journal", "prune", own, "--snapshot", snapshot)
    assert (said.code, "is written by process" in said.err) == (2, True)


# -- migrate ------------------------------------------------------------------------------------------------


def test_the_check_says_that_a_journal_of_today_is_current(cli: Cli, journal: Path) -> None:
    told = cli("journal", "migrate", "--check", journal, "--json").json
    assert told["ok"] is True
    assert {lift["reading"] for lift in told["types"]} == {"current"}
    said = cli("journal", "migrate", "--check", journal)
    assert (said.code, "order.filled" in said.out) == (0, True)


def test_a_newer_event_fails_the_check(cli: Cli, own: Path) -> None:
    with open_writer(own) as writer:
        last = next(iter(writer.events(writer.last_seq - 1)))
        writer.append([replace(last, seq=last.seq + 1, v=9, cause=0)], critical=True)
    said = cli("journal", "migrate", "--check", own)
    assert (said.code, "newer" in said.out) == (1, True)


def test_a_journal_is_never_rewritten(cli: Cli, journal: Path) -> None:
    said = cli("journal", "migrate", journal)
    assert (said.code, "--check" in said.err) == (2, True)
