"""Exits and the kill switch at a venue that says no: no asking in a circle, nothing twice, nothing left."""

from decimal import Decimal as D

import pytest

from tests.testing.scripts import answer_all, bought, submits
from tradekit.model.account import SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderType
from tradekit.testing.desk import Desk


def entered(desk: Desk) -> list[str]:
    """A resting entry of 2 with a stop and a target, known to the venue; the exits' ids."""
    desk.submit(cid="A", qty=2, price=100, stop_loss=95, take_profit=110)
    desk.report(kind="new", cid="A", venue_order_id="v-A")
    return [name for name in desk.state.orders if name != "A"]


def changes(desk: Desk) -> list[str]:
    return [one["cid"] for one in desk.sent if one["kind"] == "replace"]


def test_a_refused_shrinking_is_not_asked_again_at_once() -> None:
    desk = Desk(limits={})
    bought(desk, qty=2)
    desk.submit(cid="S", qty=2, side="sell", stop=95, reduce_only=True)
    desk.report(kind="new", cid="S", venue_order_id="v-S")
    desk.submit(cid="B", qty=1, side="sell", price=100)
    desk.report(kind="fill", cid="B", exec_id="e-B", qty=1, price=100)
    assert changes(desk) == ["S"]
    desk.report(kind="replace_rejected", cid="S", reason="too late")
    assert changes(desk) == ["S"]
    desk.advance(10)
    assert changes(desk) == ["S", "S"]


def test_an_exit_that_waits_here_is_not_missed_at_the_venue() -> None:
    desk = Desk(limits={})
    exits = entered(desk)
    book = {"cid": "A", "venue_order_id": "v-A", "instrument": "BTC", "side": "buy", "qty": 2, "price": 100}
    for _ in range(5):
        desk.advance(30)
        answer_all(desk, open_orders=[book], positions=[], balances=None)
    assert {desk.status(name) for name in exits} == {"submitted"}
    assert [name for name in exits if desk.state.orders[name].doubt is not None] == []


def test_an_exit_that_was_sent_and_missed_is_not_sent_again_after_a_restart() -> None:
    desk = Desk(limits={})
    first, _ = entered(desk)
    desk.report(kind="fill", cid="A", exec_id="1", qty=1, price=100)
    desk.advance(6)
    book = {"cid": "A", "venue_order_id": "v-A", "instrument": "BTC", "side": "buy", "qty": 2, "price": 100}
    answer_all(desk, open_orders=[{**book, "cum_qty": 1}])
    doubt = desk.state.orders[first].doubt
    assert doubt is not None
    assert doubt.missed == 1
    desk.restart()
    desk.report(kind="fill", cid="A", exec_id="2", qty=1, price=100)
    assert len(submits(desk, first)) == 1


def test_after_the_kill_switch_a_refused_cancel_is_asked_for_again_until_it_is_done() -> None:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v-A")
    desk.command("kill")
    for _ in range(3):
        desk.report(kind="cancel_rejected", cid="A", reason="busy")
        desk.advance(10)
    cancels = [one for one in desk.sent if one["kind"] == "cancel"]
    assert len(cancels) == 4
    desk.report(kind="canceled", cid="A", venue_order_id="v-A")
    desk.advance(60)
    assert len([one for one in desk.sent if one["kind"] == "cancel"]) == 4


def test_each_part_of_an_entry_has_its_exits_once_it_has_filled() -> None:
    desk = Desk(practice={"reduces": False}, limits={})
    desk.submit(cid="A", qty=2, price=100, take_profit=[(105, 0.5), (110, 0.5)], stop_loss=95)
    desk.report(kind="new", cid="A", venue_order_id="v")
    for number in (1, 2):
        desk.report(kind="fill", cid="A", exec_id=str(number), qty=1, price=100)
        exits = submits(desk)[1:]
        assert [(one["type"], one["qty"]) for one in exits] == [("stop", D(1)), ("limit", D(1))] * number
        for one in exits[-2:]:
            desk.report(kind="new", cid=one["cid"], venue_order_id=f"v-{one['cid']}")
    assert [one for one in desk.sent if one["kind"] in ("cancel", "replace")] == []


def test_an_entry_that_was_made_larger_is_protected_whole() -> None:
    desk = Desk(practice={"reduces": False}, limits={})
    desk.submit(cid="A", qty=2, price=100, stop_loss=90, exit_after="9m")
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.replace("A", qty=3)
    desk.report(kind="replaced", cid="A", venue_order_id="v", qty=3, price=100)
    desk.report(kind="fill", cid="A", exec_id="1", qty=3, price=100)
    assert [one["qty"] for one in submits(desk)[1:]] == [D(3)]


def test_a_monitor_outlives_an_exit_that_was_quicker_than_the_rest_of_its_entry() -> None:
    desk = Desk(practice={"reduces": False}, limits={})
    desk.submit(cid="A", qty=2, price=100, stop_loss=95, exit_after="4h")
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.report(kind="fill", cid="A", exec_id="1", qty=1, price=100)
    stop = submits(desk)[-1]["cid"]
    desk.report(kind="fill", cid=stop, exec_id="s", qty=1, price=95)
    assert list(desk.state.monitors) == ["A"]
    desk.report(kind="canceled", cid="A")
    assert list(desk.state.monitors) == []


def test_what_is_kept_here_follows_a_split() -> None:
    limits_alone = frozenset({OrderType.MARKET, OrderType.LIMIT})
    desk = Desk(practice={"types": limits_alone}, limits={})
    desk.submit(cid="A", qty=2, price=100, stop_loss=90, take_profit=120)
    desk.report(kind="new", cid="A", venue_order_id="v-A")
    desk.report(kind="fill", cid="A", exec_id="e-A", qty=2, price=100)
    stop = next(name for name, one in desk.state.orders.items() if one.reason == "stop loss")
    desk._step(SplitEffected("BTC", D(2), D(1)))
    assert [one["kind"] for one in desk.alerts] == ["split"]
    desk.mark("BTC", 46)
    assert (desk.status(stop), desk.state.orders[stop].leaves) == ("held", 4)
    desk.mark("BTC", 45)
    assert [(one["cid"], one["qty"]) for one in submits(desk)][-1] == (stop, 4)


def test_what_a_reverse_split_leaves_nothing_of_is_kept_no_more() -> None:
    desk = Desk(
        [Instrument(id="BTC", lot=D(1))], practice={"types": frozenset({OrderType.MARKET})}, limits={}
    )
    desk.mark("BTC", 100)
    desk.submit(cid="S", side="buy", qty=2, stop=110, type="stop")
    desk._step(SplitEffected("BTC", D(1), D(10)))
    assert (desk.status("S"), [one["kind"] for one in desk.alerts]) == ("canceled", ["split"])


def test_what_a_fee_leaves_below_a_lot_is_in_no_order() -> None:
    pair = Instrument(id="ETHUSDT", quote="USDT", base="ETH", lot=D("0.01"))
    desk = Desk([pair], practice={"reduces": False}, limits={})
    desk.submit(cid="A", qty=1, price=2500, stop_loss=2000)
    desk.report(kind="new", cid="A", venue_order_id="v")
    desk.report(kind="fill", cid="A", exec_id="e", qty=1, price=2500, fee="0.001", fee_currency="ETH")
    assert desk.position() == D("0.999")
    (stop,) = submits(desk)[1:]
    assert stop["qty"] == D("0.99")
    desk.report(kind="new", cid=stop["cid"], venue_order_id="s")
    desk.command("flatten")
    out = submits(desk)[-1]
    assert (out["side"], out["qty"], out["type"]) == ("sell", D("0.99"), "market")
    desk.report(kind="canceled", cid=stop["cid"])
    desk.report(kind="fill", cid=out["cid"], exec_id="o", qty="0.99", price=2500)
    sent = len(submits(desk))
    desk.command("flatten")
    assert (desk.position(), len(submits(desk))) == (D("0.009"), sent)


@pytest.mark.parametrize("killed", [False, True])
def test_an_order_that_the_venue_does_not_have_is_given_up_however_often_its_cancel_is_refused(
    killed: bool,
) -> None:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v-A")
    if killed:
        desk.command("kill")
    for second in range(120):
        if second % 15 == 0:
            desk.cancel("A")
        if desk.state.orders["A"].cancel_requested:
            desk.report(kind="cancel_rejected", cid="A", reason="no such order")
        if desk.sent[-1]["kind"] == "query":
            answer_all(desk)
        desk.advance(1)
    assert (desk.status("A"), desk.state.orders["A"].given_up) == ("canceled", True)


def test_without_the_kill_switch_a_refused_cancel_is_left_to_whoever_asked() -> None:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=1, price=100)
    desk.report(kind="new", cid="A", venue_order_id="v-A")
    desk.cancel("A")
    desk.report(kind="cancel_rejected", cid="A", reason="busy")
    desk.advance(60)
    assert len([one for one in desk.sent if one["kind"] == "cancel"]) == 1
