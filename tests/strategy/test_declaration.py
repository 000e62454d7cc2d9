import json
from datetime import date

import param
import pytest

from tradekit.strategy.base import Strategy
from tradekit.strategy.declaration import declaration
from tradekit.strategy.freeze import freeze, thaw


class Declares(Strategy):
    """One of each kind."""

    length = param.Integer(20, bounds=(2, 200), step=2, doc="window [bars]")
    width = param.Number(0.5, bounds=(0, None), inclusive_bounds=(False, True))
    both = param.Boolean(True)
    side = param.Selector(default="long", objects=["long", "short"])
    named = param.Selector(default=1, objects={"one": 1, "two": 2})
    word = param.String("x")
    since = param.CalendarDate(date(2022, 12, 13))
    fixed = param.Integer(3, constant=True)


@pytest.fixture
def rows() -> dict[str, dict[str, object]]:
    return {str(row["name"]): row for row in declaration(Declares)}


def test_each_parameter_is_a_row_in_the_order_of_declaration(rows: dict[str, dict[str, object]]) -> None:
    assert list(rows) == ["length", "width", "both", "side", "named", "word", "since", "fixed"]
    assert [row["kind"] for row in rows.values()] == [
        "integer", "number", "boolean", "choice", "choice", "text", "other", "integer",
    ]  # fmt: skip
    assert rows["length"] == {
        "name": "length", "kind": "integer", "doc": "window [bars]", "default": 20, "low": 2, "high": 200, "step": 2,
    }  # fmt: skip


def test_a_bound_that_is_not_allowed_itself_is_named(rows: dict[str, dict[str, object]]) -> None:
    assert (rows["width"]["low"], rows["width"]["open"]) == (0, ["low"])
    assert "high" not in rows["width"]


def test_choices_are_values_and_what_stands_still_says_so(rows: dict[str, dict[str, object]]) -> None:
    assert rows["side"]["choices"] == ["long", "short"]
    assert rows["named"]["choices"] == [1, 2]
    assert rows["fixed"]["constant"] is True
    assert "constant" not in rows["length"]


def test_it_is_plain_json_whatever_the_parameter_holds(rows: dict[str, dict[str, object]]) -> None:
    assert json.loads(json.dumps(rows)) == rows
    assert rows["since"]["default"] == "2022-12-13"


class Odd(param.Parameter):
    """One that cannot be written."""

    @classmethod
    def serialize(cls, value: object) -> object:
        raise TypeError(f"{value} is odd")


def test_a_parameter_that_cannot_be_written_is_shown_as_text() -> None:
    class Has(Strategy):
        odd = Odd(default=(1, 2))

    assert declaration(Has)[0]["default"] == "(1, 2)"


def test_a_running_strategy_is_what_it_was_declared_as() -> None:
    running = Declares()
    before = declaration(running)
    freeze(running)
    assert declaration(running) == before == declaration(Declares)
    thaw(running)
