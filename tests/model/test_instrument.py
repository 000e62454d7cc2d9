"""Timeframes as words and as lengths; instruments that make sense, and what they are worth."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.errors import ConfigError, DataError
from tradekit.model.instrument import (
    Instrument,
    Kind,
    check_instruments,
    duration,
    timeframe_text,
)

D = Decimal

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1m", 60), ("15m", 900), ("4h", 14_400), ("1D", 86_400), ("2W", 1_209_600)],
)
def test_a_timeframe_is_a_length_and_back(text: str, seconds: int) -> None:
    assert duration(text) == seconds * SECOND
    assert timeframe_text(seconds * SECOND) == text


@pytest.mark.parametrize("text", ["", "m", "0m", "-1m", "1.5h", "1d", "15 m", "15min", "1M", "1m\n"])
def test_another_word_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="is not understood; write a number and one of s, m, h, D, W"):
        duration(text)


@pytest.mark.parametrize("length", [0, -SECOND, 1, SECOND + 1])
def test_a_length_of_no_whole_seconds_has_no_name(length: int) -> None:
    with pytest.raises(DataError, match="has no timeframe name"):
        timeframe_text(length)


@given(st.integers(1, 10_000_000))
@law(100)
def test_the_shortest_name_of_a_length_means_that_length(seconds: int) -> None:
    assert duration(timeframe_text(seconds * SECOND)) == seconds * SECOND


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (Instrument(id="XBTUSD", inverse=True), "XBTUSD is an inverse contract: name the currency"),
        (Instrument(id="ES", multiplier=D(0)), "ES: multiplier is 0; give a number above zero"),
        (Instrument(id="ES", margin=D(0)), "ES: margin is 0; give a fraction above 0, at most 1"),
        (Instrument(id="ES", margin=D("1.5")), "ES: margin is 1.5; give a fraction"),
        (Instrument(id="ES", margin=D("0.1"), maintenance=D("0.2")), "maintenance is 0.2; .* at most margin"),
        (Instrument(id="ES", maintenance=D(0)), "ES: maintenance is 0; give a fraction above 0"),
    ],
)
def test_what_no_account_can_hold_is_refused(spec: Instrument, words: str) -> None:
    check_instruments([Instrument(id="EURUSD"), Instrument(id="XBTUSD", base="BTC", inverse=True)])
    with pytest.raises(ConfigError, match=words):
        check_instruments([Instrument(id="EURUSD"), spec])


def test_the_value_of_a_linear_instrument_is_exact() -> None:
    spec = Instrument(id="ES", multiplier=D(50))
    assert spec.value(D("1.00000001"), D("3999.123456789012345")) == D("199956.17283945061725") + D(
        "0.0019995617283945061725"
    )
    assert (spec.currency, spec.margined) == ("USD", False)


def test_the_value_of_an_inverse_contract_is_in_its_base_currency_to_1e_18() -> None:
    spec = Instrument(id="XBTUSD", base="BTC", multiplier=D(100), inverse=True)
    assert spec.value(D(3), D(7)) == D("42.857142857142857143")
    assert (spec.currency, spec.margined) == ("BTC", True)


@pytest.mark.parametrize(("kind", "margined"), [("spot", False), ("future", True), ("perpetual", True)])
def test_futures_and_perpetuals_are_margined(kind: str, margined: bool) -> None:
    assert Instrument(id="BTC", kind=Kind(kind)).margined is margined


def test_the_least_margin_is_half_the_initial_one_unless_it_is_named() -> None:
    assert Instrument(id="ES", margin=D("0.1")).least_margin == D("0.05")
    assert Instrument(id="ES", margin=D("0.1"), maintenance=D("0.08")).least_margin == D("0.08")
