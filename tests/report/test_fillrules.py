"""The rules in words are those of docs/fills.md, one sentence for each word that a fill may carry."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradekit.report.fillrules import PRICES, SENTENCES, sentence

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "fills.md").read_text(encoding="utf-8")


def told(cell: str) -> str:
    return cell.replace("`", "")


def rows(columns: int) -> Iterator[list[str]]:
    """Cells of the page's tables of so many columns."""
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == columns:
            yield cells


def test_every_rule_of_the_page_has_its_sentence_and_no_other_has_one() -> None:
    found: dict[str, str] = {}
    for says, rule, _ in rows(3):
        for word in re.findall(r"`([a-z_]+\.[a-z_]+)`", rule):
            found.setdefault(word, told(says))  # the first row that names it
    assert found == SENTENCES


def test_every_way_to_a_price_on_the_page_has_its_words() -> None:
    found = {}
    for how, price in rows(2):
        if re.fullmatch(r"`[a-z_]+`(, `[a-z_]+`)*", how):
            found.update(dict.fromkeys(re.findall(r"`([a-z_]+)`", how), told(price)))
    assert found == PRICES


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("market.open", "A market order fills at the next bar's open."),
        ("trailing_stop.gap", "The price is the bar's open, which had passed the order's price."),
        ("maker", ""),
        ("", ""),
    ],
)
def test_a_rule_has_its_own_sentence_or_says_where_its_price_is_from(rule: str, words: str) -> None:
    assert sentence(rule) == words
