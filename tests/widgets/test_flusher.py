import gc
import logging
import threading
from collections.abc import Callable

import pytest

from tests.interleaved import interleavings
from tradekit.core.clock import SystemClock
from tradekit.model.session import SignalRaised
from tradekit.testing.stage import StageSession
from tradekit.widgets.flusher import Flusher
from tradekit.widgets.pace import Batch, Pace
from tradekit.widgets.stream import Stream

SIGNAL = SignalRaised("b", "BTCUSDT", "cross", 1.0)


class Member:
    """Notes each flush and the thread it came on."""

    def __init__(self, session: StageSession, flusher: Flusher, *, fails: bool = False) -> None:
        self.stream = Stream(session.replica, flusher.wake, clock=flusher.clock, pace=Pace.of_widgets(1))
        self.flushed, self.beats = threading.Event(), threading.Event()
        self.threads: set[str] = set()
        self._fails = fails

    def beat(self) -> None:
        self.beats.set()

    def flush(self, batch: Batch) -> None:
        self.threads.add(threading.current_thread().name)
        self.flushed.set()
        if self._fails:
            raise ValueError("a widget's own mistake")


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within 30 s."""
    clock = SystemClock()
    end = clock.monotonic() + 30
    while not true() and clock.monotonic() < end:
        clock.wait(0.005)
    return true()


def test_members_are_flushed_from_one_thread_that_is_not_the_callers() -> None:
    session, flusher = StageSession(), Flusher(SystemClock())
    members = [Member(session, flusher), Member(session, flusher)]
    for member in members:
        flusher.join(member)
    session.replica.fold(SIGNAL)
    assert all(member.flushed.wait(30) for member in members)
    assert members[0].threads == members[1].threads == {"tradekit-widgets"}
    for member in members:
        flusher.leave(member)
    assert eventually(lambda: not flusher.running)


@pytest.mark.process
def test_a_member_beats_while_nothing_happens() -> None:
    session, flusher = StageSession(), Flusher(SystemClock())
    member = Member(session, flusher)
    flusher.join(member)
    assert member.beats.wait(30)
    member.beats.clear()
    assert member.beats.wait(30)
    assert not member.flushed.is_set()
    flusher.leave(member)


def test_one_members_failure_is_its_own(caplog: pytest.LogCaptureFixture) -> None:
    session, flusher = StageSession(), Flusher(SystemClock())
    bad, good = Member(session, flusher, fails=True), Member(session, flusher)
    with caplog.at_level(logging.ERROR):
        flusher.join(bad)
        flusher.join(good)
        session.replica.fold(SIGNAL)
        assert bad.flushed.wait(30)
        assert good.flushed.wait(30)
        assert eventually(lambda: "the others go on" in caplog.text)
    flusher.leave(bad)
    flusher.leave(good)


class Leaver(Member):
    """Is closed by another thread in the middle of its flush, so that the flush fails."""

    def __init__(self, session: StageSession, flusher: Flusher) -> None:
        super().__init__(session, flusher, fails=True)
        self._flusher = flusher

    def flush(self, batch: Batch) -> None:
        self._flusher.leave(self)
        super().flush(batch)


def test_a_member_that_leaves_amid_its_flush_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    session, flusher = StageSession(), Flusher(SystemClock())
    member = Leaver(session, flusher)
    with caplog.at_level(logging.ERROR):
        flusher.join(member)
        session.replica.fold(SIGNAL)
        assert eventually(lambda: not flusher.running)
    assert member.flushed.is_set()
    assert "could not be flushed" not in caplog.text


def test_a_collected_member_is_forgotten_and_the_thread_ends() -> None:
    session, flusher = StageSession(), Flusher(SystemClock())
    member = Member(session, flusher)
    flusher.join(member)
    member.stream.close()
    assert flusher.running
    del member
    gc.collect()
    flusher.wake()
    assert eventually(lambda: not flusher.running)


def test_it_starts_again_after_it_ended() -> None:
    session, flusher = StageSession(), Flusher(SystemClock())
    for _ in range(2):
        member = Member(session, flusher)
        flusher.join(member)
        session.replica.fold(SIGNAL)
        assert member.flushed.wait(30)
        flusher.leave(member)
        assert eventually(lambda: not flusher.running)


def test_a_member_may_leave_whatever_its_thread_holds() -> None:
    session, flusher = StageSession(), Flusher(SystemClock())
    stays, leaves = Member(session, flusher), Member(session, flusher)
    flusher.join(stays)
    flusher.join(leaves)

    def collected() -> None:
        with stays.stream._lock:  # where a search for garbage may come upon the other
            flusher.leave(leaves)

    leaving = threading.Thread(target=collected, daemon=True)
    leaving.start()
    leaving.join(30)
    assert not leaving.is_alive()
    flusher.leave(stays)
    assert eventually(lambda: not flusher.running)


def test_who_joins_as_the_thread_ends_is_flushed() -> None:
    def alone() -> tuple[StageSession, Flusher, Member]:
        session, flusher = StageSession(), Flusher(SystemClock())
        return session, flusher, Member(session, flusher)

    def begin_and_end(it: tuple[StageSession, Flusher, Member]) -> None:
        it[1]._thread = threading.current_thread()  # it runs, and finds that nobody is left
        if not it[1]._ends():
            it[1]._run()

    def join(it: tuple[StageSession, Flusher, Member]) -> None:
        session, flusher, member = it
        flusher.join(member)
        session.replica.fold(SIGNAL)
        assert member.flushed.wait(30)
        flusher.leave(member)

    for _, flusher, _ in interleavings(alone, begin_and_end, join, within="widgets/flusher.py"):
        assert eventually(lambda flusher=flusher: not flusher.running)


def test_the_more_members_there_are_the_slower_each_is_flushed() -> None:
    session, flusher = StageSession(), Flusher(SystemClock())
    members = [Member(session, flusher) for _ in range(12)]
    for member in members:
        flusher.join(member)
    assert eventually(lambda: all(m.stream._pending.pace == Pace.of_widgets(12) for m in members))
    for member in members[1:]:
        flusher.leave(member)
    assert eventually(lambda: members[0].stream._pending.pace == Pace.of_widgets(1))
    flusher.leave(members[0])
