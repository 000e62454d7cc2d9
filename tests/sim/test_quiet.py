"""A quiet bar leaves every order as it is: matching it would have told nothing."""

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given

from tests.builders import BTC, MINUTE, START, bar, flat, law, order
from tests.sim import fuzz
from tradekit.model.order import OrderSubmitted, OrderType, Side, TimeInForce
from tradekit.sim.book import Resting
from tradekit.sim.exchange import Exchange
from tradekit.sim.quiet import band_of

TIF = TimeInForce


def resting(*orders: OrderSubmitted) -> Exchange:
    made = Exchange([BTC])
    made.market(flat(0, 100.0), START + MINUTE)
    for one in orders:
        made.submit(one, START + MINUTE)
    return made


def band(*orders: OrderSubmitted) -> Any:
    return band_of(resting(*orders).book.values(), BTC)


@given(fuzz.days())
@law(60)
def test_an_exchange_that_passes_over_quiet_bars_tells_the_same(day: fuzz.Day) -> None:
    quick = fuzz.play(day)
    with patch.object(Exchange, "_quiet", lambda self, fact: False):
        assert quick == fuzz.play(day)


def test_orders_wait_on_both_sides() -> None:
    made = band(
        order("a", Side.BUY, limit=98), order("b", Side.BUY, limit=97), order("c", Side.SELL, limit=103),
        order("d", Side.SELL, stop=96), order("e", Side.BUY, stop=105),
        order("f", Side.SELL, kind=OrderType.MARKET_IF_TOUCHED, stop=102),
    )  # fmt: skip
    assert (made.low, made.high) == (98, 102)


@pytest.mark.parametrize(
    ("prices", "quiet"),
    [
        ((100, 101.9, 98.1, 100), True),
        ((100, 102, 98.1, 100), False),
        ((100, 101.9, 98, 100), False),
        ((97, 101, 99, 100), False),  # an open that its own range does not have
    ],
)
def test_a_bar_is_quiet_strictly_between_them(prices: Any, quiet: bool) -> None:
    made = band(order("a", Side.BUY, limit=98), order("b", Side.SELL, limit=102))
    assert made.holds(bar(1, prices)) is quiet


@pytest.mark.parametrize(
    "loud",
    [
        order("a"),
        order("a", limit=90, tif=TIF.IOC),
        order("a", limit=90, tif=TIF.FOK),
        order("a", limit=90, tif=TIF.AT_OPEN),
        order("a", limit=90, tif=TIF.AT_CLOSE),
        order("a", Side.SELL, kind=OrderType.TRAILING_STOP, trail=20),
    ],
)
def test_what_has_to_see_every_bar_leaves_none_quiet(loud: OrderSubmitted) -> None:
    waits = [Resting(one, one.qty, held=False) for one in (order("b", limit=80), loud)]
    assert band_of(waits[:1], BTC).holds(flat(1, 100.0))
    assert not band_of(waits, BTC).holds(flat(1, 100.0))


def test_what_a_stop_left_over_is_a_market_order() -> None:
    made = resting(order("a", Side.SELL, stop=90))
    made.book["a"].triggered = True
    assert not band_of(made.book.values(), BTC).holds(flat(1, 100.0))


def test_no_bar_is_quiet_at_which_a_days_order_ends() -> None:
    last = 24 * 60 - 1
    made = band(order("a", limit=90, tif=TIF.DAY))
    assert made.holds(flat(last, 100.0))
    assert not made.holds(flat(last + 1, 100.0))


def test_a_child_that_waits_for_its_parent_counts_for_nothing() -> None:
    child = order("a.t", Side.SELL, limit=101, parent="a", reduce_only=True)
    made = band(order("a", Side.BUY, limit=98), child)
    assert (made.low, made.high) == (98, float("inf"))


def test_a_band_is_made_anew_when_the_book_moves() -> None:
    made = resting(order("a", Side.BUY, limit=90))
    assert not made.market(bar(1, (100, 101, 99, 100)), START + 2 * MINUTE)
    made.submit(order("b", Side.BUY, limit=99), START + 2 * MINUTE)
    told = made.market(bar(2, (100, 101, 99, 100)), START + 3 * MINUTE)
    assert [fact.TYPE for _, fact in told] == ["order.filled"]
