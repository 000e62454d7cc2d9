"""An entry in several parts that is made larger or smaller: its parts are all of it, all that is held has a stop."""

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.trading.obeying import fill, obey, protected
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderType, Status
from tradekit.testing.desk import Desk

PLAIN = frozenset({OrderType.MARKET, OrderType.LIMIT})
LOT = Instrument(id="BTC", lot=D(1))


def resting(qty: int, targets: Any, lot: Instrument = LOT, **practice: Any) -> Desk:
    """A desk with an entry at 100 that rests at the venue."""
    desk = Desk([lot], practice=practice, limits={})
    desk.submit(cid="E", qty=qty, price=100, take_profit=targets, stop_loss=90)
    obey(desk)
    return desk


def sizes(desk: Desk) -> list[D]:
    return [part.qty for part in desk.state.monitors["E"].parts]


def exits(desk: Desk) -> list[D]:
    """The quantity of each exit that works, by parts."""
    names = [one for part in desk.state.monitors["E"].parts for one in (part.stop, part.target) if one]
    return [desk.state.orders[one].qty for one in names if desk.state.orders[one].working]


HALVES = [(105, 0.5), (110, 0.5)]


def test_parts_keep_their_proportions_and_their_exits_follow() -> None:
    desk = resting(4, HALVES)
    desk.replace("E", qty=7)
    obey(desk)
    assert (sizes(desk), exits(desk)) == ([3, 4], [3, 3, 4, 4])
    desk.replace("E", qty=3)
    obey(desk)
    assert (sizes(desk), exits(desk)) == ([1, 2], [1, 1, 2, 2])


def test_a_part_that_has_filled_stays_as_it_is() -> None:
    desk = resting(4, HALVES)
    fill(desk, "E", 2, 100)
    obey(desk)
    desk.replace("E", qty=9)
    obey(desk)
    assert (sizes(desk), exits(desk)) == ([2, 7], [2, 2, 7, 7])


def test_a_part_that_is_no_more_has_no_exits() -> None:
    desk = resting(4, HALVES)
    fill(desk, "E", 1, 100)
    desk.replace("E", qty=2)
    obey(desk)
    assert (sizes(desk), exits(desk)[2:]) == ([2, 0], [])


def test_a_change_that_the_venue_refuses_changes_no_part() -> None:
    desk = resting(4, HALVES)
    desk.replace("E", qty=8)
    desk.report(kind="replace_rejected", cid="E", reason="too late")
    assert (sizes(desk), exits(desk)) == ([2, 2], [2, 2, 2, 2])


@pytest.mark.parametrize("practice", [{}, {"reduces": True}])
def test_a_stop_whose_enlargement_is_refused_is_asked_for_again_with_a_price(
    practice: dict[str, Any],
) -> None:
    desk = Desk([LOT], practice=practice, limits={})
    desk.submit(cid="E", qty=2, price=100, stop_loss=90, exit_after="4h")
    obey(desk)
    fill(desk, "E", 1, 100)
    obey(desk)
    (stop,) = [name for name in desk.state.orders if name != "E"]
    desk.replace("E", qty=5)
    desk.report(kind="replaced", cid="E", venue_order_id="v-E", qty=5, price=100)
    for one in [one for one in desk.sent if one["kind"] == "replace" and one["cid"] == stop]:
        desk.sent.remove(one)
        desk.report(kind="replace_rejected", cid=stop, reason="busy")
    fill(desk, "E", 4, 100)
    desk.now += 2_000_000_000
    desk.mark("BTC", 101.0)
    obey(desk)
    assert desk.state.orders[stop].qty == 5


def test_the_exits_of_a_part_that_stays_as_it_is_are_left_alone() -> None:
    desk = resting(4, HALVES)
    fill(desk, "E", 2, 100)
    obey(desk)
    first = desk.state.monitors["E"].parts[0]
    fill(desk, first.target, 1, 105)
    obey(desk)
    assert desk.state.orders[first.stop].leaves == 1
    desk.replace("E", qty=8)
    desk.report(kind="replaced", cid="E", venue_order_id="v-E", qty=8, price=100)
    assert {one["cid"] for one in desk.sent} == {"E"}
    assert [desk.state.orders[one].leaves for one in (first.stop, first.target)] == [1, 1]


def test_a_part_that_has_begun_to_fill_keeps_exits_for_what_has() -> None:
    desk = resting(4, HALVES)
    fill(desk, "E", 1, 100)
    obey(desk)
    desk.replace("E", qty=8)
    desk.report(kind="replaced", cid="E", venue_order_id="v-E", qty=8, price=100)
    assert {one["cid"] for one in desk.sent} == {"E"}
    assert (sizes(desk), exits(desk)) == ([2, 6], [1, 1, 6, 6])


def test_a_part_that_grows_behind_what_was_left_of_it_has_exits_for_the_rest() -> None:
    desk = Desk([LOT], practice={"reduces": True}, limits={})
    desk.submit(cid="E", qty=4, price=100, take_profit=110, stop_loss=90, exit_after="4h")
    obey(desk)
    fill(desk, "E", 3, 100)
    obey(desk)
    (part,) = desk.state.monitors["E"].parts
    fill(desk, part.target, 2, 110)
    obey(desk)
    desk.replace("E", qty=6)
    obey(desk)
    assert [desk.state.orders[one].leaves for one in (part.stop, part.target)] == [4, 4]


def test_a_stop_that_the_strategy_makes_smaller_stays_so() -> None:
    desk = Desk([LOT], practice={"reduces": True}, limits={})
    desk.submit(cid="E", qty=2, stop_loss=90, exit_after="4h")
    obey(desk)
    fill(desk, "E", 2, 100)
    obey(desk)
    (part,) = desk.state.monitors["E"].parts
    desk.replace(part.stop, qty=1)
    obey(desk)
    desk.now += 2_000_000_000
    desk.mark("BTC", 101.0)
    obey(desk)
    assert desk.state.orders[part.stop].leaves == 1


def test_what_has_been_left_of_a_part_is_not_covered_twice_in_a_larger_position() -> None:
    desk = Desk([LOT], limits={})
    desk.submit(cid="E", qty=2, price=100, take_profit=105, stop_loss=90, break_even=3)
    obey(desk)
    desk.submit(cid="X", qty=5)
    obey(desk)
    fill(desk, "X", 5, 100)
    fill(desk, "E", 2, 100)
    obey(desk)
    stop, target = (name for name, one in desk.state.orders.items() if one.parent == "E")
    fill(desk, target, 1, 105)
    obey(desk)
    assert desk.state.orders[stop].leaves == 1


STEPS = st.lists(
    st.tuples(st.sampled_from(["fill", "qty", "refused", "target", "price"]), st.integers(1, 30)), max_size=14
)
TARGETS = st.sampled_from([
    HALVES, [(105, 0.25), (110, 0.25)], [(105, 0.2), (106, 0.3), (107, 0.5)], [(105, 0.6)], [(105, 1)],
])  # fmt: skip


@given(
    TARGETS, STEPS, st.sampled_from(["1", "0.1"]),
    st.sampled_from([{}, {"reduces": True}, {"types": PLAIN}, {"replaces": True}]),
)  # fmt: skip
@law(60)
def test_parts_are_all_of_an_entry_in_whole_lots_and_all_that_is_held_has_a_stop(
    targets: Any, steps: list[tuple[str, int]], step: str, practice: dict[str, Any]
) -> None:
    lot = D(step)
    desk = Desk([Instrument(id="BTC", lot=lot)], practice=practice, limits={})
    desk.mark("BTC", 100.0)
    desk.submit(cid="E", qty=10 * lot, price=100, take_profit=targets, stop_loss=90, exit_after="9h")
    obey(desk)
    for what, n in steps:
        entry, known = desk.state.orders["E"], desk.state.monitors.get("E")
        if known is None:
            break
        if what == "fill" and entry.working:
            fill(desk, "E", min(n * lot, entry.leaves), 100)
        elif what == "qty" and entry.working and n * lot > entry.filled:
            desk.replace("E", qty=n * lot)
        elif (
            what == "refused" and entry.working and n * lot > entry.filled and desk.replace("E", qty=n * lot)
        ):
            desk.report(kind="replace_rejected", cid="E", reason="no")
        elif what == "target" and desk.position() > 0:
            names = [part.target for part in known.parts if part.target]
            at = [one for one in (desk.state.orders[name] for name in names) if one.venue_id and one.working]
            if at:
                fill(desk, at[0].id, min(n * lot, at[0].leaves, desk.position()), 105)
        obey(desk)
        desk.now += 2_000_000_000
        desk.mark("BTC", 101.0)
        obey(desk)
        known = desk.state.monitors.get("E")
        if known is None:
            assert desk.position() == 0
            break
        assert sum(part.qty for part in known.parts) == desk.state.orders["E"].qty
        assert all(part.qty % lot == 0 for part in known.parts)
        assert protected(desk, "E") >= desk.position()
        if not practice.get("reduces"):
            stops = [desk.state.orders[part.stop] for part in known.parts if part.stop]
            working = sum(one.leaves for one in stops if one.working and one.status is not Status.SUBMITTED)
            assert working <= desk.position(), "no stop turns the position"
