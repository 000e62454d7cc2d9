"""An order's life in the state: forward only, whatever order its facts come in, each execution once."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from tests.builders import START, event, filled, opened, order
from tradekit.core.event import Fact
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderTrailed,
    OrderTriggered,
    OrderType,
    Side,
    Status,
)
from tradekit.state.ledger import FILLS_KEPT
from tradekit.state.orders import ENDED_KEPT
from tradekit.state.reducer import apply
from tradekit.state.shape import Order, State

D = Decimal
ACK = OrderAccepted("a", "BTC", "v-1")
HELD = OrderAccepted("a", "BTC", "v-1", held=True)
TRIGGERED = OrderTriggered("a", "BTC", D(100))
CANCELED = OrderCanceled("a", "BTC", "why")
ASKED = OrderCancelRequested("a", "BTC")


def fold(*facts: Fact, state: State | None = None) -> State:
    state = state or State()
    for fact in facts:
        apply(state, event(fact, seq=state.seq + 1, ts=START + state.seq, cause=state.seq))
    return state


def life(*facts: Fact, **terms: Any) -> Order:
    """The order `a` of 2 units after these facts."""
    return fold(opened(), order("a", qty=2, tag="t", **terms), *facts).orders["a"]


def fill(qty: int, number: int = 1) -> Fact:
    return filled("a", Side.BUY, qty, 100, fee=1, number=number)


def replaced(qty: int, **terms: Any) -> Fact:
    return OrderReplaced("a", "BTC", D(qty), **terms)


def test_an_intent_makes_a_working_order_that_knows_what_led_to_it() -> None:
    state = fold(opened(), order("a", qty=2, limit=95, parent="p", group="g", reduce_only=True, reason="why"))
    made = state.orders["a"]
    assert (made.status, made.working, made.leaves) == (Status.SUBMITTED, True, D(2))
    assert (made.limit, made.parent, made.group, made.reduce_only) == (D(95), "p", "g", True)
    assert (made.intent, made.cause, made.created, made.reason) == (2, 1, START + 1, "why")
    assert state.strategy.intents == 1


def test_an_intents_further_terms_are_kept() -> None:
    made = life(trail=D(5), expires=START, post_only=True, share=D("0.5"), position="left")
    assert (made.trail, made.expires, made.post_only) == (D(5), START, True)
    assert (made.share, made.position, made.trail_pct) == (D("0.5"), "left", None)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ((ACK,), Status.ACCEPTED),
        ((HELD,), Status.HELD),
        ((HELD, ACK), Status.ACCEPTED),
        ((ACK, HELD), Status.ACCEPTED),  # an ack never steps back
        ((ACK, TRIGGERED), Status.TRIGGERED),
        ((TRIGGERED, ACK), Status.TRIGGERED),
        ((TRIGGERED, fill(1)), Status.PARTIALLY_FILLED),
        ((ACK, fill(1)), Status.PARTIALLY_FILLED),
        ((fill(1),), Status.PARTIALLY_FILLED),  # a fill before its ack
        ((fill(1), ACK), Status.PARTIALLY_FILLED),
        ((fill(1), TRIGGERED), Status.PARTIALLY_FILLED),
        ((fill(2), ACK), Status.FILLED),
        ((HELD, fill(2)), Status.FILLED),
        ((ACK, fill(1), fill(1, 2)), Status.FILLED),
        ((ACK, fill(3)), Status.FILLED),
        ((ACK, CANCELED), Status.CANCELED),
        ((CANCELED, ACK), Status.CANCELED),
        ((OrderRejected("a", "BTC", "no"), ACK), Status.REJECTED),
        ((ACK, OrderExpired("a", "BTC", "late")), Status.EXPIRED),
        ((fill(2), CANCELED), Status.FILLED),  # the cancel lost the race
        ((CANCELED, fill(2)), Status.FILLED),  # and here it was told too early
        ((CANCELED, fill(1)), Status.CANCELED),
        ((CANCELED, fill(1), fill(1, 2)), Status.FILLED),
        ((ACK, ASKED), Status.ACCEPTED),
        ((ACK, fill(2), OrderCancelRejected("a", "BTC", "too late")), Status.FILLED),
    ],
)
def test_an_orders_status_goes_forward_only(facts: tuple[Fact, ...], status: Status) -> None:
    assert life(*facts).status is status


def test_fills_add_up_with_value_and_fees() -> None:
    made = life(ACK, fill(1), filled("a", Side.BUY, 1, 110, fee=2, number=2))
    assert (made.filled, made.leaves, made.value, made.fees) == (D(2), D(0), D(210), D(3))


def test_what_fills_beyond_the_quantity_leaves_nothing() -> None:
    made = life(fill(3))
    assert (made.filled, made.leaves) == (D(3), D(0))


def test_why_an_order_ended_is_noted_once() -> None:
    made = life(OrderCanceled("a", "BTC", "late"), OrderRejected("a", "BTC", "no money"))
    assert (made.status, made.note) == (Status.CANCELED, "late")


def test_a_fill_after_the_end_counts_and_is_noted() -> None:
    made = life(ACK, CANCELED, fill(1))
    assert (made.filled, made.working, made.note) == (
        D(1),
        False,
        "why; 1 filled after it was canceled",
    )
    made = life(ACK, OrderExpired("a", "BTC"), fill(2))
    assert (made.status, made.note) == (Status.FILLED, "2 filled after it was expired")


@pytest.mark.parametrize("facts", list(permutations([ACK, fill(1), fill(1, 2), CANCELED])))
def test_the_order_of_reports_does_not_matter(facts: tuple[Fact, ...]) -> None:
    made = life(*facts)
    assert (made.status, made.filled, made.value, made.venue_id) == (Status.FILLED, D(2), D(200), "v-1")


@pytest.mark.parametrize("facts", list(permutations([ACK, TRIGGERED, fill(1), CANCELED])))
def test_the_order_of_reports_of_an_order_that_filled_in_part_does_not_matter(
    facts: tuple[Fact, ...],
) -> None:
    made = life(*facts)
    assert (made.status, made.filled, made.working) == (Status.CANCELED, D(1), False)


# --- cancel and replace -------------------------------------------------------------------------------------


def test_a_requested_cancel_is_marked() -> None:
    assert life(ASKED).cancel_requested


def test_a_cancel_that_is_refused_may_be_asked_for_again() -> None:
    made = life(ACK, ASKED, OrderCancelRejected("a", "BTC", "busy"))
    assert (made.status, made.cancel_requested, made.note) == (
        Status.ACCEPTED,
        False,
        "not canceled: busy",
    )


def test_a_cancel_that_is_refused_after_the_end_leaves_its_note() -> None:
    made = life(ACK, CANCELED, OrderCancelRejected("a", "BTC", "unknown order"))
    assert (made.status, made.note) == (Status.CANCELED, "why")


def test_a_replacement_changes_nothing_before_it_is_confirmed() -> None:
    made = life(ACK, OrderReplaceRequested("a", "BTC", qty=D(5), limit=D(90)), limit=95)
    assert (made.qty, made.limit, made.replace_requested, made.wanted) == (D(2), D(95), True, D(5))
    assert (made.leaves, made.most) == (D(2), D(5))


def test_a_confirmed_replacement_has_the_terms_that_it_says() -> None:
    made = life(
        ACK, OrderReplaceRequested("a", "BTC", qty=D(5)), fill(1), replaced(5, limit=D(96), venue_id="v-2"), limit=95
    )  # fmt: skip
    assert (made.qty, made.limit, made.venue_id) == (D(5), D(96), "v-2")
    assert (made.replace_requested, made.wanted, made.leaves, made.most) == (False, None, D(4), D(4))
    assert made.status is Status.PARTIALLY_FILLED
    assert life(ACK, replaced(2)).venue_id == "v-1"


def test_a_replacement_down_to_what_has_filled_fills_the_order() -> None:
    assert life(ACK, fill(1), replaced(1)).status is Status.FILLED


@pytest.mark.parametrize("facts", list(permutations([ACK, fill(2), replaced(5)])))
def test_a_fill_that_races_with_an_enlargement_leaves_the_order_at_work(facts: tuple[Fact, ...]) -> None:
    made = life(*facts)
    assert (made.status, made.leaves) == (Status.PARTIALLY_FILLED, D(3))


def test_a_replacement_does_not_bring_an_ended_order_back() -> None:
    made = life(ACK, CANCELED, replaced(5))
    assert (made.status, made.qty) == (Status.CANCELED, D(5))


def test_an_end_that_was_told_between_a_fill_and_an_enlargement_stays_an_end() -> None:
    made = life(ACK, fill(2), CANCELED, replaced(5))
    assert (made.status, made.filled, made.qty) == (Status.CANCELED, D(2), D(5))


def test_a_replacement_that_is_refused_leaves_the_order_as_it_was() -> None:
    refused = OrderReplaceRejected("a", "BTC", "too late")
    made = life(ACK, OrderReplaceRequested("a", "BTC", qty=D(5)), refused, limit=95)
    assert (made.qty, made.limit, made.status, made.note) == (
        D(2),
        D(95),
        Status.ACCEPTED,
        "not replaced: too late",
    )
    assert (made.replace_requested, made.most) == (False, D(2))
    assert life(ACK, CANCELED, refused).note == "why"


def test_a_trailing_stops_trigger_follows() -> None:
    made = life(ACK, OrderTrailed("a", "BTC", D(97)), stop=95, trail=D(5))
    assert (made.stop, made.trail, made.status) == (D(97), D(5), Status.ACCEPTED)


# --- denials ------------------------------------------------------------------------------------------------


def test_a_denied_wish_is_an_order_that_never_worked() -> None:
    denied = OrderDenied("a", "BTC", "s", "main", Side.BUY, OrderType.MARKET, D(5), "max_position", "2", "5")
    state = fold(opened(), denied, order("b"))
    assert (state.orders["a"].status, state.orders["a"].note) == (Status.DENIED, "max_position: 5 against 2")
    assert state.risk.denials == {"max_position": 1}
    assert state.strategy.intents == 2


def test_a_denial_without_a_bound_says_its_value() -> None:
    denied = OrderDenied("a", "BTC", "s", "main", Side.BUY, OrderType.MARKET, D(5), "armed", "", "not armed")
    assert fold(opened(), denied).orders["a"].note == "armed: not armed"


# --- unknown orders, known executions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "report",
    [ACK, TRIGGERED, CANCELED, OrderRejected("a", "BTC", "no"), ASKED, replaced(5), OrderTrailed("a", "BTC", D(1))],
    ids=lambda fact: fact.TYPE,
)  # fmt: skip
def test_a_report_for_an_unknown_order_creates_nothing(report: Fact) -> None:
    assert fold(opened(), report).orders == {}


def test_a_fill_of_an_unknown_order_is_booked_all_the_same() -> None:
    state = fold(opened(), fill(2))
    assert state.orders == {}
    assert state.position("s", "BTC") == D(2)


def test_a_fill_carries_its_orders_tag() -> None:
    state = fold(opened(), order("a", tag="breakout"), fill(1), filled("x", Side.BUY, 1, 100))
    assert [f.tag for f in state.fills] == ["breakout", ""]


@pytest.mark.parametrize("known", [True, False])
def test_an_execution_that_is_told_again_is_booked_once(known: bool) -> None:
    first = (order("a", qty=2),) if known else ()
    state = fold(opened(), *first, fill(1))
    cash = dict(state.account.cash)
    assert apply(state, event(fill(1), seq=9)) == ()
    assert (state.position("s", "BTC"), state.account.cash, len(state.fills)) == (D(1), cash, 1)
    fold(fill(1, 2), state=state)
    assert state.position("s", "BTC") == D(2)
    if known:
        assert list(state.orders["a"].executions) == ["a.1", "a.2"]


def execution(name: str, exec_id: str) -> Fact:
    return OrderFilled(name, "BTC", "s", "main", exec_id, Side.BUY, D(1), D(100), D(0), "USD")


@pytest.mark.parametrize("facts", [(), (order("a"), order("b"))])
def test_an_execution_is_known_by_its_order_and_its_id_together(facts: tuple[Fact, ...]) -> None:
    state = fold(opened(), *facts, execution("a", "1"), execution("b", "1"), execution("b", "1"))
    assert state.position("s", "BTC") == D(2)


def test_executions_without_an_id_are_all_booked() -> None:
    state = fold(opened(), order("a", qty=2), execution("a", ""), execution("a", ""))
    assert state.position("s", "BTC") == D(2)


def test_an_order_remembers_its_executions_beyond_the_last_fills() -> None:
    state = fold(opened(), order("a", qty=1000), fill(1))
    fold(*(execution("x", str(n)) for n in range(FILLS_KEPT)), state=state)
    assert "a.1" not in {f.exec_id for f in state.fills}
    fold(fill(1), state=state)
    assert state.orders["a"].filled == D(1)


def test_an_order_that_the_venue_sizes_has_filled_whatever_its_fill() -> None:
    made = life(ACK, fill(3), share=D("0.5"))
    assert (made.qty, made.status) == (D(3), Status.FILLED)
    state = fold(opened(), order("a", qty=0, share=D(1)), fill(3))
    assert (state.orders["a"].qty, state.orders["a"].status) == (D(3), Status.FILLED)


# --- what is kept -------------------------------------------------------------------------------------------


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
