"""Slippage models: their formulas, worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest

from tradekit.errors import ConfigError, OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.order import Side
from tradekit.sim.slippage import (
    FixedSlippage,
    PercentSlippage,
    Slippage,
    Taking,
    VolumeShareSlippage,
    slippage_model,
)

D = Decimal
TICKED = Instrument(id="X", tick=D("0.25"))


def taking(qty: int = 10, volume: int | None = 1000, spec: Instrument = TICKED) -> Taking:
    return Taking(spec, Side.BUY, D(qty), D(100), None if volume is None else D(volume))


def test_percent_is_a_share_of_the_price() -> None:
    assert PercentSlippage(D("0.001")).distance(taking()) == D("0.1")


def test_fixed_is_an_amount_and_so_many_ticks() -> None:
    assert FixedSlippage(D("0.1"), ticks=D(2)).distance(taking()) == D("0.6")
    assert FixedSlippage(D("0.1")).distance(taking(spec=Instrument(id="X"))) == D("0.1")
    with pytest.raises(ConfigError, match="slippage in ticks, and X has no tick"):
        FixedSlippage(ticks=D(1)).distance(taking(spec=Instrument(id="X")))


def test_volume_share_is_the_square_of_the_share_times_the_impact() -> None:
    model = VolumeShareSlippage(D("0.1"), most=D("0.5"))
    assert model.distance(taking(100)) == 100 * D("0.1") * D("0.1") ** 2
    assert model.distance(taking(900)) == 100 * D("0.1") * D("0.5") ** 2  # the share counts up to `most`


@pytest.mark.parametrize("volume", [None, 0])
def test_where_the_volume_is_unknown_the_share_is_the_greatest(volume: int | None) -> None:
    assert VolumeShareSlippage(D("0.1"), most=D("0.5")).distance(taking(1, volume)) == 100 * D("0.025")


def test_a_number_is_a_fraction_and_a_function_is_asked() -> None:
    assert slippage_model(0.002) == PercentSlippage(D("0.002"))
    own = slippage_model(lambda one: one.price / 50)
    assert isinstance(own, Slippage)
    assert own.distance(taking()) == D(2)
    assert slippage_model(own) is own


def test_slippage_that_would_help_is_refused() -> None:
    with pytest.raises(ConfigError, match="slippage is -1: a distance against the order"):
        slippage_model(lambda _: -1).distance(taking())


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: PercentSlippage(D(1)), "rate is 1: give a fraction"),
        (lambda: FixedSlippage(D(-1)), "amount is -1; give 0 or more"),
        (lambda: VolumeShareSlippage(D(-1)), "impact is -1; give 0 or more"),
        (lambda: slippage_model(5), "slippage is 5: give a fraction"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        make()


def test_what_is_no_slippage_is_refused() -> None:
    with pytest.raises(OrderError, match="slippage is 'some'"):
        slippage_model("some")
