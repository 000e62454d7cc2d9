"""Leaving a position at a venue that refuses: it is tried again at the pace of exits, and the trader is told."""

from decimal import Decimal as D
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, law
from tests.testing.scripts import kinds
from tests.trading.obeying import SECOND, entered, fill, obey, out, out_id, refuse, timed
from tradekit.model.instrument import Instrument
from tradekit.state.shape import State, fingerprint
from tradekit.testing.desk import Desk

# --- a closing order that comes to nothing ------------------------------------------------------------------


@pytest.mark.parametrize("end", ["rejected", "canceled", "expired"])
def test_a_time_exit_that_comes_to_nothing_is_sent_again_with_the_next_price(end: str) -> None:
    desk = timed()
    (first,) = out(desk)
    assert desk.state.monitors["E"].closing == (first["cid"],)
    desk.report(kind=end, cid=first["cid"], reason="no")
    assert len(out(desk)) == 1, "not at once: it would be refused at once"
    assert kinds(desk) == ["unprotected"]
    desk.mark("BTC", 101.0)
    assert [one["qty"] for one in out(desk)] == [2, 2]
    obey(desk)
    fill(desk, out_id(desk), 2, 101)
    assert (desk.position(), desk.state.monitors) == (0, {})
    assert kinds(desk) == ["unprotected"]


def test_what_it_has_filled_before_it_ended_is_not_left_twice() -> None:
    desk = timed()
    desk.submit(cid="X", qty=5, price=101)
    obey(desk)
    fill(desk, "X", 5, 100)
    fill(desk, out_id(desk), "0.5", 101)
    desk.report(kind="canceled", cid=out_id(desk), reason="no more of it")
    desk.mark("BTC", 101.0)
    assert out(desk)[-1]["qty"] == D("1.5")
    obey(desk)
    fill(desk, out_id(desk), "1.5", 101)
    assert (desk.position(), desk.state.monitors) == (5, {})


def test_a_venue_that_keeps_refusing_is_asked_three_times_and_then_ever_more_seldom() -> None:
    desk, sent = timed(), []
    start = desk.now
    for _ in range(200 * 10):
        if len(out(desk)) > len(sent):
            sent.append((desk.now - start) // (SECOND // 10))
            refuse(desk)
        desk.now += SECOND // 10
        desk.mark("BTC", 101.0)
    gaps = [b - a for a, b in pairwise(sent)]
    assert gaps == [1, 1, 10, 20, 40, 80, 160, 320, 600, 600]
    assert kinds(desk) == ["unprotected"], "one alert, not one a minute"


def test_it_waits_for_an_answer_that_does_not_come() -> None:
    desk = timed()
    for _ in range(5):
        desk.now += 5 * SECOND
        desk.mark("BTC", 101.0)
    assert len(out(desk)) == 1


def test_it_waits_for_trades_that_the_venue_counts_and_has_not_told() -> None:
    desk = timed()
    desk.report(kind="canceled", cid=out_id(desk), cum_qty=1)
    desk.mark("BTC", 101.0)
    assert len(out(desk)) == 1
    fill(desk, out_id(desk), 1, 101)
    desk.mark("BTC", 101.0)
    assert [one["qty"] for one in out(desk)] == [2, 1]


def test_after_the_kill_switch_nothing_is_sent_until_a_human_arms_again() -> None:
    desk = timed()
    refuse(desk)
    desk.command("kill")
    for _ in range(3):
        desk.now += 70 * SECOND
        desk.mark("BTC", 101.0)
    assert len(out(desk)) == 1
    assert desk.state.monitors["E"].leaving == "time exit"
    desk.command("arm")
    desk.mark("BTC", 101.0)
    assert len(out(desk)) == 2


def test_it_ends_when_nothing_is_left_or_less_than_a_lot() -> None:
    desk = Desk([Instrument(id="ETHUSDT", quote="USDT", base="ETH", lot=D("0.01"))], limits={})
    desk.mark("ETHUSDT", 100.0)
    desk.submit(cid="E", qty=1, exit_after="1m")
    fill(desk, "E", 1, 100)
    desk.now += MINUTE
    desk.mark("ETHUSDT", 100.0)
    (leave,) = out(desk)[1:]
    desk.report(kind="fill", cid=leave["cid"], exec_id="o", qty="0.995", price=100)
    desk.report(kind="canceled", cid=leave["cid"])
    desk.mark("ETHUSDT", 100.0)
    assert (desk.position(), desk.state.monitors) == (D("0.005"), {})


def test_a_position_that_a_human_is_flattening_is_not_left_twice() -> None:
    desk = entered(exit_after="1m")
    desk.command("flatten")
    desk.now += MINUTE
    desk.mark("BTC", 101.0)
    for one in [one for one in desk.sent if one["kind"] == "cancel"]:
        desk.report(kind="canceled", cid=one["cid"])
    (flat,) = out(desk)
    desk.report(kind="rejected", cid=flat["cid"], reason="no")
    desk.mark("BTC", 101.0)
    assert [one["qty"] for one in out(desk)] == [2, 2], "the human's was refused: it is left after all"


def test_what_is_bought_meanwhile_does_not_hold_it_up() -> None:
    desk = timed()
    refuse(desk)
    desk.submit(cid="B", qty=1)
    desk.mark("BTC", 101.0)
    assert [(one["side"], one["qty"]) for one in out(desk)][-1] == ("sell", 2)


def test_in_a_hedging_account_its_own_position_is_left() -> None:
    desk = Desk(mode="hedging", limits={})
    desk.mark("BTC", 100.0)
    for name in ("one", "other"):
        desk.submit(cid=name, qty=2, position=name, exit_after="1m" if name == "one" else None)
        desk.report(kind="fill", cid=name, exec_id=name, qty=2, price=100)
    desk.now += MINUTE
    desk.mark("BTC", 101.0)
    refuse(desk)
    desk.mark("BTC", 101.0)
    closing = desk.state.monitors["one"].closing
    assert [desk.state.orders[one].position for one in closing] == ["one", "one"]
    desk.report(kind="fill", cid=closing[-1], exec_id="x", qty=2, price=101)
    assert (desk.position(), desk.state.monitors) == (2, {})


def test_a_refused_cancel_is_asked_for_again_with_a_price_a_second_later() -> None:
    desk = entered(exit_after="1m")
    desk.now += MINUTE
    desk.mark("BTC", 101.0)
    (stop,) = [one["cid"] for one in desk.sent if one["kind"] == "cancel"]
    asked = []
    for _ in range(30):
        if desk.sent:
            asked.append(desk.sent.pop()["kind"])
            desk.report(kind="cancel_rejected", cid=stop, reason="busy")
        desk.now += SECOND // 10
        desk.mark("BTC", 101.0)
    assert [one for one in asked if one == "cancel"] == ["cancel"] * 3


def replayed(desk: Desk) -> State:
    """What the journal's inputs alone give."""
    again = Desk(limits={})
    again._names = desk._names
    again._set_up()
    for event in desk.events:
        if not event.cause:
            again._engine_step(event.data, event.ts)
    return again.state


@given(st.lists(st.sampled_from(["rejected", "canceled", "silence", "part", "restart"]), max_size=12))
@law(40)
def test_whatever_the_venue_says_a_position_is_watched_until_it_is_closed(answers: list[str]) -> None:
    """And a replay of the journal gives the same state, so that a restart goes on with the same pause."""
    desk = timed(qty=8)
    for answer in answers:
        name = out_id(desk)
        working = desk.state.orders[name].working
        if answer in ("rejected", "canceled") and working:
            desk.report(kind=answer, cid=name, reason="no")
        elif answer == "part" and working:
            fill(desk, name, "0.5", 101)
        elif answer == "restart":
            assert fingerprint(replayed(desk)) == fingerprint(desk.state)
            desk.restart()
        desk.now += 61 * SECOND
        desk.mark("BTC", 101.0)
        assert desk.position() > 0
        assert desk.state.orders[out_id(desk)].leaves == desk.position()
    obey(desk)
    fill(desk, out_id(desk), desk.position(), 101)
    assert (desk.position(), desk.state.monitors) == (0, {})
