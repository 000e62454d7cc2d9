"""The settings of backtesting.py: what they may be, and what they charge."""

from decimal import Decimal
from typing import Any

import pytest

from tradekit.errors import ConfigError, OrderError
from tradekit.model.instrument import Instrument
from tradekit.sim.backtesting_py import backtesting_py

D = Decimal


def test_the_settings_keep_the_librarys_names_and_defaults() -> None:
    made = backtesting_py()
    given = [made.trade_on_close, made.exclusive_orders, made.hedging, made.finalize_trades, made.free]
    assert given == [False, False, False, False, True]
    assert [made.margin, made.spread, made.unit] == [1, 0, 1]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"margin": 0}, "margin is 0"),
        ({"margin": 2}, "margin is 2"),
        ({"spread": -0.1}, "spread is -0.1"),
        ({"spread": 1}, "spread is 1"),
        ({"commission": 0.1}, "commission is 0.1"),
        ({"commission": -0.2}, "commission is -0.2"),
        ({"commission": (-1, 0)}, "the money must not be negative"),
        ({"commission": (1, 2, 3)}, "or a pair"),
        ({"fractional_unit": 0}, "fractional_unit is 0"),
    ],
)
def test_a_setting_that_the_library_refuses_is_refused_with_what_to_write(
    settings: dict[str, Any], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        backtesting_py(**settings)


def test_a_setting_that_is_no_number_is_refused() -> None:
    with pytest.raises(OrderError, match="margin is 'much': give a number"):
        backtesting_py(margin="much")


@pytest.mark.parametrize(
    ("commission", "fee"),
    [
        (0, "0"),
        (0.002, "2"),
        (-0.001, "-1"),  # a maker's rebate
        ((5, 0.0005), "5.5"),
        (lambda size, price: max(1.0, 0.005 * abs(size)), "1"),
        (lambda size, price: size + price, "90"),  # a short's size is negative
    ],
)
def test_a_commission_is_a_fraction_or_a_pair_or_a_function(commission: Any, fee: str) -> None:
    made = backtesting_py(commission=commission)
    assert made.fee(D(-10), D(100)) == D(fee)
    assert made.free == (commission == 0)


def test_a_commission_is_rounded_half_even_to_1e_8() -> None:
    made = backtesting_py(commission=0.01)
    assert made.fee(D(1), D("0.0000005")) == 0
    assert made.fee(D(3), D("0.0000005")) == D("0.00000002")


def test_a_function_sees_whole_units_and_their_price() -> None:
    seen: list[tuple[float, float]] = []

    def commission(size: float, price: float) -> float:
        seen.append((size, price))
        return 0.0

    made = backtesting_py(commission=commission, fractional_unit="0.001")
    made.fee(D("0.25"), D(4000))
    assert seen == [(250.0, 4.0)]


def test_the_spread_is_a_fraction_of_the_price_to_the_worse() -> None:
    made = backtesting_py(spread=0.002)
    assert (made.paid(D(100), 1), made.paid(D(100), -1)) == (D("100.2"), D("99.8"))


def test_an_instrument_trades_in_whole_units() -> None:
    assert backtesting_py().instrument([Instrument(id="A")]).lot == 1
    assert backtesting_py(fractional_unit="1e-8").instrument([Instrument(id="A", lot=D(1))]).lot == D("1e-8")


@pytest.mark.parametrize("kind", [{"multiplier": D(10)}, {"inverse": True, "base": "BTC"}])
def test_contracts_that_the_library_does_not_know_are_refused(kind: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="knows no contract multipliers and no inverse contracts"):
        backtesting_py().instrument([Instrument(id="A", **kind)])
