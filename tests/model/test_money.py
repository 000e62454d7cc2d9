"""Numbers made exact, and rounded to steps."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.errors import OrderError
from tradekit.model.money import approximate, exact, floor_to, nearest

D = Decimal
STEPS = st.sampled_from([D("0.01"), D("0.25"), D("0.3"), D(7), D("1E-8")])
VALUES = st.decimals(-1_000_000, 1_000_000, places=9)


@given(st.floats(allow_nan=False, allow_infinity=False))
@law(50)
def test_a_float_is_read_as_the_text_that_gives_it_back(value: float) -> None:
    assert float(exact(value)) == value
    assert exact(value) == D(repr(value))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, D(3)), (0.1, D("0.1")), ("1e-8", D("1E-8")), (D("2.50"), D("2.50")), (np.float64(0.1), D("0.1")),
        (np.int64(7), D(7)), (np.float32(0.5), D("0.5")), (10**30, D(10**30)),
    ],
)  # fmt: skip
def test_every_kind_of_number_is_taken(value: Any, number: D) -> None:
    assert exact(value) == number


@pytest.mark.parametrize("value", [True, None, "much", "", object(), [1]])
def test_what_is_no_number_is_refused_by_its_name(value: Any) -> None:
    with pytest.raises(OrderError, match=r"quantity is .*: give a number"):
        exact(value, name="quantity")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "-inf", "NaN", D("Infinity")])
def test_what_is_not_finite_is_refused(value: Any) -> None:
    with pytest.raises(OrderError, match=r"value is .*: give a finite number"):
        exact(value)


@given(VALUES, STEPS)
@law(100)
def test_floored_values_are_multiples_towards_zero(value: D, step: D) -> None:
    floored = floor_to(value, step)
    assert floored % step == 0
    assert abs(floored) <= abs(value) < abs(floored) + step


@given(VALUES, STEPS)
@law(100)
def test_the_nearest_multiple_is_at_most_half_a_step_away(value: D, step: D) -> None:
    rounded = nearest(value, step)
    assert rounded % step == 0
    assert abs(rounded - value) * 2 <= step


def test_half_a_step_goes_to_the_even_multiple() -> None:
    assert [nearest(D(v), D("0.5")) for v in ("0.25", "0.75", "1.25")] == [D(0), D("1.0"), D("1.0")]


def test_a_value_just_below_a_multiple_is_not_lifted_to_it() -> None:
    assert floor_to(D("0.8999999999999999999999999999"), D("0.3")) == D("0.6")


def test_without_a_step_nothing_changes() -> None:
    assert floor_to(D("1.23"), None) == nearest(D("1.23"), None) == D("1.23")


@given(VALUES)
@law(50)
def test_the_float_of_a_number_is_the_same_each_time_it_is_asked_for(value: Decimal) -> None:
    assert approximate(value) == approximate(value.normalize()) == float(value)


def test_a_zero_has_no_sign_as_a_float_whichever_was_asked_first() -> None:
    approximate.cache_clear()
    assert [str(approximate(zero)) for zero in (D("-0"), D(0), D("0.00"))] == ["0.0"] * 3
