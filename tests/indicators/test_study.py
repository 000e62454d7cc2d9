"""An indicator is told as plain values and made again from them; what is not of the library is not told."""

import json
from typing import Any

import numpy as np
import pytest

from tradekit.errors import StrategyError
from tradekit.indicators.averages import SMA
from tradekit.indicators.bands import BBANDS
from tradekit.indicators.base import Indicator
from tradekit.indicators.macd import MACD
from tradekit.indicators.study import described, drawn_again
from tradekit.indicators.trailing import SuperTrend


class Mine(Indicator):
    """One of a user's own."""

    def update(self, value: float) -> None:
        self.value = value


@pytest.mark.parametrize(
    ("indicator", "inputs", "title", "lines", "on_price"),
    [
        (SMA(20), ("close",), "SMA 20", ["value"], True),
        (SMA(20), ("volume",), "SMA 20 volume", ["value"], False),
        (BBANDS(20), ("close",), "BBANDS 20", ["value", "upper", "lower"], True),
        (SuperTrend(10, 3.0), SuperTrend.inputs, "SuperTrend 10 3.0", ["value"], True),
        (MACD(12, 26, 9), ("close",), "MACD 12 26 9", ["value", "signal", "histogram"], False),
    ],
)
def test_it_is_told_in_a_trader_s_words(
    indicator: Any, inputs: tuple[str, ...], title: str, lines: list[str], on_price: bool
) -> None:
    row = described(indicator, inputs)
    assert row is not None
    assert (row["title"], row["lines"], row["on_price"]) == (title, lines, on_price)


@pytest.mark.parametrize("made", [lambda: SMA(3), lambda: SMA(period=3), lambda: BBANDS(5, deviations=1.5)])
def test_what_is_made_again_gives_the_same_values(made: Any) -> None:
    row = described(made(), ("close",))
    again = drawn_again(json.loads(json.dumps(row)))
    prices = np.arange(20.0) ** 1.5
    np.testing.assert_array_equal(again.array(prices), made().array(prices))


def test_a_user_s_own_is_not_told() -> None:
    assert described(Mine(warmup=1), ("close",)) is None
    assert described(object(), ("close",)) is None


@pytest.mark.parametrize(
    "kind", ["os:system", "tradekit.indicators.none:SMA", "tradekit.indicators.base:np", ""]
)
def test_nothing_but_an_indicator_of_the_library_is_made(kind: str) -> None:
    with pytest.raises(StrategyError, match="no indicator of this library"):
        drawn_again({"kind": kind, "args": [], "options": {}})
