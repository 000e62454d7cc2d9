"""Exposure in the account's currency, and none at all where a rate is missing."""

from decimal import Decimal

import pytest

from tests.builders import filled
from tests.state.books import FUTURE, book, tell
from tradekit.model.account import AccountType
from tradekit.model.market import MarkUpdated
from tradekit.model.order import Side
from tradekit.state.exposure import conversion, gross_exposure, initial_margin, net_exposure, notional

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
HELD = (
    MarkUpdated("EURUSD", 1.1),
    MarkUpdated("XBTUSD", 50_000.0),
    filled("a", BUY, 2, 100),
    filled("b", SELL, 1, 100, instrument="BUND"),
    filled("c", BUY, 5, 50_000, instrument="XBTUSD"),
)


def test_gross_counts_longs_and_shorts_alike_and_net_against_each_other() -> None:
    state = book(*HELD)
    assert gross_exposure(state) == pytest.approx(200 + 110 + 500)
    assert net_exposure(state) == pytest.approx(200 - 110 + 500)
    assert gross_exposure(state, leaving_out="BTC") == pytest.approx(610)


def test_without_a_rate_there_is_no_exposure_to_rely_on() -> None:
    state = book(filled("b", SELL, 1, 100, instrument="BUND"))
    assert gross_exposure(state) is None
    assert net_exposure(state) is None
    assert notional(state, "BUND", D(1), 100.0) is None
    assert conversion(state, "EUR") is None
    tell(state, MarkUpdated("EURUSD", 1.1))
    assert gross_exposure(state) == pytest.approx(110)


@pytest.mark.parametrize(
    ("instrument", "qty", "price", "worth"),
    [("ES", 2, 4000.0, 400_000), ("BUND", -1, 100.0, -110), ("XBTUSD", 5, 50_000.0, 500)],
)
def test_the_notional_of_an_order_is_in_the_accounts_currency(
    instrument: str, qty: int, price: float, worth: float
) -> None:
    assert notional(book(*HELD), instrument, D(qty), price) == pytest.approx(worth)


def test_an_inverse_contract_without_a_price_has_no_notional() -> None:
    assert notional(book(*HELD), "XBTUSD", D(1), 0.0) is None


def test_a_cash_account_must_have_the_whole_value() -> None:
    assert initial_margin(book(account_type=AccountType.CASH), FUTURE) == 1.0
    assert initial_margin(book(account_type=AccountType.MARGIN), FUTURE) == 0.1
