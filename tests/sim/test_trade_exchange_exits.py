"""How backtesting.py closes trades, several at once, and ends: the rules of docs/rules.md, on crafted bars."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import START, bar, bracket, event, flat, order
from tests.sim.trades import exchange, fills, long, rules_of, send, show, told
from tradekit.model.order import (
    OrderCancelRequested,
    OrderReplaceRequested,
    Side,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


# --- exits --------------------------------------------------------------------------------------------------


def test_a_bar_that_holds_stop_and_target_is_stopped_and_the_target_is_canceled() -> None:
    made = long(loss=90, target=110)
    assert told(show(made, bar(2, (100, 111, 89, 100)))) == [
        ("in.loss", -10, 90, "in"),
        ("canceled", "in.target"),
    ]


def test_a_gap_over_the_target_loses_to_a_stop_in_the_same_bar() -> None:
    made = long(loss=90, target=110)
    assert fills(show(made, bar(2, (112, 113, 89, 100)))) == [("in.loss", -10, 90, "in")]


def test_a_gap_fills_at_the_open_worse_for_the_stop_and_better_for_the_target() -> None:
    assert fills(show(long(loss=90), flat(2, 85))) == [("in.loss", -10, 85, "in")]
    assert fills(show(long(target=110), flat(2, 115))) == [("in.target", -10, 115, "in")]


def test_after_a_market_entry_stop_and_target_may_fire_in_its_bar() -> None:
    stopped = ((100, 101, 89, 100), ("a.loss", -1, 90, "a"))
    paid = ((100, 111, 99, 100), ("a.target", -1, 110, "a"))
    for prices, exit_fill in (stopped, paid):
        made = exchange()
        send(made, order("a"), *bracket("a", SELL, 1, loss=90, target=110))
        assert fills(show(made, bar(1, prices))) == [("a", 1, 100, "a"), exit_fill]


@pytest.mark.parametrize("entry", [{"limit": 95}, {"stop": 105}])
def test_after_a_limit_or_stop_entry_stop_and_target_wait_for_the_next_bar(entry: dict[str, Any]) -> None:
    made = exchange()
    send(made, order("a", **entry), *bracket("a", SELL, 1, loss=90, target=108))
    assert len(fills(show(made, bar(1, (100, 109, 89, 100))))) == 1
    assert fills(show(made, bar(2, (100, 109, 95, 100)))) == [("a.target", -1, 108, "a")]


def test_after_a_stop_entry_the_target_may_fire_in_its_bar_when_the_stop_is_out_of_reach() -> None:
    made = exchange()
    send(made, order("a", stop=105), *bracket("a", SELL, 1, loss=90, target=108))
    assert fills(show(made, bar(1, (100, 109, 91, 100)))) == [("a", 1, 105, "a"), ("a.target", -1, 108, "a")]


def test_after_a_short_stop_entry_the_target_may_fire_too() -> None:
    made = exchange()
    send(made, order("a", SELL, stop=95), *bracket("a", BUY, 1, loss=112, target=92))
    assert fills(show(made, bar(1, (100, 110, 91, 100)))) == [("a", -1, 95, "a"), ("a.target", 1, 92, "a")]


def test_a_close_comes_before_a_stop_at_the_same_open() -> None:
    made = long(loss=90)
    send(made, order("x", SELL, 10, position="in"))
    assert told(show(made, flat(2, 85))) == [("x", -10, 85, "in"), ("canceled", "in.loss")]


def test_a_part_close_leaves_the_stop_for_the_rest() -> None:
    made = long(loss=90)
    send(made, order("x", SELL, 4, position="in"))
    show(made, flat(2, 100))
    assert told(show(made, flat(3, 90))) == [("in.loss", -6, 90, "in"), ("canceled", "in.loss")]


def test_closes_are_tried_the_latest_first_and_never_close_more_than_there_is() -> None:
    made = long()
    send(made, order("x", SELL, 8, position="in"), order("y", SELL, 5, position="in"))
    assert told(show(made, flat(2, 100))) == [("y", -5, 100, "in"), ("x", -5, 100, "in"), ("canceled", "x")]


def test_a_close_of_a_trade_that_is_closed_already_is_canceled() -> None:
    made = long()
    send(made, order("x", SELL, 10, position="in"), order("y", SELL, 10, position="in"))
    assert told(show(made, flat(2, 100))) == [("y", -10, 100, "in"), ("canceled", "x")]


def test_a_moved_stop_is_tried_from_the_next_bar() -> None:
    made = long(loss=90)
    reports = made.replace(OrderReplaceRequested("in.loss", "BTC", stop=D(98)), START)
    assert told(reports) == [("replaced", "in.loss")]
    assert fills(show(made, bar(2, (100, 100, 97, 100)))) == [("in.loss", -10, 98, "in")]


def test_a_stop_can_be_put_on_a_trade_later_and_takes_the_place_of_the_one_before() -> None:
    made = long(loss=90)
    assert send(made, order("new", SELL, 10, stop=95, position="in")) == [
        ("canceled", "in.loss"),
        ("accepted", "new"),
    ]
    assert fills(show(made, flat(2, 94))) == [("new", -10, 94, "in")]


@pytest.mark.parametrize(
    "wrong",
    [OrderReplaceRequested("gone", "BTC", stop=D(98)), OrderReplaceRequested("in.loss", "BTC", trail=D(5))],
)
def test_what_cannot_be_replaced_is_told(wrong: OrderReplaceRequested) -> None:
    assert told(long(loss=90).replace(wrong, START)) == [("replace_rejected", wrong.id)]


def test_a_canceled_entry_takes_its_children_along() -> None:
    made = exchange()
    send(made, order("a", limit=90), *bracket("a", SELL, 1, loss=80, target=110))
    assert told(made.cancel(OrderCancelRequested("a", "BTC"), START)) == [
        ("canceled", "a"),
        ("canceled", "a.loss"),
        ("canceled", "a.target"),
    ]
    assert made.cancel(OrderCancelRequested("a", "BTC"), START)[0][1].TYPE == "order.cancel_rejected"
    assert not made.book.orders


# --- several trades -----------------------------------------------------------------------------------------


def test_an_opposite_order_closes_the_oldest_trades_first_and_opens_the_rest() -> None:
    made = exchange(100_000)
    send(made, order("a", qty=3), order("b", qty=5))
    show(made, flat(1, 100))
    send(made, order("s", SELL, 4))
    assert fills(show(made, flat(2, 100))) == [("s", -3, 100, "a"), ("s", -1, 100, "b")]
    send(made, order("t", SELL, 6))
    assert fills(show(made, flat(3, 100))) == [("t", -4, 100, "b"), ("t", -2, 100, "t")]


def test_an_opposite_order_that_only_closes_opens_nothing_for_its_children_to_protect() -> None:
    made = long(10)
    send(made, order("s", SELL, 4), *bracket("s", BUY, 4, loss=120, target=80))
    assert told(show(made, flat(2, 100))) == [
        ("s", -4, 100, "in"),
        ("canceled", "s.loss"),
        ("canceled", "s.target"),
    ]


def test_what_is_left_after_closing_is_dropped_where_the_margin_does_not_cover_it() -> None:
    made = exchange(1000)
    send(made, order("a", qty=5))
    show(made, flat(1, 100))
    send(made, order("s", SELL, 500))
    assert told(show(made, flat(2, 100))) == [("s", -5, 100, "a"), ("canceled", "s")]


def test_hedging_leaves_opposite_trades_alone() -> None:
    made = long(10, hedging=True)
    send(made, order("s", SELL, 4))
    assert fills(show(made, flat(2, 100))) == [("s", -4, 100, "s")]
    assert [t.qty for t in made.book.trades.values()] == [10, -4]


def test_reduce_only_closes_the_oldest_and_opens_nothing() -> None:
    made = long(10, hedging=True)
    send(made, order("s", SELL, 15, reduce_only=True))
    assert told(show(made, flat(2, 100))) == [("s", -10, 100, "in"), ("canceled", "s")]


def test_an_exclusive_entry_cancels_what_waits_and_closes_what_is_open_at_its_own_fill() -> None:
    made = long(10, exclusive_orders=True)
    assert send(made, order("l", BUY, 1, limit=50)) == [("accepted", "l")]
    show(made, flat(2, 99))
    assert send(made, order("s", SELL, 5)) == [("canceled", "l"), ("accepted", "s")]
    assert fills(show(made, flat(3, 100))) == [("s", -5, 100, "s")]


def test_an_exclusive_limit_closes_what_is_open_at_the_next_open_though_it_waits_itself() -> None:
    made = long(10, exclusive_orders=True)
    send(made, order("l", BUY, 1, limit=50))
    assert fills(show(made, flat(2, 99))) == [("in/before l", -10, 99, "in")]
    assert list(made.book.orders) == ["l"]


def test_two_exclusive_entries_at_once_cancel_the_close_and_pass_over_the_entry_behind_it() -> None:
    made = long(10, exclusive_orders=True)
    send(made, order("a", BUY, 1))
    assert send(made, order("b", BUY, 2)) == [("canceled", "in/before a"), ("accepted", "b")]
    assert fills(show(made, flat(2, 100))) == [
        ("in/before b", -10, 100, "in"),
        ("a", 1, 100, "a"),
        ("b", 2, 100, "b"),
    ]


# --- the end ------------------------------------------------------------------------------------------------


def test_what_is_open_at_the_end_is_closed_on_the_last_bar_at_its_open() -> None:
    made = long(10, finalize_trades=True, loss=50)
    show(made, bar(2, (103, 109, 101, 107)))
    reports = made.finish()
    assert told(reports) == [("in/end", -10, 103, "in"), ("canceled", "in.loss")]
    assert [ts for ts, _ in reports] == [flat(2, 1).ts] * 2


def test_on_close_what_is_open_at_the_end_is_closed_at_the_close_before_the_last() -> None:
    made = long(10, finalize_trades=True, trade_on_close=True)
    show(made, bar(2, (103, 109, 101, 107)))
    [(ts, fact)] = made.finish()
    assert (ts, told([(ts, fact)])[0]) == (flat(1, 1).ts, ("in/end", -10, 100, "in"))


def test_an_order_of_the_last_bar_trades_in_it_once_the_open_trades_are_closed() -> None:
    made = long(10, finalize_trades=True)
    show(made, bar(2, (103, 109, 101, 107)))
    send(made, order("late"))
    assert fills(made.finish()) == [("in/end", -10, 103, "in"), ("late", 1, 103, "late")]


def test_without_finalize_open_trades_stay_open() -> None:
    made = long(10)
    assert made.finish() == []
    assert list(made.book.trades) == ["in"]


def test_with_nothing_left_at_a_close_all_is_closed_there_and_nothing_is_taken_any_more() -> None:
    made = exchange(1000, margin=0.1, finalize_trades=True)
    send(made, order("a", qty=50), *bracket("a", SELL, 50, loss=10, target=900))
    show(made, flat(1, 100))
    send(made, order("l", limit=1))
    reports = show(made, bar(2, (100, 100, 70, 75)))
    assert told(reports)[0] == ("a/ruin", -50, 75, "a")
    assert rules_of(reports) == ["ruin.close"]
    assert told(reports)[-1] == ("moved", 250)  # what the account would owe
    assert made.book.equity() == 0
    assert not made.book.orders
    assert send(made, order("b")) == [("rejected", "b")]
    assert made.finish() == []


def test_a_bar_of_another_instrument_changes_nothing() -> None:
    made = exchange()
    send(made, order("a"))
    assert show(made, flat(1, 100, instrument="ETH")) == []


def test_a_bar_made_from_finer_ones_is_not_shown_on_a_replay() -> None:
    made = exchange()
    made.replay(event(bar(9, (1, 1, 1, 1), timeframe="15m"), cause=3))
    assert made.book.last == flat(0, 100.0)
    made.replay(event(flat(1, 101)))
    assert made.book.last == flat(1, 101)
