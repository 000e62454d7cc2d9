"""What a currency is worth: published or by price, straight, backwards, through another one; or not known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.state.books import book
from tradekit.core.event import Fact
from tradekit.model.account import RatePublished
from tradekit.model.market import MarkUpdated
from tradekit.state.currency import rate_of

D = Decimal


@pytest.mark.parametrize(
    ("known", "have", "want", "worth"),
    [
        ([RatePublished("EUR", "USD", D("1.25"))], "EUR", "USD", "1.25"),
        ([RatePublished("EUR", "USD", D("1.25"))], "USD", "EUR", "0.8"),
        ([MarkUpdated("EURUSD", 1.25)], "EUR", "USD", "1.25"),
        ([MarkUpdated("EURUSD", 1.25)], "USD", "EUR", "0.8"),
        ([MarkUpdated("EURUSD", 1.25), MarkUpdated("USDJPY", 160.0)], "EUR", "JPY", "200"),
        ([MarkUpdated("EURUSD", 1.25), MarkUpdated("USDJPY", 160.0)], "JPY", "EUR", "0.005"),
        ([RatePublished("EUR", "CHF", D("0.9")), RatePublished("USD", "CHF", D("0.75"))], "EUR", "USD", "1.2"),
        ([MarkUpdated("EURUSD", 1.25), RatePublished("EUR", "USD", D("1.3"))], "EUR", "USD", "1.3"),
        ([MarkUpdated("XBTUSD", 50_000.0)], "BTC", "USD", "50000"),
        ([], "USD", "USD", "1"),
    ],
)  # fmt: skip
def test_a_rate_is_found(known: list[Fact], have: str, want: str, worth: str) -> None:
    assert rate_of(book(*known), have, want) == D(worth)


@pytest.mark.parametrize(
    "known",
    [
        [],
        [MarkUpdated("USDJPY", 160.0)],
        [RatePublished("EUR", "USD", D(0))],
        [RatePublished("EUR", "USD", D(-1))],
        [MarkUpdated("EURUSD", 0.0)],
        [MarkUpdated("AAPL", 1.0)],
    ],
)
def test_a_rate_that_is_not_known_is_none(known: list[Fact]) -> None:
    assert rate_of(book(*known), "EUR", "USD") is None


@given(st.decimals("0.0001", 10_000, places=4))
@law(100)
def test_a_rate_and_its_inverse_are_one(rate: Decimal) -> None:
    state = book(RatePublished("EUR", "USD", rate))
    there, back = rate_of(state, "EUR", "USD"), rate_of(state, "USD", "EUR")
    assert there is not None
    assert back is not None
    assert float(there * back) == pytest.approx(1.0, rel=1e-15)
