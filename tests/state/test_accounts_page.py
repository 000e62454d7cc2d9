"""docs/accounts.md keeps its word: the tests that it names exist, and every kind of flow and account is on it."""

import re
from pathlib import Path

from tradekit.model.account import AccountType

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\btest_\w+", PAGE))
    files = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert named
    assert named - {name for text in files for name in re.findall(r"^def (test_\w+)", text, re.M)} == set()


def test_every_type_of_account_is_explained() -> None:
    assert {kind for kind in AccountType if f"`{kind}`" not in PAGE} == set()


def test_the_rules_are_numbered_without_a_gap() -> None:
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.M)]
    assert numbers == list(range(1, len(numbers) + 1))
