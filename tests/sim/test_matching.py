"""Bars, quotes and trades against the orders that wait: every order type, every path."""

from typing import Any

import pytest

from tests.builders import START, bar, bracket, flat, order
from tests.sim.floor import SECOND, D, Floor, at_work, exchange, told
from tradekit.model.market import TradingHalted, TradingResumed
from tradekit.model.order import OrderSubmitted, OrderType, Side

BUY, SELL = Side.BUY, Side.SELL
STOP_LIMIT, TRAILING = OrderType.STOP_LIMIT, OrderType.TRAILING_STOP
MIT, LIT = OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED


# --- a trigger, then a limit --------------------------------------------------------------------------------


def test_a_stop_limit_tells_its_trigger_and_trades_at_its_stop() -> None:
    made = exchange(order("a", BUY, kind=STOP_LIMIT, stop=105, limit=106))
    assert told(made.bar(bar(0, (100.0, 107.0, 99.0, 100.0)))) == [
        ("triggered", "a", D(105)),
        ("filled", "a", D(1), D(105), "stop_limit.touch"),
    ]


def test_a_stop_limit_whose_limit_was_jumped_over_works_as_a_limit_from_then_on() -> None:
    made = exchange(order("a", BUY, kind=STOP_LIMIT, stop=105, limit=106))
    assert told(made.bar(bar(0, (108.0, 109.0, 107.0, 108.0)))) == [("triggered", "a", D("108.0"))]
    assert told(made.bar(bar(1, (108.0, 109.0, 106.0, 108.0)))) == [
        ("filled", "a", D(1), D(106), "limit.touch")
    ]


def test_a_stop_limit_triggered_by_the_open_may_trade_at_its_limit_in_the_same_bar() -> None:
    made = exchange(order("a", BUY, kind=STOP_LIMIT, stop=105, limit=106))
    assert told(made.bar(bar(0, (108.0, 109.0, 105.0, 108.0)))) == [
        ("triggered", "a", D("108.0")),
        ("filled", "a", D(1), D(106), "limit.touch"),
    ]


def test_an_order_if_touched_trades_at_its_trigger_when_the_price_comes_down_to_it() -> None:
    made = exchange(order("market", BUY, kind=MIT, stop=95), order("limit", BUY, kind=LIT, stop=96, limit=94))
    assert told(made.bar(bar(0, (100.0, 101.0, 94.5, 100.0)))) == [
        ("filled", "market", D(1), D(95), "market_if_touched.touch"),
        ("triggered", "limit", D(96)),
    ]
    assert told(made.bar(bar(1, (100.0, 101.0, 94.0, 100.0)))) == [
        ("filled", "limit", D(1), D(94), "limit.touch")
    ]


# --- trailing stops -----------------------------------------------------------------------------------------


def test_a_trailing_stop_starts_from_the_price_at_hand_and_follows_each_bars_extreme() -> None:
    made = at_work(order("t", SELL, kind=TRAILING, trail=5, reduce_only=True))
    assert made.book["t"].order.stop == D(95)
    assert told(made.bar(bar(1, (100.0, 108.0, 99.0, 107.0)))) == [("trailed", "t", D("103.0"))]
    assert told(made.bar(bar(2, (106.0, 107.0, 104.0, 105.0)))) == []  # never away from the market
    assert told(made.bar(bar(3, (104.0, 110.0, 103.0, 109.0)))) == [
        ("filled", "t", D(1), D("103.0"), "trailing_stop.touch")  # the stop of before the bar is tried first
    ]


def test_a_trailing_stop_by_percent_keeps_its_share_of_the_best_price() -> None:
    made = at_work(order("t", SELL, kind=TRAILING, trail_pct=10))
    assert made.book["t"].order.stop == D(90)
    assert told(made.bar(bar(1, (100.0, 120.0, 100.0, 119.0)))) == [("trailed", "t", D("108.0"))]


def test_a_trailing_stop_of_a_short_follows_the_low() -> None:
    made = at_work(order("t", BUY, kind=TRAILING, trail=3))
    assert told(made.bar(bar(1, (100.0, 100.0, 95.0, 96.0)))) == [("trailed", "t", D("98.0"))]
    assert told(made.bar(flat(2, 99.0))) == [("filled", "t", D(1), D("99.0"), "trailing_stop.gap")]


def test_a_close_beyond_the_level_that_a_trailing_stop_followed_to_has_passed_it_on_the_way() -> None:
    made = at_work(order("t", SELL, kind=TRAILING, trail=5))
    assert told(made.bar(bar(1, (100.0, 110.0, 99.0, 104.0)))) == [
        ("trailed", "t", D("105.0")),
        ("filled", "t", D(1), D("105.0"), "trailing_stop.touch"),
    ]


def test_a_trailing_stop_of_an_entry_starts_from_its_fill_and_waits_a_bar_to_follow() -> None:
    child = order("t", SELL, kind=TRAILING, trail=5, parent="in", reduce_only=True)
    made = exchange(order("in", BUY, limit=98), child)
    assert told(made.bar(bar(0, (100.0, 110.0, 97.0, 100.0)))) == [
        ("filled", "in", D(1), D(98), "limit.touch"),
        ("accepted", "t"),
        ("trailed", "t", D(93)),
    ]
    assert told(made.bar(flat(1, 100.0))) == [("trailed", "t", D("95.0"))]


def test_a_trailing_stop_begins_at_the_level_it_is_given() -> None:
    made = at_work(order("t", SELL, kind=TRAILING, stop=97, trail=5))
    assert made.book["t"].order.stop == D(97)


# --- paths --------------------------------------------------------------------------------------------------

WIDE = (100.0, 110.0, 90.0, 105.0)
EXITS = [order("in"), *bracket("in", SELL, 1, loss=95, target=106)]


@pytest.mark.parametrize(
    ("path", "exit_", "price"),
    [
        ("pessimistic", "in.loss", 95),
        ("open_high_low_close", "in.target", 106),
        ("open_low_high_close", "in.loss", 95),
    ],
)
def test_the_path_says_which_of_stop_and_target_comes_first(path: str, exit_: str, price: int) -> None:
    reports = told(exchange(*EXITS, path=path).bar(bar(0, WIDE)))
    assert reports[3][:4] == ("filled", exit_, D(1), D(price))


def test_along_a_path_an_entry_inside_the_bar_may_reach_its_target_in_it() -> None:
    made = exchange(
        order("in", BUY, limit=92),
        *bracket("in", SELL, 1, loss=80, target=104),
        path="open_low_high_close",
    )
    assert told(made.bar(bar(0, WIDE)))[3] == ("filled", "in.target", D(1), D(104), "limit.touch")


def test_along_a_path_the_nearer_order_trades_first() -> None:
    made = exchange(order("far", SELL, limit=108), order("near", SELL, limit=103), path="open_high_low_close")
    assert [line[1] for line in told(made.bar(bar(0, WIDE)))] == ["near", "far"]


def test_along_a_path_what_wakes_beyond_its_price_trades_where_the_price_is() -> None:
    made = exchange(
        order("in", BUY, stop=104),
        order("loss", SELL, stop=105, parent="in"),
        order("out", SELL, parent="in"),
        path="open_high_low_close",
    )
    assert [line for line in told(made.bar(bar(0, WIDE))) if line[0] == "filled"] == [
        ("filled", "in", D(1), D(104), "stop.touch"),
        ("filled", "loss", D(1), D(104), "stop.path"),
        ("filled", "out", D(1), D(104), "market.path"),
    ]


def test_along_a_path_a_trailing_stop_follows_to_each_extreme_and_is_met_on_the_way_back() -> None:
    for path, price in (("open_high_low_close", 107), ("open_low_high_close", 97)):
        made = at_work(order("t", SELL, kind=TRAILING, trail=3), path=path)
        fill = next(line for line in told(made.bar(bar(1, WIDE))) if line[0] == "filled")
        assert fill == ("filled", "t", D(1), D(price), "trailing_stop.touch")


def test_along_a_path_a_stop_limit_may_trade_on_the_way_back() -> None:
    made = exchange(order("a", BUY, kind=STOP_LIMIT, stop=105, limit=101), path="open_high_low_close")
    assert told(made.bar(bar(0, WIDE))) == [
        ("triggered", "a", D(105)),
        ("filled", "a", D(1), D(101), "limit.touch"),
    ]


def test_along_a_path_a_limit_may_have_to_be_passed() -> None:
    one = order("a", BUY, limit=90)
    made = exchange(one, path="open_low_high_close", limits="through")
    assert told(made.bar(bar(0, WIDE))) == []
    assert told(made.bar(bar(1, (100.0, 110.0, 89.9, 105.0)))) == [
        ("filled", "a", D(1), D(90), "limit.touch")
    ]


# --- quotes and trades --------------------------------------------------------------------------------------


def test_on_quotes_buys_meet_the_ask_and_sells_the_bid() -> None:
    made = exchange(order("b", BUY), order("s", SELL))
    assert told(made.quote(1, 99.0, 101.0)) == [
        ("filled", "b", D(1), D("101.0"), "market.quote"),
        ("filled", "s", D(1), D("99.0"), "market.quote"),
    ]


@pytest.mark.parametrize(
    ("one", "quiet", "loud", "price", "rule"),
    [
        (order("a", BUY, limit=100), (99.0, 100.5), (99.0, 100.0), 100, "limit.quote"),
        (order("a", SELL, stop=98), (98.5, 100.0), (97.0, 99.0), 97, "stop.quote"),
        (order("a", BUY, kind=MIT, stop=100), (99.0, 100.5), (98.0, 99.5), "99.5", "market_if_touched.quote"),
    ],
)
def test_on_quotes_an_order_waits_for_its_own_side(
    one: OrderSubmitted, quiet: tuple[float, float], loud: tuple[float, float], price: Any, rule: str
) -> None:
    made = exchange()
    made.quote(0, 99.0, 101.0)
    made.submit(one, START)
    assert told(made.quote(1, *quiet)) == []
    (fill,) = told(made.quote(2, *loud))
    assert fill == ("filled", "a", D(1), D(str(price)), rule)


def test_a_quotes_size_bounds_what_trades_against_it_and_the_rest_waits() -> None:
    made = exchange(order("a", BUY, 5), order("b", BUY, 5))
    assert told(made.quote(1, 99.0, 101.0, 9.0, 7.0)) == [
        ("filled", "a", D(5), D("101.0"), "market.quote"),
        ("filled", "b", D(2), D("101.0"), "market.quote"),
    ]
    assert told(made.quote(2, 99.0, 102.0)) == [("filled", "b", D(3), D("102.0"), "market.quote")]


def test_quote_sizes_may_be_told_not_to_count() -> None:
    made = exchange(order("a", BUY, 5), quote_sizes=False)
    assert told(made.quote(1, 99.0, 101.0, 1.0, 1.0)) == [("filled", "a", D(5), D("101.0"), "market.quote")]


def test_a_trailing_stop_follows_each_quote() -> None:
    made = exchange()
    made.quote(0, 100.0, 101.0)
    made.submit(order("t", SELL, kind=TRAILING, trail=2), START)
    assert told(made.quote(1, 105.0, 106.0)) == [("trailed", "t", D("103.0"))]
    assert told(made.quote(2, 102.5, 103.5)) == [("filled", "t", D(1), D("102.5"), "trailing_stop.quote")]


def test_on_trades_an_order_meets_the_price_that_was_traded() -> None:
    made = exchange(order("m"), order("l", BUY, limit=99), order("s", BUY, stop=103))
    assert told(made.trade(1, 100.0)) == [("filled", "m", D(1), D("100.0"), "market.trade")]
    assert told(made.trade(2, 98.0)) == [("filled", "l", D(1), D(99), "limit.trade")]
    assert told(made.trade(3, 104.0)) == [("filled", "s", D(1), D("104.0"), "stop.trade")]


def test_an_instrument_is_matched_on_the_finest_source_that_was_shown() -> None:
    made = exchange()
    made.bar(flat(0, 100.0, timeframe="15m"))
    made.bar(flat(15, 100.0))
    made.submit(order("a"), START + 900 * SECOND)
    assert made.bar(flat(1, 101.0, timeframe="15m")) == []  # 1m bars tell of the same time
    assert told(made.bar(flat(16, 102.0))) == [("filled", "a", D(1), D("102.0"), "market.open")]
    made.quote(2000, 99.0, 101.0)
    made.submit(order("b"), START + 2000 * SECOND)
    assert made.bar(flat(40, 100.0)) == []
    assert made.trade(2500, 100.0) == []
    assert told(made.quote(2600, 99.0, 101.0)) == [("filled", "b", D(1), D("101.0"), "market.quote")]


# --- the price at hand --------------------------------------------------------------------------------------


def test_a_market_order_may_be_told_to_fill_at_this_close() -> None:
    made = exchange(market="this_close")
    made.bar(bar(0, (100.0, 103.0, 99.0, 102.0)))
    reports = made.submit(order("a"), START + 60 * SECOND)
    assert told(reports) == [("accepted", "a"), ("filled", "a", D(1), D("102.0"), "market.close")]
    assert reports[1][0] == START + 60 * SECOND


def test_the_children_of_an_order_that_filled_on_arrival_work_at_once() -> None:
    made = exchange(market="this_close")
    made.bar(flat(0, 100.0))
    made.submit(order("in"), START + 60 * SECOND)
    for child in bracket("in", SELL, 1, loss=95, target=105):
        assert told(made.submit(child, START + 60 * SECOND)) == [("accepted", child.id)]
    assert told(made.bar(flat(1, 94.0)))[0] == ("filled", "in.loss", D(1), D("94.0"), "stop.gap")


def test_at_this_close_a_quoted_market_takes_every_order_at_the_quote_at_hand() -> None:
    made = exchange(market="this_close")
    made.quote(0, 99.0, 101.0)
    assert told(made.submit(order("a", BUY, limit=102), START))[1] == (
        "filled", "a", D(1), D("101.0"), "limit.close",
    )  # fmt: skip
    assert told(made.submit(order("b", BUY, limit=100), START)) == [("accepted", "b")]


def test_without_a_price_at_hand_a_market_order_waits_for_the_next() -> None:
    made = exchange(market="this_close")
    assert told(made.submit(order("a"), START)) == [("accepted", "a")]
    assert told(made.bar(flat(0, 100.0))) == [("filled", "a", D(1), D("100.0"), "market.open")]


# --- when an order is in the market -------------------------------------------------------------------------


def test_an_order_does_not_trade_in_a_bar_that_opened_before_it_was_sent() -> None:
    made = exchange()
    made.submit(order("a"), START + 30 * SECOND)
    assert made.bar(flat(0, 100.0)) == []
    assert told(made.bar(flat(1, 101.0))) == [("filled", "a", D(1), D("101.0"), "market.open")]


def test_what_was_decided_on_the_last_bar_trades_in_the_next_even_where_bars_overlap() -> None:
    made = exchange()
    made.bar(flat(0, 100.0, timeframe="15m"))
    made.submit(order("a"), START + 900 * SECOND)
    early = flat(0, 101.0, timeframe="15m", start=START + 840 * SECOND)
    assert told(made.bar(early)) == [("filled", "a", D(1), D("101.0"), "market.open")]


def test_an_order_acts_on_the_first_bar_that_opens_after_the_latency() -> None:
    made = exchange(submit_latency=60 * SECOND)
    made.bar(flat(0, 100.0))
    made.submit(order("a"), START + 61 * SECOND)
    assert made.bar(flat(2, 101.0)) == []  # opens a second too early
    assert told(made.bar(flat(3, 102.0))) == [("filled", "a", D(1), D("102.0"), "market.open")]


def test_on_ticks_the_latency_counts_exactly() -> None:
    made = exchange(submit_latency=3 * SECOND)
    made.submit(order("a"), START)
    assert made.trade(2, 100.0) == []
    assert told(made.trade(3, 101.0)) == [("filled", "a", D(1), D("101.0"), "market.trade")]


def test_an_order_may_fill_while_the_wish_to_cancel_it_is_on_its_way() -> None:
    made = exchange(order("a", BUY, limit=95), order("b", BUY, limit=90), cancel_latency=90 * SECOND)
    assert made.end("a") == made.end("b") == []
    assert told(made.bar(flat(1, 94.0))) == [("filled", "a", D(1), D("94.0"), "limit.gap")]
    reports = made.bar(flat(2, 89.0))
    assert told(reports) == [
        ("cancel_rejected", "a", "there is no such order in the book"),
        ("canceled", "b", "requested"),
    ]
    assert [ts for ts, _ in reports] == [START + 90 * SECOND] * 2


# --- halts --------------------------------------------------------------------------------------------------


def test_nothing_trades_while_trading_is_halted() -> None:
    made = exchange(order("m"), order("i", BUY, instrument="ETH"))
    made.market(TradingHalted("BTC", "news"), START)
    assert made.bar(flat(0, 100.0)) == []
    assert told(made.bar(flat(0, 50.0, instrument="ETH")))[0][1] == "i"
    made.market(TradingResumed("BTC"), START + 60 * SECOND)
    assert told(made.bar(flat(1, 101.0))) == [("filled", "m", D(1), D("101.0"), "market.open")]


def test_nothing_trades_at_the_price_at_hand_while_trading_is_halted() -> None:
    made = exchange(market="this_close")
    made.bar(flat(0, 100.0))
    made.market(TradingHalted("BTC", "news"), START + 60 * SECOND)
    assert told(made.submit(order("a"), START + 60 * SECOND)) == [("accepted", "a")]


# --- groups with part fills ---------------------------------------------------------------------------------


def shares(*orders: OrderSubmitted) -> Floor:
    return exchange(*orders, participation="0.5")


def test_an_exit_that_has_filled_in_part_leaves_the_other_exits_to_protect_the_rest() -> None:
    made = shares(order("in", BUY, 4), *bracket("in", SELL, 4, loss=95, target=105))
    made.bar(flat(0, 100.0, volume=100.0))
    assert told(made.bar(bar(1, (100.0, 105.0, 100.0, 105.0), volume=2.0))) == [
        ("filled", "in.target", D(1), D(105), "limit.touch")
    ]
    assert told(made.bar(flat(2, 90.0, volume=100.0))) == [
        ("filled", "in.loss", D(3), D("90.0"), "stop.gap"),
        ("canceled", "in.loss", "reduce only, and nothing more is held"),
        ("canceled", "in.target", "one cancels other: in.loss filled"),
    ]


def test_what_is_left_of_an_entry_is_canceled_once_its_exit_trades() -> None:
    target = order("out", SELL, 4, limit=105, parent="in", reduce_only=True)
    made = shares(order("in", BUY, 4, limit=98), target)
    made.bar(bar(0, (100.0, 100.0, 98.0, 99.0), volume=2.0))
    assert told(made.bar(bar(1, (100.0, 106.0, 100.0, 105.0), volume=100.0))) == [
        ("filled", "out", D(1), D(105), "limit.touch"),
        ("canceled", "out", "reduce only, and nothing more is held"),
        ("canceled", "in", "its exit out has traded"),
    ]


def test_a_stop_that_finds_no_volume_is_triggered_and_trades_on_as_a_market_order() -> None:
    made = shares(order("s", SELL, 4, stop=95))
    assert told(made.bar(flat(0, 90.0, volume=0.0))) == [("triggered", "s", D("90.0"))]
    assert told(made.bar(flat(1, 97.0, volume=100.0))) == [("filled", "s", D(4), D("97.0"), "market.open")]
