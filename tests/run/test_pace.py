"""Requests go out as fast as the venue takes them, and what must not wait finds room."""

import asyncio

from tests.virtual import VirtualClock, in_virtual_time
from tradekit.run.pace import Pace


def went(per_second: float, *urgent: bool) -> list[float]:
    """When each request went out [s]."""

    async def play() -> list[float]:
        loop = asyncio.get_running_loop()
        pace = Pace(per_second, VirtualClock(loop))
        times = []
        for one in urgent:
            await pace.turn(urgent=one)
            times.append(round(loop.time(), 3))
        return times

    return in_virtual_time(play())


def test_without_a_bound_nothing_waits() -> None:
    assert went(0, *[False] * 50) == [0.0] * 50


def test_a_burst_is_a_seconds_worth_and_the_rest_is_spread() -> None:
    assert went(10, *[True] * 12) == [0.0] * 10 + [0.1, 0.2]


def test_a_fifth_is_kept_for_what_must_not_wait() -> None:
    assert went(10, *[False] * 9) == [0.0] * 8 + [0.1]
    assert went(10, *[False] * 8, True, True) == [0.0] * 10


def test_a_venue_that_takes_less_than_one_a_second_is_waited_for() -> None:
    assert went(0.5, True, True) == [1.0, 3.0]
