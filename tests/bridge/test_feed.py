"""How often display ticks are passed on, in virtual time."""

import asyncio
from collections.abc import Mapping

import msgspec

from tests.virtual import in_virtual_time
from tradekit.bridge.feed import Ticker

Passed = list[tuple[float, dict[str, int]]]


def passed(told: int, *, every_s: float, period_s: float, keys: str = "ab") -> Passed:
    """When and what is passed on, of so many ticks of each key."""

    async def play() -> Passed:
        loop, got = asyncio.get_running_loop(), Passed()

        def send(items: Mapping[str, bytes]) -> None:
            got.append((loop.time(), {key: msgspec.json.decode(data)["n"] for key, data in items.items()}))

        ticker = Ticker(loop, period_s, send)
        for n in range(told):
            ticker.take([{"key": key, "n": n} for key in keys])
            await asyncio.sleep(every_s)
        await asyncio.sleep(period_s)
        ticker.stop()
        return got

    return in_virtual_time(play())


def test_ticks_of_a_flood_come_once_a_period_and_the_latest_of_each_key_at_the_end() -> None:
    got = passed(200, every_s=0.001, period_s=0.05)
    assert [round(ts, 3) for ts, _ in got] == [0.0, 0.05, 0.1, 0.15, 0.2]
    assert got[-1][1] == {"a": 199, "b": 199}


def test_a_tick_after_a_pause_is_passed_on_at_once() -> None:
    assert passed(3, every_s=1.0, period_s=0.05, keys="a") == [
        (0.0, {"a": 0}),
        (1.0, {"a": 1}),
        (2.0, {"a": 2}),
    ]


def test_a_ticker_that_was_stopped_passes_nothing_on() -> None:
    async def play() -> Passed:
        loop, got = asyncio.get_running_loop(), Passed()
        ticker = Ticker(loop, 0.05, lambda items: got.append((loop.time(), {})))
        for n in range(2):
            ticker.take([{"key": "a", "n": n}])
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
        ticker.stop()
        await asyncio.sleep(1)
        return got

    assert len(in_virtual_time(play())) == 1
