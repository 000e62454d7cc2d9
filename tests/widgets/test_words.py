from decimal import Decimal

import pytest

from tradekit.model.instrument import Instrument
from tradekit.widgets import words


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.5, 2, "1,234.50"),
        (-1234.5, 2, "\N{MINUS SIGN}1,234.50"),
        (-0.001, 2, "0.00"),
        (Decimal("-0.004"), 2, "0.00"),
        (-1000000, 0, "\N{MINUS SIGN}1,000,000"),
    ],
)
def test_numbers_are_grouped_with_a_true_minus(value: float, digits: int, text: str) -> None:
    assert words.grouped(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.5, "+1.50"), (-1.5, "\N{MINUS SIGN}1.50"), (0, "0.00"), (0.001, "0.00")]
)
def test_a_gain_has_a_plus_and_nothing_has_no_sign(value: float, text: str) -> None:
    assert words.signed(value) == text


@pytest.mark.parametrize(
    ("step", "sample", "digits"),
    [
        (Decimal("0.01"), 0, 2),
        (Decimal("0.50"), 0, 1),
        (Decimal(5), 0, 0),
        (Decimal("1E+1"), 0, 0),
        (Decimal("0.00001"), 0, 5),
        (None, 17_000.0, 2),
        (None, 1.08, 4),
        (None, 0.31, 6),
        (None, 0.0, 2),
    ],
)
def test_digits_follow_the_tick_or_else_the_price(step: Decimal | None, sample: float, digits: int) -> None:
    assert words.digits_of(step, sample) == digits


def test_a_price_has_its_instruments_precision() -> None:
    euro = Instrument(id="EURUSD", tick=Decimal("0.00001"))
    assert words.price(1.1, euro) == "1.10000"
    assert words.price(Decimal("17204.5"), None) == "17,204.50"
    assert words.price(None, euro) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.750", "0.75"),
        ("1E+3", "1,000"),
        ("-2", "\N{MINUS SIGN}2"),
        ("0.000000010", "0.00000001"),
        ("0", "0"),
    ],
)
def test_a_quantity_is_exact(value: str, text: str) -> None:
    assert words.qty(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "currency", "text", "tone"),
    [
        (Decimal("-12.5"), "USD", "\N{MINUS SIGN}12.50", "down"),
        (Decimal("12.5"), "", "+12.50", "up"),
        (-0.001, "USDT", "0.00", ""),  # an estimate that rounds to nothing
        (Decimal("0.0035"), "USDT", "+0.0035", "up"),  # a fact that would
        (0.00012345, "BTC", "+0.00012345", "up"),
        (Decimal(0), "BTC", "0.00", ""),
    ],
)
def test_a_gain_is_told_to_its_currencys_digits_and_coloured_as_it_is_told(
    value: float | Decimal, currency: str, text: str, tone: str
) -> None:
    assert words.gain(value, currency) == (text, tone)


def test_an_amount_names_its_currency_where_there_are_several() -> None:
    assert [words.unit("BTC", 2), words.unit("BTC", 1), words.unit("", 2)] == [" BTC", "", ""]


def test_money_sequence_tone_and_milliseconds() -> None:
    assert words.money(Decimal("100412.556")) == "100,412.56"
    assert words.sequence(48219) == "#48,219"
    assert [words.tone(x) for x in (1, -1, 0)] == ["up", "down", ""]
    assert words.milliseconds(1_670_889_600_123_456_789) == 1_670_889_600_123
