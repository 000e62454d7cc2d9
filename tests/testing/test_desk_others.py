"""Own crosses, other people's orders, and loops, told through the desk."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import order
from tests.testing.scripts import bought, submits
from tradekit.model.order import Side
from tradekit.testing.desk import Desk
from tradekit.trading.limits import LIMITS, Asked

D = Decimal


def test_an_order_does_not_cross_one_of_ours_that_is_unknown() -> None:
    desk = Desk(limits={"self_cross": "deny"})
    desk.mark("BTC", 100.0)
    bought(desk, 1, "held")
    desk.submit(cid="A", qty=1, price=105)
    desk.report(kind="timeout", cid="A")
    sell = order("C", Side.SELL, 3, limit=104, strategy="desk")
    working = [one for one in desk.state.orders.values() if one.working]
    asked = Asked(desk.state, sell, 100.0, D(0), working)
    assert LIMITS["self_cross"].check(asked, D(0)) == "A would be its counterparty"


def test_somebody_elses_order_is_adopted_counted_and_left_alone() -> None:
    desk = Desk(limits={"max_position": 5})
    desk.report(
        kind="open_orders",
        items=[{"venue_order_id": "x1", "instrument": "BTC", "side": "buy", "qty": 3, "price": 90}],
    )
    (adopted,) = desk.state.orders.values()
    assert (adopted.strategy, adopted.qty, adopted.venue_id) == ("EXTERNAL", D(3), "x1")
    assert desk.submit(cid="A", qty=3, price=95).status == "denied"
    desk.command("cancel_all")
    desk.command("flatten")
    desk.command("kill")
    assert not [one for one in desk.sent if one["kind"] == "cancel"]
    assert not desk.cancel(adopted.id)
    assert desk.claim(adopted.id)
    assert desk.cancel(adopted.id)


def test_somebody_elses_trades_are_booked_apart_and_counted() -> None:
    desk = Desk(limits={"max_position": 5})
    fill = {"venue_order_id": "x1", "exec_id": "e", "instrument": "BTC", "side": "buy", "qty": 3, "price": 90}
    for _ in range(2):
        desk.report(kind="fill", **fill)
        desk.report(kind="executions", items=[fill])
    assert (desk.position(), desk.state.position("desk", "BTC")) == (D(3), D(0))
    assert desk.submit(cid="A", qty=3, price=95).status == "denied"
    desk.command("flatten")
    assert not submits(desk)


def test_a_foreign_order_that_has_filled_in_part_when_it_is_found_is_counted_whole() -> None:
    desk = Desk()
    shown = {"venue_order_id": "x1", "instrument": "BTC", "side": "buy", "qty": 3, "price": 90, "cum_qty": 1}
    desk.report(kind="open_orders", items=[shown])
    fill = {"venue_order_id": "x1", "exec_id": "e", "instrument": "BTC", "side": "buy", "qty": 1, "price": 90}
    desk.report(kind="executions", items=[fill])
    assert (desk.position(), desk.state.orders["external:x1"].filled) == (D(1), D(1))
    desk.report(kind="fill", **fill)
    assert desk.position() == 1


def test_a_loop_of_rejected_orders_is_stopped() -> None:
    desk = Desk()
    for n in range(1000):
        made = desk.submit(cid=f"A{n}", qty=1 + n, price=100)
        if made.status == "submitted":
            desk.report(kind="rejected", cid=f"A{n}", reason="no money")
    assert len(submits(desk)) == 10
    assert desk.state.risk.halted


def test_a_loop_of_rejected_exits_is_slowed_down_and_flatten_goes_at_once() -> None:
    desk = Desk(limits={})
    bought(desk, 2)
    before = len(submits(desk))
    for n in range(1000):
        made = desk.submit(cid=f"X{n}", side="sell", qty=2, reduce_only=True)
        if made.status == "submitted":
            desk.report(kind="rejected", cid=f"X{n}", reason="LOT_SIZE")
        desk.advance(1)
    assert 10 < len(submits(desk)) - before < 30  # three at once, then after 1, 2, 4 ... 60 s
    assert desk.state.orders["X999"].status == "denied"
    assert "refused" in desk.state.orders["X999"].note
    sent = len(submits(desk))
    desk.command("flatten")
    assert len(submits(desk)) == sent + 1
    flat = submits(desk)[-1]["cid"]
    desk.report(kind="new", cid=flat, venue_order_id="v-flat")  # taken: nothing waits any more
    assert desk.submit(cid="Y", side="sell", qty=2, reduce_only=True).status == "submitted"


def test_a_loop_of_identical_orders_is_stopped() -> None:
    desk = Desk()
    for n in range(1000):
        made = desk.submit(cid=f"A{n}", qty=1, price=100)
        if made.status == "submitted":
            desk.report(kind="new", cid=f"A{n}", venue_order_id=f"v{n}")
    assert len(submits(desk)) <= 21
    assert desk.state.risk.halted


def test_a_ban_halts() -> None:
    desk = Desk()
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="error", code=418, message="banned until tomorrow", about="submit", cid="A")
    assert (desk.status("A"), desk.state.risk.halted) == ("unknown", True)


ANONYMOUS = {
    "venue_order_id": "zz",
    "exec_id": "1",
    "instrument": "BTC",
    "side": "buy",
    "qty": 1,
    "price": 100,
}


NAMED: list[dict[str, Any]] = [
    {"kind": "new"},
    {"kind": "fill", "exec_id": "1", "qty": 1, "price": 100},
    {"kind": "order", "status": "filled"},
]


@pytest.mark.parametrize("then", NAMED, ids=lambda one: one["kind"])
@pytest.mark.parametrize("shown", [False, True])
def test_a_trade_that_named_an_id_nobody_knew_yet_is_ours_once_it_is_known(
    then: dict[str, Any], shown: bool
) -> None:
    desk = Desk()
    desk.submit(cid="A", qty=2, price=100)
    if shown:
        desk.report(kind="new", venue_order_id="zz", instrument="BTC", side="buy", qty=2, price=100)
    desk.report(kind="fill", **ANONYMOUS)
    assert (desk.position(), desk.state.position("desk", "BTC")) == (D(1), D(0))
    desk.report({**then, "cid": "A", "venue_order_id": "zz"})
    for _ in range(2):
        desk.report(kind="fill", **ANONYMOUS)
        desk.report(kind="executions", items=[{**ANONYMOUS, "cid": "A"}])
    assert (desk.position(), desk.state.position("desk", "BTC")) == (D(1), D(1))
    assert (desk.state.orders["A"].filled, desk.state.account.cash["USD"]) == (D(1), D(99_900))
    assert [order.id for order in desk.state.orders.values() if order.working] == ["A"]


def test_a_restart_asks_for_executions_since_the_last_whole_round() -> None:
    desk = Desk(["BTC"])
    desk.advance(3600)
    desk.reconcile()
    for book in ("open_orders", "executions", "positions", "balances"):
        desk.report({"kind": book, "items": []})
    whole = desk.now
    desk.advance(25)
    desk.restart()
    assert desk.queries("executions")[-1]["since"] == whole - 60_000_000_000
