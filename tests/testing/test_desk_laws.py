"""Laws of the desk: neither the order of reports matters nor how often they come; books twice compared say nothing."""

from collections.abc import Iterable
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.state.shape import fingerprint
from tradekit.testing.desk import Desk

Report = dict[str, Any]
LIFE: dict[str, Report] = {
    "ack": {"kind": "new", "cid": "A", "venue_order_id": "v"},
    "partial": {"kind": "fill", "cid": "A", "venue_order_id": "v", "exec_id": "1", "qty": 1, "price": 100},
    "another": {"kind": "fill", "cid": "A", "venue_order_id": "v", "exec_id": "2", "qty": 1, "price": 101},
    "fill": {"kind": "fill", "cid": "A", "venue_order_id": "v", "exec_id": "3", "qty": 2, "price": 102},
    "cancel": {"kind": "canceled", "cid": "A", "venue_order_id": "v"},
    "reject": {"kind": "rejected", "cid": "A", "venue_order_id": "v"},
}
BOOK = {"cid": "A", "venue_order_id": "v", "instrument": "BTC", "side": "buy", "qty": 4, "price": 100}


def told(reports: Iterable[Report]) -> Desk:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=4, price=105)
    for report in reports:
        desk.report(report)
    return desk


def outcome(desk: Desk) -> tuple[Any, ...]:
    order = desk.state.orders["A"]
    return (
        order.status,
        order.filled,
        order.value,
        order.end,
        desk.position(),
        desk.state.account.cash["USD"],
    )


@pytest.mark.law
@pytest.mark.parametrize("size", range(1, 7))
def test_all_orders_of_the_reports_of_a_life_end_alike(size: int) -> None:
    for chosen in combinations(LIFE.values(), size):
        ends = {outcome(told(order)) for order in permutations(chosen)}
        assert len(ends) == 1, chosen


@given(st.lists(st.sampled_from(sorted(LIFE)), min_size=1, max_size=6, unique=True), st.data())
@law(60)
def test_reports_may_come_up_to_three_times(names: list[str], data: st.DataObject) -> None:
    once = outcome(told(LIFE[name] for name in names))
    times = [name for name in names for _ in range(data.draw(st.integers(1, 3)))]
    shuffled = data.draw(st.permutations(times))
    assert outcome(told(LIFE[name] for name in shuffled)) == once


STEPS = st.lists(
    st.one_of(
        st.sampled_from(sorted(LIFE)).map(lambda name: LIFE[name]),
        st.sampled_from(
            [
                {"kind": "timeout", "cid": "A"},
                {"kind": "disconnect"},
                {"kind": "reconnect"},
                {"kind": "bust", "cid": "A", "exec_id": "1"},
                {"kind": "error", "about": "positions", "message": "down"},
                {"kind": "cancel_rejected", "cid": "A"},
                {"kind": "open_orders", "items": []},
                {"kind": "open_orders", "items": [{**BOOK, "cum_qty": 2}]},
                {"kind": "executions", "items": []},
                {"kind": "replaced", "cid": "A", "venue_order_id": "v2", "old_venue_order_id": "v", "qty": 5},
                {"kind": "fill", "venue_order_id": "x", "exec_id": "9", "instrument": "BTC", "side": "sell", "qty": 1,
                 "price": 99},
            ]
        ),
        st.sampled_from([1, 6, 30]),
    ),
    max_size=12,
)  # fmt: skip
BOOKS: st.SearchStrategy[list[Report]] = st.lists(
    st.one_of(
        st.sampled_from([[], [BOOK], [{**BOOK, "cum_qty": 3}], [{**BOOK, "cid": "", "venue_order_id": "y"}]]).map(
            lambda items: {"kind": "open_orders", "items": items}
        ),
        st.lists(st.sampled_from(["1", "2", "3", "7"]), unique=True).map(
            lambda ids: {
                "kind": "executions",
                "items": [{**LIFE["partial"], "exec_id": one} for one in ids],
            }
        ).map(lambda book: {**book, "items": [{k: v for k, v in one.items() if k != "kind"} for one in book["items"]]}),
        st.integers(-3, 6).map(
            lambda qty: {"kind": "positions", "items": [{"instrument": "BTC", "qty": qty, "price": 100}]}
        ),
        st.sampled_from([99_000, 100_000]).map(
            lambda cash: {"kind": "balances", "items": [{"currency": "USD", "total": cash}]}
        ),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda book: book["kind"],
)  # fmt: skip


def played(steps: list[Any]) -> Desk:
    desk = Desk(limits={})
    desk.submit(cid="A", qty=4, price=105)
    for step in steps:
        if isinstance(step, int):
            desk.advance(step)
        else:
            desk.report(step)
    return desk


@given(STEPS, BOOKS)
@law(80)
def test_books_that_are_compared_twice_say_nothing_new(steps: list[Any], books: list[Report]) -> None:
    desk = played(steps)
    for book in books:
        desk.report(book)
    for book in books:
        desk.report(book)
    settled = [event.type for book in books for event in desk.report(book)]
    assert [tag for tag in settled if tag != "reconciliation.completed"] == []


@given(STEPS)
@law(60)
def test_a_restart_gives_the_state_that_was(steps: list[Any]) -> None:
    desk = played(steps)
    before = fingerprint(desk.state)
    journal = len(desk.events)
    desk.restart()
    replayed = [event for event in desk.events[:journal]]
    assert len(replayed) == journal
    if len(desk.events) == journal:  # nothing was in doubt at the end
        assert fingerprint(desk.state) == before


@given(STEPS)
@law(60)
def test_an_intent_reaches_the_venue_once_at_most(steps: list[Any]) -> None:
    desk = played(steps)
    assert [one["cid"] for one in desk.sent if one["kind"] == "submit"] == ["A"]


@given(STEPS)
@law(60)
def test_what_is_booked_is_the_sum_of_what_is_told_and_not_taken_back(steps: list[Any]) -> None:
    desk = played(steps)
    booked = sum(
        event.data.qty * event.data.side.sign * (1 if event.type == "order.filled" else -1)
        for event in desk.events
        if event.type in ("order.filled", "fill.busted")
    )
    assert desk.position() == booked
