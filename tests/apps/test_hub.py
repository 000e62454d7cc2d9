"""The hub without a server: one watch, many seats, one loop."""

import asyncio
import gc
import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from tests.interleaved import interleavings
from tests.virtual import VirtualClock, in_virtual_time
from tradekit.apps import hub as hub_module
from tradekit.apps import live
from tradekit.apps.hub import Hub
from tradekit.core.clock import Clock, SystemClock
from tradekit.model.session import CommandReceived, SignalRaised
from tradekit.state.shape import State
from tradekit.testing.stage import StageSession
from tradekit.widgets import pace
from tradekit.widgets.diary import Line
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import ALL, Moment

SIGNAL = SignalRaised("b", "BTCUSDT", "cross", 1.0)


class Chair:
    """A seat that notes what it was given, and may fail, or say that its page will answer."""

    def __init__(self, *, fails: str = "", answers: bool = False) -> None:
        self.batches: list[Batch] = []
        self.lines: list[list[Line]] = []
        self.threads: set[int] = set()
        self.beats: list[int] = []
        self.numbers: list[int] = []
        self._fails = fails
        self._answers = answers

    def parts(self, moment: Moment, batch: Batch, entries: list[Line]) -> tuple[Batch, list[Line]]:
        if self._fails == "parts" and ALL not in batch.changed:
            raise ValueError("no parts")
        return batch, entries

    def write(self, parts: Any, number: int) -> bool:
        if self._fails == "write" and ALL not in parts[0].changed:
            raise ValueError("no page")
        self.batches.append(parts[0])
        self.lines.append(parts[1])
        self.threads.add(threading.get_ident())
        self.numbers.append(number)
        return self._answers

    def beat(self, count: int) -> None:
        if self._fails == "beat":
            raise ValueError("no page")
        self.beats.append(count)


def hub_of(session: StageSession, seats: Callable[[], int] = lambda: 1, clock: Clock | None = None) -> Hub:
    return Hub(session, loop=asyncio.get_running_loop(), clock=clock or SystemClock(), seats_in_all=seats)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # what is waited for happens in plain callbacks, not in an Event
            await asyncio.sleep(0.002)


def in_thread(run: Callable[[], object]) -> None:
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_a_seat_gets_everything_first_and_then_what_changes_on_the_loop() -> None:
    async def play() -> None:
        session, chair = StageSession(), Chair()
        hub = hub_of(session)
        hub.join(chair)
        assert [batch.changed for batch in chair.batches] == [{ALL}]
        in_thread(lambda: session.replica.fold(SIGNAL))
        await until(lambda: len(chair.batches) == 2)
        assert chair.batches[1].changed == {"signals"}
        assert chair.threads == {threading.get_ident()}
        assert chair.lines[1][0]["text"] == "cross +1.0"
        hub.close()

    asyncio.run(play())


def test_a_flood_reaches_each_seat_no_faster_than_the_pace() -> None:
    async def play() -> None:
        session, chairs = StageSession(), [Chair(), Chair()]
        loop = asyncio.get_running_loop()
        hub = hub_of(session, lambda: 10, VirtualClock(loop))
        for chair in chairs:
            hub.join(chair)
        assert len(session.replica.watches) == 1
        start = loop.time()
        for n in range(300):
            session.replica.fold(CommandReceived(str(n), "arm", {}, "me"))
            await asyncio.sleep(0.001)
        await until(lambda: sum(len(b.events) for b in chairs[0].batches) == 300)
        seconds = loop.time() - start
        for chair in chairs:
            assert len(chair.batches) - 1 <= seconds * 10 + 2
        hub.close()

    in_virtual_time(play())


@pytest.mark.parametrize("fails", ["parts", "write"])
def test_one_seats_failure_is_its_own(fails: str, caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        session, bad, good = StageSession(), Chair(fails=fails), Chair()
        hub = hub_of(session)
        hub.join(bad)
        hub.join(good)
        session.replica.fold(SIGNAL)
        await until(lambda: len(good.batches) == 2)
        assert len(bad.batches) == 1
        hub.close()

    with caplog.at_level(logging.ERROR):
        asyncio.run(play())
    assert "the others go on" in caplog.text


def test_pages_hear_that_their_server_lives_until_they_leave(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        bad, good, gone = Chair(fails="beat"), Chair(), Chair()
        hub = hub_of(StageSession(), clock=VirtualClock(asyncio.get_running_loop()))
        for chair in (bad, good, gone):
            hub.join(chair)
        await until(lambda: len(gone.beats) == 2)
        hub.leave(gone)
        await until(lambda: len(good.beats) == 4)
        assert (good.beats, gone.beats) == ([1, 2, 3, 4], [1, 2])
        hub.close()
        await asyncio.sleep(0.05)
        assert len(good.beats) == 4

    monkeypatch.setattr(hub_module, "BEAT_S", 0.01)
    with caplog.at_level(logging.ERROR):
        in_virtual_time(play())
    assert "the others go on" in caplog.text


def test_a_fresh_snapshot_tells_its_own_past() -> None:
    async def play() -> None:
        session, chair = StageSession(), Chair()
        hub = hub_of(session)
        hub.join(chair)
        session.replica.fold(SIGNAL)
        await until(lambda: len(chair.batches) == 2)
        session.replica.snapshot(State())
        await until(lambda: len(chair.batches) == 3)
        assert chair.lines[2] == []
        hub.close()

    asyncio.run(play())


def test_who_leaves_is_released_and_hears_nothing_more() -> None:
    async def play() -> None:
        session, chair, other = StageSession(), Chair(), Chair()
        hub = hub_of(session)
        hub.join(chair)
        hub.join(other)
        hub.leave(chair)
        assert len(hub) == 1
        gone = weakref.ref(chair)
        heard = chair.batches
        del chair
        gc.collect()
        assert gone() is None
        session.replica.fold(SIGNAL)
        await until(lambda: len(other.batches) == 2)
        assert len(heard) == 1
        hub.close()
        assert session.replica.watches == []

    asyncio.run(play())


def test_what_changes_while_a_page_has_not_shown_its_message_goes_together_once_it_has() -> None:
    async def play() -> None:
        session, slow, quick = StageSession(), Chair(answers=True), Chair()
        hub = hub_of(session)
        hub.join(slow)
        hub.join(quick)
        session.replica.fold(SIGNAL)
        await until(lambda: len(quick.batches) == 2)
        hub.nudge("ack")
        await until(lambda: len(quick.batches) == 3)
        assert [len(slow.batches), slow.numbers] == [1, [1]]
        hub.shown(slow, 1)
        await until(lambda: len(slow.batches) == 2)
        assert slow.batches[1].changed == {"signals", "ack"}
        assert slow.lines[1][0]["text"] == "cross +1.0", "the log is complete though it waited"
        hub.nudge("ack")
        hub.shown(slow, 1)  # not the one that is under way
        await until(lambda: len(quick.batches) == 4)
        assert slow.numbers == [1, 2]
        hub.shown(slow, 2)
        await until(lambda: slow.numbers == [1, 2, 3])
        hub.shown(Chair(), 1)  # one that has left in the meantime
        hub.close()

    asyncio.run(play())


def test_a_page_that_never_answers_is_told_later_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        session, silent = StageSession(), Chair(answers=True)
        hub = hub_of(session)
        hub.join(silent)
        session.replica.fold(SIGNAL)
        await until(lambda: len(silent.batches) == 2)
        assert silent.batches[1].changed == {"signals"}
        hub.close()

    monkeypatch.setattr(pace, "PATIENCE_S", 0.02)
    asyncio.run(play())


def test_a_nudge_flushes_the_name_it_gives() -> None:
    async def play() -> None:
        session, chair = StageSession(), Chair()
        hub = hub_of(session)
        hub.join(chair)
        in_thread(lambda: hub.nudge("ack"))
        await until(lambda: len(chair.batches) == 2)
        assert chair.batches[1].changed == {"ack"}
        hub.nudge("late")
        hub.close()
        session.replica.become("stale")

    asyncio.run(play())


def test_a_session_that_speaks_as_the_servers_loop_ends_is_not_disturbed() -> None:
    def made() -> Hub:
        loop = asyncio.new_event_loop()
        return Hub(StageSession(), loop=loop, clock=SystemClock(), seats_in_all=lambda: 1)

    for hub in interleavings(made, Hub._wake, lambda hub: hub.loop.close(), within="apps/hub.py"):
        hub.nudge("ack")


def test_a_page_whose_browser_left_before_it_sat_down_follows_nothing() -> None:
    async def play() -> None:
        session = StageSession()
        page = live._Page(session, "dark")
        page.leave()
        page.sit()
        assert live.seats_in_all() == 0
        assert session.replica.watches == []

    asyncio.run(play())
