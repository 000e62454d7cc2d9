"""The desk takes its own words in the spellings that people bring along, and says what to write for all others."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument, Kind
from tradekit.testing.desk import Desk
from tradekit.testing.said import said

D = Decimal
CCXT = {
    "symbol": "BTC",
    "side": "buy",
    "amount": 1,
    "price": 9,
    "datetime": "2026-01-05T15:00:00Z",
    "info": {},
}


@pytest.mark.parametrize(
    "words",
    [
        {
            "cid": "A",
            "instrument": "BTC",
            "side": "buy",
            "qty": 1,
            "type": "limit",
            "price": 100,
            "tif": "ioc",
        },
        {
            "client_order_id": "A",
            "symbol": "BTC",
            "side": "BUY",
            "quantity": 1,
            "order_type": "LIMIT",
            "limit": 100,
            "tif": "IOC",
        },
        {
            "clientOrderId": "A",
            "side": "b",
            "size": "1",
            "limit_price": 100.0,
            "timeInForce": "ImmediateOrCancel",
        },
    ],
)
def test_an_order_may_be_written_with_the_names_of_a_report(words: dict[str, Any]) -> None:
    desk = Desk(["BTC"])
    order = desk.submit(**words)
    assert (order.id, order.qty, order.limit, order.tif) == ("A", 1, 100, "ioc")
    assert (desk.sent[0]["type"], desk.sent[0]["side"]) == ("limit", "buy")


@pytest.mark.parametrize(
    ("prices", "kind"),
    [
        ({}, "market"), ({"price": 9}, "limit"), ({"stop": 9}, "stop"), ({"stop": 9, "price": 8}, "stop_limit"),
        ({"type": "stop", "price": 9}, "stop"), ({"type": "stop", "trigger_price": 9}, "stop"),
        ({"type": "market", "price": 9}, "market"),
    ],
)  # fmt: skip
def test_the_type_or_the_prices_make_the_order(prices: dict[str, Any], kind: str) -> None:
    assert Desk().submit(cid="A", **prices).type == kind


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"type": "limit"}, "a limit order needs price"),
        ({"type": "stop"}, "a stop order needs price"),
        ({"type": "stop_limit", "price": 1}, "a stop_limit order needs price and stop"),
        ({"type": "trailing_stop"}, "their words make them: if_touched=, trail="),
        ({"type": "moc"}, "of an auction is the tif"),
        ({"qantity": 1}, "qantity is no term of an order"),
    ],
)
def test_an_order_that_lacks_something_is_refused_and_nothing_is_sent(
    words: dict[str, Any], says: str
) -> None:
    desk = Desk()
    with pytest.raises(OrderError, match=re.escape(says)):
        desk.submit(cid="A", **words)
    assert desk.sent == []


def test_time_passes_by_seconds_in_any_form_and_only_forward() -> None:
    desk = Desk()
    for passed in (1, 0.5, "1.5", D("0.25"), timedelta(seconds=2)):
        desk.advance(passed)
    assert desk.now - desk.start == 5_250_000_000
    for wrong in (-1, float("nan"), "soon"):
        with pytest.raises(OrderError, match="seconds is"):
            desk.advance(wrong)


def test_one_instrument_needs_no_list_and_a_mode_no_small_letters() -> None:
    desk = Desk("ETHBTC", 3, "HEDGING")
    assert (list(desk.state.instruments), desk.cash(), desk.cash("BTC"), desk.cash("USD")) == (
        ["ETHBTC"],
        3,
        3,
        0,
    )
    assert desk.state.account.hedging


@pytest.mark.parametrize(
    ("name", "base", "quote", "kind"),
    [
        ("ETHBTC", "ETH", "BTC", Kind.SPOT), ("WBTC", "WBTC", "USD", Kind.SPOT), ("BTCBUSD", "BTC", "BUSD", Kind.SPOT),
        ("BTCUSDT-PERP.BINANCE", "BTC", "USDT", Kind.PERPETUAL), ("BRK.B", "BRK.B", "USD", Kind.SPOT),
    ],
)  # fmt: skip
def test_a_name_is_read_as_venues_write_it(name: str, base: str, quote: str, kind: Kind) -> None:
    spec = Desk([name]).state.instruments[name]
    assert (spec.base, spec.quote, spec.kind) == (base, quote, kind)


@pytest.mark.parametrize(
    "told",
    [
        {"id": "BTC/USDT", "tick": 0.01, "lot": "0.001", "min_notional": 10},
        Instrument(id="BTC/USDT", quote="USDT", base="BTC", tick="0.01", lot=0.001, min_notional=10),  # type: ignore[arg-type]
    ],
)
def test_an_instrument_s_steps_may_be_numbers_in_any_form(told: Any) -> None:
    desk = Desk(told)
    spec = desk.state.instruments["BTC/USDT"]
    assert (spec.base, spec.quote, spec.tick, spec.lot) == ("BTC", "USDT", D("0.01"), D("0.001"))
    order = desk.submit(qty=1.2345, price=100.019)
    assert (order.qty, order.limit) == (D("1.234"), D("100.01"))


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: Desk([7]), "instrument is 7: give a name, an Instrument, or a dict with id"),  # type: ignore[list-item]
        (
            lambda: Desk({"id": "A", "tik": 1}),
            "an instrument has no 'tik' (did you mean 'tick'?); there are id, quote",
        ),
        (lambda: Desk({"id": "A", "lot": "x"}), "lot is 'x': give a number"),
        (lambda: Desk({"id": "A", "kind": "odd"}), "instrument A: Invalid enum value 'odd'"),
        (lambda: Desk(["BTC"], cash={"USD": 1}), "cash is {'USD': 1}: give a number"),
        (lambda: Desk().report("new"), "the report is 'new': give a dict with its kind"),  # type: ignore[arg-type]
        (
            lambda: Desk().report(kind="open_orders", items="A"),
            "items of open_orders is 'A': give a list of dicts",
        ),
        (
            lambda: Desk().report(kind="executions", items={"A": 1}),
            "items of executions is {'A': 1}: give a list",
        ),
        (
            lambda: Desk().report(kind="positions", items=[None]),
            "item 0 of positions is None: give a dict with instrument",
        ),
        (
            lambda: Desk().report(kind="balances"),
            "balances without items: give [] where it is empty, ok: False",
        ),
        (lambda: Desk().report(kind="new", ts=float("nan")), "ts is nan: give UTC nanoseconds"),
    ],
)
def test_what_makes_no_sense_is_an_order_error_with_the_way_out(made: Any, says: str) -> None:
    with pytest.raises(OrderError, match=re.escape(says)):
        made()


def test_a_halt_is_an_alert_whoever_the_rule_is() -> None:
    desk = Desk(["BTC"], limits={"max_rejects_in_a_row": 3})
    for number in range(5):
        desk.submit(cid=f"c{number}", qty=1, price=100)
        desk.report(kind="rejected", cid=f"c{number}", reason="insufficient balance")
    (alert,) = desk.alerts
    assert (alert["kind"], alert["grade"], alert["cid"]) == ("halted", "critical", "")
    assert "max_rejects_in_a_row" in alert["text"]


def test_a_human_s_own_halt_is_no_alert() -> None:
    desk = Desk()
    desk.command("halt", reason="lunch")
    assert (desk.state.risk.halted, desk.alerts) == (True, [])


@pytest.mark.parametrize(
    "ts", ["1767625200000", "1767625200", "1767625200.0", "20260105T150000Z", 1_767_625_200_000]
)
def test_a_number_of_a_time_may_be_text(ts: object) -> None:
    (told,) = said({"kind": "new", "cid": "A", "ts": ts}, now=0, start=0)
    assert told.ts == 1_767_625_200 * 10**9


def test_balances_and_positions_may_be_mappings_of_what_is_told_of_each() -> None:
    desk = Desk(["BTC"], 100)
    desk.report(kind="balances", items={"USD": {"free": 60, "used": 40, "total": 100}})
    desk.report(kind="positions", items={"BTC": {"qty": 0, "price": None}})
    assert desk.differences == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("pending_cancel", "accepted"),
        ("done_for_day", "accepted"),
        ("PendingSubmit", "accepted"),
        ("mmp_canceled", "canceled"),
    ],
)
def test_a_status_may_stand_for_the_kind(kind: str, status: str) -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind=kind, cid="A", venue_order_id="v1")
    assert desk.status("A") == status


def test_a_status_that_comes_with_a_trade_is_the_trade_s() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="closed", cid="A", exec_id="e1", qty=1, price=100)
    assert (desk.status("A"), desk.position()) == ("filled", 1)


@pytest.mark.parametrize(
    "report",
    [
        {"kind": "timeout", "request": "submit", "cid": "A", "seconds": 10},
        {"kind": "error", "cid": "A", "http_status": 502, "msg": "bad gateway", "instrument": "BTC"},
        {"kind": "error", "action": "place", "clientOrderId": "A", "errorMessage": "try again"},
    ],
)
def test_a_failure_may_be_worded_as_clients_of_venues_do(report: dict[str, Any]) -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(report)
    assert desk.status("A") == "unknown"


@pytest.mark.parametrize(
    "book",
    [
        {
            "kind": "positions",
            "items": [{"symbol": "BTC", "contracts": 1, "side": "long", "entryPrice": 100}],
        },
        {"kind": "positions", "items": [{"instrument": "BTC", "positionAmt": "-1", "avg_entry_price": "1"}]},
        {"kind": "balances", "items": [{"asset": "USD", "walletBalance": "7"}]},
        {"kind": "balances", "items": [{"currency": "USD", "amount": 7}]},
        {
            "kind": "executions",
            "items": [{**CCXT, "id": 1, "order": "v", "cost": 9, "takerOrMaker": "taker"}],
        },
        {
            "kind": "open_orders",
            "items": [{**CCXT, "id": "v", "filled": 0, "remaining": 1, "status": "open", "fees": []}],
        },
    ],
)
def test_a_book_may_be_worded_as_clients_of_venues_do(book: dict[str, Any]) -> None:
    desk = Desk(["BTC"])
    desk.report(book)
    assert desk.differences or desk.alerts


def test_a_book_that_is_none_is_no_empty_book() -> None:
    desk = Desk(["BTC"], 10_000, limits={})
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="timeout", cid="A")
    for _ in range(6):
        desk.report(kind="open_orders", items=None)
        desk.report(kind="executions", items=None)
        desk.report(kind="positions", positions=None)
        desk.advance(31)
    assert (desk.status("A"), desk.differences) == ("unknown", [])


def test_what_was_sent_has_the_words_that_matter_to_it() -> None:
    desk = Desk(["BTC"], mode="hedging")
    desk.submit(cid="A", qty=1, position="long", post_only=True, price=100)
    desk.submit(cid="B", side="sell", qty=1, position="short", trail=5)
    first, second = desk.sent
    assert (first["position"], first["post_only"], "trail" in first) == ("long", True, False)
    assert (second["position"], second["type"], second["trail"]) == ("short", "trailing_stop", 5)
