"""An indicator over a column is computed once, never stale, and forgotten when there is no more room."""

from typing import Any

import numpy as np
import pytest

from tradekit.errors import StrategyError
from tradekit.indicators.averages import SMA
from tradekit.indicators.macd import MACD
from tradekit.indicators.volatility import ATR
from tradekit.strategy.memo import Memo

SIZE = 100


def column(seed: int = 1) -> np.ndarray[Any, Any]:
    made = np.random.default_rng(seed).normal(100, 1, SIZE)
    made.flags.writeable = False
    return made


class Counted:
    """A user's own indicator: the sum so far, ready from the third bar on. It counts how many were made."""

    made = 0

    def __init__(self, start: float = 0.0) -> None:
        Counted.made += 1
        self.value, self.ready, self.seen = start, False, 0

    def update(self, value: float) -> None:
        self.value += value
        self.seen += 1
        self.ready = self.seen >= 3


@pytest.fixture(autouse=True)
def _counter() -> None:
    Counted.made = 0


def test_the_same_indicator_on_the_same_column_is_computed_once() -> None:
    memo, close = Memo(), column()
    first = memo.find(Counted, [close], (1.0,), {})
    assert memo.find(Counted, [close], (1.0,), {}) is first
    assert Counted.made == 1


@pytest.mark.parametrize("other", ["parameter", "named", "column", "part"])
def test_another_parameter_or_column_is_computed_anew(other: str) -> None:
    memo, close = Memo(), column()
    memo.find(Counted, [close], (1.0,), {})
    args = (2.0,) if other == "parameter" else () if other == "named" else (1.0,)
    data = {"column": column(2), "part": close[1:]}.get(other, close)
    memo.find(Counted, [data], args, {"start": 1.0} if other == "named" else {})
    assert Counted.made == 2


def test_a_part_of_a_column_is_known_by_its_place() -> None:
    memo, close = Memo(), column()
    assert memo.find(SMA, [close[5:]], (3,), {}) is memo.find(SMA, [close[5:]], (3,), {})


def test_a_writable_column_is_never_remembered() -> None:
    memo, close = Memo(), column().copy()
    before = memo.find(Counted, [close], (), {})
    close[0] += 1
    assert memo.find(Counted, [close], (), {})[-1] == pytest.approx(before[-1] + 1)


def test_what_it_gives_is_read_only_and_may_be_data_again() -> None:
    memo, close = Memo(), column()
    smooth = memo.find(SMA, [close], (3,), {})
    with pytest.raises(ValueError, match="read-only"):
        smooth[5] = 0
    assert memo.find(Counted, [smooth[5:]], (), {}) is memo.find(Counted, [smooth[5:]], (), {})


def test_an_indicator_without_an_array_form_is_fed_value_by_value() -> None:
    found = Memo().find(Counted, [column()], (), {})
    assert np.isnan(found[:2]).all()
    np.testing.assert_allclose(found[2:], np.cumsum(column())[2:])


def test_several_columns_and_a_function_of_arrays() -> None:
    memo, low, close = Memo(), column(3), column(4)
    high = np.maximum(low, close)
    assert (
        memo.find(ATR, [high, low, close], (5,), {}).tolist()[5:]
        == ATR(5).array(high, low, close).tolist()[5:]
    )
    calls = []

    def spread(one: Any, other: Any, factor: float) -> tuple[Any, Any]:
        calls.append(factor)
        return (one - other) * factor, one + other

    first, second = memo.find(spread, [low, close], (2.0,), {})
    assert memo.find(spread, [low, close], (2.0,), {})[1] is second
    assert not first.flags.writeable
    assert calls == [2.0]


def test_an_indicator_of_several_lines_gives_each_by_its_name() -> None:
    memo, close = Memo(), column()
    found = memo.find(MACD, [close], (), {})
    expected = MACD().arrays(close)
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
        assert not found[name].flags.writeable
    assert memo.find(MACD, [close], (), {}) is found


def test_a_class_with_an_update_of_its_own_is_fed_value_by_value() -> None:
    class Doubled(SMA):
        def update(self, value: float) -> None:
            super().update(2 * value)

    np.testing.assert_allclose(Memo().find(Doubled, [column()], (3,), {})[2:], 2 * SMA(3).array(column())[2:])


def test_what_was_not_asked_for_longest_makes_room() -> None:
    memo, close = Memo(room=2 * 8 * SIZE), column()
    first, second = memo.find(SMA, [close], (2,), {}), memo.find(SMA, [close], (3,), {})
    assert memo.find(SMA, [close], (2,), {}) is first
    memo.find(SMA, [close], (4,), {})
    assert memo.find(SMA, [close], (2,), {}) is first
    assert memo.find(SMA, [close], (3,), {}) is not second


def test_a_parameter_that_cannot_be_looked_up_is_computed_each_time() -> None:
    memo, close = Memo(), column()

    def weighted(values: Any, weights: list[float]) -> Any:
        return np.convolve(values, weights, "same")

    assert memo.find(weighted, [close], ([1.0, 2.0],), {}) is not memo.find(
        weighted, [close], ([1.0, 2.0],), {}
    )


def test_what_is_no_indicator_is_refused_in_words() -> None:
    with pytest.raises(StrategyError, match="dict is no indicator: it needs `update`, `value` and `ready`"):
        Memo().find(dict, [column()], (), {})
    with pytest.raises(StrategyError, match="give a column first"):
        Memo().find(SMA, [], (3,), {})
