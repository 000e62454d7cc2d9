"""The table of an order's life: whole, forward only, on the page as in the code; and true to a venue's own book."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.builders import FULL, event, filled, opened, order
from tradekit.core.event import Fact
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderExpired,
    OrderReplaced,
    OrderReplaceRejected,
    OrderTriggered,
    Side,
    Status,
)
from tradekit.state.lifecycle import MOVES, News, moved, stronger
from tradekit.state.reducer import apply
from tradekit.state.shape import Order, State

D = Decimal
PAGE = Path(__file__).resolve().parents[2] / "docs" / "orders.md"
ENDS = {Status.CANCELED, Status.EXPIRED, Status.REJECTED, Status.DENIED}
STRENGTH = {Status.REJECTED: 5, Status.EXPIRED: 6, Status.CANCELED: 7, Status.DENIED: 7}
RANK = {
    Status.SUBMITTED: 0,
    Status.HELD: 1,
    Status.UNKNOWN: 1,
    Status.ACCEPTED: 2,
    Status.TRIGGERED: 3,
    Status.PARTIALLY_FILLED: 4,
    **STRENGTH,
    Status.FILLED: 8,
}
EVERY = [(status, news) for status in Status for news in News]


def test_every_status_has_an_answer_to_every_report() -> None:
    assert [(status, news) for status, row in MOVES.items() for news in row] == EVERY


@pytest.mark.parametrize(("status", "news"), EVERY)
def test_a_status_steps_back_only_where_a_replacement_asks_for_more_or_the_venue_still_has_it(
    status: Status, news: News
) -> None:
    after = moved(status, news)
    if (status, news) == (Status.FILLED, News.ENLARGED):
        assert after is Status.PARTIALLY_FILLED
    elif news is News.REVIVED and status in ENDS - {Status.DENIED}:
        assert after is Status.ACCEPTED
    elif (status, news) in ((Status.HELD, News.DOUBTED), (Status.UNKNOWN, News.HELD)):
        assert after in (Status.UNKNOWN, Status.HELD)
    else:
        assert RANK[after] > RANK[status] or after is status


@pytest.mark.parametrize("status", Status)
def test_a_full_fill_is_the_last_word_whatever_was_told_before(status: Status) -> None:
    assert moved(status, News.FULL) is Status.FILLED


@pytest.mark.parametrize("status", sorted(ENDS))
def test_what_has_ended_comes_back_by_no_report_but_that_it_is_there_after_all(status: Status) -> None:
    reports = [news for news in News if news is not News.REVIVED]
    assert {moved(status, news) for news in reports} <= ENDS | {Status.FILLED}


@pytest.mark.parametrize("first", [News.CANCELED, News.EXPIRED, News.REJECTED])
@pytest.mark.parametrize("second", [News.CANCELED, News.EXPIRED, News.REJECTED])
def test_of_two_ends_the_stronger_one_counts_whichever_is_told_first(first: News, second: News) -> None:
    for status in set(Status) - ENDS:
        assert moved(moved(status, first), second) is moved(moved(status, second), first)
    assert stronger(stronger("", first), second) == stronger(stronger("", second), first)


@pytest.mark.parametrize("news", [news for news in News if news is not News.ENLARGED])
def test_a_report_that_is_told_twice_moves_nothing_the_second_time(news: News) -> None:
    for status in Status:
        once = moved(status, news)
        assert moved(once, news) is once


def test_the_page_has_the_table_as_it_is() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if re.match(rf"\| \*\*({'|'.join(Status)})\*\* ", line)
    ]
    head = "| now | " + " | ".join(News) + " |"
    assert head in PAGE.read_text(encoding="utf-8")
    shown = {
        row[0].strip("*"): [row[0].strip("*") if cell == "·" else cell for cell in row[1:]] for row in rows
    }
    assert shown == {str(status): [str(after) for after in row.values()] for status, row in MOVES.items()}


# --- against a venue's book ---------------------------------------------------------------------------------


class Venue(RuleBasedStateMachine):
    """An order at a venue, and a line that brings its reports late, in any order and more than once.

    One replacement is under way at a time, as ours are. Once everything has arrived, the state has what the venue has.
    """

    def __init__(self) -> None:
        super().__init__()
        self.qty, self.filled, self.value = D(4), D(0), D(0)
        self.accepted = self.triggered = self.changing = False
        self.end: Status | None = None
        self.executions = 0
        self.line: list[Fact] = []
        self.arrived: list[Fact] = []
        self.state = State()
        for fact in (opened(), order("a", qty=4, limit=99)):
            self.take(fact)

    def take(self, fact: Fact) -> None:
        apply(self.state, event(fact, seq=self.state.seq + 1))

    @property
    def mine(self) -> Order:
        return self.state.orders["a"]

    @property
    def works(self) -> bool:
        return self.end is None and self.filled < self.qty

    @rule()
    @precondition(lambda self: not self.accepted)
    def accept(self) -> None:
        self.accepted = True
        self.line.append(OrderAccepted("a", "BTC", "v"))

    @rule()
    @precondition(lambda self: self.accepted and self.works and not self.triggered)
    def trigger(self) -> None:
        self.triggered = True
        self.line.append(OrderTriggered("a", "BTC", D(99)))

    @rule(qty=st.integers(1, 3), price=st.integers(95, 99))
    @precondition(lambda self: self.accepted and self.works)
    def fill(self, qty: int, price: int) -> None:
        size = min(D(qty), self.qty - self.filled)
        self.filled += size
        self.value += size * price
        self.executions += 1
        self.line.append(filled("a", Side.BUY, size, price, number=self.executions))

    @rule(kind=st.sampled_from([OrderCanceled, OrderExpired]))
    @precondition(lambda self: self.accepted and self.works)
    def finish(self, kind: Any) -> None:
        self.end = Status.CANCELED if kind is OrderCanceled else Status.EXPIRED
        self.line.append(kind("a", "BTC", "over"))

    @rule(more=st.integers(-1, 3))
    @precondition(lambda self: self.accepted and not self.changing)
    def replace(self, more: int) -> None:
        self.changing = True
        if self.works and self.qty + more > self.filled:
            self.qty += more
            self.line.append(OrderReplaced("a", "BTC", self.qty, limit=D(98)))
        else:
            self.line.append(OrderReplaceRejected("a", "BTC", "too late"))

    @rule()
    @precondition(lambda self: self.accepted)
    def refuse_a_cancel(self) -> None:
        self.line.append(OrderCancelRejected("a", "BTC", "busy"))

    @rule(data=st.data())
    @precondition(lambda self: self.line)
    def arrive(self, data: st.DataObject) -> None:
        fact = self.line.pop(data.draw(st.integers(0, len(self.line) - 1)))
        self.arrived.append(fact)
        self.take(fact)
        if isinstance(fact, OrderReplaced | OrderReplaceRejected):
            self.changing = False

    @rule(data=st.data())
    @precondition(lambda self: self.arrived)
    def tell_again(self, data: st.DataObject) -> None:
        """Reports of a replacement are answers and come once; the others may come again at any time."""
        fact = data.draw(st.sampled_from(self.arrived))
        if not isinstance(fact, OrderReplaced):
            self.take(fact)

    @invariant()
    def nothing_is_counted_twice_or_ahead(self) -> None:
        assert self.mine.filled <= self.filled
        assert self.state.position("s", "BTC") == self.mine.filled

    @invariant()
    def what_has_arrived_is_what_is(self) -> None:
        if self.line:
            return
        if self.filled >= self.qty:
            expected = Status.FILLED
        elif self.end is not None:
            expected = self.end
        elif self.filled:
            expected = Status.PARTIALLY_FILLED
        elif self.triggered:
            expected = Status.TRIGGERED
        else:
            expected = Status.ACCEPTED if self.accepted else Status.SUBMITTED
        assert (self.mine.status, self.mine.qty, self.mine.filled, self.mine.value) == (
            expected,
            self.qty,
            self.filled,
            self.value,
        )

    def teardown(self) -> None:
        while self.line:
            self.take(self.line.pop())
        self.what_has_arrived_is_what_is()


@pytest.mark.law
class TestVenue(Venue.TestCase):  # type: ignore[misc, name-defined]
    """A state machine is tried as a test case."""

    settings = settings(max_examples=2000 if FULL else 60, stateful_step_count=25, deadline=None)
