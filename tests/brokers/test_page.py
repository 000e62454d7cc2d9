"""docs/brokers.md keeps its word: the port, its words and every question are on it."""

import re
from pathlib import Path

import yaml

from tradekit.model.said import Question
from tradekit.testing.faults import Faults, faults_of
from tradekit.trading.broker import Abilities, Broker

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "brokers.md").read_text(encoding="utf-8")


def test_every_call_of_the_port_is_explained() -> None:
    calls = {name for name in vars(Broker) if not name.startswith("_")}
    assert {name for name in calls if not re.search(rf"^\*\*[^*]*\b{name}\b[^*]*\.\*\*", PAGE, re.M)} == set()


def test_every_question_has_its_answer() -> None:
    rows = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.M))
    assert rows == {question.name for question in Question}


def test_every_ability_that_changes_what_is_done_is_named() -> None:
    told = {"types", "tifs", "refuses_twins"}  # said in words, and in the table of answers
    assert {name for name in Abilities.__struct_fields__ if name not in PAGE} <= told


def test_every_fault_of_a_drill_is_on_the_page() -> None:
    assert {name for name in Faults.__struct_fields__ if f"`{name}`" not in PAGE} == set()


def test_the_drill_on_the_page_is_one() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    said = yaml.safe_load(block)["broker"]["drill"]
    assert said.pop("seed") == 1
    assert faults_of(said).lost_report == 0.1
