"""One order in one bar, as backtesting.py prices it."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import bar, flat
from tradekit.model.order import Side
from tradekit.sim.trade_book import Kind, Pending
from tradekit.sim.trade_prices import chance

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
BAR = bar(1, (100, 110, 90, 105))


def found(side: Side, kind: Kind = Kind.ENTRY, *, on_close: bool = False, **prices: object) -> Any:
    """The price (None when it does not trade), the rule, and whether it was a market order."""
    levels: Any = {name: D(str(price)) for name, price in prices.items()}
    pending = Pending("o", kind, side, D(1), "s", "main", **levels)
    seen = chance(pending, BAR, flat(0, 98), on_close=on_close)
    return None if seen.price is None else (seen.price, seen.rule, seen.market)


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_market_order_trades_at_the_open(side: Side) -> None:
    assert found(side) == (100, "market.open", True)
    assert chance(Pending("o", Kind.CLOSE, side, D(1), "s", "m"), BAR, None, on_close=False).ts == BAR.ts


@pytest.mark.parametrize("side", [BUY, SELL])
def test_on_close_a_market_order_trades_at_the_close_before_and_is_booked_there(side: Side) -> None:
    assert found(side, on_close=True) == (98, "market.close", True)
    assert found(side, Kind.CLOSE, on_close=True) == (98, "market.close", True)
    seen = chance(Pending("o", Kind.ENTRY, side, D(1), "s", "m"), BAR, flat(0, 98), on_close=True)
    assert seen.ts == flat(0, 98).ts


@pytest.mark.parametrize(
    ("side", "limit", "price"),
    [(BUY, 95, 95), (BUY, 90, 90), (BUY, 104, 100), (SELL, 106, 106), (SELL, 110, 110), (SELL, 96, 100)],
)
def test_a_limit_trades_where_the_bar_touches_it_or_at_a_better_open(
    side: Side, limit: int, price: int
) -> None:
    assert found(side, limit=limit) == (price, "limit.touch" if limit == price else "limit.gap", False)


@pytest.mark.parametrize(
    ("side", "stop", "price"),
    [(BUY, 105, 105), (BUY, 110, 110), (BUY, 95, 100), (SELL, 95, 95), (SELL, 90, 90), (SELL, 103, 100)],
)
def test_a_stop_trades_where_the_bar_touches_it_or_at_a_worse_open(side: Side, stop: int, price: int) -> None:
    assert found(side, stop=stop) == (price, "stop.touch" if stop == price else "stop.gap", False)


@pytest.mark.parametrize("prices", [{"limit": 89}, {"stop": 111}, {"stop": 105, "limit": 89}])
def test_what_a_bar_does_not_reach_waits(prices: dict[str, Any]) -> None:
    assert found(BUY, **prices) is None
    mirrored: dict[str, Any] = {name: 200 - price for name, price in prices.items()}
    assert found(SELL, **mirrored) is None


@pytest.mark.parametrize(
    ("side", "stop", "limit", "price"),
    [
        (BUY, 102, 103, 102),
        (SELL, 98, 97, 98),
        (BUY, 102, 102, None),
        (BUY, 103, 95, None),
        (SELL, 97, 105, None),
    ],
)
def test_a_stop_limit_waits_for_a_later_bar_where_the_limit_comes_first(
    side: Side, stop: int, limit: int, price: int | None
) -> None:
    seen = found(side, stop=stop, limit=limit)
    assert (seen and seen[0]) == price


def test_a_reached_stop_is_told_even_where_the_limit_waits() -> None:
    pending = Pending("o", Kind.ENTRY, BUY, D(1), "s", "m", stop=D(103), limit=D(95))
    seen = chance(pending, BAR, None, on_close=False)
    assert seen.price is None
    assert seen.triggered == 103


def test_the_stop_of_a_trade_is_named_so_and_starts_at_the_open_even_on_close() -> None:
    assert found(SELL, Kind.LOSS, stop=103, on_close=True) == (100, "loss.gap", False)
    assert found(SELL, Kind.LOSS, stop=95) == (95, "loss.touch", False)
    assert found(SELL, Kind.PROFIT, limit=104) == (104, "profit.touch", False)


def test_on_close_the_stop_of_an_entry_starts_at_the_close_before() -> None:
    assert found(BUY, stop=95, on_close=True) == (98, "stop.gap", False)
