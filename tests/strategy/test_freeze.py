"""Parameters stand still during a run: read as plain attributes, and never assigned."""

import datetime as dt
import json
from typing import Any

import param
import pytest

from tradekit.errors import StrategyError
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import assign, assign_all, declared, freeze, parameters, thaw


class Plain(Strategy):
    """Declares parameters of several kinds."""

    fast = param.Integer(10, bounds=(2, 20), doc="window [bars]")
    span = param.Range((1, 2), doc="a range")
    since = param.CalendarDate(dt.date(2022, 1, 2), doc="a day")


def assigning(text: str) -> type[Strategy]:
    """A strategy whose on_bar is this line."""
    space: dict[str, Any] = {"Plain": Plain, "setattr": setattr}
    exec(f"class Assigning(Plain):\n    def on_bar(self, bar):\n        {text}\n", space)  # noqa: S102 - ours
    made: type[Strategy] = space["Assigning"]
    return made


def test_a_frozen_parameter_is_a_plain_attribute_and_a_thawed_one_is_declared_again() -> None:
    made = Plain(fast=12)
    freeze(made)
    assert type(made).__dict__["fast"] == 12
    assert (made.fast, made.span) == (12, (1, 2))
    assert isinstance(made, Plain)
    assert type(made).__name__ == "Plain"
    freeze(made)  # once is enough
    thaw(made)
    assert type(made) is Plain
    with pytest.raises(ValueError, match="must be at most 20"):
        made.fast = 99
    made.fast = 13
    assert made.fast == 13
    thaw(made)
    assert type(made) is Plain


def test_a_run_leaves_other_instances_alone() -> None:
    one, other = Plain(fast=5), Plain(fast=6)
    freeze(one)
    assert (one.fast, other.fast, Plain().fast) == (5, 6, 10)
    with pytest.raises(ValueError, match="at least 2"):
        other.fast = 1


@pytest.mark.parametrize(
    "text",
    [
        "self.fast = 3",
        "self.fast += 1",
        "self.fast *= (self.span[0] + bar)",
        "x, self.fast = 1, 2",
        "self.fast = bar",
        "self.fast: int = 3",
        "[0 for x in (1,)]; self.fast = 3",
    ],
)
def test_a_strategy_that_assigns_to_a_parameter_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(StrategyError, match=r"Assigning\.on_bar \(line 3\) assigns to the parameter 'fast'"):
        freeze(assigning(text)())


@pytest.mark.parametrize(
    "text",
    ["self.slow = 3", "self.slow += self.fast", "bar.fast = 3", "bar.fast += 1", "fast = self.fast", "pass"],
)
def test_other_assignments_are_free(text: str) -> None:
    made = assigning(text)()
    freeze(made)
    assert made.fast == 10  # type: ignore[attr-defined]


def test_a_base_class_of_ones_own_is_looked_through_too_and_static_methods_have_no_self() -> None:
    class Base(Plain):
        @staticmethod
        def helper() -> int:
            return 1

        def on_start(self) -> None:
            self.span = (3, 4)

    class Derived(Base):
        pass

    with pytest.raises(StrategyError, match=r"Base\.on_start"):
        freeze(Derived())


def test_a_function_without_arguments_assigns_to_nobody() -> None:
    class Odd(Plain):
        def nothing() -> None:  # type: ignore[misc]
            """Takes no self."""

    freeze(Odd())


def test_parameters_are_plain_values_that_come_back() -> None:
    made = Plain(fast=4, span=(5, 6), since=dt.date(2023, 4, 5))
    values = parameters(made)
    assert values == {"fast": 4, "span": [5, 6], "since": "2023-04-05"}
    assert declared(Plain) == ["fast", "span", "since"]
    again = Plain()
    for name, value in json.loads(json.dumps(values)).items():
        assign(again, name, value)
    assert (again.fast, again.span, again.since) == (4, (5, 6), dt.date(2023, 4, 5))


def test_several_parameters_are_set_all_or_none() -> None:
    made = Plain()
    before = parameters(made)
    with pytest.raises(ValueError, match="fast"):
        assign_all(made, {"since": "2024-02-03", "span": [7, 8], "fast": 99})
    assert parameters(made) == before
    assign_all(made, {"since": "2024-02-03", "span": [7, 8]})
    assert parameters(made) == before | {"since": "2024-02-03", "span": [7, 8]}


@pytest.mark.parametrize(
    ("name", "value"), [("fast", 99), ("fast", "x"), ("span", [1, 2, 3]), ("since", "soon")]
)
def test_a_value_that_a_parameter_does_not_take_is_refused(name: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        assign(Plain(), name, value)
