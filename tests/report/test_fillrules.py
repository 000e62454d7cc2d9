"""The rules in words are those of docs/fills.md, one sentence for each word that a fill may carry."""

import re
from pathlib import Path

from tradekit.report.fillrules import SENTENCES, sentence

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "fills.md").read_text(encoding="utf-8")


def on_the_page() -> dict[str, str]:
    """For each rule word the sentence of the first row that has it in its own column."""
    found: dict[str, str] = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].isdigit():
            for word in re.findall(r"`([a-z_]+\.[a-z_]+)`", cells[2]):
                found.setdefault(word, cells[1].replace("`", ""))
    return found


def test_every_rule_of_the_page_has_its_sentence_and_no_other_has_one() -> None:
    assert on_the_page() == SENTENCES


def test_a_venues_own_word_has_no_sentence() -> None:
    assert (sentence("maker"), sentence("market.open")) == (
        "",
        "A market order fills at the next bar's open.",
    )
