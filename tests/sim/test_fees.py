"""Fee models: their formulas, worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest

from tradekit.errors import ConfigError, OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.order import Side
from tradekit.sim.fees import (
    Execution,
    Fee,
    FixedFee,
    MakerTakerFee,
    PercentFee,
    PerShareFee,
    TieredFee,
    fee_model,
    notional,
)

D = Decimal
STOCK = Instrument(id="X")


def execution(qty: object, price: object = 10, *, spec: Instrument = STOCK, **more: Any) -> Execution:
    return Execution(spec, Side.BUY, D(str(qty)), D(str(price)), **more)


def test_percent_is_a_share_of_the_value_and_at_least_its_minimum() -> None:
    assert PercentFee(D("0.001")).charge(execution(300)) == D(3)
    assert PercentFee(D("0.001"), minimum=D(5)).charge(execution(300)) == D(5)


def test_fixed_is_charged_for_each_execution_or_once_for_an_order() -> None:
    second = execution(100, number=2, filled=D(50))
    assert FixedFee(D(2), D("0.001")).charge(second) == D(3)
    assert FixedFee(D(2), D("0.001"), per="order").charge(second) == D(1)
    assert FixedFee(D(2), D("0.001"), per="order").charge(execution(100)) == D(3)


def test_per_share_charges_each_unit_and_the_minimum_once_for_an_order() -> None:
    fee = PerShareFee(D("0.005"), minimum=D(1))
    assert fee.charge(execution(1000)) == D(5)
    pieces = [(150, 0), (100, 150), (100, 250)]  # due 0.75, 1.25, 1.75 in all; at least 1
    paid = [fee.charge(execution(qty, filled=D(before), number=2)) for qty, before in pieces]
    assert paid == [D(1), D("0.25"), D("0.5")]
    assert sum(paid) == fee.charge(execution(350))


def test_per_share_is_bounded_by_a_share_of_the_value() -> None:
    assert PerShareFee(D("0.005"), minimum=D(1), most=D("0.01")).charge(execution(5)) == D("0.5")


def test_maker_and_taker_pay_their_own_rates_and_a_maker_may_be_paid() -> None:
    fee = MakerTakerFee(D("-0.0001"), D("0.0005"))
    assert fee.charge(execution(100, taker=False)) == D("-0.1")
    assert fee.charge(execution(100)) == D("0.5")


@pytest.mark.parametrize(
    ("turnover", "rate"), [(0, "0.002"), (999, "0.002"), (1000, "0.001"), (10**6, "0.001")]
)
def test_a_tier_is_paid_once_turnover_has_reached_it(turnover: int, rate: str) -> None:
    fee = TieredFee(((D(0), D("0.001"), D("0.002")), (D(1000), D(0), D("0.001"))))
    assert fee.charge(execution(100, turnover=D(turnover))) == 1000 * D(rate)
    assert fee.charge(execution(100, turnover=D(turnover), taker=False)) == (D(1) if turnover < 1000 else 0)


def test_how_far_back_turnover_counts() -> None:
    tiers = ((D(0), D(0), D(0)),)
    assert TieredFee(tiers).window_ns == 30 * 86_400 * 10**9
    assert TieredFee(tiers, days=None).window_ns is None
    assert PercentFee().window_ns == 0


def test_a_number_is_a_fraction_and_a_function_is_asked() -> None:
    assert fee_model(0.002) == PercentFee(D("0.002"))
    own = fee_model(lambda one: one.qty * 2)
    assert isinstance(own, Fee)
    assert (own.charge(execution(3)), own.window_ns) == (D(6), None)
    assert fee_model(own) is own


def test_numbers_of_a_model_are_made_exact() -> None:
    assert PercentFee(0.1).rate == D("0.1")  # type: ignore[arg-type]
    assert TieredFee(((0, 0.1, 0.2),)).tiers == ((D(0), D("0.1"), D("0.2")),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: PercentFee(D(1)), "rate is 1: give a fraction"),
        (lambda: PercentFee(D(0), minimum=D(-1)), "PercentFee: minimum is -1; give 0 or more"),
        (lambda: FixedFee(D(1), per="day"), 'per is \'day\'; write "fill" or "order"'),
        (lambda: PerShareFee(D(1), most=D(2)), "most is 2: give a fraction"),
        (lambda: MakerTakerFee(D(-1), D(0)), "maker is -1: give a fraction"),
        (lambda: TieredFee(()), "tiers start at nothing"),
        (lambda: TieredFee(((D(5), D(0), D(0)),)), "tiers start at 5"),
        (lambda: TieredFee(((D(0), D(0), D(0)),), days=0), "days is 0"),
        (lambda: fee_model(-0.1), "fee is -0.1: give a fraction"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        make()


def test_what_is_no_fee_is_refused() -> None:
    with pytest.raises(OrderError, match="fee is 'much'"):
        fee_model("much")


def test_the_value_counts_the_multiplier_and_of_an_inverse_contract_is_in_its_base() -> None:
    assert notional(Instrument(id="X", multiplier=D(50)), D(2), D(10)) == D(1000)
    assert notional(Instrument(id="X", multiplier=D(100), inverse=True, base="BTC"), D(2), D(50)) == D(4)
