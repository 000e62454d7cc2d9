"""An order's life in the state: forward only, whatever order its facts come in."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, event, filled, law, opened, order
from tradekit.core.event import Fact
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderDenied,
    OrderExpired,
    OrderRejected,
    OrderType,
    Side,
    Status,
)
from tradekit.state.orders import ENDED_KEPT
from tradekit.state.reducer import apply
from tradekit.state.shape import Order, State

D = Decimal
ACK = OrderAccepted("a", "BTC", "v-1")
HELD = OrderAccepted("a", "BTC", "v-1", held=True)


def fold(*facts: Fact, state: State | None = None) -> State:
    state = state or State()
    for fact in facts:
        apply(state, event(fact, seq=state.seq + 1, ts=START + state.seq, cause=state.seq))
    return state


def life(*facts: Fact) -> Order:
    """The order `a` of 2 units after these facts."""
    return fold(opened(), order("a", qty=2, tag="t"), *facts).orders["a"]


def fill(qty: int, number: int = 1) -> Fact:
    return filled("a", Side.BUY, qty, 100, fee=1, number=number)


def test_an_intent_makes_a_working_order_that_knows_what_led_to_it() -> None:
    state = fold(opened(), order("a", qty=2, limit=95, parent="p", group="g", reduce_only=True, reason="why"))
    made = state.orders["a"]
    assert (made.status, made.working, made.leaves) == (Status.SUBMITTED, True, D(2))
    assert (made.limit, made.parent, made.group, made.reduce_only) == (D(95), "p", "g", True)
    assert (made.intent, made.cause, made.created, made.reason) == (2, 1, START + 1, "why")
    assert state.strategy.intents == 1


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ((ACK,), Status.ACCEPTED),
        ((HELD,), Status.HELD),
        ((HELD, ACK), Status.ACCEPTED),
        ((ACK, fill(1)), Status.ACCEPTED),
        ((fill(1),), Status.ACCEPTED),  # a fill before its ack
        ((fill(1), ACK), Status.ACCEPTED),
        ((ACK, HELD), Status.ACCEPTED),  # an ack never steps back
        ((fill(2), ACK), Status.FILLED),
        ((HELD, fill(2)), Status.FILLED),
        ((ACK, fill(1), fill(1, 2)), Status.FILLED),
        ((ACK, OrderCanceled("a", "BTC", "why")), Status.CANCELED),
        ((OrderCanceled("a", "BTC"), ACK), Status.CANCELED),
        ((OrderRejected("a", "BTC", "no"), ACK), Status.REJECTED),
        ((ACK, OrderExpired("a", "BTC", "late")), Status.EXPIRED),
        ((fill(2), OrderCanceled("a", "BTC")), Status.FILLED),  # the cancel lost the race
        ((OrderCanceled("a", "BTC"), fill(2)), Status.FILLED),  # and here it was told too early
        ((ACK, OrderCancelRequested("a", "BTC")), Status.ACCEPTED),
    ],
)
def test_an_orders_status_goes_forward_only(facts: tuple[Fact, ...], status: Status) -> None:
    assert life(*facts).status is status


def test_fills_add_up_with_value_and_fees() -> None:
    made = life(ACK, fill(1), filled("a", Side.BUY, 1, 110, fee=2, number=2))
    assert (made.filled, made.leaves, made.value, made.fees) == (D(2), D(0), D(210), D(3))


def test_why_an_order_ended_is_noted_once() -> None:
    made = life(OrderRejected("a", "BTC", "no money"), OrderCanceled("a", "BTC", "late"))
    assert (made.status, made.note) == (Status.REJECTED, "no money")


def test_a_requested_cancel_is_marked() -> None:
    assert life(OrderCancelRequested("a", "BTC")).cancel_requested


def test_a_denied_wish_is_an_order_that_never_worked() -> None:
    denied = OrderDenied("a", "BTC", "s", "main", Side.BUY, OrderType.MARKET, D(5), "max_position", "2", "5")
    state = fold(opened(), denied, order("b"))
    assert (state.orders["a"].status, state.orders["a"].note) == (Status.DENIED, "max_position: 5 against 2")
    assert state.risk.denials == {"max_position": 1}
    assert state.strategy.intents == 2


def test_a_denial_without_a_bound_says_its_value() -> None:
    denied = OrderDenied("a", "BTC", "s", "main", Side.BUY, OrderType.MARKET, D(5), "armed", "", "not armed")
    assert fold(opened(), denied).orders["a"].note == "armed: not armed"


@pytest.mark.parametrize(
    "report",
    [ACK, OrderCanceled("a", "BTC"), OrderRejected("a", "BTC", "no"), OrderCancelRequested("a", "BTC")],
)
def test_a_report_for_an_unknown_order_creates_nothing(report: Fact) -> None:
    assert fold(opened(), report).orders == {}


def test_a_fill_of_an_unknown_order_is_booked_all_the_same() -> None:
    state = fold(opened(), fill(2))
    assert state.orders == {}
    assert state.position("s", "BTC") == D(2)


def test_a_fill_carries_its_orders_tag() -> None:
    state = fold(opened(), order("a", tag="breakout"), fill(1), filled("x", Side.BUY, 1, 100))
    assert [f.tag for f in state.fills] == ["breakout", ""]


def test_ended_orders_are_forgotten_oldest_first_and_working_ones_never() -> None:
    state = fold(opened(), order("rests", limit=1))
    for n in range(ENDED_KEPT + 2):
        fold(order(f"o{n}"), filled(f"o{n}", Side.BUY, 1, 100), state=state)
    assert len(state.orders) == ENDED_KEPT
    assert list(state.orders)[:2] == ["rests", "o3"]


def test_working_orders_are_kept_beyond_the_bound() -> None:
    orders = [order(f"o{n}", limit=1) for n in range(ENDED_KEPT + 1)]
    state = fold(opened(), *orders, OrderCanceled("o9", "BTC"))
    assert len(state.orders) == ENDED_KEPT + 1


def test_an_old_order_that_ends_is_still_there_to_tell_of_it() -> None:
    state = fold(opened(), order("rests", limit=1))
    for n in range(ENDED_KEPT):
        fold(order(f"o{n}"), filled(f"o{n}", Side.BUY, 1, 100), state=state)
    fold(order("next", limit=1), filled("rests", Side.BUY, 1, 1), state=state)
    assert state.orders["rests"].status is Status.FILLED
    fold(order("last"), OrderCanceled("last", "BTC"), state=state)
    assert "rests" not in state.orders


FACTS = st.lists(
    st.sampled_from(
        [
            ACK,
            HELD,
            fill(1),
            OrderCanceled("a", "BTC", "c"),
            OrderRejected("a", "BTC", "r"),
            OrderExpired("a", "BTC"),
        ]
    ),
    max_size=6,
)
RANK = {Status.SUBMITTED: 0, Status.HELD: 1, Status.ACCEPTED: 2}


@given(FACTS)
@law(60)
def test_no_report_brings_an_ended_order_back_or_steps_a_working_one_back(facts: list[Any]) -> None:
    state = fold(opened(), order("a", qty=6))
    for fact in facts:
        before = state.orders["a"].status
        fold(fact, state=state)
        after = state.orders["a"].status
        assert before.working or not after.working
        assert RANK.get(after, 3) >= RANK.get(before, 3)
