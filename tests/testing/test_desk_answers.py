"""A lost answer is neither a yes nor a no (hazards of timeouts and lost links), told through the desk."""

from decimal import Decimal
from typing import Any

import pytest

from tests.testing.scripts import answer_all, bought, empty_look, kinds, submits
from tradekit.testing.desk import Desk

D = Decimal

LOST: list[dict[str, Any]] = [
    {"kind": "timeout", "about": "submit", "cid": "A"},
    {"kind": "error", "about": "submit", "cid": "A", "code": 503, "message": "service unavailable"},
    {"kind": "error", "about": "submit", "code": -1021, "message": "timestamp outside of the window"},
    {"kind": "timeout"},
    {"kind": "disconnect", "reason": "reset by peer"},
]


@pytest.mark.parametrize("lost", LOST, ids=lambda one: str(one["kind"]))
def test_a_lost_answer_leaves_the_order_unknown_and_nothing_is_sent_again(lost: dict[str, Any]) -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(lost)
    assert desk.status("A") == "unknown"
    desk.advance(600)
    assert len(submits(desk)) == 1
    assert desk.state.orders["A"].working


def test_no_answer_at_all_is_a_lost_answer() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.advance(9.9)
    assert desk.status("A") == "submitted"
    desk.advance(0.2)
    assert desk.status("A") == "unknown"
    asked = [(one["what"], one.get("cid")) for one in desk.queries()]
    assert asked == [("order", "A"), ("open_orders", None), ("executions", None)]


def test_while_an_order_is_unknown_its_instrument_takes_no_risk_and_others_do() -> None:
    desk = Desk(["BTC", "ETH"])
    bought(desk, 2, "held")
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="timeout", cid="A")
    assert desk.submit(cid="B", qty=1, price=90).status == "denied"
    assert desk.submit(cid="C", instrument="ETH", qty=1, price=90).status == "submitted"
    assert desk.submit(cid="D", side="sell", qty=1, price=110).status == "submitted"  # it only reduces


def test_an_unknown_order_that_the_venue_shows_is_accepted_and_lets_go() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="timeout", cid="A")
    desk.report(
        kind="open_orders", items=[{"cid": "A", "venue_order_id": "v", "instrument": "BTC", "qty": 1}]
    )
    assert (desk.status("A"), desk.state.orders["A"].venue_id) == ("accepted", "v")
    assert desk.submit(cid="B", qty=1, price=90).status == "submitted"


def test_an_unknown_order_that_has_filled_meanwhile_is_found_by_its_executions() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1)
    desk.report(kind="timeout", cid="A")
    desk.report(kind="open_orders", items=[])
    fill = {
        "cid": "A",
        "venue_order_id": "v",
        "exec_id": "e1",
        "instrument": "BTC",
        "side": "buy",
        "qty": 1,
        "price": 9,
    }
    desk.report(kind="executions", items=[fill])
    assert (desk.status("A"), desk.position()) == ("filled", D(1))


def test_three_look_ups_over_a_minute_end_an_order_that_nobody_knows() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="timeout", cid="A")
    empty_look(desk)
    desk.advance(30)
    empty_look(desk)
    assert desk.status("A") == "unknown"
    desk.advance(30)
    empty_look(desk)
    assert desk.status("A") == "rejected"
    assert "3 look-ups over 60 s" in desk.state.orders["A"].note
    assert "BTC" not in desk.state.risk.holds


def test_three_look_ups_in_less_than_a_minute_are_not_enough() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="timeout", cid="A")
    for seconds in (0, 20, 20):
        desk.advance(seconds)
        empty_look(desk)
    assert desk.state.orders["A"].doubt is not None
    assert (desk.state.orders["A"].doubt.missed, desk.status("A")) == (3, "unknown")
    desk.advance(20)
    empty_look(desk)
    assert desk.status("A") == "rejected"


def test_look_ups_in_a_hurry_are_one_look_up() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="timeout", cid="A")
    for _ in range(10):
        empty_look(desk)
        desk.advance(1)
    assert desk.state.orders["A"].doubt is not None
    assert desk.state.orders["A"].doubt.missed == 1


@pytest.mark.parametrize("failed", ["open_orders", "executions"])
def test_a_failed_query_is_no_empty_answer(failed: str) -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="timeout", cid="A")
    for _ in range(10):
        for book in ("open_orders", "executions"):
            if book == failed:
                desk.report(kind="error", about=book, code=500, message="internal")
                desk.report(kind=book, items=[], ok=False)
            else:
                desk.report(kind=book, items=[])
        desk.advance(30)
    assert desk.status("A") == "unknown"


def test_an_order_that_was_given_up_comes_back_with_its_fill() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2, price=100)
    desk.report(kind="timeout", cid="A")
    for _ in range(4):
        empty_look(desk)
        desk.advance(30)
    assert desk.status("A") == "rejected"
    desk.report(kind="fill", cid="A", exec_id="e", qty=1, price=100)
    assert (desk.status("A"), desk.position()) == ("partially_filled", D(1))
    assert "late_fill" in kinds(desk)


def test_after_a_reconnect_executions_are_asked_for_from_before_the_last_ones() -> None:
    desk = Desk()
    desk.advance(30)
    desk.report(kind="executions", items=[])
    desk.report(kind="disconnect")
    desk.advance(600)
    desk.report(kind="reconnect")
    (*_, asked) = desk.queries("executions")
    assert asked["ts"] == desk.now
    assert asked["since"] == desk.start - 30 * 10**9  # 60 s before the answer at 30 s


def test_a_sudden_end_leaves_what_was_sent_in_doubt_and_sends_nothing() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.restart()
    assert desk.status("A") == "unknown"
    assert len(submits(desk)) == 1
    assert desk.queries("open_orders")


def test_an_order_that_was_given_up_comes_back_with_its_acknowledgement() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2, price=100)
    desk.report(kind="timeout", cid="A")
    for _ in range(4):
        empty_look(desk)
        desk.advance(30)
    desk.report(kind="new", cid="A", venue_order_id="v")
    assert (desk.status("A"), desk.state.orders["A"].venue_id) == ("accepted", "v")
    assert "revived" in kinds(desk)


def test_an_answer_by_client_id_settles_a_doubt() -> None:
    for status, then in (("open", "accepted"), ("canceled", "canceled"), ("rejected", "rejected")):
        desk = Desk()
        desk.submit(cid="A", qty=2, price=100)
        desk.report(kind="timeout", cid="A")
        desk.report(kind="order", cid="A", venue_order_id="v", status=status)
        assert (desk.status("A"), desk.state.orders["A"].doubt) == (then, None)


def test_one_intent_that_is_at_the_venue_twice_is_told_and_both_are_counted() -> None:
    desk = Desk(limits={"max_position": 3})
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v1")
    shown = {"cid": "A", "instrument": "BTC", "side": "buy", "qty": 1, "price": 100}
    desk.report(
        kind="open_orders", items=[{**shown, "venue_order_id": "v1"}, {**shown, "venue_order_id": "v2"}]
    )
    assert "external" in kinds(desk)
    assert desk.submit(cid="B", qty=2, price=99).status == "denied"


def _since(desk: Desk) -> float:
    """From when on executions were asked for last [s since the desk's start]."""
    return (desk.queries("executions")[-1]["since"] - desk.start) / 1e9


def test_executions_are_asked_for_since_the_order_was_sent_of_which_some_are_missing() -> None:
    desk = Desk(limits={}, practice={"overlap_s": 5})
    desk.advance(100)
    desk.submit(cid="A", qty=3, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    for _ in range(2):
        desk.advance(100)
        desk.reconcile()
        answer_all(desk, open_orders=[{"cid": "A", "venue_order_id": "v", "qty": 3, "price": 100}])
    desk.reconcile()
    assert _since(desk) == 295
    desk.report(kind="order", cid="A", venue_order_id="v", status="open", cum_qty=1)
    desk.reconcile()
    assert _since(desk) == 95


def test_an_answer_that_comes_late_does_not_say_that_nothing_has_traded_since() -> None:
    desk = Desk(limits={}, practice={"overlap_s": 0})
    desk.advance(30)
    answer_all(desk)
    desk.advance(50)
    desk.report(kind="executions", items=[])
    desk.advance(10)
    assert _since(desk) == 30
