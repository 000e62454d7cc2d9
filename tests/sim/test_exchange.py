"""The fill rules of docs/fills.md, one by one, on crafted bars."""

from decimal import Decimal

import pytest

from tests.builders import START, bar, bracket, event, filled, flat, order
from tests.sim.floor import Floor, exchange, told
from tradekit.model.instrument import Instrument
from tradekit.model.order import (
    OrderAccepted,
    OrderExpired,
    OrderFilled,
    OrderSubmitted,
    Side,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def long(qty: object = 1, *orders: OrderSubmitted) -> Floor:
    """An exchange on which `s` is long, with these orders in the book."""
    made = exchange(order("in", BUY, qty))
    made.bar(flat(0, 100.0))
    for one in orders:
        made.submit(one, START)
    return made


# --- taking orders ------------------------------------------------------------------------------------------


def test_an_order_is_accepted_at_once_and_a_child_is_held() -> None:
    made = exchange()
    assert told(made.submit(order("a"), START)) == [("accepted", "a")]
    assert told(made.submit(order("c", SELL, stop=90, parent="a"), START)) == [("held", "c")]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (order("x", instrument="DOGE"), "no instrument 'DOGE' here; known: BTC, ETH"),
        (order("a"), "an order a is in the book already"),
        (order("c", SELL, stop=90, parent="gone"), "its parent gone is not in the book"),
    ],
)
def test_what_it_cannot_take_is_rejected_with_the_reason(wrong: OrderSubmitted, why: str) -> None:
    made = exchange(order("a"))
    assert told(made.submit(wrong, START)) == [("rejected", wrong.id, why)]
    assert list(made.book) == ["a"]


def test_a_canceled_order_leaves_the_book_with_its_children() -> None:
    made = exchange(order("in", limit=90), *bracket("in", SELL, 1, loss=80, target=110))
    assert told(made.end("in")) == [
        ("canceled", "in", "requested"),
        ("canceled", "in.loss", "parent in ended"),
        ("canceled", "in.target", "parent in ended"),
    ]
    assert made.book == {}


def test_canceling_an_unknown_order_is_refused() -> None:
    made = exchange(order("a"))
    assert told(made.end("b")) == [("cancel_rejected", "b", "there is no such order in the book")]
    assert list(made.book) == ["a"]


# --- at the open --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
def test_a_market_order_fills_at_the_next_bars_open_at_its_time(side: Side) -> None:
    made = exchange(order("a", side, 2))
    reports = made.bar(bar(0, (100.5, 103.0, 99.0, 102.0)))
    assert told(reports) == [("filled", "a", D(2), D("100.5"), "market.open")]
    assert reports[0][0] == START


def test_a_bar_of_another_instrument_fills_nothing() -> None:
    made = exchange(order("a"), order("b", limit=95))
    assert made.bar(bar(0, (100.0, 100.0, 90.0, 90.0), instrument="ETH")) == []
    assert exchange().bar(flat(0, 100.0)) == []


@pytest.mark.parametrize(
    ("resting", "opening", "rule"),
    [
        (order("a", BUY, limit=95), 94.0, "limit.gap"),
        (order("a", SELL, limit=105), 106.0, "limit.gap"),
        (order("a", BUY, stop=105), 106.0, "stop.gap"),
        (order("a", SELL, stop=95), 94.0, "stop.gap"),
    ],
)
def test_a_gap_fills_at_the_open_better_for_limits_and_worse_for_stops(
    resting: OrderSubmitted, opening: float, rule: str
) -> None:
    reports = exchange(resting).bar(flat(0, opening))
    assert told(reports) == [("filled", "a", D(1), D(str(opening)), rule)]


def test_a_target_that_the_open_gaps_over_wins_at_the_open_over_a_stop_inside() -> None:
    made = long(1, *bracket("in", SELL, 1, loss=95, target=105))
    assert made.book == {}  # the parent had filled before: such children are refused
    made = exchange(order("in"), *bracket("in", SELL, 1, loss=95, target=105))
    made.bar(flat(0, 100.0))
    assert told(made.bar(bar(1, (106.0, 107.0, 90.0, 91.0)))) == [
        ("filled", "in.target", D(1), D("106.0"), "limit.gap"),
        ("canceled", "in.loss", "one cancels other: in.target filled"),
    ]


def test_at_the_open_market_orders_come_before_resting_ones() -> None:
    exit_first = order("stop", SELL, stop=95, reduce_only=True)
    made = long(1, exit_first, order("close", SELL))
    assert told(made.bar(flat(1, 90.0))) == [
        ("filled", "close", D(1), D("90.0"), "market.open"),
        ("canceled", "stop", "position closed"),
    ]


# --- inside the bar -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resting", "rule"),
    [
        (order("a", BUY, limit=95), "limit.touch"),
        (order("a", SELL, limit=105), "limit.touch"),
        (order("a", BUY, stop=105), "stop.touch"),
        (order("a", SELL, stop=95), "stop.touch"),
    ],
)
def test_a_touched_order_fills_at_its_own_price(resting: OrderSubmitted, rule: str) -> None:
    made = exchange(resting)
    assert told(made.bar(bar(0, (100.0, 104.9, 95.1, 100.0)))) == []
    level = resting.limit or resting.stop
    assert told(made.bar(bar(1, (100.0, 105.0, 95.0, 100.0)))) == [("filled", "a", D(1), level, rule)]


@pytest.mark.parametrize("target_first", [False, True])
def test_a_bar_that_holds_stop_and_target_is_stopped(target_first: bool) -> None:
    exits = bracket("in", SELL, 1, loss=95, target=105)
    made = exchange(order("in"), *(reversed(exits) if target_first else exits))
    made.bar(flat(0, 100.0))
    assert told(made.bar(bar(1, (100.0, 106.0, 94.0, 105.5)))) == [
        ("filled", "in.loss", D(1), D(95), "stop.touch"),
        ("canceled", "in.target", "one cancels other: in.loss filled"),
    ]


def test_a_stop_and_a_target_may_fire_in_the_bar_at_whose_open_a_market_order_entered() -> None:
    made = exchange(order("in"), *bracket("in", SELL, 1, loss=95, target=105))
    assert told(made.bar(bar(0, (100.0, 106.0, 99.0, 105.5)))) == [
        ("filled", "in", D(1), D("100.0"), "market.open"),
        ("accepted", "in.loss"),
        ("accepted", "in.target"),
        ("filled", "in.target", D(1), D(105), "limit.touch"),
        ("canceled", "in.loss", "one cancels other: in.target filled"),
    ]


def test_a_stop_that_the_entrys_open_has_passed_fills_there() -> None:
    made = exchange(order("in"), *bracket("in", SELL, 1, loss=95, target=105))
    assert told(made.bar(flat(0, 94.0)))[3:] == [
        ("filled", "in.loss", D(1), D("94.0"), "stop.gap"),
        ("canceled", "in.target", "one cancels other: in.loss filled"),
    ]


@pytest.mark.parametrize(
    ("entry", "side", "loss", "target"),
    [
        (order("in", BUY, limit=98), SELL, 96, 101),
        (order("in", BUY, stop=102), SELL, 99, 104),
        (order("in", SELL, limit=102), BUY, 104, 99),
        (order("in", SELL, stop=98), BUY, 101, 96),
    ],
)
def test_an_entry_inside_the_bar_may_be_stopped_in_it_but_not_reach_its_target(
    entry: OrderSubmitted, side: Side, loss: float, target: float
) -> None:
    wide = (100.0, 106.0, 94.0, 100.0)
    stopped = exchange(entry, *bracket("in", side, 1, loss=loss, target=target))
    assert told(stopped.bar(bar(0, wide)))[3:] == [
        ("filled", "in.loss", D(1), D(loss), "stop.entry_bar"),
        ("canceled", "in.target", "one cancels other: in.loss filled"),
    ]
    alone = exchange(entry, order("in.target", side, limit=target, parent="in", reduce_only=True))
    assert [line[:2] for line in told(alone.bar(bar(0, wide)))] == [
        ("filled", "in"),
        ("accepted", "in.target"),
    ]
    assert told(alone.bar(bar(1, wide)))[0][:2] == ("filled", "in.target")


def test_an_entry_inside_the_bar_keeps_a_stop_that_lies_beyond_it() -> None:
    made = exchange(order("in", limit=98), *bracket("in", SELL, 1, loss=90, target=105))
    made.bar(bar(0, (100.0, 106.0, 94.0, 100.0)))
    assert list(made.book) == ["in.loss", "in.target"]


def test_a_stop_that_the_entry_inside_the_bar_has_passed_already_fills_at_the_entrys_price() -> None:
    made = exchange(order("in", SELL, limit=102), order("stop", BUY, stop=101, parent="in", reduce_only=True))
    reports = made.bar(bar(0, (101.5, 103.0, 101.5, 102.0)))
    assert told(reports)[2] == ("filled", "stop", D(1), D(102), "stop.entry_bar")


def test_only_one_of_two_stops_of_an_entry_fires() -> None:
    children = [order(f"stop{n}", SELL, stop=96 + n, parent="in", reduce_only=True) for n in (0, 1)]
    made = exchange(order("in", limit=98), *children)
    assert told(made.bar(bar(0, (100.0, 100.0, 94.0, 95.0))))[3:] == [
        ("filled", "stop0", D(1), D(96), "stop.entry_bar"),
        ("canceled", "stop1", "position closed"),
    ]


# --- groups, parents, reduce only ---------------------------------------------------------------------------


def test_the_first_fill_of_a_group_cancels_the_rest_of_it_only() -> None:
    made = exchange(
        order("up", BUY, stop=105, group="g"),
        order("down", SELL, stop=95, group="g"),
        order("other", limit=90),
    )
    assert told(made.bar(bar(0, (100.0, 106.0, 94.0, 100.0)))) == [
        ("filled", "up", D(1), D(105), "stop.touch"),
        ("canceled", "down", "one cancels other: up filled"),
    ]
    assert list(made.book) == ["other"]


def test_a_canceled_sibling_takes_its_children_along() -> None:
    made = exchange(
        order("up", BUY, stop=105, group="g"),
        order("down", SELL, stop=90, group="g"),
        order("down.loss", BUY, stop=95, parent="down", reduce_only=True),
    )
    assert told(made.bar(bar(0, (100.0, 106.0, 99.0, 100.0))))[1:] == [
        ("canceled", "down", "one cancels other: up filled"),
        ("canceled", "down.loss", "parent down ended"),
    ]


def test_a_held_child_does_not_trade_before_its_parent() -> None:
    made = exchange(order("in", limit=90), *bracket("in", SELL, 1, loss=99, target=101))
    assert made.bar(bar(0, (100.0, 102.0, 98.0, 100.0))) == []


def test_reduce_only_never_turns_a_position_and_gives_the_rest_up() -> None:
    made = long(1, order("out", SELL, 3, stop=95, reduce_only=True))
    assert told(made.bar(flat(1, 94.0))) == [
        ("filled", "out", D(1), D("94.0"), "stop.gap"),
        ("canceled", "out", "reduce only, and nothing more is held"),
    ]


@pytest.mark.parametrize("side", Side)
def test_reduce_only_without_a_position_to_reduce_is_canceled(side: Side) -> None:
    made = exchange(order("out", side, reduce_only=True))
    assert told(made.bar(flat(0, 100.0))) == [
        ("canceled", "out", "reduce only, and nothing is held to reduce")
    ]


def test_the_protection_of_a_closed_position_leaves_the_book() -> None:
    made = long(1, order("loss", SELL, stop=90, reduce_only=True), order("entry", BUY, stop=120))
    made.submit(order("close", SELL), START)
    assert told(made.bar(flat(1, 100.0)))[1:] == [("canceled", "loss", "position closed")]
    assert list(made.book) == ["entry"]


def test_the_protection_of_a_turned_position_leaves_the_book() -> None:
    made = long(1, order("loss", SELL, stop=90, reduce_only=True), order("turn", SELL, 2))
    assert told(made.bar(flat(1, 100.0)))[1:] == [("canceled", "loss", "position closed")]


def test_the_protection_of_what_is_left_stays() -> None:
    made = long(2, order("loss", SELL, 2, stop=90, reduce_only=True), order("half", SELL))
    made.bar(flat(1, 100.0))
    assert told(made.bar(flat(2, 89.0)))[0] == ("filled", "loss", D(1), D("89.0"), "stop.gap")


def test_the_protection_of_another_strategy_or_instrument_stays() -> None:
    made = long(1, order("theirs", SELL, stop=90, reduce_only=True, strategy="t"))
    made.submit(order("eth", SELL, stop=90, reduce_only=True, instrument="ETH"), START)
    made.submit(order("close", SELL), START)
    made.bar(flat(1, 100.0))
    assert list(made.book) == ["theirs", "eth"]


# --- costs --------------------------------------------------------------------------------------------------


def test_market_and_stop_orders_slip_and_limits_do_not() -> None:
    for name, one, price in (
        ("market", order("a"), D("101.00")),
        ("stop", order("a", stop=100), D("101.00")),
        ("limit", order("a", limit=100), D("100.0")),
    ):
        fill = exchange(one, slippage=0.01).bar(flat(0, 100.0))[0][1]
        assert isinstance(fill, OrderFilled), name
        assert fill.price == price, name


def test_every_fill_pays_the_fee_on_its_price_after_slippage() -> None:
    spec = Instrument(id="BTC", quote="EUR", multiplier=D(10))
    fill = exchange(order("a", BUY, 2), fee=0.001, slippage=0.01, spec=spec).bar(flat(0, 100.0))[0][1]
    assert isinstance(fill, OrderFilled)
    assert (fill.price, fill.fee, fill.fee_currency) == (D("101.0"), D("2.02"), "EUR")


# --- the book as a fold -------------------------------------------------------------------------------------


def test_an_expired_order_is_gone_after_a_replay() -> None:
    made = exchange()
    for fact in (order("a"), OrderAccepted("a", "BTC", "sim-a"), OrderExpired("a", "BTC")):
        made.replay(event(fact))
    assert made.book == {}


def test_a_replay_passes_over_what_is_not_the_exchanges() -> None:
    made = exchange()
    made.replay(event(flat(0, 100.0)))
    made.replay(event(OrderAccepted("unknown", "BTC", "v")))
    made.replay(event(filled("elsewhere", BUY, 1, 100)))
    assert made.book == {}
    made.submit(order("out", SELL, 2, reduce_only=True), START)
    reports = made.bar(flat(1, 100.0))  # the foreign fill is held all the same
    assert told(reports)[0][:3] == ("filled", "out", D(1))


def test_a_part_fill_keeps_the_rest_in_the_book() -> None:
    made = exchange()
    for fact in (order("a", BUY, 3), OrderAccepted("a", "BTC", "v"), filled("a", BUY, 1, 100)):
        made.replay(event(fact))
    reports = made.bar(flat(0, 100.0))
    assert told(reports) == [("filled", "a", D(2), D("100.0"), "market.open")]
    assert isinstance(reports[0][1], OrderFilled)
    assert reports[0][1].exec_id == "a.2"
