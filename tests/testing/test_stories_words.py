"""A scripted venue may spell its words as real ones do: one statement for each, and a clear word for all others."""

from typing import Any

import pytest

from tradekit.errors import OrderError
from tradekit.model.instrument import Kind
from tradekit.model.order import OrderType, Side
from tradekit.testing.desk import Desk
from tradekit.testing.said import KINDS
from tradekit.testing.spelling import instrument_of, kind_of, moment, side_of, status_of, type_of, word

KIND = {
    "new": ["NEW", "accepted", "Open", "acknowledged"],
    "canceled": ["Cancelled", "CANCELED"],
    "fill": ["Fill", "PARTIALLY_FILLED", "PartialFill", "trade", "filled", "liquidation"],
    "rejected": ["reject", "REJECTED"],
    "replaced": ["modified", "amended"],
    "cancel_rejected": ["CancelRejected", "cancel_reject"],
    "replace_rejected": ["modify-rejected"],
    "bust": ["trade bust", "busted"],
    "order": ["OrderUpdate", "order_status"],
    "reconnect": ["reconnected", "Connected"],
}


@pytest.mark.parametrize(("kind", "spelt"), [(kind, one) for kind, words in KIND.items() for one in words])
def test_a_kind_may_be_spelt_as_venues_do(kind: str, spelt: str) -> None:
    assert kind_of(spelt, KINDS) == kind


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("PartiallyFilled", "new"),
        ("PARTIALLY_FILLED", "new"),
        ("pending_cancel", "new"),
        ("PreSubmitted", "new"),
        ("Cancelled", "canceled"),
        ("EXPIRED_IN_MATCH", "expired"),
        ("full-fill", "filled"),
        ("closed", "filled"),
    ],
)
def test_a_status_may_be_spelt_as_venues_do(status: str, says: str) -> None:
    assert status_of(status, None, None) == says


def test_closed_with_less_than_its_quantity_says_neither_filled_nor_ended() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2)
    desk.report(kind="order", cid="A", venue_order_id="v", status="closed", qty=2, cum_qty=0)
    assert (desk.status("A"), desk.state.orders["A"].told) == ("accepted", None)


@pytest.mark.parametrize("spelt", ["BUY", "Buy", "bid", "BOT", "long"])
def test_a_side_may_be_spelt_as_venues_do(spelt: str) -> None:
    assert side_of(spelt) is Side.BUY


@pytest.mark.parametrize(
    ("spelt", "kind"),
    [
        ("LMT", OrderType.LIMIT),
        ("STOP_MARKET", OrderType.STOP),
        ("StopLimit", OrderType.STOP_LIMIT),
        ("stop-loss-limit", OrderType.STOP_LIMIT),
        ("TAKE_PROFIT", OrderType.MARKET_IF_TOUCHED),
    ],
)
def test_a_type_may_be_spelt_as_venues_do(spelt: str, kind: OrderType) -> None:
    assert type_of(spelt) is kind


@pytest.mark.parametrize(
    ("name", "base", "quote", "kind"),
    [
        ("BTC", "BTC", "USD", Kind.SPOT),
        ("BTC/USDT", "BTC", "USDT", Kind.SPOT),
        ("BTC-USD", "BTC", "USD", Kind.SPOT),
        ("BTCUSDT", "BTC", "USDT", Kind.SPOT),
        ("GBTC", "GBTC", "USD", Kind.SPOT),
        ("BTC-PERP", "BTC", "USD", Kind.PERPETUAL),
        ("BTC-USDT-SWAP", "BTC", "USDT", Kind.PERPETUAL),
        ("BTC/USDT:USDT", "BTC", "USDT", Kind.PERPETUAL),
    ],
)
def test_a_name_says_what_is_paid_for_what(name: str, base: str, quote: str, kind: Kind) -> None:
    made = instrument_of(name)
    assert (made.id, made.base, made.quote, made.kind) == (name, base, quote, kind)


def test_a_word_has_small_letters_and_its_parts_apart() -> None:
    assert [word(one) for one in ("PartiallyFilled", "PARTIALLY FILLED", "partially-filled")] == [
        "partially_filled"
    ] * 3


@pytest.mark.parametrize(
    "ts",
    [
        "2026-01-05T15:00:00Z",
        1_767_625_200,
        1_767_625_200_000,
        1_767_625_200_000_000,
        1_767_625_200 * 10**9,
        0,
    ],
)
def test_a_time_may_be_counted_as_venues_do(ts: object) -> None:
    start = 1_767_625_200 * 10**9
    assert moment(ts, start) == start


@pytest.mark.parametrize("ts", ["yesterday", True])
def test_what_is_no_time_is_refused(ts: object) -> None:
    with pytest.raises(OrderError, match=r"give UTC nanoseconds, a datetime, ISO text, or seconds"):
        moment(ts, 0)


REPORTS: list[dict[str, Any]] = [
    {"cid": "A", "exec_id": 7, "qty": "1", "price": "100", "commission": "0.1", "commission_asset": "USD"},
    {"client_order_id": "A", "trade_id": "7", "quantity": 1.0, "px": 100, "fee": 0.1, "fee_currency": None},
    {"clientOrderId": "A", "execId": "7", "last_qty": 1, "last_px": 100.0, "fee": "0.1", "liquidity": ""},
    {"order_link_id": "A", "tradeId": 7, "size": 1, "avg_px": 100, "filled": 1, "commission": 0.1},
]


@pytest.mark.parametrize("report", REPORTS)
def test_a_trade_may_be_worded_as_venues_do(report: dict[str, Any]) -> None:
    desk = Desk()
    desk.submit(cid="A", side="BUY", qty=1, type="LIMIT", price=100)
    for _ in range(2):
        desk.report(kind="TRADE", **report)
    assert (desk.status("A"), str(desk.state.account.cash["USD"])) == ("filled", "99899.9")


def test_what_is_left_of_an_order_says_what_has_filled_of_it() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=3)
    desk.report(kind="canceled", cid="A", qty=3, remaining=1)
    assert (desk.status("A"), desk.state.orders["A"].told) == ("canceled", 2)


def test_what_a_venue_tells_beside_it_is_passed_over() -> None:
    desk = Desk(["BTC"])
    desk.submit(cid="A", qty=3)
    desk.report(
        kind="fill", cid="A", exec_id="e1", qty=1, price=100, leaves_qty=2, type="limit", info={"m": True}
    )
    desk.report(kind="positions", items=[{"symbol": "BTC", "size": 1, "leverage": 5, "unrealizedPnl": 0}])
    assert (desk.position("BTC"), desk.alerts) == (1, [])


def test_a_refusal_has_the_venue_s_code_and_its_words() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=3)
    desk.report(kind="rejected", cid="A", code=-2010, reason="insufficient balance")
    assert (desk.status("A"), desk.state.orders["A"].note) == ("rejected", "-2010 insufficient balance")


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({"kind": "canceled", "cid": "A", "leaves_qty": 1}, "leaves_qty is told without qty"),
        ({"kind": "fill", "cid": "A", "qty": 1}, "or cum_qty and avg_price, of all that has filled"),
        (
            {"kind": "balances", "items": [{"asset": "USD", "free": 1}]},
            "what is free of it and what is locked",
        ),
        (
            {"kind": "order", "cid": "A", "status": "odd"},
            "status is 'odd': give one of new, open",
        ),
        ({"kind": "fill", "cid": "A", "qty": "one", "price": 1}, "qty is 'one': give a number"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(report: dict[str, Any], words: str) -> None:
    with pytest.raises(OrderError) as refused:
        Desk().report(report)
    assert words in str(refused.value)
