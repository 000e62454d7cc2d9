"""docs/hazards.md names every hazard and tests that there are, and the suite is played at every broker."""

import ast
import re
from pathlib import Path

import pytest

from tradekit.wiring.venues import VENUES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (H\d+) \| (.*)$", PAGE, flags=re.M))
NAMED = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")


def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def test_every_hazard_has_a_row() -> None:
    assert list(ROWS) == [f"H{n}" for n in range(1, 22)]


@pytest.mark.parametrize("hazard", ROWS)
def test_a_hazard_names_tests_that_there_are(hazard: str) -> None:
    named = NAMED.findall(ROWS[hazard])
    assert named
    assert [f"{file}::{name}" for file, name in named if name not in names_in(ROOT / file)] == []


def test_every_scenario_of_the_suite_is_on_the_page() -> None:
    suite = {name for name in names_in(ROOT / "tests" / "hazards" / "suite.py") if name.startswith("test_")}
    assert {name for _, name in NAMED.findall(PAGE)} >= suite


@pytest.mark.parametrize("broker", ["paper", "ib", *VENUES])
def test_the_suite_is_played_at_every_broker(broker: str) -> None:
    tree = ast.parse((ROOT / "tests" / "hazards" / f"test_{broker}.py").read_text(encoding="utf-8"))
    bases = [base for node in tree.body if isinstance(node, ast.ClassDef) for base in node.bases]
    assert "Hazards" in {base.id for base in bases if isinstance(base, ast.Name)}
