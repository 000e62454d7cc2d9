"""One order, one bar: whether it trades, at what price, by which rule."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import order
from tradekit.model.order import OrderSubmitted, OrderType, Side
from tradekit.sim.intrabar import Found, at_open, inside

D = Decimal


@pytest.mark.parametrize(
    ("side", "terms", "opening", "found"),
    [
        (Side.BUY, {}, 100.1, (D("100.1"), "market.open")),
        (Side.SELL, {}, 100.1, (D("100.1"), "market.open")),
        (Side.BUY, {"limit": 95}, 95.0, (D("95.0"), "limit.gap")),
        (Side.BUY, {"limit": 95}, 90.0, (D("90.0"), "limit.gap")),
        (Side.BUY, {"limit": 95}, 95.5, None),
        (Side.SELL, {"limit": 105}, 105.0, (D("105.0"), "limit.gap")),
        (Side.SELL, {"limit": 105}, 110.0, (D("110.0"), "limit.gap")),
        (Side.SELL, {"limit": 105}, 104.5, None),
        (Side.BUY, {"stop": 105}, 105.0, (D("105.0"), "stop.gap")),
        (Side.BUY, {"stop": 105}, 110.0, (D("110.0"), "stop.gap")),
        (Side.BUY, {"stop": 105}, 104.5, None),
        (Side.SELL, {"stop": 95}, 95.0, (D("95.0"), "stop.gap")),
        (Side.SELL, {"stop": 95}, 90.0, (D("90.0"), "stop.gap")),
        (Side.SELL, {"stop": 95}, 95.5, None),
    ],
)
def test_at_the_open_a_gap_trades_at_the_open(
    side: Side, terms: dict[str, Any], opening: float, found: Found | None
) -> None:
    assert at_open(order("o", side, **terms), opening) == found


@pytest.mark.parametrize(
    ("side", "terms", "high", "low", "found"),
    [
        (Side.BUY, {"limit": 95}, 100.0, 95.0, (D(95), "limit.touch")),
        (Side.BUY, {"limit": 95}, 100.0, 95.1, None),
        (Side.SELL, {"limit": 105}, 105.0, 99.0, (D(105), "limit.touch")),
        (Side.SELL, {"limit": 105}, 104.9, 99.0, None),
        (Side.BUY, {"stop": 105}, 105.0, 99.0, (D(105), "stop.touch")),
        (Side.BUY, {"stop": 105}, 104.9, 99.0, None),
        (Side.SELL, {"stop": 95}, 100.0, 95.0, (D(95), "stop.touch")),
        (Side.SELL, {"stop": 95}, 100.0, 95.1, None),
    ],
)
def test_inside_a_bar_touching_is_enough_and_the_price_is_the_orders_own(
    side: Side, terms: dict[str, Any], high: float, low: float, found: Found | None
) -> None:
    assert inside(order("o", side, **terms), high, low) == found


def test_a_market_order_does_not_trade_inside_a_bar() -> None:
    assert inside(order("o"), 110.0, 90.0) is None


def test_an_order_without_its_price_never_trades() -> None:
    bare = OrderSubmitted("o", "BTC", "s", "main", Side.BUY, OrderType.STOP, D(1))
    assert at_open(bare, 100.0) is None
    assert inside(bare, 110.0, 90.0) is None
