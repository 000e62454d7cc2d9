"""What real venues' messages say, worded for the desk: fees, partial fills, a batch, a refused cancel."""

from decimal import Decimal

from tradekit.model.instrument import Instrument, Kind
from tradekit.testing.desk import Desk

D = Decimal


def test_a_partial_fill_of_a_futures_order_with_its_fee_in_the_quote_currency() -> None:
    desk = Desk(
        [Instrument(id="BTCUSDT", quote="USDT", base="BTC", kind=Kind.PERPETUAL, margin=D("0.1"))], 1000
    )
    desk.submit(cid="TEST", side="buy", qty="0.002", price="7100.50")
    desk.report(
        kind="fill", cid="TEST", venue_order_id="8886774", exec_id="12345678", side="BUY", qty="0.001", cum_qty="0.001",
        price="7100.50", fee="0.01000000", fee_currency="USDT", liquidity="maker",
    )  # fmt: skip
    made = desk.state.orders["TEST"]
    assert (made.status, made.venue_id, made.filled, made.fees) == (
        "partially_filled",
        "8886774",
        D("0.001"),
        D("0.01"),
    )
    assert desk.state.account.cash["USDT"] == D("999.99")


def test_a_spot_fill_whose_fee_was_taken_out_of_the_coin() -> None:
    desk = Desk([Instrument(id="ETHUSDT", quote="USDT", base="ETH")], 10_000)
    name = "x-TD67BGP9-T0000000000000"
    desk.submit(cid=name, side="buy", qty="1.00000000", price="2500.00000000")
    desk.report(
        kind="fill", cid=name, venue_order_id="12345678", exec_id="98765432", qty="1.00000000", cum_qty="1.00000000",
        price="2500.00000000", fee="0.00100000", fee_currency="ETH", liquidity="maker",
    )  # fmt: skip
    assert (desk.status(name), desk.position()) == ("filled", D("0.999"))
    desk.advance(6)
    for _ in range(2):  # the balances agree with that, coin and cash
        desk.report(
            kind="balances", items=[{"asset": "ETH", "total": "0.999"}, {"asset": "USDT", "total": 7500}]
        )
    assert desk.differences == []


def test_a_batch_that_is_taken_in_part() -> None:
    desk = Desk()
    for cid in ("O1", "O2"):
        desk.submit(cid=cid, qty=1, price=100)
    desk.report(kind="new", cid="O1", venue_order_id="O-A")
    desk.report(kind="rejected", cid="O2", reason="EOrder:Invalid price")
    assert (desk.status("O1"), desk.status("O2")) == ("accepted", "rejected")


def test_a_refused_cancel_that_comes_with_the_status_rejected_is_about_the_cancel() -> None:
    desk = Desk(["XBTUSD"])
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="ece0a2cc-7729-4f4c-bc6c-65d7c723e75b")
    desk.cancel("A")
    desk.report(
        kind="cancel_rejected", venue_order_id="ece0a2cc-7729-4f4c-bc6c-65d7c723e75b", status="Rejected",
        reason="Invalid orderID",
    )  # fmt: skip
    made = desk.state.orders["A"]
    assert (made.status, made.cancel_requested, made.note) == (
        "accepted",
        False,
        "not canceled: Invalid orderID",
    )
