"""One order, one bar: whether it trades, at what price, by which rule."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import order
from tradekit.model.order import OrderSubmitted, OrderType, Side
from tradekit.sim.prices import Found, at_price, marketable, within, works_as
from tradekit.sim.rules import Rules

D = Decimal


PLAIN = Rules()
STOP_LIMIT, LIT = OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED
MIT = OrderType.MARKET_IF_TOUCHED
BUY, SELL = Side.BUY, Side.SELL


def jump(
    one: OrderSubmitted, price: object, rules: Rules = PLAIN, *, how: str = "open", **more: Any
) -> Found | None:
    return at_price(one, one.type, D(str(price)), how, rules, **more)


def reach(one: OrderSubmitted, high: float, low: float, rules: Rules = PLAIN) -> Found | None:
    return within(one, one.type, high, low, rules)


@pytest.mark.parametrize(
    ("side", "terms", "opening", "found"),
    [
        (BUY, {}, 100.1, ("100.1", "market.open")),
        (SELL, {}, 100.1, ("100.1", "market.open")),
        (BUY, {"limit": 95}, 95.0, ("95.0", "limit.gap")),
        (BUY, {"limit": 95}, 90.0, ("90.0", "limit.gap")),
        (BUY, {"limit": 95}, 95.5, None),
        (SELL, {"limit": 105}, 105.0, ("105.0", "limit.gap")),
        (SELL, {"limit": 105}, 110.0, ("110.0", "limit.gap")),
        (SELL, {"limit": 105}, 104.5, None),
        (BUY, {"stop": 105}, 105.0, ("105.0", "stop.gap")),
        (BUY, {"stop": 105}, 110.0, ("110.0", "stop.gap")),
        (BUY, {"stop": 105}, 104.5, None),
        (SELL, {"stop": 95}, 95.0, ("95.0", "stop.gap")),
        (SELL, {"stop": 95}, 90.0, ("90.0", "stop.gap")),
        (SELL, {"stop": 95}, 95.5, None),
        (BUY, {"kind": MIT, "stop": 95}, 94.0, ("94.0", "market_if_touched.gap")),
        (BUY, {"kind": MIT, "stop": 95}, 96.0, None),
        (SELL, {"kind": MIT, "stop": 105}, 106.0, ("106.0", "market_if_touched.gap")),
    ],
)
def test_at_the_open_a_gap_trades_at_the_open(
    side: Side, terms: dict[str, Any], opening: float, found: tuple[str, str] | None
) -> None:
    assert jump(order("o", side, **terms), opening) == (
        None if found is None else Found(D(found[0]), found[1])
    )


@pytest.mark.parametrize(
    ("side", "terms", "high", "low", "found"),
    [
        (BUY, {"limit": 95}, 100.0, 95.0, (95, "limit.touch")),
        (BUY, {"limit": 95}, 100.0, 95.1, None),
        (SELL, {"limit": 105}, 105.0, 99.0, (105, "limit.touch")),
        (SELL, {"limit": 105}, 104.9, 99.0, None),
        (BUY, {"stop": 105}, 105.0, 99.0, (105, "stop.touch")),
        (BUY, {"stop": 105}, 104.9, 99.0, None),
        (SELL, {"stop": 95}, 100.0, 95.0, (95, "stop.touch")),
        (SELL, {"stop": 95}, 100.0, 95.1, None),
        (BUY, {"kind": MIT, "stop": 95}, 100.0, 95.0, (95, "market_if_touched.touch")),
        (SELL, {"kind": MIT, "stop": 105}, 104.9, 95.0, None),
    ],
)
def test_inside_a_bar_touching_is_enough_and_the_price_is_the_orders_own(
    side: Side, terms: dict[str, Any], high: float, low: float, found: tuple[int, str] | None
) -> None:
    assert reach(order("o", side, **terms), high, low) == (
        None if found is None else Found(D(found[0]), found[1])
    )


def test_a_market_order_does_not_trade_inside_a_bar() -> None:
    assert reach(order("o"), 110.0, 90.0) is None


def test_an_order_without_its_price_never_trades() -> None:
    bare = OrderSubmitted("o", "BTC", "s", "main", Side.BUY, OrderType.STOP, D(1))
    assert jump(bare, 100) is None
    assert reach(bare, 110.0, 90.0) is None


# --- a trigger, then a limit --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "stop", "limit", "opening", "trades"),
    [
        (BUY, 105, 107, 106, True),
        (BUY, 105, 106, 106, True),
        (BUY, 105, 106, 107, False),
        (SELL, 95, 93, 94, True),
        (SELL, 95, 94, 93, False),
    ],
)
def test_a_stop_limit_that_the_open_triggers_trades_there_if_its_limit_lets_it(
    side: Side, stop: int, limit: int, opening: int, trades: bool
) -> None:
    one = order("o", side, kind=STOP_LIMIT, stop=stop, limit=limit)
    assert jump(one, opening) == Found(D(opening), "stop_limit.gap", trades, True)


@pytest.mark.parametrize(
    ("side", "stop", "limit", "trades"),
    [(BUY, 105, 106, True), (BUY, 105, 104, False), (SELL, 95, 94, True), (SELL, 95, 96, False)],
)
def test_a_stop_limit_touched_inside_a_bar_trades_at_its_stop_or_waits_for_a_later_bar(
    side: Side, stop: int, limit: int, trades: bool
) -> None:
    one = order("o", side, kind=STOP_LIMIT, stop=stop, limit=limit)
    assert reach(one, 110.0, 90.0) == Found(D(stop), "stop_limit.touch", trades, True)
    assert reach(one, 104.0, 96.0) is None


@pytest.mark.parametrize(
    ("side", "stop", "limit", "low_or_high", "found"),
    [
        (BUY, 95, 96, 95, Found(D(95), "limit_if_touched.touch", True, True)),
        (BUY, 95, 93, 93, Found(D(93), "limit_if_touched.touch", True, True)),
        (BUY, 95, 93, 94, Found(D(95), "limit_if_touched.touch", False, True)),
        (SELL, 105, 107, 107, Found(D(107), "limit_if_touched.touch", True, True)),
        (SELL, 105, 107, 106, Found(D(105), "limit_if_touched.touch", False, True)),
    ],
)
def test_a_limit_if_touched_passes_its_trigger_before_a_limit_beyond_it(
    side: Side, stop: int, limit: int, low_or_high: float, found: Found
) -> None:
    one = order("o", side, kind=LIT, stop=stop, limit=limit)
    reached = (100.0, float(low_or_high)) if side is BUY else (float(low_or_high), 100.0)
    assert reach(one, *reached) == found


# --- the rules that a profile may change --------------------------------------------------------------------


def test_limits_may_have_to_be_passed_and_not_only_touched() -> None:
    through = Rules(limits="through")
    one = order("o", BUY, limit=95)
    assert reach(one, 100.0, 95.0, through) is None
    assert reach(one, 100.0, 94.9, through) == Found(D(95), "limit.touch")
    assert jump(one, 95, through) is None
    assert jump(one, 94, through) == Found(D(94), "limit.gap")
    assert reach(order("o", SELL, limit=105), 105.0, 99.0, through) is None


def test_a_gap_may_be_told_not_to_better_a_limit() -> None:
    assert jump(order("o", BUY, limit=95), 90, Rules(limit_gap="limit")) == Found(D(95), "limit.gap")


def test_a_gap_may_be_told_not_to_worsen_a_stop() -> None:
    assert jump(order("o", SELL, stop=95), 90, Rules(stop_gap="stop")) == Found(D(95), "stop.gap")


def test_on_quotes_a_limit_that_rests_has_its_own_price_and_one_that_comes_the_quotes() -> None:
    one = order("o", BUY, limit=95)
    assert jump(one, 94, how="quote", rests=True) == Found(D(95), "limit.quote")
    assert jump(one, 94, how="quote") == Found(D(94), "limit.quote")


@pytest.mark.parametrize(
    ("kind", "triggered", "works"),
    [
        (OrderType.STOP, False, OrderType.STOP),
        (OrderType.STOP, True, OrderType.MARKET),
        (OrderType.TRAILING_STOP, True, OrderType.MARKET),
        (MIT, True, OrderType.MARKET),
        (STOP_LIMIT, True, OrderType.LIMIT),
        (LIT, True, OrderType.LIMIT),
        (OrderType.LIMIT, True, OrderType.LIMIT),
    ],
)
def test_what_was_triggered_works_as_a_market_or_a_limit_order(
    kind: OrderType, triggered: bool, works: OrderType
) -> None:
    assert works_as(kind, triggered=triggered) is works


def test_a_limit_is_marketable_where_the_price_lets_it_trade_at_once() -> None:
    assert marketable(order("o", BUY, limit=100), D(100))
    assert not marketable(order("o", BUY, limit=99), D(100))
    assert marketable(order("o", SELL, limit=99), D(100))
    assert not marketable(order("o", SELL, limit=99), None)
    assert not marketable(order("o", SELL, stop=99), D(90))
    assert marketable(order("o"), None)
