"""The venue's books against ours, told through the desk."""

from decimal import Decimal
from typing import Any

import pytest

from tests.testing.scripts import answer_all, bought, kinds, submits
from tradekit.model.instrument import Instrument, Kind
from tradekit.state.shape import fingerprint
from tradekit.testing.desk import Desk

D = Decimal


def test_a_round_is_asked_for_every_thirty_seconds_and_is_green_where_nothing_differs() -> None:
    desk = Desk()
    for _ in range(3):
        desk.advance(30)
        answer_all(desk)
    assert len(desk.queries("positions")) == 3
    assert (desk.state.health.reconciliation.status, desk.alerts) == ("green", [])


def test_a_phantom_position_is_told_held_back_after_three_rounds_and_never_traded() -> None:
    desk = Desk()
    desk.mark("BTC", 100.0)
    for n in range(3):
        desk.advance(30)
        answer_all(desk, positions=[{"instrument": "BTC", "qty": 5, "price": 90}])
        assert kinds(desk).count("difference") == (n > 0)
    (found,) = desk.differences
    assert (found.kind, found.ours, found.theirs) == ("position.quantity", "0", "5")
    assert desk.submit(cid="A", qty=1).status == "denied"
    assert (desk.position(), submits(desk)) == (D(0), [])
    assert desk.accept(found.id)
    assert (desk.position(), desk.differences, desk.state.risk.holds) == (D(5), [], {})
    assert desk.submit(cid="B", qty=1).status == "submitted"


def test_a_difference_on_its_way_is_not_told() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1)
    desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 1}])
    desk.advance(2)
    desk.report(kind="fill", cid="A", exec_id="e", qty=1, price=100)
    desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 1}])
    desk.advance(30)
    assert (desk.differences, kinds(desk)) == ([], [])


@pytest.mark.parametrize("failed", ["no answer", "an error", "the link is lost"])
def test_a_difference_whose_second_look_fails_is_told_within_a_minute(failed: str) -> None:
    desk = Desk(limits={})
    desk.report(kind="positions", items={"BTC": 5})
    desk.advance(6)
    assert desk.alerts == []
    if failed == "an error":
        for book in ("open_orders", "executions", "positions", "balances"):
            desk.report(kind="error", about=book, code=503)
    elif failed == "the link is lost":
        desk.report(kind="disconnect")
    else:
        desk.advance(10)
    (told,) = [one for one in desk.alerts if one["kind"] == "difference"]
    assert told["text"].startswith("the account holds 5 BTC where 0 are booked")
    assert (desk.position(), desk.differences[0].reported) == (0, True)


def test_what_the_policy_settles_is_settled_once_it_is_sure_and_told_once() -> None:
    desk = Desk(limits={}, practice={"accept": {"cash": True}})
    desk.report(kind="balances", items={"USD": 90_000})
    desk.advance(16)
    assert ([one["kind"] for one in desk.alerts], desk.cash()) == (["difference"], 100_000)
    desk.report(kind="balances", items={"USD": 90_000})
    assert (len(desk.alerts), desk.cash(), desk.differences) == (1, 90_000, [])


def test_an_order_that_one_book_has_shown_to_work_again_is_told_though_no_other_comes() -> None:
    desk = Desk(["BTC"], limits={})
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.report(kind="canceled", cid="A")
    desk.advance(6)
    shown = {"cid": "A", "venue_order_id": "v", "instrument": "BTC", "side": "buy", "qty": 1, "price": 100}
    desk.report(kind="open_orders", items=[shown])
    desk.advance(20)
    assert ([one["kind"] for one in desk.alerts], desk.status("A")) == (["difference"], "canceled")
    desk.report(kind="open_orders", items=[shown])
    assert (desk.status("A"), [one["kind"] for one in desk.alerts]) == ("accepted", ["difference", "revived"])


def test_trades_that_a_count_shows_are_told_once_where_the_executions_cannot_be_read() -> None:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=3, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.report(kind="canceled", cid="A", cum_qty=2)
    desk.advance(10)
    (alert,) = desk.alerts
    assert (alert["kind"], alert["cid"]) == ("difference", "A")
    assert alert["text"].startswith("the venue counts 2 of A as filled, its reports add up to 0")
    desk.advance(60)
    assert ([one["kind"] for one in desk.alerts], desk.position()) == (["difference"], 0)


def test_a_refused_difference_is_not_told_again_until_it_moves() -> None:
    desk = Desk()
    for _ in range(3):
        desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 5}])
        desk.advance(6)
    (found,) = desk.differences
    assert desk.refuse(found.id)
    for _ in range(3):
        desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 5}])
        desk.advance(6)
    assert (desk.differences, kinds(desk).count("difference")) == ([], 1)
    desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 6}])
    assert desk.differences


def test_three_rounds_that_fail_leave_every_instrument_reduce_only_until_one_succeeds() -> None:
    desk = Desk()
    bought(desk, 1)
    for _ in range(3):
        desk.advance(30)
        answer_all(desk, balances=None, positions=[{"instrument": "BTC", "qty": 1}])
    assert desk.state.health.reconciliation.status == "failed"
    assert desk.submit(cid="B", qty=1).status == "denied"
    assert desk.submit(cid="C", side="sell", qty=1).status == "submitted"
    desk.report(kind="fill", cid="C", exec_id="c", qty=1, price=100)
    desk.advance(30)
    answer_all(desk)
    assert desk.submit(cid="E", qty=1).status == "submitted"


@pytest.mark.parametrize(
    ("has", "price", "words"), [(4, 50, "2 for 1"), (6, "33.33", "3 for 1"), (1, 200, "1 for 2")]
)
def test_a_quantity_that_looks_like_a_split_stops_the_instrument_and_says_so(
    has: int, price: Any, words: str
) -> None:
    desk = Desk()
    bought(desk, 2)
    for _ in range(3):
        desk.advance(6)
        desk.report(kind="positions", items=[{"instrument": "BTC", "qty": has, "price": price}])
    (found,) = desk.differences
    assert found.kind == "position.ratio"
    assert words in desk.alerts[-1]["text"]
    assert desk.submit(cid="B", qty=1).status == "denied"
    assert desk.accept(found.id)
    assert (desk.position(), desk.state.risk.holds) == (D(has), {})


def test_the_same_ratio_at_the_old_price_is_no_split() -> None:
    desk = Desk()
    bought(desk, 2)
    for _ in range(2):
        desk.advance(6)
        desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 4, "price": 100}])
    assert [one.kind for one in desk.differences] == ["position.quantity"]


def test_a_currency_that_the_balances_leave_out_is_as_it_was() -> None:
    desk = Desk()
    for _ in range(3):
        desk.advance(6)
        desk.report(kind="balances", items=[{"currency": "EUR", "total": 0}])
    assert (desk.differences, desk.state.account.cash) == ([], {"USD": D(100_000)})


def test_cash_that_differs_waits_for_a_human_unless_the_policy_says_otherwise() -> None:
    for policy, cash in (({}, D(100_000)), ({"cash": True}, D(99_990))):
        desk = Desk(practice={"accept": policy})
        for _ in range(3):
            desk.advance(6)
            desk.report(kind="balances", items=[{"currency": "USD", "total": 99_990}])
        assert desk.state.account.cash["USD"] == cash
        assert kinds(desk) == ["difference"]


def test_a_working_order_that_vanishes_is_looked_for_before_it_is_taken_for_ended() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    for n in range(3):
        desk.advance(30)
        answer_all(desk)
        assert desk.status("A") == ("accepted" if n < 2 else "canceled")
    assert "given_up" in kinds(desk)


def test_an_order_that_has_ended_here_and_works_at_the_venue_works_again() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="canceled", cid="A", venue_order_id="v")
    shown = [{"cid": "A", "venue_order_id": "v", "instrument": "BTC", "qty": 1, "price": 100}]
    for _ in range(3):
        desk.report(kind="open_orders", items=shown)
        desk.advance(6)
    assert desk.status("A") == "accepted"
    assert "revived" in kinds(desk)


def test_a_linear_perpetual_keeps_its_fee_out_of_its_position() -> None:
    perp = Instrument(id="BTCUSDT-PERP", quote="USDT", base="BTC", kind=Kind.PERPETUAL, margin=D("0.1"))
    desk = Desk([perp], 10_000)
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="fill", cid="A", exec_id="e", qty=1, price=100, fee="0.001", fee_currency="BTC")
    assert desk.position() == 1


def test_a_restart_gives_the_same_state_and_goes_on() -> None:
    desk = Desk()
    bought(desk, 2)
    desk.submit(cid="B", qty=1, price=90)
    desk.report(kind="new", cid="B", venue_order_id="v-B")
    before = fingerprint(desk.state)
    desk.restart()
    assert fingerprint(desk.state) == before
    desk.report(kind="fill", cid="B", exec_id="b", qty=1, price=90)
    desk.report(kind="fill", cid="A", exec_id="e-A", qty=2, price=100)
    assert desk.position() == 3


def test_a_proposal_is_accepted_only_while_our_books_are_as_they_were() -> None:
    desk = Desk()
    desk.mark("BTC", 100.0)
    desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 5}])
    (found,) = desk.differences
    bought(desk, 2)
    refused = desk.command("resolve", difference=found.id, accept=True)
    assert "our books have moved from 0 to 2 since; reconcile again" in refused
    assert desk.position() == 2


def test_what_is_missing_is_booked_so_that_the_venue_s_average_comes_out() -> None:
    desk = Desk()
    bought(desk, 2)  # at 100
    desk.advance(30)
    desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 5, "price": 112}])
    (found,) = desk.differences
    assert desk.accept(found.id)
    assert sum(one.cost for one in desk.state.positions.values()) == 5 * 112
    assert desk.state.fills[-1].price == 120


def test_what_proposes_nothing_can_only_be_refused() -> None:
    desk = Desk()
    desk.report(kind="positions", items=[{"instrument": "XRP", "qty": 5}])
    (found,) = desk.differences
    assert found.kind == "position.foreign"
    assert "proposes nothing that could be accepted" in desk.command(
        "resolve", difference=found.id, accept=True
    )
    assert desk.command("resolve", difference=found.id, accept="yes") == "accept is 'yes': say true or false"
    assert desk.refuse(found.id)
    assert desk.differences == []


def test_a_session_with_open_differences_is_not_armed() -> None:
    desk = Desk(armed=False)
    desk.advance(30)
    answer_all(
        desk, positions=[{"instrument": "BTC", "qty": 5}], balances=[{"currency": "USD", "total": 100_000}]
    )
    assert "the account holds 5 BTC where 0 are booked" in desk.command("arm")
    desk.advance(30)
    answer_all(desk, positions=None)
    assert "positions: error: down" in desk.command("arm")
    desk.advance(30)
    answer_all(desk)
    assert desk.command("arm") == ""
