"""Fees and slippage: exact, and against us."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.errors import ConfigError, OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.order import Side
from tradekit.sim.costs import Costs

D = Decimal
FREE = Instrument(id="X")
TICKED = Instrument(id="X", tick=D("0.05"), multiplier=D(50))
PRICES = st.decimals("0.01", "100000", places=4)


def test_the_fee_is_a_fraction_of_the_traded_value_rounded_half_even_to_1e_8() -> None:
    assert Costs.of(0.002).charge(FREE, D(3), D("100.5")) == D("0.603")
    assert Costs.of("0.5").charge(FREE, D("0.00000001"), D(1)) == 0  # half of the quantum goes to the even 0
    assert Costs.of("0.5").charge(FREE, D("0.00000003"), D(1)) == D("0.00000002")


def test_the_fee_counts_the_multiplier() -> None:
    assert Costs.of(0.001).charge(TICKED, D(2), D(4000)) == D(400)


def test_no_fee_costs_nothing() -> None:
    assert Costs().charge(FREE, D(3), D(100)) == 0


def test_slippage_moves_the_price_against_us() -> None:
    costs = Costs.of(0, 0.01)
    assert costs.slip(FREE, Side.BUY, D(100)) == D(101)
    assert costs.slip(FREE, Side.SELL, D(100)) == D(99)


def test_a_slipped_price_lies_on_the_tick_against_us() -> None:
    costs = Costs.of(0, 0.001)
    assert costs.slip(TICKED, Side.BUY, D("100.01")) == D("100.15")  # 100.11001 up
    assert costs.slip(TICKED, Side.SELL, D("100.01")) == D("99.90")  # 99.90999 down


def test_the_tick_rounds_against_us_even_without_slippage() -> None:
    assert Costs().slip(TICKED, Side.BUY, D("100.01")) == D("100.05")
    assert Costs().slip(TICKED, Side.SELL, D("100.04")) == D("100.00")
    assert Costs().slip(FREE, Side.BUY, D("100.01")) == D("100.01")


@given(PRICES, st.sampled_from(Side), st.decimals(0, "0.2", places=4))
@law(50)
def test_slippage_never_helps_and_costs_at_most_a_tick_more_than_its_fraction(
    price: D, side: Side, slippage: D
) -> None:
    slipped = Costs.of(0, slippage).slip(TICKED, side, price)
    worse = (slipped - price) * side.sign
    assert price * slippage <= worse < price * slippage + TICKED.tick  # type: ignore[operator]
    assert slipped % TICKED.tick == 0  # type: ignore[operator]


@pytest.mark.parametrize("value", [-0.001, 1, 2])
def test_a_cost_that_is_no_fraction_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match=r"fee is .*: give a fraction from 0 to below 1"):
        Costs.of(value)
    with pytest.raises(ConfigError, match=r"slippage is .*: give a fraction"):
        Costs.of(0, value)


def test_a_cost_that_is_no_number_is_refused() -> None:
    with pytest.raises(OrderError, match="fee is 'much'"):
        Costs.of("much")
