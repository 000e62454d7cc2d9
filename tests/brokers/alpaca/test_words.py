"""Alpaca's messages, read as they were written: numbers exact, ids as ours, nothing guessed."""

from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.messages import NEW, OLD, a_fill, an_activity, an_order, an_update
from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.errors import Unreadable
from tradekit.brokers.alpaca.names import Names, plain
from tradekit.errors import ConfigError
from tradekit.model.order import OrderType, Side
from tradekit.model.said import BalanceSaid, FillSaid, OrderSaid, PositionSaid, What

D = Decimal
NAMES = Names(["AAPL", "BRK_B"])


def one(update: Any) -> OrderSaid:
    """The one statement of an update, about an order."""
    (said,) = words.heard(update, NAMES)
    assert isinstance(said, OrderSaid)
    return said


def trade(update: Any) -> tuple[FillSaid, OrderSaid]:
    """A trade and how its order stands."""
    fill, stands = words.heard(update, NAMES)
    assert isinstance(fill, FillSaid)
    assert isinstance(stands, OrderSaid)
    return fill, stands


def test_a_resting_order() -> None:
    said = one(an_update("new"))
    assert (said.what, said.order, said.venue_id, said.instrument) == (What.NEW, "tk-1", OLD, "AAPL")
    assert (said.side, said.type, said.qty, said.limit) == (Side.BUY, OrderType.LIMIT, D(5), D("150.25"))
    assert (said.cum, said.stop, said.price) == (0, None, None)
    assert said.ts == 1615919881_942282_000


@pytest.mark.parametrize(
    "status",
    ["accepted", "pending_new", "held", "done_for_day", "pending_cancel", "pending_replace", "stopped", "calculated"],
)  # fmt: skip
def test_an_order_that_may_still_trade_works(status: str) -> None:
    assert words.order(an_order(status=status), NAMES).what is What.NEW


@pytest.mark.parametrize("end", ["canceled", "expired", "rejected"])
def test_an_end_is_told_with_why(end: str) -> None:
    said = one(an_update(end, an_order(status=end), reason="CORPORATE_ACTION"))
    assert (said.what, said.reason) == (What(end), "CORPORATE_ACTION")


def test_a_trade_is_told_before_how_its_order_stands() -> None:
    fill, stands = trade(a_fill("3", "2", "150.2"))
    assert (fill.qty, fill.price, fill.cum, fill.side, fill.order) == (
        D(2),
        D("150.2"),
        D(3),
        Side.BUY,
        "tk-1",
    )
    assert (stands.what, stands.cum, stands.price) == (What.NEW, D(3), D("150.2"))
    assert trade(a_fill("5", "2"))[1].what is What.FILLED


def test_a_trade_has_one_name_on_the_stream_and_in_the_book_of_activities() -> None:
    fill, _ = trade(a_fill("3", "2"))
    (kept,) = words.executions([an_activity("3.00", "2")], NAMES)
    assert kept.exec_id == fill.exec_id == f"{OLD}:3"
    assert (kept.venue_id, kept.instrument, kept.side) == (fill.venue_id, fill.instrument, fill.side)
    assert words.executions([an_activity("5", "2")], NAMES)[0].exec_id != fill.exec_id


def test_a_trade_larger_than_what_has_filled_makes_no_sense() -> None:
    with pytest.raises(Unreadable, match="a trade of 4 of an order of which 3 has filled"):
        words.heard(a_fill("3", "4"), NAMES)


def test_the_forerunner_tells_the_new_id_and_none_of_its_own_terms() -> None:
    said = one(an_update("replaced", an_order(status="replaced", replaced_by=NEW)))
    assert (said.what, said.order, said.venue_id, said.earlier) == (What.REPLACED, "tk-1", NEW, OLD)
    assert (said.qty, said.limit, said.cum) == (None, None, None)


def test_the_order_in_its_place_tells_its_terms_and_whose_place_it_has_taken() -> None:
    said = one(an_update("new", an_order(id=NEW, client_order_id="tk-1-1", replaces=OLD, limit_price="151")))
    assert (said.what, said.order, said.venue_id, said.earlier) == (What.REPLACED, "tk-1-1", NEW, OLD)
    assert (said.qty, said.limit, said.cum) == (D(5), D(151), None)


def test_in_the_book_it_is_an_order_like_any_other() -> None:
    (said,) = words.listed([an_order(id=NEW, client_order_id="tk-1-1", replaces=OLD)], NAMES)
    assert (said.what, said.venue_id, said.earlier, said.qty) == (What.NEW, NEW, "", D(5))


def test_a_trade_of_an_order_in_anothers_place_does_not_count_what_that_had() -> None:
    fill, _ = trade(a_fill("3", "2", id=NEW, replaces=OLD))
    assert (fill.exec_id, fill.cum, fill.venue_id) == (f"{NEW}:3", None, NEW)


def test_terms_that_the_venue_has_changed_itself_are_told_under_the_same_id() -> None:
    said = one(an_update("restated", an_order(qty="10", limit_price="75.13")))
    assert (said.what, said.venue_id, said.earlier) == (What.REPLACED, OLD, "")
    assert (said.qty, said.limit) == (D(10), D("75.13"))
    assert one(an_update("restated", an_order(status="canceled"))).what is What.CANCELED


@pytest.mark.parametrize(
    ("event", "what"),
    [("order_cancel_rejected", What.CANCEL_REJECTED), ("order_replace_rejected", What.REPLACE_REJECTED)],
)
def test_a_refused_cancel_or_change_is_about_that_alone(event: str, what: What) -> None:
    said = one(an_update(event, an_order(status="filled", filled_qty="5"), reason="TOO_LATE_TO_CANCEL"))
    assert (said.what, said.reason, said.cum, said.qty) == (what, "TOO_LATE_TO_CANCEL", None, None)


@pytest.mark.parametrize(
    "update",
    [
        an_update("trade_bust"),
        an_update("new", an_order(status="something")),
        an_update("new", an_order(id=None)),
        an_update("new", an_order(filled_qty=None)),
        an_update("new", an_order(limit_price=150.25)),
        an_update("new", an_order(side="both")),
        an_update("new", an_order(qty="NaN")),
        an_update("new", an_order(qty="five")),
        an_update("replaced", an_order(status="replaced")),
        an_update("fill", an_order(filled_qty="5"), price="1"),
        an_update("new", an_order(updated_at="yesterday")),
        {"event": "new"},
        [],
    ],
)
def test_what_cannot_be_read_is_never_guessed(update: Any) -> None:
    with pytest.raises(Unreadable):
        words.heard(update, NAMES)


def test_an_order_of_several_legs_is_somebody_elses_and_can_be_read() -> None:
    said = one(an_update("new", an_order(symbol="", side="", asset_class="", order_class="mleg")))
    assert (said.side, said.instrument) == (None, "")


def test_numbers_may_come_as_numbers_where_they_are_exact() -> None:
    said = words.order(an_order(qty=1, filled_qty=D("0.5"), filled_avg_price=0), NAMES)
    assert (said.qty, said.cum, said.price) == (D(1), D("0.5"), None)


def test_positions_have_a_sign_however_the_quantity_is_written() -> None:
    told = [
        {"symbol": "AAPL", "qty": "5", "side": "long", "avg_entry_price": "100.0", "current_price": "101.5"},
        {"symbol": "BRK.B", "qty": "-2", "side": "short", "avg_entry_price": "400"},
        {"symbol": "TSLA", "qty": "3", "side": "short", "avg_entry_price": "200"},
    ]
    assert words.positions(told, NAMES) == [
        PositionSaid(instrument="AAPL", qty=D(5), price=D(100), mark=D("101.5")),
        PositionSaid(instrument="BRK_B", qty=D(-2), price=D(400)),
        PositionSaid(instrument="TSLA", qty=D(-3), price=D(200)),
    ]


def test_the_cash_is_the_accounts_borrowed_included() -> None:
    assert words.balances({"currency": "USD", "cash": "-122.5"}) == [
        BalanceSaid(currency="USD", total=D("-122.5"))
    ]


def test_a_bar_is_labelled_by_its_begin() -> None:
    row = {
        "t": "2022-02-01T14:30:00Z",
        "o": 174,
        "h": D("174.84"),
        "l": D("172.31"),
        "c": D("174.61"),
        "v": 85998033,
    }
    told = words.bar(row, "AAPL", "1m")
    assert (told.ts, told.open, told.close, told.volume) == (1643725800_000000000, 174.0, 174.61, 85998033.0)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2022-03-18T14:02:43.651613184Z", 1647612163_651613184),
        ("2022-03-18T10:02:43.5-04:00", 1647612163_500000000),
        ("2022-03-18T14:02:43Z", 1647612163_000000000),
    ],
)
def test_moments_are_read_to_the_last_digit_and_by_their_zone(text: str, ns: int) -> None:
    assert words.moment(text) == ns


def test_names_of_share_classes_and_what_is_no_stock() -> None:
    assert (NAMES.there("BRK_B"), NAMES.ours("BRK.B"), NAMES.ours("TSLA")) == ("BRK.B", "BRK_B", "TSLA")
    for name in ("BTC-USD", "AAPL240126P00050000"):
        with pytest.raises(ConfigError, match="is no US stock"):
            Names([name])
    with pytest.raises(ConfigError, match="one stock at the venue"):
        Names(["aapl", "AAPL"])


@pytest.mark.parametrize(
    ("number", "text"), [("0.00097", "0.00097"), ("9.7E-4", "0.00097"), ("1E+3", "1000"), ("2.50", "2.5")]
)
def test_numbers_are_written_plainly(number: str, text: str) -> None:
    assert plain(D(number)) == text
