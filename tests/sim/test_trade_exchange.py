"""How backtesting.py takes orders and opens trades: the rules of docs/rules.md, on crafted bars."""

from decimal import Decimal

import msgspec
import pytest

from tests.builders import START, bar, bracket, flat, order
from tests.sim.trades import exchange, fills, send, shared, show, told
from tradekit.model.order import (
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderType,
    Side,
    TimeInForce,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


# --- taking orders ------------------------------------------------------------------------------------------


def test_an_order_is_accepted_at_once_and_a_child_is_held() -> None:
    made = exchange()
    reports = [*made.submit(order("a"), START), *made.submit(order("c", SELL, stop=90, parent="a"), START)]
    assert [(f.id, f.held) for _, f in reports if isinstance(f, OrderAccepted)] == [("a", False), ("c", True)]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (order("x", instrument="DOGE"), "no instrument 'DOGE' here; known: BTC"),
        (order("a"), "an order a is in the book already"),
        (order("c", SELL, stop=90, parent="gone"), "its parent gone is not in the book"),
        (order("c", SELL, position="gone"), "no open trade gone"),
        (order("x", qty="1.5"), "quantity 1.5 is no multiple of 1"),
        (order("x", tif=TimeInForce.DAY), "backtesting.py knows no time in force and no post-only orders"),
        (
            order("x", post_only=True, limit=90),
            "backtesting.py knows no time in force and no post-only orders",
        ),
    ],
)
def test_what_it_cannot_take_is_rejected_with_the_reason(wrong: OrderSubmitted, why: str) -> None:
    made = exchange()
    send(made, order("a"))
    [(_, fact)] = made.submit(wrong, START)
    assert isinstance(fact, OrderRejected)
    assert fact.reason == why
    assert list(made.book.orders) == ["a"]


def test_a_kind_of_order_that_the_library_does_not_know_is_rejected() -> None:
    trailing = msgspec.structs.replace(order("x", stop=90), type=OrderType.TRAILING_STOP)
    assert send(exchange(), trailing) == [("rejected", "x")]


# --- entries ------------------------------------------------------------------------------------------------


def test_a_market_order_fills_at_the_next_open_as_a_trade_of_its_own() -> None:
    made = exchange()
    send(made, order("a"), order("b", qty=2))
    reports = show(made, bar(1, (101, 103, 99, 102)))
    assert told(reports) == [("a", 1, 101, "a"), ("b", 2, 101, "b")]
    assert [ts for ts, _ in reports] == [flat(1, 1).ts] * 2
    assert show(made, flat(2, 102)) == []


def test_on_close_a_market_order_fills_at_the_close_that_decided_it_and_is_booked_there() -> None:
    made = exchange(trade_on_close=True)
    send(made, order("a"))
    [(ts, fact)] = show(made, flat(1, 120))
    assert (ts, told([(ts, fact)])[0]) == (flat(0, 1).ts, ("a", 1, 100, "a"))


def test_the_spread_is_paid_by_entries_only() -> None:
    made = exchange(spread=0.01)
    send(made, order("a"), order("b", SELL))
    made = exchange(spread=0.01)
    send(made, order("a"))
    assert fills(show(made, flat(1, 100))) == [("a", 1, 101, "a")]
    send(made, order("b", SELL, 3))
    assert fills(show(made, flat(2, 100))) == [("b", -1, 100, "a"), ("b", -2, 99, "b")]


def test_the_commission_is_charged_at_entry_and_again_at_the_exit_of_every_piece() -> None:
    made = exchange(commission=(5, 0.001))
    send(made, order("a", qty=10))
    reports = show(made, flat(1, 100))
    send(made, order("x", SELL, 4, position="a"), order("y", SELL, 6, position="a"))
    reports += show(made, flat(2, 200))
    assert [f.fee for _, f in reports if isinstance(f, OrderFilled)] == [6, D("6.2"), D("5.8")]
    assert made.book.cash == D(10_000) + 1000 - 6 - D("6.2") - D("5.8")


def test_a_share_buys_whole_units_with_what_is_available_after_spread_and_commission() -> None:
    made = exchange(1000, spread=0.01, commission=0.01)
    send(made, shared("a", share="0.5"))
    assert told(show(made, flat(1, 100))) == [("replaced", "a"), ("a", 4, 101, "a")]  # 102 a unit


def test_a_share_is_sized_with_leverage() -> None:
    made = exchange(1000, margin=0.1)
    send(made, shared("a", share="0.5"))
    assert fills(show(made, flat(1, 100))) == [("a", 50, 100, "a")]


def test_a_share_of_all_leaves_one_unit_where_the_price_divides_the_money_without_rest() -> None:
    made = exchange(1000)
    send(made, shared("a"))
    assert fills(show(made, flat(1, 100))) == [("a", 9, 100, "a")]


def test_a_share_that_comes_to_no_unit_is_dropped_with_its_children() -> None:
    made = exchange(90)
    send(made, shared("a"), *bracket("a", SELL, 0, loss=90, target=110))
    assert told(show(made, flat(1, 100))) == [
        ("canceled", "a"),
        ("canceled", "a.loss"),
        ("canceled", "a.target"),
    ]


def test_a_fixed_commission_counts_in_full_for_the_share_and_not_for_the_units() -> None:
    made = exchange(1000, commission=(10, 0))
    send(made, shared("a", share="0.5"))  # (100 + 10 / 0.5) a unit
    assert fills(show(made, flat(1, 100))) == [("a", 4, 100, "a")]


def test_an_order_beyond_the_margin_is_dropped_whole() -> None:
    made = exchange(1000)
    send(made, order("a", qty=11), order("b", qty=10))
    assert told(show(made, flat(1, 100))) == [("canceled", "a"), ("b", 10, 100, "b")]


def test_what_is_available_is_measured_at_the_close_of_the_bar_that_fills() -> None:
    for close, word in ((100, "b"), (90, "canceled")):
        made = exchange(1000, margin=0.5)
        send(made, order("a", qty=10))
        show(made, flat(1, 100))
        send(made, order("b", qty=10))
        assert told(show(made, bar(2, (100, 100, 90, close))))[0][0] == word


def test_whole_units_may_be_fractions() -> None:
    made = exchange(1000, fractional_unit="0.01")
    send(made, shared("a", share="0.5"))
    assert fills(show(made, flat(1, 300))) == [("a", D("1.66"), 300, "a")]


def test_a_limit_entry_and_a_stop_entry_fill_when_the_bar_reaches_them() -> None:
    made = exchange()
    send(made, order("a", limit=95), order("b", stop=105))
    assert fills(show(made, bar(1, (100, 106, 94, 100)))) == [("a", 1, 95, "a"), ("b", 1, 105, "b")]


def test_a_triggered_stop_limit_stays_a_limit_order() -> None:
    made = exchange()
    both = msgspec.structs.replace(order("a", stop=103), type=OrderType.STOP_LIMIT, limit=D(98))
    send(made, both)
    assert told(show(made, bar(1, (100, 104, 97, 100)))) == [("triggered", "a")]
    assert told(show(made, bar(2, (99, 99, 97.5, 99)))) == [("a", 1, 98, "a")]
