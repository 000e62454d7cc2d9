"""`tradekit sweep`: grids as they are written, what it prints, and every bad input by place and remedy."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tradekit.cli.sweep import values
from tradekit.run.sweep import sweep
from tradekit.strategy.library import SmaCrossVector

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py
CROSS = ("--strategy", "tradekit.strategy.library:SmaCrossVector", "--data", "sample:BTCUSDT-1m")
GRID = ("--grid", "fast=5,10,60", "--grid", "slow=50:100:50")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("n=5", [5]),
        ("n=5,10,20", [5, 10, 20]),
        ("n=5:20:5", [5, 10, 15, 20]),
        ("n=5:19:5", [5, 10, 15]),
        ("n=3:1:-1", [3, 2, 1]),
        ("n=1:3", [1, 2, 3]),
        ("n=0.1:0.3:0.1", [0.1, 0.2, 0.3]),
        ("n=0.5", [0.5]),
        ("n=[1, 2.5]", [1, 2.5]),
        ("n=true,false", [True, False]),
        ("n=up,down", ["up", "down"]),
        ("n=true", [True]),
    ],
)
def test_values_are_read_as_they_are_written(text: str, told: list[Any]) -> None:
    assert values(text) == ("n", told)
    assert [type(one) for one in values(text)[1]] == [type(one) for one in told]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("n=1:5:0", "n: steps of 0 do not lead from 1 to 5"),
        ("n=1:5:-1", "n: steps of -1 do not lead from 1 to 5"),
        ("n=1:x", "'x' is no number"),
        ("n=0:1:1e-9", "n: 1,000,000,001 values are more than 1,000,000"),
        ("n", "'n' is no NAME=VALUE"),
    ],
)
def test_values_that_lead_nowhere_are_refused(text: str, why: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=why):
        values(text)


def test_json_has_every_row_of_the_library_and_the_best(cli: Cli) -> None:
    said = cli("sweep", *CROSS, *GRID, "--cash", "100000", "--fee", "0.0005", "--json")
    result = sweep(
        SmaCrossVector,
        "sample:BTCUSDT-1m",
        {"fast": [5, 10, 60], "slow": [50, 100]},
        cash=100_000,
        fee=0.0005,
    )
    assert said.code == 0
    assert said.json["engine"] == "vector"
    assert said.json["best"] == result.best
    assert [row["final_equity"] for row in said.json["rows"]] == pytest.approx(result.frame["final_equity"])


def test_where_compares_swept_parameters_and_fixed_ones(cli: Cli) -> None:
    said = cli("sweep", *CROSS, *GRID, "--where", "fast<slow", "--json")
    assert [(row["fast"], row["slow"]) for row in said.json["rows"]] == [
        (5, 50), (5, 100), (10, 50), (10, 100), (60, 100),
    ]  # fmt: skip
    fixed = cli(
        "sweep", *CROSS, "--set", "slow=30", "--grid", "fast=5,60", "--where", "slow >= fast", "--json"
    )
    assert [row["fast"] for row in fixed.json["rows"]] == [5]


def test_a_person_reads_the_best_first(cli: Cli) -> None:
    said = cli("sweep", *CROSS, *GRID, "--metric=-fees", "--top", "2", "--fee", "0.001")
    lines = said.out.splitlines()
    assert lines[0] == "sweep of SmaCrossVector over fast, slow: 6 combinations, best by -fees:"
    assert lines[1].split()[:3] == ["fast", "slow", "fees"]
    assert len(lines) == 4
    assert said.err == ""


def test_the_map_is_a_page(cli: Cli, tmp_path: Path) -> None:
    page = tmp_path / "map.html"
    said = cli("sweep", *CROSS, *GRID, "--heatmap", page, "--json")
    assert said.err == f"tradekit: wrote {page}\n"
    assert "SmaCrossVector: sharpe" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--grid", "fas=5"), "SmaCrossVector has no parameter 'fas' (did you mean 'fast'?)"),
        (("--grid", "fast=1:0:1"), "--grid: fast: steps of 1 do not lead from 1 to 0"),
        (("--grid", "fast=5", "--where", "fast<slwo"), "has no parameter 'slwo' (did you mean 'slow'?)"),
        (("--grid", "fast=5", "--where", "fast"), "'fast' compares no two parameters, as fast<slow does"),
        (("--grid", "fast=60", "--where", "fast<slow"), "the constraint keeps none of them"),
        (("--grid", "fast=5", "--metric", "sharp"), "metric 'sharp' is no statistic"),
        ((), "the following arguments are required: --grid"),
    ],
)
def test_bad_input_says_what_and_where_and_ends_with_2(cli: Cli, words: tuple[str, ...], why: str) -> None:
    said = cli("sweep", *CROSS, *words)
    assert (said.code, said.out) == (2, "")
    assert why in said.err
