"""docs/orders.md keeps its word: every type, life and word of an order is on it, and its examples run."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tests.builders import flat
from tests.trading.desk import Desk, orders
from tradekit.model.order import OrderType, TimeInForce
from tradekit.strategy.wishes import Wishes

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")


def cells(column: int, first: str) -> list[str]:
    """The cells of a column in the table whose head begins with `first`."""
    table = PAGE[PAGE.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    return [re.sub(r" \(default\)$", "", row.strip("|").split(" | ")[column].strip()) for row in table]


def test_every_type_and_every_life_is_on_the_page() -> None:
    assert {cell.strip("`") for cell in cells(0, "type")} == set(OrderType)
    assert {cell.strip("`") for cell in cells(0, "`tif`")} == set(TimeInForce)


def test_every_word_of_an_order_is_on_the_page() -> None:
    words = set(inspect.signature(Wishes.buy).parameters) - {"self", "qty", "instrument"}
    assert {word for word in words if not re.search(rf"\b{word}=", PAGE)} == set()


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        (kind.strip("`"), example.strip("`"))
        for kind, cell in zip(cells(0, "type"), cells(1, "type"), strict=True)
        for example in cell.split(", `")
    ],
)
def test_each_type_is_written_as_the_page_says(kind: str, example: str) -> None:
    made = Desk(raising=True)

    def act(strategy: Any, bar: Any) -> None:
        eval(f"strategy.{example}", {"strategy": strategy})  # noqa: S307 - the page's own examples

    (sent,) = orders(made.bar(flat(0, 100.0), act))
    assert str(sent.type) == kind


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.S))
def test_the_examples_run(block: str) -> None:
    made = Desk(raising=True)
    made.strategy.day = 1  # type: ignore[attr-defined]
    sent = orders(made.bar(flat(0, 100.0), lambda s, b: exec(block, {"self": s})))  # noqa: S102 - our own page
    assert len(sent) >= 2
