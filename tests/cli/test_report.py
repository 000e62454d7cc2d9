"""`tradekit report` as its user meets it."""

import json
from collections.abc import Callable
from pathlib import Path

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py


def test_the_latest_day_is_told_as_text(cli: Cli, journal: Path) -> None:
    said = cli("report", journal)
    assert said.code == 0
    assert said.out.startswith("BACKTEST backtest, 2022-12-13 so far\n")
    assert "Result after fees" in said.out


def test_a_program_gets_exact_numbers(cli: Cli, journal: Path) -> None:
    told = cli("report", journal, "--json").json
    assert told["day"] == "2022-12-13"
    assert isinstance(told["fees"], str)
    assert len(told["trades"]) > 3


def test_a_page_is_written(cli: Cli, journal: Path, tmp_path: Path) -> None:
    said = cli("report", journal, "--day", "2022-12-13", "--to", tmp_path / "day.html")
    assert (said.code, said.out) == (0, "")
    assert (tmp_path / "day.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_day_that_is_not_there_is_bad_input(cli: Cli, journal: Path) -> None:
    said = cli("report", journal, "--day", "2022-12-20")
    assert (said.code, said.out) == (2, "")
    assert "there is no day 2022-12-20 in this journal: it has 2022-12-13 to 2022-12-13" in said.err


def test_a_configuration_means_its_journal(cli: Cli, journal: Path, tmp_path: Path) -> None:
    config = tmp_path / "idea.yaml"
    config.write_text(json.dumps({"event_bus": {"event_log_file": str(journal)}}), encoding="utf-8")
    assert cli("report", config).code == 0
    config.write_text(json.dumps({"event_bus": {"persist_events": False}}), encoding="utf-8")
    assert "keeps its journal in memory" in cli("report", config).err
