"""Binance's messages, read as they were written: numbers exact, ids as ours, nothing guessed."""

from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.ccxt.messages import linear_report, spot_report
from tradekit.brokers.ccxt import binance_words as words
from tradekit.brokers.ccxt.errors import Unreadable
from tradekit.brokers.ccxt.names import Names, plain
from tradekit.model.instrument import Kind
from tradekit.model.order import OrderType, Side
from tradekit.model.said import BalanceSaid, FillSaid, OrderSaid, PositionSaid, What

D = Decimal
NAMES = Names(["ETH-USDT", "BTCUSDT"])


def one(message: Any) -> OrderSaid:
    """The one statement of a message, about an order."""
    (said,) = words.heard(message, NAMES) or ()
    assert isinstance(said, OrderSaid)
    return said


def trade(message: Any) -> tuple[FillSaid, OrderSaid]:
    """A trade and how its order stands."""
    fill, stands = words.heard(message, NAMES) or ()
    assert isinstance(fill, FillSaid)
    assert isinstance(stands, OrderSaid)
    return fill, stands


def test_a_resting_order_of_spot() -> None:
    said = one(spot_report())
    assert (said.what, said.order, said.venue_id, said.instrument) == (What.NEW, "tk-1", "777", "ETH-USDT")
    assert (said.side, said.type, said.qty, said.limit, said.cum) == (
        Side.BUY,
        OrderType.LIMIT,
        D(2),
        D(1500),
        D(0),
    )
    assert said.ts == 1700000000499 * 1_000_000


def test_a_trade_of_spot_whose_fee_is_taken_out_of_the_coin() -> None:
    message = spot_report(
        x="TRADE", X="PARTIALLY_FILLED", l="0.50000000", z="1.25000000", L="1499.99000000", n="0.00050000", N="ETH",
        t=31, m=True, Z="1874.98750000",
    )  # fmt: skip
    fill, stands = trade(message)
    assert (fill.exec_id, fill.order, fill.venue_id) == ("31", "tk-1", "777")
    assert (fill.qty, fill.price, fill.cum, fill.side) == (D("0.5"), D("1499.99"), D("1.25"), Side.BUY)
    assert (fill.fee, fill.fee_currency, fill.liquidity) == (D("0.0005"), "ETH", "maker")
    assert (stands.what, stands.cum, stands.price) == (What.NEW, D("1.25"), D("1499.99"))


def test_a_trade_of_futures_that_fills_the_order() -> None:
    fill, stands = trade(
        linear_report(
            x="TRADE", X="FILLED", l="0.004", z="0.004", L="30000.10", ap="30000.10", n="0.048", t=9
        )
    )
    assert (fill.exec_id, fill.qty, fill.price, fill.cum) == ("9", D("0.004"), D("30000.10"), D("0.004"))
    assert (fill.fee, fill.fee_currency, fill.liquidity) == (D("0.048"), "USDT", "taker")
    assert (stands.what, stands.price) == (What.FILLED, D("30000.10"))


def test_a_canceled_order_of_spot_is_named_by_its_own_client_id_and_not_by_the_cancels() -> None:
    said = one(spot_report(x="CANCELED", X="CANCELED", c="web_cancel", C="tk-1"))
    assert (said.what, said.order) == (What.CANCELED, "tk-1")


def test_an_order_that_the_venue_ends_itself_says_why() -> None:
    assert (
        one(spot_report(x="REJECTED", X="REJECTED", r="INSUFFICIENT_BALANCE")).reason
        == "INSUFFICIENT_BALANCE"
    )
    assert (
        one(spot_report(x="EXPIRED", X="EXPIRED", eR="INSUFFICIENT_LIQUIDITY")).reason
        == "INSUFFICIENT_LIQUIDITY"
    )
    prevented = one(spot_report(x="TRADE_PREVENTION", X="EXPIRED_IN_MATCH"))
    assert (prevented.what, prevented.reason) == (What.EXPIRED, "trade_prevention")


def test_an_amendment_is_a_replacement() -> None:
    said = one(linear_report(x="AMENDMENT", q="0.002"))
    assert (said.what, said.qty, said.venue_id) == (What.REPLACED, D("0.002"), "888")


@pytest.mark.parametrize("status", ["NEW_ADL", "NEW_INSURANCE", "FILLED"])
def test_a_liquidation_is_a_trade_and_fills_its_order(status: str) -> None:
    fill, stands = trade(
        linear_report(c="autoclose-1", x="CALCULATED", X=status, l="0.004", z="0.004", L="29000", t=4)
    )
    assert (fill.qty, stands.what) == (D("0.004"), What.FILLED)


def test_a_liquidation_that_has_not_traded_yet_is_no_trade() -> None:
    assert one(linear_report(c="autoclose-2", x="CALCULATED", X="NEW")).what is What.NEW


def test_a_trade_without_its_fee_is_not_told_twice() -> None:
    lite = {
        "e": "TRADE_LITE",
        "s": "BTCUSDT",
        "c": "tk-2",
        "S": "BUY",
        "q": "0.004",
        "l": "0.004",
        "L": "30000",
        "t": 9,
    }
    assert words.heard(lite, NAMES) == ()


def test_a_conditional_order_of_futures_that_goes_on_as_another_is_over() -> None:
    told = {
        "caid": "stop-1", "aid": 5, "at": "CONDITIONAL", "o": "STOP_MARKET", "s": "BTCUSDT", "S": "SELL", "q": "0.004",
        "X": "TRIGGERED", "ai": "999", "tp": "29000", "p": "0", "rm": "",
    }  # fmt: skip
    said = one({"e": "ALGO_UPDATE", "T": 1700000000000, "E": 1700000000001, "o": told})
    assert (said.what, said.venue_id, said.type, said.stop) == (
        What.CANCELED,
        "algo-5",
        OrderType.STOP,
        D(29000),
    )
    assert said.reason == "triggered: goes on as order 999"


def test_what_is_none_of_the_accounts_is_left_alone() -> None:
    assert words.heard({"e": "kline"}, NAMES) is None
    assert words.heard([1, 2], NAMES) is None


BROKEN = [
    {"i": None}, {"X": "ODD"}, {"S": "HOLD"}, {"q": "two"}, {"q": "NaN"}, {"q": 2.5}, {"z": None},
    {"x": "TRADE", "l": "1", "t": None}, {"x": "TRADE", "l": "1", "n": "free"},
]  # fmt: skip


@pytest.mark.parametrize("fields", BROKEN)
def test_what_cannot_be_read_is_never_guessed(fields: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        words.heard(spot_report(**fields), NAMES)


def test_a_market_order_of_spot_tells_its_trades_and_counts_them() -> None:
    answer = {
        "symbol": "BTCUSDT", "orderId": 5, "clientOrderId": "tk-3", "transactTime": 1700000000000, "origQty": "3",
        "price": "0", "executedQty": "3", "cummulativeQuoteQty": "301", "status": "FILLED", "type": "MARKET",
        "side": "SELL", "fills": [
            {"price": "100", "qty": "2", "commission": "0.2", "commissionAsset": "USDT", "tradeId": 1},
            {"price": "101", "qty": "1", "commission": "0.1", "commissionAsset": "USDT", "tradeId": 2},
        ],
    }  # fmt: skip
    *fills, stands = words.taken(answer, NAMES, spot=True)
    assert [(f.exec_id, f.cum, f.fee) for f in fills if isinstance(f, FillSaid)] == [
        ("1", D(2), D("0.2")),
        ("2", D(3), D("0.1")),
    ]
    assert isinstance(stands, OrderSaid)
    assert (stands.what, stands.limit, stands.cum) == (What.FILLED, None, D(3))


def test_half_an_answer_is_no_order() -> None:
    for answer in ("<html>", [], {}, {"symbol": "BTCUSDT"}, None):
        with pytest.raises(Unreadable):
            words.taken(answer, NAMES, spot=True)


def test_an_error_where_a_list_was_awaited_is_no_empty_book() -> None:
    for read in (
        lambda x: words.listed(x, NAMES, spot=True),
        lambda x: words.executions(x, NAMES),
        words.balances,
    ):
        with pytest.raises(Unreadable):
            read({"code": "0", "msg": "odd"})


def test_what_is_locked_in_orders_is_the_accounts_too() -> None:
    answer = {"balances": [{"asset": "USDT", "free": "10000.00000000", "locked": "2500.00000000"}]}
    assert words.balances(answer) == [BalanceSaid(currency="USDT", total=D(12500))]


def test_a_short_position_is_negative_and_a_flat_one_is_not_told() -> None:
    rows = [
        {"symbol": "BTCUSDT", "positionAmt": "-0.5", "entryPrice": "30000"},
        {"symbol": "ETHUSDT", "positionAmt": "0"},
    ]
    assert words.positions(rows, NAMES) == [PositionSaid(instrument="BTCUSDT", qty=D("-0.5"), price=D(30000))]


def test_an_instruments_steps_are_exact() -> None:
    info = {
        "symbol": "ETHUSDT", "baseAsset": "ETH", "quoteAsset": "USDT",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.01000000"},
            {"filterType": "LOT_SIZE", "stepSize": "0.00010000", "maxQty": "9000"},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000"},
        ],
    }  # fmt: skip
    made = words.instrument(info, NAMES, spot=True)
    assert (made.id, made.tick, made.lot, made.min_notional, made.kind) == (
        "ETH-USDT",
        D("0.01"),
        D("0.0001"),
        D(5),
        Kind.SPOT,
    )
    assert words.instrument(info, NAMES, spot=False).kind is Kind.PERPETUAL


@pytest.mark.parametrize(
    ("number", "text"),
    [("0.000097", "0.000097"), ("9.7E-7", "0.00000097"), ("1E+3", "1000"), ("0.10", "0.1"), ("100", "100")],
)
def test_a_number_goes_out_without_an_exponent(number: str, text: str) -> None:
    assert plain(D(number)) == text
