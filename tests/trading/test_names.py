"""Our orders by the venue's names and back, also after a restart, and never somebody else's by ours."""

from decimal import Decimal

import msgspec
import pytest

from tests.builders import order
from tradekit.model.doubt import EXTERNAL, About
from tradekit.model.order import OrderType, Side, Status
from tradekit.model.said import Answer, Ask, BustSaid, Failed, FillSaid, OrderSaid, Question, Unknown, What
from tradekit.state.seen import Doubt
from tradekit.state.shape import Order, State
from tradekit.trading.names import Names

STATE = State()


def known(name: str = "sma-1", **more: object) -> Order:
    made = Order(
        name, "sma", "main", "BTC", Side.BUY, OrderType.LIMIT, Decimal(2), Status.ACCEPTED, Decimal(100)
    )
    return msgspec.structs.replace(made, **more)


def names(*orders: Order, longest: int = 36) -> Names:
    state = State()
    state.orders.update({one.id: one for one in orders})
    return Names("journal", lambda: state, longest=longest)


def test_an_order_goes_out_under_its_client_id_and_waits_for_nobody_there() -> None:
    sent = names().sent(order("sma-2", parent="sma-1"))
    assert sent.id.endswith("-sma-2")
    assert sent.parent == ""


def test_a_client_id_is_as_long_as_the_venue_takes() -> None:
    assert len(names(longest=20).of("a-strategy-with-a-long-name-1")) == 20


def test_a_restart_finds_every_name_again_legs_included() -> None:
    before = names()
    told = [before.of("sma-1"), before.of("sma-1~1")]
    assert [names(known()).order(one) for one in told] == ["sma-1", "sma-1~1"]


def test_another_journals_order_is_somebody_elses() -> None:
    theirs = Names("another", lambda: STATE).of("sma-1")
    heard = names(known()).heard(OrderSaid(what=What.NEW, order=theirs, venue_id="v9"))
    assert isinstance(heard, OrderSaid)
    assert (heard.order, heard.venue_id) == ("", "v9")


def test_what_somebody_calls_like_our_order_is_not_ours() -> None:
    heard = names(known()).heard(OrderSaid(what=What.NEW, order="sma-1", venue_id="v9"))
    assert isinstance(heard, OrderSaid)
    assert heard.order == ""


@pytest.mark.parametrize(
    "said",
    [
        OrderSaid(what=What.CANCELED, order="?"),
        FillSaid(exec_id="e", qty=Decimal(1), price=Decimal(1), order="?"),
        BustSaid(exec_id="e", order="?"),
        Failed(call="submit", order="?"),
        Answer(question=Question.ORDER, order="?"),
    ],
)
def test_every_statement_comes_in_under_our_name(said: OrderSaid) -> None:
    ours = names(known())
    heard = ours.heard(msgspec.structs.replace(said, order=ours.of("sma-1")))
    assert heard.order == "sma-1"  # type: ignore[union-attr]


def test_the_orders_of_a_book_come_in_under_our_names() -> None:
    ours = names(known())
    book = Answer(
        question=Question.OPEN_ORDERS,
        items=(OrderSaid(what=What.NEW, order=ours.of("sma-1"), venue_id="v1"),),
    )
    heard = ours.heard(book)
    assert isinstance(heard, Answer)
    assert [one.order for one in heard.items if isinstance(one, OrderSaid)] == ["sma-1"]


def test_a_doubt_of_the_line_is_as_it_was() -> None:
    said = Unknown(question=Question.POSITIONS, reason="503")
    assert names().heard(said) is said


def test_an_order_that_was_replaced_goes_by_its_legs_name() -> None:
    ours = names()
    at = ours.at_venue(known(earlier=("v1",), venue_id="v2"))
    assert (at.client_id, at.venue_id, at.next_id) == (ours.of("sma-1~1"), "v2", ours.of("sma-1~2"))


def test_somebody_elses_order_has_no_name_of_ours() -> None:
    at = names().at_venue(known(strategy=EXTERNAL, venue_id="v9"))
    assert (at.client_id, at.next_id, at.venue_id) == ("", "", "v9")


def test_a_question_about_an_order_says_since_when_it_may_be_there() -> None:
    asked = names(known(venue_id="v1", created=7)).asked(Ask(Question.ORDER, order="sma-1"))
    assert asked.since == 7


def test_a_question_about_an_order_in_doubt_of_its_leg_is_about_the_leg() -> None:
    doubted = known(venue_id="v1", doubt=Doubt(About.LEG, "canceled", 0))
    ours = names(doubted)
    asked = ours.asked(Ask(Question.ORDER, order="sma-1"))
    assert (asked.order, asked.venue_id) == (ours.of("sma-1~1"), "")
    plain = names(known(venue_id="v1")).asked(Ask(Question.ORDER, order="sma-1"))
    assert (plain.order, plain.venue_id, plain.instrument) == (ours.of("sma-1"), "v1", "BTC")
