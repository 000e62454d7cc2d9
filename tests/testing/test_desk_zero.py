"""Orders through zero, and reduce-only orders, told through the desk."""

from decimal import Decimal

import pytest

from tests.testing.scripts import bought, submits
from tradekit.testing.desk import Desk

D = Decimal


def test_an_order_through_zero_is_a_close_and_then_an_opening() -> None:
    desk = Desk()
    bought(desk, 2)
    desk.submit(cid="F", side="sell", qty=5)
    (close,) = submits(desk)[1:]
    assert (close["cid"], close["qty"], close["reduce_only"]) == ("F", D(2), True)
    desk.report(kind="fill", cid="F", exec_id="1", qty=1, price=99)
    assert len(submits(desk)) == 2
    desk.report(kind="fill", cid="F", exec_id="2", qty=1, price=99)
    (*_, opening) = submits(desk)
    assert (opening["cid"], opening["qty"], opening["reduce_only"]) == ("F/open", D(3), False)
    desk.report(kind="fill", cid="F/open", exec_id="3", qty=3, price=99)
    assert desk.position() == -3


def test_the_opening_is_not_sent_when_the_close_ends_without_it() -> None:
    desk = Desk()
    bought(desk, 2)
    desk.submit(cid="F", side="sell", qty=5)
    desk.report(kind="rejected", cid="F", reason="market closed")
    assert (desk.status("F/open"), len(submits(desk))) == ("canceled", 2)


def test_a_venue_that_takes_orders_through_zero_gets_one() -> None:
    desk = Desk(practice={"flips": True})
    bought(desk, 2)
    desk.submit(cid="F", side="sell", qty=5)
    assert [one["qty"] for one in submits(desk)] == [D(2), D(5)]


@pytest.mark.parametrize("tif", ["at_open", "at_close"])
def test_an_order_for_an_auction_is_never_split(tif: str) -> None:
    desk = Desk()
    bought(desk, 2)
    made = desk.submit(cid="F", side="sell", qty=5, tif=tif)
    assert (made.status, len(submits(desk))) == ("denied", 1)


def test_reduce_only_orders_shrink_with_the_position_and_end_with_it() -> None:
    desk = Desk()
    bought(desk, 4)
    desk.submit(cid="S", side="sell", qty=4, price=120, reduce_only=True)
    desk.report(kind="new", cid="S", venue_order_id="vs")
    desk.submit(cid="M", side="sell", qty=3, reduce_only=True)
    desk.report(kind="fill", cid="M", exec_id="m1", qty=3, price=99)
    (change,) = [one for one in desk.sent if one["kind"] == "replace"]
    assert (change["cid"], change["qty"]) == ("S", D(1))
    desk.report(kind="replaced", cid="S", qty=1)
    desk.submit(cid="N", side="sell", qty=1, reduce_only=True)
    desk.report(kind="fill", cid="N", exec_id="n1", qty=1, price=99)
    assert [one["cid"] for one in desk.sent if one["kind"] == "cancel"] == ["S"]


def test_the_exits_of_an_entry_are_as_large_as_what_has_filled_of_it() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=3, price=100, stop_loss=90, take_profit=120)
    assert [one["cid"] for one in submits(desk)] == ["A"]
    desk.report(kind="fill", cid="A", exec_id="1", qty=1, price=100)
    (_, stop, target) = submits(desk)
    assert (stop["qty"], target["qty"], stop["reduce_only"]) == (D(1), D(1), True)
    for one in (stop, target):
        desk.report(kind="new", cid=one["cid"], venue_order_id=f"v-{one['cid']}")
    desk.report(kind="fill", cid="A", exec_id="2", qty=2, price=100)
    grown = [(one["cid"], one["qty"]) for one in desk.sent if one["kind"] == "replace"]
    assert grown == [(stop["cid"], D(3)), (target["cid"], D(3))]
    desk.report(kind="replaced", cid=stop["cid"], qty=3)
    desk.report(kind="replaced", cid=target["cid"], qty=3)
    desk.report(kind="fill", cid=stop["cid"], exec_id="3", qty=3, price=90)
    assert (desk.position(), [one["cid"] for one in desk.sent if one["kind"] == "cancel"]) == (
        D(0),
        [target["cid"]],
    )


def test_the_exits_of_an_entry_that_never_fills_are_never_sent() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=3, price=100, stop_loss=90)
    desk.report(kind="canceled", cid="A")
    assert [one["cid"] for one in submits(desk)] == ["A"]
    assert not [order for order in desk.state.orders.values() if order.working]


def test_a_child_that_waits_here_is_changed_and_canceled_here() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=3, price=100)
    desk.submit(cid="B", side="sell", qty=3, price=120, after="A")
    assert desk.replace("B", price=130)
    assert desk.state.orders["B"].limit == D(130)
    assert desk.cancel("B")
    assert desk.status("B") == "canceled"
    assert [(one["kind"], one["cid"]) for one in desk.sent] == [("submit", "A")]


def test_a_change_of_a_venue_that_changes_none_ends_where_all_has_filled_by_then() -> None:
    desk = Desk(practice={"replaces": False})
    desk.submit(cid="A", qty=4, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v1")
    assert desk.replace("A", qty=2)
    desk.report(kind="fill", cid="A", venue_order_id="v1", exec_id="1", qty=2, price=100)
    desk.report(kind="canceled", cid="A", venue_order_id="v1")
    assert (desk.status("A"), desk.position(), len(submits(desk))) == ("canceled", D(2), 1)
