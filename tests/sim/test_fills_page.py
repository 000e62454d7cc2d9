"""docs/fills.md and docs/costs.md keep their word: their tests exist, and each rule that is tested is on a page."""

import re
from pathlib import Path

from tradekit.model.order import OrderType

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fills.md").read_text(encoding="utf-8")
COSTS = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
# These prove how the exchange answers and restores itself, not at what price an order fills.
NO_FILL_RULES = {
    "test_an_order_is_accepted_at_once_and_a_child_is_held",
    "test_only_one_of_two_stops_of_an_entry_fires",
    "test_an_expired_order_is_gone_after_a_replay",
    "test_a_replay_passes_over_what_is_not_the_exchanges",
    "test_a_part_fill_keeps_the_rest_in_the_book",
}


HOW = {"open", "gap", "touch", "entry_bar", "path", "quote", "trade", "close", "at_close"}


def names_of(*files: Path) -> set[str]:
    return {
        name
        for path in files
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\btest_\w+", PAGE + COSTS))
    assert named
    assert named - names_of(*(ROOT / "tests").rglob("test_*.py")) == set()


def test_every_fill_rule_that_is_tested_is_on_a_page() -> None:
    rooms = ("exchange", "exchange_laws", "prices", "matching", "hours", "admission", "execution")
    tested = names_of(*(ROOT / "tests" / "sim" / f"test_{name}.py" for name in rooms))
    assert tested - NO_FILL_RULES - set(re.findall(r"\btest_\w+", PAGE + COSTS)) == set()


def test_every_rule_word_is_explained() -> None:
    """A word is what the order worked as, and how it met its price."""
    sources = "".join(
        (ROOT / "tradekit" / "sim" / f"{name}.py").read_text(encoding="utf-8")
        for name in ("matching", "prices")
    )
    assert {how for how in HOW if f'"{how}"' in sources or f'.{how}"' in sources} == HOW
    assert {word for word in (*OrderType, *HOW) if f"`{word}`" not in PAGE} == set()
