"""What every indicator promises: one state, however the bars are cut, and clear refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tradekit as tk
from tests.builders import law
from tests.indicators.kinds import KINDS, PERIODS, Make, fields, held, inputs, one_by_one
from tradekit.errors import StrategyError
from tradekit.indicators.averages import SMA
from tradekit.indicators.base import Indicator
from tradekit.indicators.volatility import ATR

WALKS = st.lists(st.floats(0.001, 1e6), max_size=60)
STEPS = st.lists(st.sampled_from([1.0, 1.5, 2.0]), max_size=60)  # windows that do not move, and ties
PLAN = st.lists(st.tuples(st.sampled_from(["update", "batch", "arrays"]), st.integers(0, 30)), max_size=5)
every_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
Row = tuple[float, ...]


def fed(indicator: Indicator, way: str, part: list[np.ndarray]) -> list[Row]:
    """The lines after each bar; `batch` knows the main one only, the others are asked of a twin's `arrays`."""
    if way == "update":
        return one_by_one(indicator, part)
    if way == "batch":
        return [(value,) for value in indicator.batch(*part)]
    return list(zip(*(line.tolist() for line in indicator.arrays(*part).values()), strict=True))


def same(left: Row, right: Row) -> bool:
    """To the last bit, of as many lines as both have."""
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(left, right, strict=False))


@every_kind
@given(closes=WALKS | STEPS, period=st.integers(2, 9), width=st.sampled_from([0.0, 0.25]), plan=PLAN)
@law(5)
def test_any_mix_of_update_batch_and_arrays_gives_the_same_bits(
    make: Make, closes: list[float], period: int, width: float, plan: list[tuple[str, int]]
) -> None:
    alone, mixed = make(period), make(period)
    columns = inputs(alone, fields(closes, width=width))
    expected = one_by_one(alone, columns)
    got: list[Row] = []
    for way, bars in [*plan, ("arrays", len(closes))]:
        got.extend(fed(mixed, way, [column[len(got) : len(got) + bars] for column in columns]))
    assert len(got) == len(expected)
    assert all(map(same, got, expected))
    assert same(held(mixed), held(alone))
    assert mixed.ready is alone.ready


@every_kind
def test_a_long_column_in_chunks_is_the_same_too(make: Make) -> None:
    closes = (100.0 + np.random.default_rng(5).normal(0, 1, 700).cumsum()).tolist()
    alone, mixed = make(7), make(7)
    columns = inputs(alone, fields(closes, width=0.01))
    got = [
        row for at in range(0, 700, 64) for row in fed(mixed, "arrays", [c[at : at + 64] for c in columns])
    ]
    assert all(map(same, got, one_by_one(alone, columns)))


@every_kind
def test_it_is_ready_exactly_after_its_warm_up(make: Make) -> None:
    indicator = make(3)
    columns = inputs(indicator, fields([10.0 + n + n % 4 for n in range(30)]))
    for count, row in enumerate(zip(*columns, strict=True), start=1):
        indicator.update(*map(float, row))
        assert indicator.ready is (count >= indicator.warmup)
        assert [math.isnan(line) for line in held(indicator)] == [not indicator.ready] * len(
            indicator.outputs
        )
    assert indicator.ready


@every_kind
def test_it_is_made_of_slots(make: Make) -> None:
    assert not hasattr(make(3), "__dict__")


@every_kind
def test_its_lines_are_plain_floats(make: Make) -> None:
    closes = [10.0 + n % 7 for n in range(40)]
    for way in ("update", "batch", "arrays"):
        indicator = make(3)
        fed(indicator, way, inputs(indicator, fields(closes)))
        assert {type(line) for line in held(indicator)} == {float}
        assert type(indicator.ready) is bool


@every_kind
def test_no_bars_change_nothing(make: Make) -> None:
    indicator = make(3)
    nothing = [np.empty(0) for _ in indicator.inputs]
    assert indicator.batch(*nothing) == []
    assert {name: line.shape for name, line in indicator.arrays(*nothing).items()} == dict.fromkeys(
        indicator.outputs, (0,)
    )
    assert not indicator.ready


@pytest.mark.parametrize("name", PERIODS)
def test_a_period_that_is_no_count_of_bars_is_refused(name: str) -> None:
    for period in (0, -3, 2.5, "10", True):
        with pytest.raises(
            StrategyError, match=rf"{name}: the period is .*(give a whole number|at least [12])"
        ):
            KINDS[name](period)  # type: ignore[arg-type]


def test_a_numpy_integer_is_a_period() -> None:
    assert SMA(np.int64(3)).period == 3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tk.indicators.MACD(26, 12), "MACD: the fast period is 26, the slow one 12; fast must be shorter"),
        (lambda: tk.indicators.MACD(1, 12), "MACD: the fast period is 1; it must be at least 2"),
        (lambda: tk.indicators.Stochastic(5, 0), "Stochastic: the smoothing is 0; it must be at least 1"),
        (lambda: tk.indicators.StochRSI(5, 3, signal=0), "StochRSI: the signal period is 0"),
        (lambda: tk.indicators.BBANDS(20, 0), "BBANDS: the number of deviations is 0; it must be above zero"),
        (lambda: tk.indicators.BBANDS(20, "2"), "BBANDS: the number of deviations is '2'; give a number"),
        (lambda: tk.indicators.Keltner(20, math.inf), "Keltner: the multiple is inf; it must be above zero, and fi"),
        (lambda: tk.indicators.PSAR(-0.02), "PSAR: the acceleration is -0.02; it must be above zero"),
        (lambda: tk.indicators.SuperTrend(10, math.nan), "SuperTrend: the multiple is nan; it must be"),
        (lambda: tk.indicators.DailyVWAP(24), "DailyVWAP: the hour is 24; give one from 0 up to 24"),
    ],
)  # fmt: skip
def test_numbers_without_sense_are_refused(make: Make, words: str) -> None:
    with pytest.raises(StrategyError) as caught:
        make()  # type: ignore[call-arg]
    assert str(caught.value).startswith(words)


def test_columns_of_other_shapes_are_refused() -> None:
    with pytest.raises(StrategyError, match=r"ATR: columns of shape \(2,\), \(3,\), \(2,\)"):
        ATR(2).array([1, 2], [1, 2, 3], [1, 2])
    with pytest.raises(StrategyError, match="SMA: columns of shape"):
        SMA(2).array(np.ones((2, 2)))
    with pytest.raises(StrategyError, match="ATR takes high, low, close; it was given 1 columns"):
        ATR(2).array([1, 2])
