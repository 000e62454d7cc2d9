"""`tradekit journal` and `tradekit state`: a journal read from the shell."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tradekit.core.event import Event
from tradekit.core.open import open_journal, open_writer
from tradekit.model.session import SessionClosed
from tradekit.state.shape import fingerprint
from tradekit.wiring.journals import state_at

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py


@pytest.fixture
def torn(journal: Path, tmp_path: Path) -> Path:
    """The journal with one byte of one event changed behind its back."""
    file = tmp_path / "events.log"
    shutil.copy(journal, file)
    with sqlite3.connect(file) as base:
        for trigger in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f"DROP TRIGGER {trigger[0]}")
        base.execute("UPDATE events SET payload = replace(payload, '0.5', '0.6') WHERE seq = 25")
        base.execute("UPDATE events SET payload = CAST(payload || ' ' AS BLOB) WHERE seq = 25")
    base.close()
    return file


def last_seq(file: Path) -> int:
    with open_journal(file) as reader:
        return reader.last_seq


def test_a_whole_journal_verifies(cli: Cli, journal: Path) -> None:
    said = cli("journal", "verify", journal, "--json")
    seq = last_seq(journal)
    assert said.code == 0
    assert said.json == {"ok": True, "events": seq, "last_seq": seq, "problems": []}
    assert cli("journal", "verify", journal).out == f"ok: {seq:,} events, the last is #{seq:,}\n"


def test_a_changed_journal_does_not_and_the_exit_code_is_1(cli: Cli, torn: Path) -> None:
    said = cli("journal", "verify", torn, "--json")
    assert (said.code, said.json["ok"]) == (1, False)
    assert any("25" in problem for problem in said.json["problems"])
    said = cli("journal", "verify", torn)
    assert (said.code, said.out.startswith("NOT OK: ")) == (1, True)
    assert "seq 25" in said.out


@pytest.mark.parametrize("what", [("verify",), ("info",), ("tail",)])
def test_a_journal_that_is_not_there_is_bad_input(cli: Cli, tmp_path: Path, what: tuple[str, ...]) -> None:
    said = cli("journal", *what, tmp_path / "none.log")
    assert (said.code, said.out) == (2, "")
    assert "none.log" in said.err


def test_a_file_that_is_no_journal_is_told(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("buy low, sell high\n" * 100)
    said = cli("journal", "info", file)
    assert said.code in (1, 2)
    assert "notes.txt" in said.err


def test_info_counts_what_there_is(cli: Cli, journal: Path) -> None:
    told = cli("journal", "info", journal, "--json").json
    assert told["events"] == last_seq(journal) == sum(told["types"].values())
    assert told["types"]["bar.closed"] == 180
    assert told["first_recorded"] <= told["last_recorded"]
    assert told["journal"] == str(journal)
    said = cli("journal", "info", journal)
    assert "bar.closed" in said.out
    assert said.out.startswith("journal ")


def test_info_of_a_journal_without_events_is_plain(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "new.log"
    open_writer(file).close()
    told = cli("journal", "info", file, "--json").json
    assert (told["events"], told["first_recorded"], told["types"]) == (0, None, {})
    assert cli("journal", "info", file).code == 0


def test_tail_prints_the_last_events_in_order(cli: Cli, journal: Path) -> None:
    seq = last_seq(journal)
    lines = cli("journal", "tail", "-n", 3, journal).out.splitlines()
    assert [line.split()[0] for line in lines] == [f"#{seq - 2}", f"#{seq - 1}", f"#{seq}"]
    events = [
        json.loads(line) for line in cli("journal", "tail", "-n", 3, journal, "--json").out.splitlines()
    ]
    assert [event["seq"] for event in events] == [seq - 2, seq - 1, seq]
    assert len(cli("journal", "tail", journal).out.splitlines()) == 20
    assert cli("journal", "tail", "-n", 0, journal).out == ""


@pytest.mark.parametrize("n", ["-1", "few"])
def test_tail_of_no_number_is_refused(cli: Cli, journal: Path, n: str) -> None:
    said = cli("journal", "tail", f"-n={n}", journal)
    assert (said.code, "argument -n" in said.err) == (2, True)


@pytest.mark.process
def test_tail_follows_what_is_written_until_ctrl_c(tmp_path: Path) -> None:
    file = tmp_path / "events.log"
    with open_writer(file) as writer:

        def write(reason: str) -> None:
            seq = writer.last_seq + 1
            closed = SessionClosed("paper", reason)
            writer.append(
                [Event(seq, 0, seq, 0, closed.TYPE, closed.V, 0, closed.key, closed)], critical=True
            )

        write("first")
        process = subprocess.Popen(
            [sys.executable, "-m", "tradekit", "journal", "tail", "-f", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert "first" in process.stdout.readline()
        write("second")
        assert "second" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1] == "tradekit: interrupted\n"
    assert process.returncode == 130


def test_the_state_is_the_fold_of_the_journal(cli: Cli, journal: Path) -> None:
    told = cli("state", "--journal", journal, "--json").json
    state = state_at(journal)
    assert told["seq"] == state.seq == last_seq(journal)
    assert told["account"]["equity"] == state.account.equity
    assert len(told["fills"]) == len(state.fills) > 3


def test_the_state_at_a_number_and_at_a_time(cli: Cli, journal: Path) -> None:
    early = cli("state", "--journal", journal, "--at", 50, "--json").json
    assert early["seq"] == 50
    noon = cli("state", "--journal", journal, "--at", "2022-12-13T01:30", "--json").json
    assert 50 < noon["seq"] < last_seq(journal)
    assert noon["time"] <= 1_670_895_000_000_000_000
    again = cli("state", "--journal", journal, "--at", noon["seq"], "--json").json
    assert again == noon
    assert fingerprint(state_at(journal, 50)) != fingerprint(state_at(journal))


def test_the_state_in_words_names_what_a_trader_asks_for(cli: Cli, journal: Path) -> None:
    text = cli("state", "--journal", journal).out
    for word in ("session", "strategy", "equity", "realised", "2022-12-13 03:00:00Z"):
        assert word in text
    held = next(
        seq for seq in range(40, 200) if any(p.qty for p in state_at(journal, seq).positions.values())
    )
    assert "position" in cli("state", "--journal", journal, "--at", held).out


@pytest.mark.parametrize("at", ["0", "99999999", "2001-01-01", "lunch"])
def test_a_moment_that_is_not_in_the_journal_is_refused(cli: Cli, journal: Path, at: str) -> None:
    said = cli("state", "--journal", journal, "--at", at, "--json")
    assert (said.code, said.out) == (2, "")


def test_reading_leaves_the_file_as_it_was(cli: Cli, journal: Path) -> None:
    before = journal.read_bytes()
    for words in (
        ("journal", "info", journal),
        ("journal", "verify", journal),
        ("state", "--journal", journal),
    ):
        assert cli(*words).code == 0
    assert journal.read_bytes() == before
