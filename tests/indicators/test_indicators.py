"""What every indicator promises: one state, however the bars are cut, and clear refusals."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradekit.errors import StrategyError
from tradekit.indicators.averages import EMA, SMA
from tradekit.indicators.base import Indicator
from tradekit.indicators.momentum import RSI
from tradekit.indicators.volatility import ATR

KINDS: tuple[Callable[[int], Indicator], ...] = (SMA, EMA, ATR, RSI)
PRICES = st.lists(st.floats(0.001, 1e6), max_size=60)
PLAN = st.lists(st.tuples(st.sampled_from(["update", "batch", "array"]), st.integers(0, 30)), max_size=5)
every_kind = pytest.mark.parametrize("kind", KINDS)


def columns(kind: Callable[[int], Indicator], closes: list[float]) -> list[np.ndarray]:
    close = np.array(closes, dtype=np.float64)
    fields = {"close": close, "high": close * 1.25, "low": close * 0.75}
    return [fields[name] for name in kind(1).inputs]


def one_by_one(indicator: Indicator, fields: list[np.ndarray]) -> list[float]:
    values = []
    for row in zip(*(field.tolist() for field in fields), strict=True):
        indicator.update(*row)
        values.append(indicator.value)
    return values


def same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


@every_kind
@given(closes=PRICES, period=st.integers(1, 12), plan=PLAN)
@settings(max_examples=60)
def test_any_mix_of_update_batch_and_array_gives_the_same_bits(
    kind: Callable[[int], Indicator], closes: list[float], period: int, plan: list[tuple[str, int]]
) -> None:
    fields = columns(kind, closes)
    alone, mixed = kind(period), kind(period)
    expected = one_by_one(alone, fields)
    got: list[float] = []
    for way, bars in [*plan, ("batch", len(closes))]:
        part = [field[len(got) : len(got) + bars] for field in fields]
        got.extend(one_by_one(mixed, part) if way == "update" else getattr(mixed, way)(*part))
    assert len(got) == len(expected)
    assert all(map(same, got, expected))
    assert same(mixed.value, alone.value)
    assert mixed.ready is alone.ready


@every_kind
def test_it_is_ready_exactly_after_its_warm_up(kind: Callable[[int], Indicator]) -> None:
    indicator = kind(5)
    for count in range(1, 12):
        indicator.update(*([10.0 + count] * len(indicator.inputs)))
        assert indicator.ready is (count >= indicator.warmup)
        assert math.isnan(indicator.value) is not indicator.ready


@every_kind
def test_value_and_ready_are_slots(kind: Callable[[int], Indicator]) -> None:
    assert not hasattr(kind(3), "__dict__")
    assert {"value", "ready"} <= set(Indicator.__slots__)


@every_kind
def test_batch_gives_plain_floats(kind: Callable[[int], Indicator]) -> None:
    values = kind(2).batch(*columns(kind, [1.0, 2.0, 3.0, 4.0]))
    assert [type(value) for value in values] == [float] * 4


@every_kind
@pytest.mark.parametrize("period", [0, -3, 2.5, "10", True, None])
def test_a_period_that_is_no_count_of_bars_is_refused(
    kind: Callable[[object], Indicator], period: object
) -> None:
    with pytest.raises(
        StrategyError, match=r"(SMA|EMA|ATR|RSI): the period is .*(give a whole number|at least 1)"
    ):
        kind(period)


def test_a_numpy_integer_is_a_period() -> None:
    assert SMA(np.int64(3)).period == 3  # type: ignore[arg-type]


def test_columns_of_other_shapes_are_refused() -> None:
    with pytest.raises(StrategyError, match=r"ATR: columns of shape \(2,\), \(3,\), \(2,\)"):
        ATR(2).array([1, 2], [1, 2, 3], [1, 2])
    with pytest.raises(StrategyError, match="SMA: columns of shape"):
        SMA(2).array(np.ones((2, 2)))


def test_the_base_class_computes_nothing() -> None:
    with pytest.raises(NotImplementedError):
        Indicator(warmup=1).update(1.0)
    with pytest.raises(NotImplementedError):
        Indicator(warmup=1).batch([1.0])
