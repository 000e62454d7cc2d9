"""How doubt comes and goes in the state: what settles it, what it holds back, what a bust takes back."""

from decimal import Decimal

import pytest

from tests.builders import START, event, filled, opened, order
from tradekit.core.event import Fact
from tradekit.model.doubt import (
    About,
    FillBusted,
    OrderAdopted,
    OrderClaimed,
    OrderDoubted,
    OrderGivenUp,
    OrderMissed,
    OrderRevived,
)
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderFilled,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderType,
    Side,
)
from tradekit.state.reducer import apply
from tradekit.state.shape import State

D = Decimal
ACK = OrderAccepted("a", "BTC", "v")
PART = filled("a", Side.BUY, 1, 100, number=1)
WHOLE = filled("a", Side.BUY, 2, 100, number=1)
ASKED = OrderCancelRequested("a", "BTC")
CHANGED = OrderReplaceRequested("a", "BTC", D(3))
ENDS: list[Fact] = [OrderCanceled("a", "BTC"), OrderGivenUp("a", "BTC", "not found"), WHOLE]


def fold(*facts: Fact) -> State:
    state = State()
    for fact in (opened(), order("a", qty=2, limit=100), *facts):
        apply(state, event(fact, seq=state.seq + 1, ts=START + state.seq))
    return state


def doubt(about: About) -> OrderDoubted:
    return OrderDoubted("a", "BTC", about, "timeout")


@pytest.mark.parametrize(
    ("before", "about", "settling"),
    [
        ((), About.SUBMIT, [ACK, PART, OrderRevived("a", "BTC", "there"), *ENDS]),
        ((ACK, ASKED), About.CANCEL, [OrderCancelRejected("a", "BTC", "no"), *ENDS]),
        (
            (ACK, CHANGED),
            About.REPLACE,
            [OrderReplaced("a", "BTC", D(3)), OrderReplaceRejected("a", "BTC", "no"), *ENDS],
        ),
        ((ACK, CHANGED), About.LEG, [OrderReplaced("a", "BTC", D(3)), *ENDS]),
    ],
)
def test_a_doubt_is_settled_by_what_is_about_it_and_lets_its_instrument_go(
    before: tuple[Fact, ...], about: About, settling: list[Fact]
) -> None:
    state = fold(*before, doubt(about))
    assert state.orders["a"].doubt is not None
    assert state.risk.holds == {"BTC": {"a": "a is in doubt: timeout"}}
    for fact in settling:
        state = fold(*before, doubt(about), fact)
        assert (state.orders["a"].doubt, state.risk.holds) == (None, {}), fact


@pytest.mark.parametrize(
    ("before", "about", "told"),
    [
        ((ACK, ASKED), About.CANCEL, PART),
        ((ACK, ASKED), About.CANCEL, ACK),
        ((ACK, CHANGED), About.REPLACE, PART),
        ((ACK, CHANGED), About.REPLACE, OrderCancelRejected("a", "BTC", "no")),
        ((ACK, CHANGED), About.LEG, OrderReplaceRejected("a", "BTC", "no")),
    ],
)
def test_what_says_nothing_about_a_doubt_leaves_it(
    before: tuple[Fact, ...], about: About, told: Fact
) -> None:
    assert fold(*before, doubt(about), told).orders["a"].doubt is not None


def test_a_count_above_the_fills_holds_until_they_add_up() -> None:
    counted = OrderDoubted("a", "BTC", About.FILLS, "the venue counts 2", D(2))
    state = fold(ACK, PART, counted)
    assert (state.orders["a"].told, state.risk.holds) == (D(2), {"BTC": {"a fills": "the venue counts 2"}})
    state = fold(ACK, PART, counted, filled("a", Side.BUY, 1, 100, number=2))
    assert (state.orders["a"].told, state.risk.holds) == (None, {})
    assert fold(ACK, WHOLE, counted).orders["a"].told is None  # it came too late to be a doubt


def test_look_ups_without_a_trace_are_counted_from_the_first() -> None:
    made = fold(ACK, OrderMissed("a", "BTC"), OrderMissed("a", "BTC")).orders["a"].doubt
    assert made is not None
    assert (made.missed, made.last - made.first, made.about) == (2, 1, About.SUBMIT)


@pytest.mark.parametrize(("before", "end"), [((), "rejected"), ((ACK,), "canceled"), ((PART,), "canceled")])
def test_what_is_given_up_was_rejected_unless_the_venue_has_answered_for_it(
    before: tuple[Fact, ...], end: str
) -> None:
    made = fold(*before, OrderGivenUp("a", "BTC", "not found")).orders["a"]
    assert (made.status, made.given_up, made.note) == (end, True, "not found")


@pytest.mark.parametrize(
    ("before", "then"), [((), "accepted"), ((PART,), "partially_filled"), ((WHOLE,), "filled")]
)
def test_what_is_revived_works_with_what_has_filled(before: tuple[Fact, ...], then: str) -> None:
    revived = OrderRevived("a", "BTC", "it is there", "w")
    made = fold(*before, OrderCanceled("a", "BTC"), revived).orders["a"]
    assert made.status == then


def test_an_adopted_order_is_external_and_has_the_trades_that_came_before_it() -> None:
    early = OrderFilled("external:x", "BTC", "EXTERNAL", "main", "e", Side.BUY, D(1), D(90), D(0), "USD")
    adopt = OrderAdopted("external:x", "BTC", "main", Side.BUY, OrderType.LIMIT, D(3), "x", D(90))
    state = fold(early, adopt, adopt, OrderClaimed("external:x", "BTC", "me"))
    made = state.orders["external:x"]
    assert (made.strategy, made.status, made.filled, made.claimed) == (
        "EXTERNAL",
        "partially_filled",
        D(1),
        True,
    )
    assert state.positions["EXTERNAL/BTC"].qty == 1
    assert state.strategy.intents == 1  # it is nobody's intent here


def test_a_bust_gives_everything_back_once() -> None:
    fill = filled("a", Side.BUY, 2, 100, fee=1, number=1)
    bust = FillBusted("a", "BTC", "s", "main", "a.1", Side.BUY, D(2), D(100), D(1), "USD", "void")
    state = fold(ACK, fill, bust, bust)
    assert (state.position("s", "BTC"), state.account.cash["USD"]) == (D(0), D(10_000))
    assert (state.account.realised, state.account.fees) == (D(0), D(0))
    made = state.orders["a"]
    assert (made.status, made.filled, made.value, made.fees, made.note) == (
        "canceled",
        D(0),
        D(0),
        D(0),
        "void",
    )


NOBODYS: list[Fact] = [
    OrderDoubted("z", "BTC", About.SUBMIT, "timeout"),
    OrderMissed("z", "BTC"),
    OrderRevived("z", "BTC", "x"),
    OrderClaimed("z", "BTC", "me"),
    OrderGivenUp("z", "BTC", "x"),
]


@pytest.mark.parametrize("told", NOBODYS, ids=lambda fact: fact.TYPE)
def test_what_is_told_of_an_order_that_nobody_knows_changes_nothing(told: Fact) -> None:
    state = State()
    apply(state, event(opened()))
    apply(state, event(told, seq=2))
    assert (state.orders, state.risk.holds) == ({}, {})


def test_an_order_that_has_ended_is_in_no_doubt() -> None:
    state = fold(OrderCanceled("a", "BTC"), doubt(About.SUBMIT), OrderMissed("a", "BTC"))
    assert (state.orders["a"].status, state.orders["a"].doubt, state.risk.holds) == ("canceled", None, {})
