"""docs/parity.md keeps its word: every kind is there, and the tests that it names exist."""

import re
from pathlib import Path

from tradekit.report.parity import KINDS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")


def test_its_table_has_every_kind() -> None:
    rows = re.findall(r"^\| (`.*?`) \| .* \| .* \|$", PAGE.partition("## Kinds")[2], re.M)
    assert {name for row in rows for name in re.findall(r"`([^`]+)`", row)} == set(KINDS)


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\btest_\w+", PAGE))
    files = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert named
    assert named - {name for text in files for name in re.findall(r"^def (test_\w+)", text, re.M)} == set()
