"""A stop that its venue refuses or ends by itself is watched here, so that no position is without one in silence."""

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.testing.scripts import kinds
from tests.trading.obeying import PLAIN, SECOND, entered, fill, obey, out, out_id, protected, refuse
from tradekit.testing.desk import Desk


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
