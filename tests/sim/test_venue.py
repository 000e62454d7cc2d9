"""The venue after a sudden end: what was answered is not answered again, what was not is."""

from decimal import Decimal

from tests.builders import BTC, START, event, filled, flat, order
from tradekit.core.event import Fact
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    Side,
)
from tradekit.sim.exchange import Exchange
from tradekit.sim.venue import SimulatedVenue


def venue(*facts: Fact) -> SimulatedVenue:
    made = SimulatedVenue(Exchange([BTC]))
    for fact in facts:
        made.replay(event(fact))
    return made


def answers(made: SimulatedVenue) -> list[tuple[str, str]]:
    return [(fact.TYPE, fact.id) for _, fact in made.resume(START)]  # type: ignore[attr-defined]


def test_what_was_never_answered_is_answered_once_in_the_order_in_which_it_was_sent() -> None:
    made = venue(
        order("a", limit=90),
        OrderAccepted("a", "BTC", "v"),
        OrderCancelRequested("a", "BTC", "changed my mind"),
        order("b"),
    )
    reports = made.resume(START + 7)
    assert reports == [
        (START, OrderCanceled("a", "BTC", "changed my mind")),
        (START, OrderAccepted("b", "BTC", "sim-b")),
    ]
    assert made.resume(START) == []


ASKED = (order("a"), OrderAccepted("a", "BTC", "v"), OrderCancelRequested("a", "BTC"))


def test_a_cancel_that_was_answered_is_not_answered_again() -> None:
    for answer in (OrderCanceled("a", "BTC", "requested"), OrderCancelRejected("a", "BTC", "too late")):
        assert answers(venue(*ASKED, answer)) == []


def test_a_cancel_that_came_too_late_is_still_to_be_refused() -> None:
    for end in (
        filled("a", Side.BUY, 1, 90),
        OrderExpired("a", "BTC"),
        OrderCanceled("a", "BTC", "position closed"),
    ):
        assert answers(venue(*ASKED, end)) == [("order.cancel_rejected", "a")]


def test_a_replacement_is_answered_once() -> None:
    asked = OrderReplaceRequested("a", "BTC", qty=Decimal(2))
    begun = (order("a", limit=90), OrderAccepted("a", "BTC", "v"), asked)
    assert answers(venue(*begun)) == [("order.replaced", "a")]
    assert answers(venue(*begun, OrderReplaced("a", "BTC", Decimal(2), Decimal(90)))) == []
    assert answers(venue(*begun, OrderReplaceRejected("a", "BTC", "no"))) == []


def test_a_rejected_order_needs_no_answer_and_other_facts_none_at_all() -> None:
    assert answers(venue(order("a"), OrderRejected("a", "BTC", "no"), flat(0, 100.0))) == []


def test_a_cancel_without_a_reason_was_requested() -> None:
    made = venue()
    made.submit(order("a"), START)
    canceled = made.cancel(OrderCancelRequested("a", "BTC"), START)[0][1]
    assert canceled == OrderCanceled("a", "BTC", "requested")


def test_a_bar_is_matched_with_the_book() -> None:
    made = venue()
    made.submit(order("a"), START)
    assert [fact.TYPE for _, fact in made.market(flat(0, 100.0), START)] == ["order.filled"]
