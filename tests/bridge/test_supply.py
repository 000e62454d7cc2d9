import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from tradekit.bridge.frames import Since
from tradekit.bridge.limits import Limits
from tradekit.bridge.ring import Ring
from tradekit.bridge.supply import Supply
from tradekit.testing.source import FakeSource

pytestmark = pytest.mark.shell

T = TypeVar("T")


def supplied(source: FakeSource, work: Callable[[Supply, Ring], Awaitable[T]]) -> T:
    ring = Ring(source.seq(), events=100, size=100_000, frame_bytes=1000)
    source.publish = ring.add

    async def main() -> T:
        with ThreadPoolExecutor(2) as executor:
            return await work(Supply(source, ring, Limits(queue_frames=6), executor), ring)

    return asyncio.run(main())


def test_a_herd_costs_one_encoding() -> None:
    async def herd(supply: Supply, ring: Ring) -> list[tuple[int, list[bytes]]]:
        return [*await asyncio.gather(*(supply.snapshot() for _ in range(20))), await supply.snapshot()]

    source = FakeSource()
    source.append(("a", 1))
    calls = []
    take = source.snapshot
    source.snapshot = lambda: calls.append(1) or take()  # type: ignore[func-returns-value, method-assign]
    got = supplied(source, herd)
    assert len(calls) == 1
    assert all(one is got[0] for one in got)


def test_a_snapshot_serves_as_long_as_little_has_happened_since() -> None:
    async def later(supply: Supply, ring: Ring) -> list[int]:
        seqs = [(await supply.snapshot())[0]]
        for _ in range(8):
            source.append(("a", 1))
            seqs.append((await supply.snapshot())[0])
        return seqs

    source = FakeSource()
    source.append(("a", 1))
    assert supplied(source, later) == [1, 1, 1, 1, 5, 5, 5, 5, 9]


def test_a_failed_snapshot_is_tried_anew_by_the_next_who_asks() -> None:
    async def twice(supply: Supply, ring: Ring) -> int:
        take, source.snapshot = source.snapshot, lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
        try:
            await supply.snapshot()
        except ZeroDivisionError:
            source.snapshot = take  # type: ignore[method-assign]
        return (await supply.snapshot())[0]

    source = FakeSource()
    source.append(("a", 1), ("b", 2))
    assert supplied(source, twice) == 2


def test_a_page_of_old_events_names_their_subjects_and_stops_at_the_head() -> None:
    async def page(supply: Supply, ring: Ring) -> list[tuple[int, str]]:
        source.publish = None
        source.append(("later", 1))
        return [(seq, subject) for seq, _, subject in await supply.page(1)]

    source = FakeSource()
    source.append(("a", 1), ("b", 1), ("", 1))
    assert supplied(source, page) == [(2, "value.changed.b"), (3, "value.changed")]


def test_an_event_written_anew_by_a_later_epoch_is_another_history() -> None:
    async def same(supply: Supply, ring: Ring) -> list[bool]:
        return [
            await supply.same_history(Since("fake", epoch, seq))
            for epoch, seq in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (1, 0)]
        ]

    source = FakeSource(epoch=1)
    source.append(("a", 1))
    source.epoch = 2
    source.append(("b", 1))
    source.epoch = 3
    assert supplied(source, same) == [True, False, True, True, True, True]
