"""What the exchange refuses, at an order's arrival and when it is to be replaced."""

from typing import Any

import pytest

from tests.builders import START, bracket, flat, order
from tests.sim.floor import SECOND, D, at_work, exchange, told
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderSubmitted, OrderType, Side

BUY, SELL = Side.BUY, Side.SELL
TRAILING = OrderType.TRAILING_STOP
NEEDS_TRAIL = "a trailing_stop order needs a trail, either a price or percent"
TIGHT = Instrument(id="BTC", tick=D("0.5"), lot=D("0.1"), min_notional=D(10), max_qty=D(100))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (order("x", limit="99.7"), "limit 99.7 is no multiple of the tick 0.5"),
        (order("x", stop="99.7"), "stop 99.7 is no multiple of the tick 0.5"),
        (order("x", qty="0.15"), "quantity 0.15 is no multiple of the lot 0.1"),
        (order("x", qty=101), "quantity 101 is above the largest, 100"),
        (order("x", qty="0.1", limit=99), "its value 9.9 is below the least, 10"),
        (order("x", qty="0.1"), "its value 9.9 is below the least, 10"),  # at the last price, 99
        (order("x", qty=0), "quantity is 0: it must be above zero"),
        (order("x", share=D("0.5")), "a share of the buying power: this exchange knows no account; give a quantity"),
        (order("x", kind=OrderType.LIMIT), "a limit order needs a limit price"),
        (order("x", kind=OrderType.MARKET, limit=90), "a market order has no limit price"),
        (order("x", kind=OrderType.STOP), "a stop order needs a stop price"),
        (order("x", kind=OrderType.LIMIT, limit=90, stop=90), "a limit order has no stop price"),
        (order("x", kind=TRAILING), NEEDS_TRAIL),
        (order("x", kind=TRAILING, trail=1, trail_pct=1), NEEDS_TRAIL),
        (order("x", trail=1), "a market order has no trail"),
        (order("x", limit=-1), "limit is -1: it must be above zero"),
        (order("x", kind=TRAILING, trail_pct=100), "trail_pct is 100: it must be below 100"),
        (order("x", stop=90, post_only=True), "post-only is for limit orders"),
        (order("x", limit=99, post_only=True), "post-only, and at 99 it would trade at once: the market is at 99.0"),
    ],
)  # fmt: skip
def test_what_breaks_the_instruments_or_the_types_terms_is_rejected_with_the_reason(
    wrong: OrderSubmitted, why: str
) -> None:
    made = exchange(spec=TIGHT)
    made.bar(flat(0, 99.0))
    assert told(made.submit(wrong, START + 60 * SECOND)) == [("rejected", "x", why)]
    assert made.book == {}


def test_a_post_only_order_that_would_not_trade_at_once_rests() -> None:
    made = exchange()
    made.quote(0, 99.0, 101.0)
    assert told(made.submit(order("a", BUY, limit=100, post_only=True), START)) == [("accepted", "a")]
    assert told(made.submit(order("b", BUY, limit=101, post_only=True), START))[0][0] == "rejected"


def test_what_closes_a_position_may_be_of_any_value() -> None:
    made = exchange(spec=TIGHT)
    made.bar(flat(0, 99.0))
    reports = made.submit(order("x", SELL, qty="0.1", reduce_only=True), START + 60 * SECOND)
    assert told(reports) == [("accepted", "x")]


# --- replacing ----------------------------------------------------------------------------------------------


def test_a_replaced_order_has_its_new_terms() -> None:
    made = exchange(order("a", BUY, 2, limit=90))
    assert told(made.change("a", qty=3, limit=95)) == [("replaced", "a", D(3), D(95))]
    assert told(made.bar(flat(0, 95.0))) == [("filled", "a", D(3), D("95.0"), "limit.gap")]


def test_only_a_smaller_quantity_keeps_an_orders_place() -> None:
    made = exchange(order("a", BUY, 2, limit=90), order("b", BUY, 2, limit=90))
    made.change("a", qty=1)
    assert list(made.book) == ["a", "b"]
    made.change("a", qty=2)
    assert list(made.book) == ["b", "a"]
    made.change("b", limit=91)
    assert list(made.book) == ["a", "b"]


def test_an_order_that_loses_its_place_keeps_its_children_behind_it() -> None:
    made = exchange(order("in", limit=90), *bracket("in", SELL, 1, loss=80, target=110), order("b", limit=90))
    made.change("in", limit=91)
    assert list(made.book) == ["b", "in", "in.loss", "in.target"]


def test_the_quantity_of_a_replacement_counts_from_the_orders_beginning() -> None:
    made = exchange(order("a", BUY, 5, limit=100), participation="0.5")
    made.bar(flat(0, 100.0, volume=4.0))
    assert told(made.change("a", qty=2))[0] == (
        "replace_rejected", "a", "quantity 2 is not above what has filled, 2",
    )  # fmt: skip
    made.change("a", qty=3)
    assert told(made.bar(flat(1, 100.0, volume=40.0)))[0][:3] == ("filled", "a", D("1.0"))


@pytest.mark.parametrize(
    ("name", "terms", "why"),
    [
        ("gone", {"qty": 2}, "there is no such order in the book"),
        ("limit", {"limit": 90}, "nothing would change"),
        ("limit", {"stop": 90}, "a limit order has no stop price"),
        ("limit", {"qty": 0}, "quantity is 0: it must be above zero"),
        ("trail", {"stop": 99}, "the level of a trailing stop follows the market; change its trail"),
        ("stop_limit", {"stop": 94}, "its trigger was reached already"),
        ("post", {"limit": 101}, "post-only, and at 101 it would trade at once: the market is at 100.0"),
    ],
)
def test_what_cannot_be_replaced_is_refused_and_the_order_stands(
    name: str, terms: dict[str, Any], why: str
) -> None:
    made = at_work(
        order("limit", limit=90),
        order("trail", SELL, kind=OrderType.TRAILING_STOP, trail=30),
        order("stop_limit", SELL, kind=OrderType.STOP_LIMIT, stop=95, limit=95),
        order("post", limit=80, post_only=True),
    )
    made.bar(flat(1, 94.0))
    made.bar(flat(2, 94.5))
    made.bar(flat(3, 94.9))
    made.quote(500, 94.0, 100.0)
    before = dict(made.book)
    assert told(made.change(name, **terms)) == [("replace_rejected", name, why)]
    assert made.book == before


def test_a_trailing_stop_takes_another_trail_and_keeps_its_level_until_the_market_gives_a_better_one() -> (
    None
):
    made = at_work(order("t", SELL, kind=OrderType.TRAILING_STOP, trail=5))
    made.change("t", START + 60 * SECOND, trail_pct=1)
    assert made.book["t"].order.stop == D(95)
    assert told(made.bar(flat(1, 100.0))) == [("trailed", "t", D("99.0"))]


def test_a_replacement_acts_after_its_latency() -> None:
    made = exchange(order("a", BUY, limit=90), cancel_latency=90 * SECOND)
    assert made.change("a", limit=100) == []
    assert made.bar(flat(1, 99.0)) == []
    assert [line[0] for line in told(made.bar(flat(2, 99.0)))] == ["replaced", "filled"]
