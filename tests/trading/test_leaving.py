"""Leaving a position at a venue that refuses: it is tried again at the pace of exits, and the trader is told."""

from decimal import Decimal as D
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, law
from tests.testing.scripts import kinds
from tests.trading.obeying import fill, obey, protected
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderType
from tradekit.state.shape import State, fingerprint
from tradekit.testing.desk import Desk

PLAIN = frozenset({OrderType.MARKET, OrderType.LIMIT})
SECOND = 1_000_000_000


def entered(qty: object = 2, practice: Any = None, **words: Any) -> Desk:
    """A desk that has bought at 100, with a stop at 95 and whatever else."""
    desk = Desk(practice=practice, limits={})
    desk.mark("BTC", 100.0)
    desk.submit(cid="E", qty=qty, **{"stop_loss": 95} | words)
    obey(desk)
    fill(desk, "E", qty, 100)
    obey(desk)
    return desk


def timed(**words: Any) -> Desk:
    """A desk whose time exit has just been sent, with nothing else at work."""
    desk = entered(exit_after="1m", **words)
    desk.now += MINUTE
    desk.mark("BTC", 101.0)
    while any(one["kind"] == "cancel" for one in desk.sent):
        one = next(one for one in desk.sent if one["kind"] == "cancel")
        desk.sent.remove(one)
        desk.report(kind="canceled", cid=one["cid"])
    return desk


def out(desk: Desk) -> list[dict[str, Any]]:
    """The orders that were sent to leave."""
    return [one for one in desk.sent if one["kind"] == "submit" and one["type"] == "market"]


def refuse(desk: Desk) -> None:
    desk.report(kind="rejected", cid=out(desk)[-1]["cid"], reason="no")


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


def out_id(desk: Desk) -> str:
    """The order that was sent to leave last."""
    return desk.state.monitors["E"].closing[-1]


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


# --- stops that end early -----------------------------------------------------------------------------------


def test_it_waits_for_trades_that_the_venue_counts_and_has_not_told() -> None:
    desk = timed()
    desk.report(kind="canceled", cid=out_id(desk), cum_qty=1)
    desk.mark("BTC", 101.0)
    assert len(out(desk)) == 1
    fill(desk, out_id(desk), 1, 101)
    desk.mark("BTC", 101.0)
    assert [one["qty"] for one in out(desk)] == [2, 1]


@pytest.mark.parametrize("practice", [{}, {"reduces": True}, {"types": PLAIN}])
def test_a_stop_that_the_venue_refuses_is_watched_here_and_left_at_its_level(
    practice: dict[str, Any],
) -> None:
    desk = entered(practice=practice, take_profit=110)
    stop = next(name for name, one in desk.state.orders.items() if one.reason == "stop loss")
    if "types" in practice:
        desk.mark("BTC", 95.0)
        desk.sent.clear()
        desk.report(kind="rejected", cid=stop, reason="no")
        desk.mark("BTC", 97.0)
    else:
        desk.report(kind="rejected", cid=stop, reason="no")
    assert kinds(desk) == ["unprotected"]
    assert desk.state.monitors["E"].watched == 95
    desk.mark("BTC", 96.0)
    assert desk.sent == []
    desk.restart()
    desk.sent.clear()
    desk.mark("BTC", 94.0)
    cancels = [one["cid"] for one in desk.sent if one["kind"] == "cancel"]
    assert [desk.state.orders[one].reason for one in cancels] == ["take profit"]
    desk.report(kind="canceled", cid=cancels[0])
    refuse(desk)
    desk.mark("BTC", 93.0)
    assert [one["qty"] for one in out(desk)] == [2, 2]
    obey(desk)
    fill(desk, out_id(desk), 2, 93)
    assert (desk.position(), desk.state.monitors) == (0, {})


def test_a_refused_trailing_stop_stays_at_the_level_that_it_had_come_to() -> None:
    desk = entered(stop_loss=None, stop_loss_trail=5)
    (stop,) = [name for name, one in desk.state.orders.items() if one.parent]
    desk.mark("BTC", 104.0)
    desk.report(kind="canceled", cid=stop, reason="the venue's own idea")
    assert desk.state.monitors["E"].watched == 99


def test_a_short_position_is_left_on_a_rise() -> None:
    desk = Desk(limits={})
    desk.mark("BTC", 100.0)
    desk.submit(cid="E", side="sell", qty=1, stop_loss=105)
    fill(desk, "E", 1, 100)
    (stop,) = [name for name in desk.state.orders if name != "E"]
    desk.report(kind="rejected", cid=stop, reason="no")
    desk.sent.clear()
    desk.mark("BTC", 104.9)
    assert out(desk) == []
    desk.mark("BTC", 105.0)
    assert [(one["side"], one["qty"]) for one in out(desk)] == [("buy", 1)]


@pytest.mark.parametrize("practice", [{}, {"types": PLAIN}])
def test_what_looks_like_a_split_sets_nothing_off_until_a_human_has_decided(practice: dict[str, Any]) -> None:
    """The venue has ended the stop for it, or never had it; the first price after it is half of the last."""
    desk = entered(practice=practice)
    (stop,) = [name for name, one in desk.state.orders.items() if one.parent]
    if not practice:
        desk.report(kind="canceled", cid=stop, reason="corporate action")
    for _ in range(2):
        desk.advance(6)
        desk.report(kind="positions", items=[{"instrument": "BTC", "qty": 4, "price": 50}])
        desk.mark("BTC", 50.0)
    assert out(desk) == []
    (found,) = desk.differences
    desk.accept(found.id)
    desk.mark("BTC", 48.0)
    assert (out(desk), desk.position()) == ([], 4)
    desk.mark("BTC", 47.5)
    assert [one["qty"] for one in out(desk)] == [4]


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


def test_a_watched_level_goes_to_break_even_too() -> None:
    desk = entered(break_even=3)
    (stop,) = [name for name, one in desk.state.orders.items() if one.parent]
    desk.report(kind="rejected", cid=stop, reason="no")
    desk.mark("BTC", 103.0)
    assert desk.state.monitors["E"].watched == 100
    desk.mark("BTC", 99.5)
    assert len(out(desk)) == 1


def test_a_stop_that_the_strategy_cancels_is_its_own_affair() -> None:
    desk = entered(exit_after="4h")
    (stop,) = [name for name, one in desk.state.orders.items() if one.parent]
    desk.cancel(stop)
    obey(desk)
    desk.mark("BTC", 90.0)
    assert (kinds(desk), out(desk)) == ([], [])


@pytest.mark.parametrize("reduces", [False, True])
def test_what_fills_behind_a_stop_that_was_quicker_is_watched(reduces: bool) -> None:
    desk = Desk(practice={"reduces": reduces}, limits={})
    desk.submit(cid="E", qty=2, price=100, stop_loss=95)
    obey(desk)
    fill(desk, "E", 1, 100)
    obey(desk)
    (stop,) = [name for name in desk.state.orders if name != "E"]
    fill(desk, stop, 1, 95)
    if reduces:
        desk.report(kind="canceled", cid=stop, reason="nothing is left to reduce")
    assert (desk.position(), kinds(desk)) == (0, [])
    fill(desk, "E", 1, 100)
    assert (desk.state.monitors["E"].watched, kinds(desk)) == (95, ["unprotected"])


def test_a_stop_of_an_entry_that_is_long_forgotten_is_watched_too() -> None:
    desk = entered(take_profit=110)
    stop = next(name for name, one in desk.state.orders.items() if one.reason == "stop loss")
    del desk.state.orders["E"]
    desk.report(kind="rejected", cid=stop, reason="no")
    desk.sent.clear()
    desk.mark("BTC", 94.0)
    assert [one["kind"] for one in desk.sent] == ["cancel"]
    desk.report(kind="canceled", cid=desk.sent[0]["cid"])
    assert [(one["side"], one["qty"]) for one in out(desk)] == [("sell", 2)]


def test_a_target_that_the_venue_refuses_is_told() -> None:
    desk = entered(take_profit=110)
    target = next(name for name, one in desk.state.orders.items() if one.reason == "take profit")
    desk.report(kind="rejected", cid=target, reason="no")
    assert [(one["kind"], one["cid"]) for one in desk.alerts] == [("unprotected", target)]
    assert desk.state.monitors == {}


def test_the_exits_of_an_entry_are_not_held_up_by_what_the_venue_has_refused() -> None:
    desk = Desk(limits={})
    desk.mark("BTC", 100.0)
    for n in range(5):
        desk.submit(cid=f"R{n}", qty=1)
        desk.report(kind="rejected", cid=f"R{n}", reason="no")
    desk.submit(cid="E", qty=1, stop_loss=95, take_profit=110)
    assert [one.status for one in desk.state.orders.values() if one.parent] == ["submitted"] * 2


# --- whatever happens ---------------------------------------------------------------------------------------

WORDS = st.sampled_from([
    {}, {"take_profit": 110}, {"take_profit": [(105, 0.5), (110, 0.5)]}, {"exit_after": "2m"},
    {"take_profit": [(105, 0.25)], "exit_after": "3m", "break_even": 3}, {"stop_loss": None, "stop_loss_trail": 5},
])  # fmt: skip
HAPPENS = st.lists(
    st.tuples(
        st.sampled_from(["fill", "refuse", "obey", "trade", "price", "restart", "resize"]),
        st.integers(0, 7),
        st.sampled_from(["rejected", "canceled", "expired"]),
    ),
    max_size=25,
)


@given(WORDS, HAPPENS, st.sampled_from([{}, {"reduces": True}, {"types": PLAIN}, {"replaces": True}]))
@law(60)
def test_no_position_is_ever_without_a_stop_and_without_a_word(
    words: dict[str, Any], happens: list[tuple[str, int, str]], practice: dict[str, Any]
) -> None:
    """What is held has a stop at work, or a level that is watched here, or is being left; and it never turns."""
    desk = Desk(practice=practice, limits={})
    desk.mark("BTC", 100.0)
    desk.submit(cid="E", qty=4, price=100, **{"stop_loss": 95} | words)
    obey(desk)
    for what, n, end in happens:
        working = [one for one in desk.state.orders.values() if one.working and one.venue_id]
        one = working[n % len(working)] if working else None
        if what == "fill" and desk.state.orders["E"].working:
            fill(desk, "E", 1, 100)
        elif what == "refuse" and one is not None:
            desk.report(kind=end, cid=one.id, venue_order_id=one.venue_id, reason="no")
        elif what == "trade" and one is not None and one.reduce_only and desk.position():
            fill(desk, one.id, min(one.leaves, desk.position(), D(n + 1) / 2), 100)
        elif what == "price":
            desk.now += 20 * SECOND
            desk.mark("BTC", 93.0 + n * 2)
        elif what == "restart":
            desk.restart()
        elif what == "resize" and n > desk.state.orders["E"].filled:
            desk.replace("E", qty=n)
        obey(desk)
        assert desk.position() >= 0
        assert protected(desk, "E") >= desk.position()
        watched = desk.state.monitors.get("E")
        assert watched is None or watched.watched is None or "unprotected" in kinds(desk)
