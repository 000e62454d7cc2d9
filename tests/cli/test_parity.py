"""`tradekit parity`: its words, its JSON, and what its exit code says."""

from collections.abc import Callable
from pathlib import Path

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py


def test_an_equal_journal_ends_with_0_and_says_so(cli: Cli, journal: Path) -> None:
    said = cli("parity", journal, "--fee", "0.0005")
    assert said.code == 0, said.out
    assert said.out.splitlines()[0].endswith("live equals backtest")


def test_a_difference_ends_with_1_and_each_is_told_with_its_reason(cli: Cli, journal: Path) -> None:
    said = cli("parity", journal, "--fee", "0.001")
    assert said.code == 1
    assert "kind             count" in said.out
    assert "why" in said.out


def test_a_program_gets_every_row_and_the_exact_sums(cli: Cli, journal: Path) -> None:
    said = cli("parity", journal, "--fee", "0.001", "--json")
    assert said.code == 1
    found = said.json
    assert found["equal"] is False
    assert found["replay"]["equal"] is True
    assert {row["kind"] for row in found["rows"]} == {"fee"}
    assert found["profit"]["unexplained"] == "0"
    assert found["rows"][0]["ts"].endswith("Z")


def test_what_cannot_be_compared_ends_with_2(cli: Cli, journal: Path) -> None:
    for words in (
        ("nobody",),
        (journal, "--strategy", "nowhere:Nobody"),
        (journal, "--data", "sample:EURUSD-1h"),
    ):
        said = cli("parity", *words)
        assert (said.code, said.out) == (2, ""), said.err
