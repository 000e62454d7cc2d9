"""The base class: what a user's own indicator gets from it, and which may be computed ahead by the chunk."""

from typing import ClassVar

import pytest

from tests.indicators.kinds import KINDS, Make
from tradekit.errors import StrategyError
from tradekit.indicators.averages import SMA
from tradekit.indicators.base import Floats, Indicator, by_chunk


class Range(Indicator):
    """A user's own with two lines and no form for columns."""

    __slots__ = ("widest",)
    inputs: ClassVar[tuple[str, ...]] = ("high", "low")
    outputs: ClassVar[tuple[str, ...]] = ("value", "widest")
    widest: float

    def __init__(self) -> None:
        super().__init__(warmup=2)
        self.value = self.widest = 0.0

    def update(self, high: float, low: float) -> None:
        self.ready = self.ready or self.value > 0
        self.value = high - low
        self.widest = max(self.widest, self.value)


def test_an_indicator_that_only_updates_gets_its_columns_bar_by_bar() -> None:
    made = Range().arrays([2.0, 5.0, 5.0, 4.0], [1.0, 1.0, 2.0, 3.0])
    assert {name: line.tolist() for name, line in made.items()} == {
        "value": [1.0, 4.0, 3.0, 1.0],
        "widest": [1.0, 4.0, 4.0, 4.0],
    }
    assert Range().batch([2.0], [1.0]) == [1.0]


def test_the_base_class_computes_nothing() -> None:
    with pytest.raises(NotImplementedError):
        Indicator(warmup=1).update(1.0)
    with pytest.raises(NotImplementedError):
        Indicator(warmup=1).batch([1.0])


@pytest.mark.parametrize("lines", [("line",), (), ("value", "no name")])
def test_lines_that_nothing_can_hold_are_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(
        StrategyError, match=r"Odd\.outputs is .*; give names of attributes, 'value' the first"
    ):
        type("Odd", (Indicator,), {"outputs": lines})


class Doubled(SMA):
    """Changes `update` and inherits the rest."""

    def update(self, value: float) -> None:
        super().update(2 * value)


class Told(Doubled):
    """Says how its `update` goes for columns."""

    def _lines(self, given: Floats) -> tuple[Floats]:
        return super()._lines(2 * given)


class Plain:
    """A plain class with a form for columns."""

    value, ready, warmup = 0.0, True, 1

    def update(self, close: float) -> None: ...

    def batch(self, closes: Floats) -> list[float]: ...


class PlainLines(Plain):
    """A plain class with a second line, which `batch` does not give."""

    outputs = ("value", "other")


@pytest.mark.parametrize(
    ("indicator", "can"),
    [(SMA(3), True), (Doubled(3), False), (Told(3), True), (Range(), False), (Plain(), True), (PlainLines(), False)],
)  # fmt: skip
def test_only_a_form_for_columns_that_belongs_to_its_update_is_used_ahead(
    indicator: object, can: bool
) -> None:
    assert by_chunk(indicator) is can


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_all_of_ours_but_the_parabolic_one_can_be_computed_ahead(make: Make) -> None:
    indicator = make(3)
    assert by_chunk(indicator) is (type(indicator).__name__ != "PSAR")
