from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apps.research.made import form
from tests.builders import law
from tradekit.apps.research.plan import Axis, axis_of, plan_of, sweep_of
from tradekit.errors import ConfigError


def test_a_form_is_a_plan_of_plain_values() -> None:
    plan = plan_of(form(fee=" 0.0010 ", leverage="2", cash=1000))
    assert plan.data == ("spot/ABC.csv",)
    assert plan.params == {"level": 100.5}
    assert plan.terms == {
        "cash": "1000", "fee": "0.0010", "slippage": "0", "leverage": "2", "rules": "default",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"data": []}, "data: choose"),
        ({"data": "spot/ABC.csv"}, "data: choose"),
        ({"data": ["a", "a"]}, "twice"),
        ({"strategy": ""}, "strategy: choose"),
        ({"params": []}, "params:"),
        ({"cash": "0"}, "cash: '0' is no number above zero"),
        ({"cash": "much"}, "cash:"),
        ({"cash": "NaN"}, "cash:"),
        ({"fee": "1"}, "fee: '1' is no fraction"),
        ({"fee": "-0.1"}, "fee:"),
        ({"slippage": "1 %"}, "slippage:"),
        ({"leverage": "-1"}, "leverage:"),
        ({"rules": "nonsense"}, "no fill rules 'nonsense'"),
        ({"rules": "default:participatio=1"}, "did you mean"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        plan_of(form(**changes))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5:20:5", (5, 10, 15, 20)),
        ("5:7", (5, 6, 7)),
        ("0.1:0.3:0.1", (0.1, 0.2, 0.3)),
        ("20:5:-5", (20, 15, 10, 5)),
        ("5:9:3", (5, 8)),
        ("5, 10,20 , 10", (5, 10, 20)),
        ("true, false", (True, False)),
        ("long, short", ("long", "short")),
        ("1.5", (1.5,)),
    ],
)
def test_values_are_a_range_or_a_list(text: str, values: tuple[Any, ...]) -> None:
    assert axis_of("fast", text) == Axis("fast", values)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no values"),
        (" , ", "has no values"),
        ("5:1:1", "do not lead"),
        ("1:5:0", "do not lead"),
        ("1:x:2", "is no range"),
        ("1::2", "is no range"),
        ("0:1000000:1", "1,000,001 values"),
        (",".join(map(str, range(1001))), "1,001 values"),
    ],
)
def test_values_that_make_no_axis_are_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        axis_of("fast", text)


@given(first=st.integers(-500, 500), count=st.integers(1, 50), step=st.integers(1, 20))
@law(100)
def test_a_range_has_each_step_and_its_last_value(first: int, count: int, step: int) -> None:
    fine = Decimal(step) / 100
    last = first + fine * (count - 1)
    values = axis_of("x", f"{first}:{last}:{fine}").values
    assert len(values) == count
    assert (values[0], Decimal(str(values[-1]))) == (first, last)


def test_a_sweep_is_a_plan_over_one_axis_or_two() -> None:
    axes = [{"name": "level", "values": "1:3"}, {"name": "qty", "values": "1, 2"}]
    made = sweep_of(form(axes=axes, metric="calmar", order="<"))
    assert (made.cells(), made.metric, made.order) == (6, "calmar", "<")
    assert [axis.name for axis in made.axes] == ["level", "qty"]
    assert sweep_of(form(axes=axes[:1])).metric == "sharpe"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"axes": []}, "one parameter or two"),
        ({"axes": [{"name": n, "values": "1"} for n in "abc"]}, "one parameter or two"),
        ({"axes": [{"name": "", "values": "1"}]}, "choose a parameter"),
        ({"axes": [{"name": "a", "values": "1"}] * 2}, "a is chosen twice"),
        ({"axes": [{"name": "a", "values": "1"}], "metric": "luck"}, "'luck' is not one of"),
        ({"axes": [{"name": "a", "values": "1"}], "order": "<"}, "between two parameters"),
        ({"axes": [{"name": n, "values": "1:200"} for n in "ab"]}, "40,000 combinations"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        sweep_of(form(**changes))


def test_values_are_of_one_kind_as_the_sweep_s_table_has_them() -> None:
    assert [str(value) for value in axis_of("x", "1:2:0.5").values] == ["1.0", "1.5", "2.0"]


def test_a_number_too_long_to_be_written_out_is_none() -> None:
    for text in ("1e999999999", "-1e-999999999"):
        with pytest.raises(ConfigError, match="no number above zero"):
            plan_of(form(cash=text))
    with pytest.raises(ConfigError, match="no range"):
        axis_of("x", "0:1e999999999:1")
