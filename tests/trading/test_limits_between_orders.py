"""The risk rules that look at other orders: pace, duplicates, self-cross; each at its boundary."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import bracket, filled, order
from tests.trading.asking import broken, state
from tests.trading.desk import Desk
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarkUpdated
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderRejected,
    OrderSubmitted,
    OrderType,
    Side,
)
from tradekit.trading.risk import check

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
ES = Instrument(id="BTC", multiplier=D(50))
ETH = Instrument(id="ETH", quote="USD")
LONG = filled("x", BUY, 2, 100)
SECOND = 1_000_000_000


# --- pace ---------------------------------------------------------------------------------------------------


def test_so_many_orders_go_out_in_a_minute() -> None:
    made = Desk(limits={"max_orders_per_minute": "3"})
    for n, name in enumerate("abc"):
        assert broken(made.state, order(name)) is None
        made.engine.step(order(name), made.state.time + n * SECOND)
    first = made.state.time - 3 * SECOND
    made.engine.step(MarkUpdated("BTC", 100.0), first + 60 * SECOND - 1)
    assert broken(made.state, order("o")) == "4"
    made.engine.step(MarkUpdated("BTC", 100.0), first + 60 * SECOND)
    assert broken(made.state, order("o")) is None


def test_an_exit_is_not_held_up_by_the_pace_but_counts() -> None:
    made = Desk(limits={"max_orders_per_minute": "1"})
    made.engine.step(LONG, made.state.time)
    made.engine.step(order("a", SELL, 1), made.state.time)
    assert check(made.state, order("o", SELL, 1), 100.0, D(1)) is None
    assert broken(made.state, order("o")) == "2"


SENT = order("a", qty=2, limit=99)


@pytest.mark.parametrize(
    "other",
    [
        order("o", qty="2.1", limit=99), order("o", qty=2, limit="99.01"), order("o", qty=2, stop=99),
        order("o", qty=2), order("o", SELL, 2, limit=99), order("o", qty=2, limit=99, instrument="ETH"),
        order("a", qty=2, limit=99),  # itself, asked about again
    ],
)  # fmt: skip
def test_an_order_that_says_something_else_is_no_duplicate(other: OrderSubmitted) -> None:
    assert broken(state(SENT, duplicate_window_s=10), other) is None


def test_the_same_order_again_is_refused_while_it_works_and_for_the_window_after_it_was_sent() -> None:
    made = Desk(limits={"duplicate_window_s": "10"})
    sent = made.state.time
    made.engine.step(SENT, sent)
    again = order("o", qty="2.00", limit="99.0")
    for age, value in ((0, "a said the same 0 s before"), (9.5, "a said the same 9.5 s before"),
                       (10, "a says the same, and is working")):  # fmt: skip
        made.engine.step(MarkUpdated("BTC", 100.0), sent + int(age * SECOND))
        assert broken(made.state, again) == value
    made.engine.step(OrderCanceled("a", "BTC"), made.state.time)
    assert broken(made.state, again) is None


@pytest.mark.parametrize("end", [OrderCanceled("a", "BTC"), OrderRejected("a", "BTC", "no")])
def test_the_same_order_again_is_refused_soon_after_it_has_ended(end: Any) -> None:
    assert broken(state(SENT, end, duplicate_window_s=10), order("o", qty=2, limit=99)) is not None


def test_a_denied_order_was_never_sent() -> None:
    denied = OrderDenied("a", "BTC", "s", "main", BUY, OrderType.LIMIT, D(2), "rule", "", "")
    assert broken(state(denied, duplicate_window_s=10), order("o", qty=2)) is None


# --- self-cross ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resting", "fits", "crosses"),
    [
        (order("r", SELL, limit=105), order("o", limit="104.99"), order("o", limit=105)),
        (order("r", BUY, limit=95), order("o", SELL, limit="95.01"), order("o", SELL, limit=95)),
        (order("r", SELL, limit="100.01"), order("o"), None),
        (order("r", SELL, limit=100), None, order("o")),
        (order("r", BUY, limit="99.99"), order("o", SELL), None),
        (order("r", BUY, limit=100), None, order("o", SELL)),
        (order("r", SELL), order("o", limit="99.99"), order("o", limit=100)),
        (order("r", SELL), None, order("o")),
        (order("r", SELL, stop=90), order("o"), None),  # in nobody's book
        (order("r", SELL), order("o", stop=90), None),
        (order("r", BUY, limit=120), order("o", limit=110), None),  # the same side
        (order("r", SELL, limit=90, instrument="ETH"), order("o"), None),
    ],
)  # fmt: skip
def test_two_own_orders_do_not_cross(
    resting: OrderSubmitted, fits: OrderSubmitted | None, crosses: OrderSubmitted | None
) -> None:
    for answer in (
        (),
        (OrderAccepted("r", resting.instrument, "v"),),
    ):  # whether the venue has answered or not
        made = state(MarkUpdated("BTC", 100.0), resting, *answer, self_cross="deny")
        if fits is not None:
            assert broken(made, fits) is None
        if crosses is not None:
            assert broken(made, crosses) == "r would be its counterparty"
        made = state(
            MarkUpdated("BTC", 100.0),
            resting,
            *answer,
            OrderCanceled("r", resting.instrument),
            self_cross="deny",
        )
        assert all(broken(made, asked) is None for asked in (fits, crosses) if asked is not None)


def test_a_market_order_is_thought_to_trade_at_the_quote() -> None:
    made = state(MarkUpdated("BTC", 100.0, 99.0, 101.0), order("r", SELL, limit=101), self_cross="deny")
    assert broken(made, order("o")) == "r would be its counterparty"
    made = state(MarkUpdated("BTC", 100.0, 99.0, 101.0), order("r", SELL, limit="101.01"), self_cross="deny")
    assert broken(made, order("o")) is None


def test_an_exit_that_waits_for_its_entry_is_no_counterparty() -> None:
    entry = order("e", limit=99)
    exits = bracket("e", SELL, 1, loss=90, target=98)
    made = state(MarkUpdated("BTC", 100.0), entry, *exits, self_cross="deny")
    assert broken(made, order("o", limit=99)) is None
    made = state(
        MarkUpdated("BTC", 100.0),
        entry,
        *exits,
        OrderAccepted("e.target", "BTC", "v", held=True),
        self_cross="deny",
    )
    assert broken(made, order("o", limit=99)) is None
    made = state(
        MarkUpdated("BTC", 100.0), entry, *exits, OrderAccepted("e.target", "BTC", "v"), self_cross="deny"
    )
    assert broken(made, order("o", limit=99)) == "e.target would be its counterparty"


@pytest.mark.parametrize(
    ("resting", "asked"),
    [
        (order("r", SELL), order("o")),
        (order("r", SELL, limit=105), order("o")),
        (order("r", SELL), order("o", limit=9)),
    ],
)
def test_without_a_price_an_order_on_the_other_side_is_enough(
    resting: OrderSubmitted, asked: OrderSubmitted
) -> None:
    made = state(resting, self_cross="deny")
    assert broken(made, asked, None) == "r is on the other side, and no price is known yet"
