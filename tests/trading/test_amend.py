"""The change of a working order: only what differs is asked for, and only what the order has."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import BTC
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderReplaceRequested, OrderType, Side, Status
from tradekit.state.shape import Order
from tradekit.trading.amend import request_of

D = Decimal


def order(kind: OrderType = OrderType.LIMIT, **fields: Any) -> Order:
    return Order("s-1", "s", "main", "BTC", Side.BUY, kind, D(3), Status.ACCEPTED, **fields)


LIMIT = order(limit=D(95))
STOP_LIMIT = order(OrderType.STOP_LIMIT, stop=D(101), limit=D(102))


def asked(known: Order, spec: Instrument = BTC, **terms: Any) -> OrderReplaceRequested | None:
    return request_of(spec, known, **terms)


def test_what_differs_is_asked_for_and_nothing_else() -> None:
    made = asked(STOP_LIMIT, qty=5, limit=102, stop=103, reason="why")
    assert made == OrderReplaceRequested("s-1", "BTC", qty=D(5), stop=D(103), reason="why")
    trailing = order(OrderType.TRAILING_STOP, trail=D(5))
    assert asked(trailing, trail=4) == OrderReplaceRequested("s-1", "BTC", trail=D(4))
    percent = order(OrderType.TRAILING_STOP, trail_pct=D(5))
    assert asked(percent, trail_pct=4) == OrderReplaceRequested("s-1", "BTC", trail_pct=D(4))


@pytest.mark.parametrize("terms", [{}, {"qty": 3}, {"limit": "95.0"}, {"qty": 3, "limit": 95, "reason": "x"}])
def test_terms_that_are_in_force_already_ask_for_nothing(terms: dict[str, Any]) -> None:
    assert asked(LIMIT, **terms) is None


def test_changes_are_rounded_like_the_terms_of_a_new_order() -> None:
    ticked = Instrument(id="BTC", tick=D("0.5"), lot=D("0.1"))
    assert asked(LIMIT, ticked, qty=2.37, limit=96.4) == OrderReplaceRequested(
        "s-1", "BTC", qty=D("2.3"), limit=D("96.0")
    )
    assert asked(LIMIT, ticked, limit=95.3) is None


@pytest.mark.parametrize(
    ("known", "terms", "words"),
    [
        (LIMIT, {"stop": 101}, "s-1 is a limit order without stop: it has limit to replace"),
        (order(OrderType.MARKET), {"limit": 9}, "s-1 is a market order without limit: it has no price to replace"),
        (order(OrderType.TRAILING_STOP, trail_pct=D(5)), {"trail": 5}, "without trail: it has trail_pct to replace"),
        (LIMIT, {"limit": 0}, "the order's price is 0"),
        (STOP_LIMIT, {"stop": -1}, "the order's price is -1"),
        (LIMIT, {"qty": 0}, "quantity is 0, and 0 of s-1 have filled"),
        (order(limit=D(95), filled=D(2)), {"qty": 2}, "quantity is 2, and 2 of s-1 have filled"),
        (LIMIT, {"qty": "x"}, "quantity is 'x': give a number"),
        (order(limit=D(95), share=D(1)), {"qty": 2}, "s-1 is sized by the venue"),
    ],
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_refused(known: Order, terms: dict[str, Any], words: str) -> None:
    with pytest.raises(OrderError, match=words):
        asked(known, **terms)


def test_the_sizes_that_the_venue_takes_bind_a_change_too() -> None:
    sized = Instrument(id="BTC", max_qty=D(5), min_notional=D(100))
    with pytest.raises(OrderError, match="above the largest order of 5"):
        asked(LIMIT, sized, qty=6)
    with pytest.raises(OrderError, match="are worth 30 USD"):
        asked(LIMIT, sized, limit=10)
    assert asked(order(limit=D(95), share=D(1)), sized, limit=10) is not None


def test_the_trigger_of_an_if_touched_order_is_its_stop() -> None:
    touched = order(OrderType.MARKET_IF_TOUCHED, stop=D(90))
    assert asked(touched, stop=91) == OrderReplaceRequested("s-1", "BTC", stop=D(91))
