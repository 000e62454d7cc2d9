"""Fills that come early, late, twice, wrong or not at all, told through the desk."""

from decimal import Decimal

import pytest

from tests.testing.scripts import bought, kinds
from tradekit.model.instrument import Instrument
from tradekit.testing.desk import Desk

D = Decimal


def test_a_fill_before_the_acknowledgement_counts_and_the_acknowledgement_takes_nothing_back() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2)
    desk.report(kind="fill", cid="A", venue_order_id="v", exec_id="e1", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    assert (desk.status("A"), desk.state.orders["A"].venue_id) == ("partially_filled", "v")


def test_a_fill_that_names_the_venues_id_alone_finds_its_order() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1)
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.report(kind="fill", venue_order_id="v", exec_id="e1", instrument="BTC", side="buy", qty=1, price=100)
    assert desk.status("A") == "filled"


@pytest.mark.parametrize("times", [1, 2, 3])
def test_every_report_may_come_three_times(times: int) -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2)
    for report in (
        {"kind": "new", "cid": "A", "venue_order_id": "v"},
        {"kind": "fill", "cid": "A", "exec_id": "e1", "qty": 1, "price": 100},
        {"kind": "fill", "cid": "A", "exec_id": "e2", "qty": 1, "price": 101},
        {"kind": "canceled", "cid": "A"},
    ):
        for _ in range(times):
            desk.report(report)
    assert (desk.status("A"), desk.position()) == ("filled", D(2))
    assert desk.state.account.cash["USD"] == D(100_000 - 201)


def test_one_execution_told_with_other_numbers_is_set_aside_and_stops_the_risk() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=5)
    desk.report(kind="fill", cid="A", exec_id="e1", qty=1, price=100)
    desk.report(kind="fill", cid="A", exec_id="e1", qty=2, price=100)
    assert desk.position() == 1
    assert "quarantine" in kinds(desk)
    assert desk.state.risk.halted
    (kept,) = desk.state.health.reconciliation.quarantine
    assert (kept.exec_id, kept.qty) == ("e1", D(2))


def test_one_trade_id_on_several_partials_counts_where_the_venue_counts_on() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=3)
    for cum in (1, 2, 3, 3, 2):
        desk.report(kind="fill", cid="A", exec_id="t", qty=1, price=100, cum_qty=cum)
    assert (desk.status("A"), desk.position()) == ("filled", D(3))


def test_one_trade_id_on_two_orders_is_two_trades() -> None:
    desk = Desk()
    for cid in ("A", "B"):
        desk.submit(cid=cid, qty=1)
        desk.report(kind="fill", cid=cid, venue_order_id=f"v{cid}", exec_id="t", qty=1, price=100)
    assert desk.position() == 2


def test_more_than_the_order_is_set_aside() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2)
    desk.report(kind="fill", cid="A", exec_id="e1", qty=2, price=100)
    desk.report(kind="fill", cid="A", exec_id="e2", qty=1, price=100)
    assert (desk.position(), desk.state.risk.halted) == (D(2), True)


def test_a_cumulative_quantity_shows_a_missing_fill_and_the_executions_bring_it() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=3)
    desk.report(kind="fill", cid="A", exec_id="e1", qty=1, price=100, cum_qty=1)
    desk.report(kind="fill", cid="A", exec_id="e3", qty=1, price=102, cum_qty=3)
    assert desk.state.orders["A"].told == 3
    assert desk.queries("executions")
    desk.report(
        kind="executions", items=[{"cid": "A", "exec_id": "e2", "qty": 1, "price": 101, "cum_qty": 2}]
    )
    assert (desk.status("A"), desk.position(), desk.state.orders["A"].told) == ("filled", D(3), None)


def test_a_fill_that_nobody_tells_is_made_up_and_superseded_by_the_real_one() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=3)
    desk.report(kind="fill", cid="A", exec_id="e3", qty=1, price=102, cum_qty=3)
    desk.mark("BTC", 100.0)
    for _ in range(2):
        desk.report(kind="executions", items=[])
        desk.advance(6)
    assert (desk.status("A"), desk.position()) == ("filled", D(3))
    desk.report(kind="fill", cid="A", exec_id="e1", qty=1, price=100, cum_qty=1)
    desk.report(kind="fill", cid="A", exec_id="e2", qty=1, price=101, cum_qty=2)
    assert (desk.status("A"), desk.position()) == ("filled", D(3))
    assert desk.state.account.cash["USD"] == D(100_000 - 303)
    desk.report(kind="fill", cid="A", exec_id="e2", qty=1, price=101, cum_qty=2)
    assert desk.position() == 3


def test_a_trade_that_the_venue_cancels_is_taken_back_once() -> None:
    desk = Desk()
    bought(desk, 2)
    for _ in range(2):
        desk.report(kind="bust", cid="A", exec_id="e-A", reason="erroneous")
    assert desk.position() == 0
    assert desk.state.account.cash["USD"] == 100_000
    assert (desk.status("A"), desk.state.orders["A"].filled) == ("canceled", D(0))
    desk.report(kind="fill", cid="A", exec_id="e-A", qty=2, price=100)  # told again behind its bust
    assert desk.position() == 0
    assert "bust" in kinds(desk)


def test_a_fee_in_the_base_currency_reduces_what_is_held() -> None:
    pair = Instrument(id="ETHUSDT", quote="USDT", base="ETH")
    desk = Desk([pair], 10_000)
    desk.submit(cid="A", qty=1, price=2500)
    desk.report(kind="fill", cid="A", exec_id="e", qty=1, price=2500, fee="0.001", fee_currency="ETH")
    assert (desk.position(), desk.status("A")) == (D("0.999"), "filled")
    assert desk.state.account.cash == {"USDT": D(7500)}
    assert desk.state.account.fees == D("2.5")


def test_an_order_told_as_filled_shows_what_was_not_told() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2, price=100)
    desk.report(kind="order", cid="A", venue_order_id="v", status="filled")
    assert desk.state.orders["A"].told == 2
    desk.report(kind="executions", items=[{"cid": "A", "exec_id": "e", "qty": 2, "price": 100}])
    assert (desk.status("A"), desk.position()) == ("filled", D(2))


def test_the_final_quantity_of_a_canceled_order_is_waited_for() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=4, price=100)
    desk.report(kind="canceled", cid="A", cum_qty=3)
    assert (desk.status("A"), desk.state.orders["A"].told) == ("canceled", D(3))
    assert desk.submit(cid="B", qty=1).status == "denied"
    desk.report(kind="fill", cid="A", exec_id="e", qty=3, price=100, cum_qty=3)
    assert desk.submit(cid="C", qty=1).status == "submitted"


def test_the_bust_of_a_trade_that_nobody_knows_is_told_once() -> None:
    desk = Desk()
    for _ in range(2):
        desk.report(kind="bust", exec_id="z")
    assert kinds(desk) == ["bust"]


def test_a_trade_of_nothing_is_nothing_and_one_of_less_is_set_aside() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=4, price=100)
    desk.report(kind="fill", cid="A", exec_id="e", qty=0, price=100)
    assert not desk.state.risk.halted
    desk.report(kind="fill", cid="A", exec_id="e", qty=-1, price=100)
    assert (desk.position(), desk.state.risk.halted) == (D(0), True)


def test_a_trade_that_is_told_after_its_cancellation_is_not_booked() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.report(kind="bust", cid="A", venue_order_id="v", exec_id="e", reason="erroneous")
    desk.report(kind="fill", cid="A", venue_order_id="v", exec_id="e", qty=2, price=100)
    assert (desk.position(), desk.state.orders["A"].filled) == (D(0), D(0))
    assert kinds(desk) == ["bust"]
    desk.report(kind="fill", cid="A", venue_order_id="v", exec_id="e2", qty=2, price=100)
    assert (desk.position(), desk.status("A")) == (D(2), "filled")


@pytest.mark.parametrize("times", [1, 3])
def test_a_fee_that_comes_after_its_trade_is_taken_once(times: int) -> None:
    desk, at_once = Desk(), Desk()
    for one in (desk, at_once):
        one.submit(cid="A", qty=2, price=100)
    trade = {"kind": "fill", "cid": "A", "venue_order_id": "v", "exec_id": "e", "qty": 2, "price": 100}
    desk.report(trade)
    for _ in range(times):
        desk.report({**trade, "fee": "0.5"})
    at_once.report({**trade, "fee": "0.5"})
    assert desk.state.account.cash == at_once.state.account.cash == {"USD": D("99799.5")}
    for part in ("fees", "realised", "equity"):
        assert getattr(desk.state.account, part) == getattr(at_once.state.account, part), part
    assert desk.state.orders["A"].fees == D("0.5")
    assert [one.fee for one in desk.state.fills] == [D("0.5")]
    assert desk.alerts == []


def test_a_fee_in_the_base_currency_may_come_after_its_trade_too() -> None:
    pair = Instrument(id="ETHUSDT", quote="USDT", base="ETH")
    desk = Desk([pair], 10_000)
    desk.submit(cid="A", qty=1, price=2500)
    for fee in (0, "0.001"):
        desk.report(kind="fill", cid="A", exec_id="e", qty=1, price=2500, fee=fee, fee_currency="ETH")
    assert (desk.position(), desk.state.account.cash) == (D("0.999"), {"USDT": D(7500)})
    assert desk.state.account.fees == D("2.5")


def test_a_fee_that_comes_after_the_cancellation_of_its_trade_is_not_taken() -> None:
    desk = Desk()
    bought(desk, 2)
    desk.report(kind="bust", cid="A", exec_id="e-A")
    desk.report(kind="fill", cid="A", exec_id="e-A", qty=2, price=100, fee=1)
    assert desk.state.account.cash["USD"] == 100_000


def test_a_trade_told_again_whose_count_was_ahead_of_ours_is_no_second_one() -> None:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=6, price=100)
    desk.report(kind="fill", cid="A", venue_order_id="v", exec_id="e1", qty=2, price=100, cum_qty=2)
    for _ in range(2):  # one of 1 before it was not told
        desk.report(kind="fill", cid="A", venue_order_id="v", exec_id="e3", qty=1, price=100, cum_qty=4)
    assert (desk.position(), desk.state.orders["A"].told) == (3, 4)
    desk.report(kind="fill", cid="A", venue_order_id="v", exec_id="e2", qty=1, price=100, cum_qty=3)
    assert (desk.position(), desk.state.orders["A"].told) == (4, None)
