"""Session time goes on with the wall, or with a replay, and never back."""

import asyncio

from tests.builders import START
from tests.virtual import VirtualClock, in_virtual_time
from tradekit.core.clock import ManualClock
from tradekit.run.now import ReplayTime, WallTime

SECOND = 1_000_000_000


class Jumping(ManualClock):
    """A wall clock that somebody sets; the monotonic one goes on."""

    jump = 0

    def now(self) -> int:
        return super().now() + self.jump


def test_a_wall_clock_that_is_set_moves_nothing() -> None:
    clock = Jumping(START)
    time = WallTime(clock)
    clock.advance(2)
    clock.jump = 3600 * SECOND
    assert time.now() == START + 2 * SECOND


def test_a_wall_clock_that_stood_behind_what_is_told_goes_on_from_there() -> None:
    clock = ManualClock(START)
    time = WallTime(clock)
    time.saw(START + 3600 * SECOND)
    time.saw(START)
    clock.advance(10)
    assert time.now() == START + 3610 * SECOND


def test_a_replay_goes_on_at_its_speed_between_what_it_has_taken() -> None:
    clock = ManualClock(START)
    time = ReplayTime(clock, start=0, speed=60)
    clock.advance(2)
    assert time.now() == 120 * SECOND
    time.saw(300 * SECOND)
    time.saw(10 * SECOND)
    assert time.now() == 300 * SECOND


def test_waiting_ends_when_the_replay_has_come_there() -> None:
    async def play() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        time = ReplayTime(VirtualClock(loop), start=0, speed=60)
        await time.until(120 * SECOND)
        by_itself = loop.time()
        waiting = asyncio.create_task(time.until(6000 * SECOND))
        await asyncio.sleep(1)
        time.saw(7000 * SECOND)
        await waiting
        return round(by_itself, 3), round(loop.time(), 3)

    assert in_virtual_time(play()) == (2.0, 3.0)
