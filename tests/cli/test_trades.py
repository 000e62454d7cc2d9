"""`tradekit journal trades` as its user meets it."""

import csv
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import tradekit as tk

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py


def test_the_trades_are_shown_as_a_table(cli: Cli, journal: Path) -> None:
    said = cli("journal", "trades", journal)
    head, *rows = said.out.splitlines()
    assert head.split()[:4] == ["trade_id", "instrument", "side", "qty"]
    assert len(rows) == len(tk.research.trade_log(journal)) > 3


def test_a_program_gets_exact_numbers(cli: Cli, journal: Path) -> None:
    said = cli("journal", "trades", journal, "--json").json
    log = tk.research.trade_log(journal)
    assert [row["net"] for row in said["trades"]] == [str(trade.net) for trade in log]
    assert said["trades"][0]["entry_time"].endswith("Z")
    assert said["warnings"] == []


@pytest.mark.parametrize("name", ["trades.csv", "trades.parquet"])
def test_they_are_written_to_a_file(cli: Cli, journal: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    said = cli("journal", "trades", journal, "--to", out, "--by", "average")
    expected = tk.research.trade_log(journal, method="average").frame()
    if name.endswith("csv"):
        read = pd.read_csv(out, index_col="trade_id")
        rows = csv.DictReader(out.read_text(encoding="utf-8").splitlines())
        assert [row["signal"] for row in rows] == [""] * len(expected)
    else:
        read = pd.read_parquet(out)
        pd.testing.assert_frame_equal(read, expected, check_dtype=False)
    assert read["net"].to_numpy() == pytest.approx(expected["net"].to_numpy())
    assert said.err == f"{len(expected)} trades written to {out}\n"


def test_only_those_of_a_day(cli: Cli, journal: Path) -> None:
    assert cli("journal", "trades", journal, "--json", "--day", "2022-12-14").json["trades"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--day", "yesterday"), "'yesterday' is no day"),
        (("--to", "/nowhere/t.csv"), "/nowhere/t.csv cannot be written"),
        (
            ("--to", "trades.xlsx"),
            "a trade log is written as .csv or .parquet, and trades.xlsx ends in neither",
        ),
    ],
)
def test_bad_input_is_said_and_nothing_is_done(
    cli: Cli, journal: Path, words: tuple[str, ...], said: str
) -> None:
    found = cli("journal", "trades", journal, *words)
    assert (found.code, found.out) == (2, "")
    assert said in found.err


def test_a_running_sessions_name_means_its_journal(cli: Cli, session: Callable[..., object]) -> None:
    session("paper")
    assert "events.log" in cli("journal", "trades", "paper").err  # it keeps none there
    said = cli("journal", "trades", "papers").err
    assert "no session named 'papers'" in said
    assert "nor is there a file papers" in said
