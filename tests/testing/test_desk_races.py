"""Cancels and replacements that race with fills, told through the desk."""

from decimal import Decimal
from typing import Any

import pytest

from tests.testing.scripts import bought, submits
from tradekit.testing.desk import Desk

D = Decimal


@pytest.mark.parametrize("filled", range(5))
@pytest.mark.parametrize("answer", ["canceled", "cancel_rejected"])
@pytest.mark.parametrize("first", [True, False])
def test_what_fills_while_a_cancel_is_on_its_way_counts(filled: int, answer: str, first: bool) -> None:
    """Every quantity that may fill between cancel and answer, told before or behind it."""
    desk = Desk()
    desk.submit(cid="A", qty=4, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    assert desk.cancel("A")
    fills: list[dict[str, Any]] = [
        {"kind": "fill", "cid": "A", "exec_id": f"e{n}", "qty": 1, "price": 100} for n in range(filled)
    ]
    end: dict[str, Any] = {
        "kind": answer,
        "cid": "A",
        "status": "rejected" if answer == "cancel_rejected" else "canceled",
    }
    for report in [*fills, end] if first else [end, *fills]:
        desk.report(report)
    assert desk.position() == filled
    if filled == 4:
        assert desk.status("A") == "filled"
    elif answer == "canceled":
        assert (desk.status("A"), desk.state.orders["A"].filled) == ("canceled", D(filled))
    else:
        assert desk.status("A") == ("partially_filled" if filled else "accepted")


def test_a_cancel_without_an_answer_may_be_asked_again_once_the_order_is_seen_open() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.cancel("A")
    desk.report(kind="timeout", about="cancel", cid="A")
    assert not desk.cancel("A")
    desk.report(
        kind="open_orders", items=[{"cid": "A", "venue_order_id": "v", "instrument": "BTC", "qty": 1}]
    )
    assert desk.cancel("A")


def replacing(qty: int = 2) -> Desk:
    desk = Desk()
    desk.submit(cid="A", qty=2, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v1")
    assert desk.replace("A", qty=qty, price=101)
    return desk


def test_a_fill_on_either_leg_of_a_replacement_counts() -> None:
    desk = replacing(4)
    desk.report(kind="fill", cid="A", venue_order_id="v1", exec_id="1", qty=1, price=100)
    desk.report(kind="replaced", cid="A", venue_order_id="v2", old_venue_order_id="v1", qty=4, price=101)
    desk.report(kind="fill", venue_order_id="v1", exec_id="2", instrument="BTC", side="buy", qty=1, price=100)
    desk.report(kind="fill", venue_order_id="v2", exec_id="1", instrument="BTC", side="buy", qty=2, price=101)
    assert (desk.status("A"), desk.position()) == ("filled", D(4))
    desk.report(kind="fill", venue_order_id="v1", exec_id="1", instrument="BTC", side="buy", qty=1, price=100)
    desk.report(kind="fill", venue_order_id="v2", exec_id="1", instrument="BTC", side="buy", qty=2, price=101)
    assert desk.position() == 4


def test_the_end_of_the_old_leg_is_not_the_end_of_the_order() -> None:
    desk = replacing()
    desk.report(kind="replaced", cid="A", venue_order_id="v2", old_venue_order_id="v1")
    desk.report(kind="canceled", venue_order_id="v1")
    assert (desk.status("A"), desk.state.orders["A"].limit) == ("accepted", D(101))


def test_the_end_of_the_old_leg_may_come_first() -> None:
    desk = replacing()
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    assert desk.state.orders["A"].working  # its new leg may be there
    desk.report(kind="replaced", cid="A", venue_order_id="v2", old_venue_order_id="v1")
    assert (desk.status("A"), desk.state.orders["A"].venue_id) == ("accepted", "v2")
    assert not desk.state.risk.holds


def test_an_order_canceled_before_its_replacement_came_has_ended() -> None:
    desk = replacing()
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    desk.report(kind="replace_rejected", cid="A", reason="order is gone")
    assert desk.status("A") == "canceled"
    assert not desk.state.risk.holds


def test_a_replacement_in_doubt_is_settled_by_the_terms_that_the_venue_shows() -> None:
    for price, limit in ((101, D(101)), (100, D(100))):
        desk = replacing()
        desk.report(kind="timeout", about="replace", cid="A")
        for _ in range(2):
            shown = {"cid": "A", "venue_order_id": "v1", "instrument": "BTC", "qty": 2, "price": price}
            desk.report(kind="open_orders", items=[shown])
            desk.advance(6)
        assert (desk.state.orders["A"].limit, desk.state.orders["A"].doubt) == (limit, None)


def test_the_larger_of_both_quantities_counts_while_a_replacement_is_under_way() -> None:
    desk = Desk(limits={"max_position": 5})
    desk.submit(cid="A", qty=2, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v1")
    assert desk.replace("A", qty=4)
    assert desk.submit(cid="B", qty=2, price=99).status == "denied"
    desk.report(kind="replaced", cid="A", qty=4)
    assert desk.replace("A", qty=1)
    assert desk.submit(cid="C", qty=2, price=99).status == "denied"
    desk.report(kind="replaced", cid="A", qty=1)
    assert desk.submit(cid="E", qty=2, price=99).status == "submitted"


def test_a_lost_cancel_of_an_order_that_was_never_answered_leaves_both_in_doubt() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    assert desk.cancel("A")
    desk.report(kind="timeout", about="cancel", cid="A")
    assert desk.state.orders["A"].doubt is not None
    desk.advance(11)
    desk.report(kind="canceled", cid="A")
    assert (desk.status("A"), desk.state.orders["A"].doubt) == ("canceled", None)


def test_a_cancel_that_is_refused_has_the_order_looked_for() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.cancel("A")
    desk.report(kind="cancel_rejected", cid="A", reason="unknown order")
    assert desk.status("A") == "accepted"
    desk.advance(5)  # the word of its end may be on its way
    assert desk.queries("executions")


def test_the_refusal_of_a_new_leg_is_not_the_end_of_the_old_one() -> None:
    desk = replacing()
    desk.report(kind="rejected", venue_order_id="v2", cid="A", reason="price out of band")
    assert (desk.status("A"), desk.state.orders["A"].limit) == ("accepted", D(100))


def test_both_legs_may_be_gone() -> None:
    desk = replacing()
    desk.report(kind="canceled", venue_order_id="v1")
    desk.report(kind="rejected", cid="A", venue_order_id="v2", reason="price out of band")
    assert desk.status("A") == "canceled"


def changing(qty: int | None = None) -> Desk:
    """A venue that changes no orders, and a change under way."""
    desk = Desk(practice={"replaces": False})
    desk.submit(cid="A", qty=4, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v1")
    assert desk.replace("A", qty=qty, price=101)
    return desk


def test_where_nothing_can_be_changed_the_new_order_waits_for_the_confirmed_cancel() -> None:
    desk = changing()
    desk.advance(5)
    assert [(one["kind"], one["cid"]) for one in desk.sent] == [("submit", "A"), ("cancel", "A")]
    desk.report(kind="fill", cid="A", venue_order_id="v1", exec_id="1", qty=1, price=100)
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    (*_, leg) = submits(desk)
    assert (leg["cid"], leg["qty"], leg["price"]) == ("A~1", D(3), D(101))
    assert desk.submit(cid="B", qty=1, price=99).status == "denied"  # the new leg may be there, or not
    desk.report(kind="new", cid="A~1", venue_order_id="v2", qty=3, price=101)
    made = desk.state.orders["A"]
    assert (made.status, made.venue_id, made.qty, made.limit) == ("partially_filled", "v2", D(4), D(101))
    desk.report(kind="fill", cid="A~1", venue_order_id="v2", exec_id="1", qty=3, price=101)
    assert (desk.status("A"), desk.position()) == ("filled", D(4))


def test_no_new_order_is_sized_before_the_old_ones_trades_add_up() -> None:
    desk = changing()
    desk.report(kind="canceled", cid="A", venue_order_id="v1", cum_qty=2)
    assert len(submits(desk)) == 1
    desk.report(kind="fill", cid="A", venue_order_id="v1", exec_id="1", qty=2, price=100, cum_qty=2)
    assert [(one["cid"], one["qty"]) for one in submits(desk)[1:]] == [("A~1", D(2))]


def test_a_cancel_that_came_too_late_changes_nothing() -> None:
    desk = changing()
    desk.report(kind="cancel_rejected", cid="A", reason="filled")
    assert not desk.state.orders["A"].replace_requested
    desk.report(kind="fill", cid="A", venue_order_id="v1", exec_id="1", qty=4, price=100)
    assert (desk.status("A"), len(submits(desk))) == ("filled", 1)


@pytest.mark.parametrize("command", ["kill", "halt", "disarm"])
def test_no_new_order_goes_out_for_a_change_that_the_session_may_not_make_any_more(command: str) -> None:
    desk = changing()
    desk.command(command)
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    order = desk.state.orders["A"]
    assert (order.status, order.doubt, len(submits(desk))) == ("canceled", None, 1)
    by_itself = command == "kill"  # it has asked for the order's end
    assert ("while it was changed" in order.note) != by_itself


@pytest.mark.parametrize(("command", "goes_on"), [("halt", True), ("kill", False)])
def test_after_a_halt_a_change_of_what_only_reduces_goes_on_and_not_after_a_kill(
    command: str, goes_on: bool
) -> None:
    desk = Desk(practice={"replaces": False}, limits={})
    bought(desk, 4, "B")
    desk.submit(cid="A", side="sell", qty=4, price=110)
    desk.report(kind="new", cid="A", venue_order_id="v1")
    desk.replace("A", price=109)
    desk.report(kind="canceled", cid="A", venue_order_id="v1", cum_qty=1)
    desk.command(command)
    desk.report(kind="fill", cid="A", venue_order_id="v1", exec_id="1", qty=1, price=110)
    assert [one["cid"] for one in submits(desk)] == ["B", "A", *["A~1"] * goes_on]


def test_a_new_order_that_only_the_book_shows_has_the_terms_that_were_asked_for() -> None:
    desk = changing(qty=6)
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    desk.advance(10)
    leg = {"cid": "A~1", "venue_order_id": "v2", "instrument": "BTC", "side": "buy", "qty": 6, "price": 101}
    for _ in range(2):
        desk.report(kind="open_orders", items=[leg])
        desk.report(kind="executions", items=[])
        desk.advance(10)
    order = desk.state.orders["A"]
    assert (order.qty, order.limit, order.venue_id, order.doubt) == (D(6), D(101), "v2", None)
    desk.report(kind="fill", cid="A~1", venue_order_id="v2", exec_id="1", qty=6, price=101)
    assert (desk.status("A"), desk.position()) == ("filled", D(6))


def test_a_cancel_that_is_refused_after_it_was_done_does_not_end_the_new_order() -> None:
    desk = changing()
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    desk.report(kind="cancel_rejected", cid="A", reason="no such order")  # the request had arrived twice
    desk.report(kind="new", cid="A~1", venue_order_id="v2", qty=4, price=101)
    assert desk.state.orders["A"].working
    desk.report(kind="fill", cid="A~1", venue_order_id="v2", exec_id="1", qty=4, price=101)
    assert (desk.status("A"), desk.position()) == ("filled", D(4))


@pytest.mark.parametrize(
    ("qty", "cum"), [(3, 0), (4, 1)]
)  # counted from the new order's beginning, or from the first's
def test_a_replacement_that_was_told_to_have_failed_and_works_is_taken_up(qty: int, cum: int) -> None:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=2, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v1")
    assert desk.replace("A", qty=4)
    desk.report(kind="fill", cid="A", venue_order_id="v1", exec_id="1", qty=1, price=100)
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    desk.report(kind="replace_rejected", cid="A", reason="no such order")
    assert desk.status("A") == "canceled"
    desk.report(kind="new", cid="A", venue_order_id="v2", qty=qty, price=100, cum_qty=cum)
    order = desk.state.orders["A"]
    assert (order.status, order.venue_id, order.earlier, order.qty) == (
        "partially_filled",
        "v2",
        ("v1",),
        D(4),
    )
    desk.report(kind="fill", cid="A", venue_order_id="v1", exec_id="1", qty=1, price=100)  # told again
    desk.report(kind="fill", cid="A", venue_order_id="v2", exec_id="1", qty=3, price=100)
    assert (desk.status("A"), desk.position()) == ("filled", D(4))


def test_a_new_leg_is_sent_once_whatever_is_told_again() -> None:
    desk = changing()
    for _ in range(3):
        desk.report(kind="canceled", cid="A", venue_order_id="v1")
        desk.report(kind="timeout", cid="A")
        desk.advance(15)
    assert len(submits(desk)) == 2
    desk.restart()
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    assert len(submits(desk)) == 2


def test_a_new_leg_that_is_refused_leaves_nothing() -> None:
    desk = changing()
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    desk.report(kind="rejected", cid="A~1", reason="price out of band")
    assert (desk.status("A"), desk.state.risk.holds) == ("canceled", {})
