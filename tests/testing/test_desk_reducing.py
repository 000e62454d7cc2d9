"""Reduce-only orders by hand: as large as what there is, of the account too, and nothing of what is not meant."""

from decimal import Decimal

import pytest

from tests.testing.scripts import bought, submits
from tradekit.testing.desk import Desk

D = Decimal


def _theirs(desk: Desk, side: str = "buy", qty: int = 3, name: str = "m") -> None:
    """Somebody else trades by hand."""
    desk.report(
        kind="fill", venue_order_id=name, exec_id=f"{name}-1", instrument="BTC", side=side, qty=qty, price=100
    )


def _asked(desk: Desk) -> list[tuple[str, str]]:
    return [(one["kind"], one["cid"]) for one in desk.sent if one["kind"] != "query"]


@pytest.mark.parametrize("reduces", [True, False])
def test_what_somebody_else_holds_may_be_closed_by_a_reduce_only_order(reduces: bool) -> None:
    desk = Desk(limits={}, practice={"reduces": reduces})
    _theirs(desk)
    told = len(desk.alerts)
    desk.submit(cid="X", side="sell", qty=3, price=110, reduce_only=True)
    desk.report(kind="new", cid="X", venue_order_id="x")
    desk.report(kind="fill", cid="X", exec_id="1", qty=1, price=110)
    assert (desk.position(), desk.status("X")) == (2, "partially_filled")
    desk.report(kind="fill", cid="X", exec_id="2", qty=2, price=110)
    assert (desk.position(), desk.status("X"), _asked(desk)) == (0, "filled", [("submit", "X")])
    assert desk.alerts[told:] == []


def test_an_exit_of_ours_that_is_left_over_does_not_go_on_to_what_somebody_else_holds() -> None:
    desk = Desk(limits={})
    _theirs(desk)
    bought(desk, 2, "A")
    desk.submit(cid="X", side="sell", qty=2, stop=90, reduce_only=True)
    desk.report(kind="new", cid="X", venue_order_id="x")
    desk.submit(cid="S", side="sell", qty=2)
    desk.report(kind="fill", cid="S", exec_id="s", qty=2, price=105)
    assert _asked(desk)[-1] == ("cancel", "X")


def test_an_order_against_their_position_ends_once_we_have_traded_beside_it() -> None:
    desk = Desk(limits={})
    _theirs(desk)
    desk.submit(cid="X", side="sell", qty=3, price=110, reduce_only=True)
    desk.report(kind="new", cid="X", venue_order_id="x")
    bought(desk, 1, "A")
    desk.submit(cid="S", side="sell", qty=1)
    desk.report(kind="fill", cid="S", exec_id="s", qty=1, price=105)
    assert _asked(desk)[-1] == ("cancel", "X")


def test_an_order_that_has_reduced_all_of_ours_does_not_go_on_to_theirs() -> None:
    desk = Desk(limits={})
    _theirs(desk)
    bought(desk, 2, "A")
    desk.submit(cid="B", qty=1, price=95)
    desk.submit(cid="X", side="sell", qty=3, price=110, reduce_only=True)
    desk.report(kind="fill", cid="X", exec_id="x", qty=2, price=110)
    assert _asked(desk)[-1] == ("cancel", "X")


def test_a_trade_that_turns_the_account_s_position_is_told() -> None:
    desk = Desk(limits={})
    _theirs(desk, qty=1)
    desk.submit(cid="X", side="sell", qty=1, price=110, reduce_only=True)
    _theirs(desk, "sell", 1, "n")
    desk.report(kind="fill", cid="X", exec_id="1", qty=1, price=110)
    assert "turned" in [one["kind"] for one in desk.alerts]


def test_a_reduce_only_order_of_more_than_is_held_goes_out_as_large_as_that() -> None:
    desk = Desk(["OMG/BTC"], 10, limits={})
    desk.submit(cid="A", qty="132.53", price="0.0000959")
    desk.report(
        kind="fill", cid="A", exec_id="1", qty="132.53", price="0.0000959", fee="0.13253", fee_currency="OMG"
    )
    desk.submit(cid="S", side="sell", qty="132.53", reduce_only=True)
    assert submits(desk)[-1]["qty"] == desk.state.orders["S"].qty == D("132.39747")


def test_a_reduce_only_order_with_nothing_to_reduce_is_not_sent() -> None:
    desk = Desk(limits={})
    order = desk.submit(cid="S", side="sell", qty=1, reduce_only=True)
    assert (order.status, submits(desk)) == ("canceled", [])
    assert "nothing is left to reduce" in order.note


def test_a_venue_that_keeps_orders_within_the_position_is_left_to_it() -> None:
    desk = Desk(limits={}, practice={"reduces": True})
    desk.submit(cid="S", side="sell", qty=1, reduce_only=True)
    assert [one["qty"] for one in submits(desk)] == [1]


def test_a_stop_that_is_sent_with_its_entry_is_as_large_as_the_entry() -> None:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=2)
    desk.submit(cid="S", side="sell", qty=3, stop=90, reduce_only=True)
    assert [(one["cid"], one["qty"]) for one in submits(desk)] == [("A", 2), ("S", 2)]
    desk.report(kind="fill", cid="A", exec_id="1", qty=2, price=100)
    assert (desk.status("S"), _asked(desk)[2:]) == ("submitted", [])
