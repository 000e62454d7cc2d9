from decimal import Decimal
from typing import Any

import pytest

from tests.widgets.conftest import START, WHO
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderFilled, OrderType, Side, Status, TimeInForce
from tradekit.state.shape import Position, State
from tradekit.testing.stage import StageSession
from tradekit.widgets import rows
from tradekit.widgets.words import MINUS


def test_an_open_position_shows_its_cost_and_what_it_would_give(session: StageSession) -> None:
    table = rows.positions(session.replica.state)
    assert table["count"] == 1
    row = table["rows"][0]
    assert (row["side"], row["side_tone"], row["qty"]) == ("▲ long", "up", "0.75")
    assert (row["entry"], row["mark"]) == ("17,200.00", "17,215.00")
    assert (row["unrealised"], row["unrealised_tone"]) == ("+11.25", "up")
    assert row["opened"] > START // 1_000_000
    assert not row["ended"]


def test_a_closed_position_stays_with_what_it_gave(session: StageSession) -> None:
    price = Decimal(17_210)
    out = OrderFilled("b-3", *WHO, "x2", Side.SELL, Decimal("0.75"), price, Decimal(1), "USDT", "")
    session.replica.fold(out)
    table = rows.positions(session.replica.state)
    row = table["rows"][0]
    assert table["count"] == 0
    assert (row["side"], row["entry"], row["opened"], row["realised"], row["ended"]) == (
        "• flat",
        "",
        0,
        "+7.50",
        True,
    )


def test_both_sides_of_a_hedged_instrument_are_rows_of_their_own(hedged: StageSession) -> None:
    table = rows.positions(hedged.replica.state)
    assert {row["key"]: (row["instrument"], row["qty"]) for row in table["rows"]} == {
        "breakout/BTCUSDT/LONG": ("BTCUSDT LONG", "2"),
        "breakout/BTCUSDT/SHORT": ("BTCUSDT SHORT", "1"),
    }


def test_amounts_in_several_currencies_are_told_with_theirs(session: StageSession) -> None:
    state = session.replica.state
    state.instruments["XBTUSD"] = Instrument(id="XBTUSD", quote="USD", base="BTC", inverse=True)
    state.positions["breakout/BTCUSDT"].realised = Decimal("0.004")
    state.positions["other"] = Position(
        "breakout", "paper", "XBTUSD", Decimal(1), unrealised=-0.0000987, currency="BTC"
    )
    by_name = {row["instrument"]: row for row in rows.positions(state)["rows"]}
    inverse, usual = by_name["XBTUSD"], by_name["BTCUSDT"]
    assert (inverse["unrealised"], inverse["unrealised_tone"]) == (f"{MINUS}0.00009870 BTC", "down")
    assert (usual["realised"], usual["fees"]) == ("+0.004 USDT", "5.16 USDT")
    assert rows.fills(state)["rows"][0]["fee"] == "5.16 USDT"


def test_working_orders_come_before_ended_ones_and_newest_first(session: StageSession) -> None:
    table = rows.orders(session.replica.state)
    assert [row["key"] for row in table["rows"]] == ["b-5", "b-4", "b-3", "b-2", "b-7", "b-6", "b-1"]
    assert table["count"] == 4


def test_an_orders_row_says_price_status_and_why(session: StageSession) -> None:
    by_key = {row["key"]: row for row in rows.orders(session.replica.state)["rows"]}
    assert by_key["b-1"]["price"] == "market"
    assert by_key["b-1"]["average"] == "17,200.00"
    assert by_key["b-1"]["note"] == "close above"
    assert by_key["b-2"]["price"] == "17,050.00"
    assert by_key["b-3"]["status"] == "held"
    assert by_key["b-5"]["status"] == "cancel requested"
    assert by_key["b-6"]["note"] == "not needed"
    assert by_key["b-7"]["note"] == "max_position: 99 against 5"
    assert by_key["b-4"]["average"] == ""


def test_a_priced_order_without_a_price_shows_none(session: StageSession) -> None:
    order = session.replica.state.orders["b-4"]
    order.limit = None
    row = next(r for r in rows.orders(session.replica.state)["rows"] if r["key"] == "b-4")
    assert row["price"] == ""


@pytest.mark.parametrize(
    ("kind", "terms", "words"),
    [
        ("stop_limit", {"stop": 95, "limit": 94}, ("stop limit", "94.00 from 95.00")),
        ("trailing_stop", {"trail": 5}, ("trailing stop", "trails 5.00")),
        ("trailing_stop", {"trail_pct": "2.50", "stop": 95}, ("trailing stop", "95.00, trails 2.5 %")),
        ("market_if_touched", {"stop": 95}, ("market if touched", "95.00")),
        ("market", {"tif": "at_close"}, ("market, at close", "market")),
    ],
)
def test_an_orders_row_names_its_type_and_its_prices(
    session: StageSession, kind: str, terms: dict[str, Any], words: tuple[str, str]
) -> None:
    order = session.replica.state.orders["b-4"]
    order.type, order.limit = OrderType(kind), None
    for name, value in terms.items():
        setattr(order, name, TimeInForce(value) if name == "tif" else Decimal(value))
    row = next(r for r in rows.orders(session.replica.state)["rows"] if r["key"] == "b-4")
    assert (row["type"], row["price"]) == words


def test_an_orders_status_is_in_words(session: StageSession) -> None:
    order = session.replica.state.orders["b-4"]
    order.status = Status.PARTIALLY_FILLED
    by_key = {row["key"]: row for row in rows.orders(session.replica.state)["rows"]}
    assert by_key["b-4"]["status"] == "partially filled"
    order.replace_requested = True
    by_key = {row["key"]: row for row in rows.orders(session.replica.state)["rows"]}
    assert by_key["b-4"]["status"] == "replace requested"


def test_fills_and_signals_are_newest_first_and_bounded(session: StageSession) -> None:
    for i in range(rows.KEPT + 5):
        fill = OrderFilled(
            "b-4", *WHO, f"y{i}", Side.SELL, Decimal("0.001"), Decimal(17_300), Decimal(0), "USDT"
        )
        session.replica.fold(fill)
    table = rows.fills(session.replica.state)
    assert len(table["rows"]) == rows.KEPT
    assert table["rows"][0]["key"] > table["rows"][1]["key"]
    assert table["rows"][0]["realised_tone"] == "up"
    assert table["rows"][0]["fee"] == "0.00 USDT"


def test_a_signal_is_told_with_its_direction(session: StageSession) -> None:
    (row,) = rows.signals(session.replica.state)["rows"]
    assert (row["direction"], row["direction_tone"], row["price"], row["note"]) == (
        "▲ up",
        "up",
        "17,215.00",
        "close above",
    )


def test_an_empty_state_has_empty_tables() -> None:
    for table in (rows.positions, rows.orders, rows.fills, rows.signals):
        assert table(State()) == {"rows": [], "count": 0}
