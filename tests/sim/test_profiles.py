"""Sets of fill rules by name, as the shell writes them."""

import re
from decimal import Decimal

import pytest

import tradekit as tk
from tradekit.errors import ConfigError
from tradekit.sim.backtesting_py import BacktestingPy, backtesting_py
from tradekit.sim.profiles import default, named, nautilus
from tradekit.sim.rules import Rules

D = Decimal


def test_the_front_door_has_them() -> None:
    assert tk.rules.backtesting_py(margin=0.5) == backtesting_py(margin=0.5)
    assert tk.rules.default() == Rules()
    assert tk.rules.nautilus() == nautilus()
    assert tk.rules.named("default") == Rules()


def test_a_name_alone_is_the_set_with_its_defaults() -> None:
    assert named("default") == default() == Rules()
    assert named("backtesting_py") == backtesting_py()
    assert named("nautilus") == nautilus()


def test_settings_follow_a_colon() -> None:
    made = named("backtesting_py:exclusive_orders=true, margin=0.02,spread=2e-4,finalize_trades=false")
    assert made == backtesting_py(exclusive_orders=True, margin="0.02", spread="0.0002")


def test_a_pair_is_written_with_a_plus() -> None:
    made = named("backtesting_py:commission=5+0.0005")
    assert isinstance(made, BacktestingPy)
    assert (made.fixed, made.rate) == (D(5), D("0.0005"))


def test_whole_numbers_and_none_are_themselves() -> None:
    assert named("default:submit_latency=1000,participation=none") == Rules(submit_latency=1000)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("backtesting", "no fill rules 'backtesting'; there are default, backtesting_py, nautilus"),
        ("backtesting_py:margin", "'margin' is no setting; write name=value"),
        ("backtesting_py:leverage=2", "backtesting_py has no setting 'leverage'; it has "),
        ("backtesting_py:comission=1", "has no setting 'comission' (did you mean 'commission'?)"),
        ("default:slipage=1", "has no setting 'slipage' (did you mean 'slippage'?)"),
        ("backtesting_py:margin=3", "margin is 3"),
    ],
)
def test_what_is_not_known_is_refused_with_what_to_write(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)):
        named(text)


@pytest.mark.parametrize(
    ("currency", "step"), [("JPY", "1"), ("USD", "0.01"), ("USDT", "0.00000001"), ("", "0.00000001")]
)
def test_nautilus_rounds_fees_to_the_currencys_digits(currency: str, step: str) -> None:
    made = nautilus(currency=currency)
    assert (made.fee_step, made.market, made.quote_sizes) == (D(step), "this_close", False)


def test_other_settings_of_nautilus_are_those_of_the_plain_rules() -> None:
    assert nautilus(fee=D("0.001")).fees == Rules(fee=D("0.001")).fees
