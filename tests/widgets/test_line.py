"""The page's own line: tickets minted off the kernel's thread, handed out once, never kept where they are saved."""

import gc

import pytest

from tests.interleaved import interleavings
from tests.widgets.later import Later
from tradekit.core.clock import ManualClock
from tradekit.errors import RefusedError
from tradekit.testing.stage import StageSession
from tradekit.widgets.line import FRESH_S, SCOPE, PageLine

START = 1_670_889_600_000_000_000


class Gate(StageSession):
    """A session that mints tickets, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, ...]] = []

    def ticket(self, *scopes: str) -> str:
        self.asked.append(scopes)
        if self.refuse:
            raise RefusedError(self.refuse)
        return f"ticket-{len(self.asked)}"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def line(gate: Gate, clock: ManualClock, later: Later) -> PageLine:
    return PageLine(gate, told=lambda: None, clock=clock, pool=later)


def test_a_ticket_is_minted_off_the_askers_thread_and_handed_out_once(
    line: PageLine, gate: Gate, later: Later
) -> None:
    line.ask()
    assert (gate.asked, line.take()) == ([], None)
    later.run()
    assert gate.asked == [(SCOPE,)]
    assert line.take() == {"op": "ticket", "ticket": "ticket-1"}
    assert line.take() is None


def test_what_is_asked_while_one_is_minted_is_asked_once(line: PageLine, gate: Gate, later: Later) -> None:
    line.ask()
    line.ask()
    later.run()
    assert len(gate.asked) == 1
    line.ask()
    later.run()
    assert len(gate.asked) == 2


def test_a_fresh_ticket_is_ready_now_and_then(
    line: PageLine, gate: Gate, later: Later, clock: ManualClock
) -> None:
    for pause in (0.0, FRESH_S / 2, FRESH_S / 2, 0.0):
        clock.advance(pause)
        line.keep_fresh()
        later.run()
    assert len(gate.asked) == 2


def test_a_refusal_is_told_to_the_page(line: PageLine, gate: Gate, later: Later) -> None:
    gate.refuse = "this token lacks operate"
    line.ask()
    later.run()
    assert line.take() == {"op": "ticket", "problem": "this token lacks operate"}


def test_a_session_that_is_not_there_is_not_asked(line: PageLine, gate: Gate, later: Later) -> None:
    gate.replica.become("stale", "no beat")
    line.ask()
    assert later.waiting == []


def test_a_session_that_mints_none_says_so(clock: ManualClock, later: Later) -> None:
    plain = StageSession()
    line = PageLine(plain, told=lambda: None, clock=clock, pool=later)
    assert line.address == plain.uri
    line.ask()
    later.run()
    assert "ticket" in str((line.take() or {})["problem"])


def test_it_does_not_keep_its_session(clock: ManualClock, later: Later) -> None:
    line = PageLine(StageSession(), told=lambda: None, clock=clock, pool=later)
    gc.collect()
    assert line.address == ""
    line.ask()
    assert later.waiting == []
    assert "PageLine" in repr(line)


def test_a_ticket_that_comes_while_one_is_taken_is_not_lost(gate: Gate, clock: ManualClock) -> None:
    def asked() -> tuple[PageLine, Later]:
        later = Later()
        line = PageLine(gate, told=lambda: None, clock=clock, pool=later)
        line.ask()
        return line, later

    taken: list[object] = []
    made = interleavings(
        asked,
        lambda both: taken.append(both[0].take()),
        lambda both: both[1].run(),
        within="widgets/line.py",
        fine=True,
    )
    for line, _ in made:
        taken.append(line.take())
        assert len([one for one in taken if one is not None]) == 1
        taken.clear()


def test_two_that_ask_at_once_ask_for_one_ticket(gate: Gate, clock: ManualClock) -> None:
    made = interleavings(
        lambda: PageLine(gate, told=lambda: None, clock=clock, pool=Later()),
        PageLine.ask,
        PageLine.keep_fresh,
        within="widgets/line.py",
    )
    assert all(len(line._pool.waiting) == 1 for line in made)
