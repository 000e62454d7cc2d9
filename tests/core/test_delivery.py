import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.core.journal_contract import mark
from tradekit.core.bus import Bus
from tradekit.core.delivery import Delivery, Line, Policy
from tradekit.core.event import Event
from tradekit.errors import ConfigError, RefusedError

Heard = list[int]


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))  # type: ignore[arg-type]


class Slow:
    """A handler that takes an event only when it is let."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []
        self.gate = asyncio.Event()

    async def __call__(self, event: Event) -> None:
        await self.gate.wait()
        self.heard.append((event.seq, event.key))


async def until_taken(line: Line) -> None:
    """Until the first event has left the queue."""
    while line.waiting:  # noqa: ASYNC110 - the line's own task is what this waits for
        await asyncio.sleep(0)


def test_events_are_handled_one_after_the_other_in_order() -> None:
    async def story() -> None:
        bus, heard, inside = Bus(), [], 0

        async def hear(event: Event) -> None:
            nonlocal inside
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            heard.append(event.seq)
            inside -= 1

        async with Delivery(bus) as delivery:
            line = delivery.subscribe("mark.>", hear)
            for seq in range(1, 51):
                bus.publish(mark(seq))
        assert heard == list(range(1, 51))
        assert (line.delivered, line.dropped, line.conflated, line.errors, line.waiting) == (50, 0, 0, 0, 0)

    run(story)


def test_a_slow_handler_delays_nobody_else() -> None:
    async def story() -> None:
        bus, slow, heard = Bus(), Slow(), []

        async def quick(event: Event) -> None:
            heard.append(event.seq)

        delivery = Delivery(bus)
        delivery.subscribe(">", slow)
        line = delivery.subscribe(">", quick)
        for seq in range(1, 11):
            bus.publish(mark(seq))
        await line.settled()
        assert heard == list(range(1, 11))
        assert slow.heard == []
        await delivery.close()
        assert slow.heard == []
        assert bus.subscriptions == ()

    run(story)


def test_a_failing_handler_is_counted_told_and_gets_the_next_event() -> None:
    async def story() -> None:
        bus, told, heard = Bus(), [], []

        async def fail(event: Event) -> None:
            heard.append(event.seq)
            if event.seq == 1:
                raise ValueError("no")

        async with Delivery(
            bus, on_error=lambda name, subject, error: told.append((subject, str(error)))
        ) as delivery:
            line = delivery.subscribe(">", fail)
            bus.publish(mark(1))
            bus.publish(mark(2))
        assert (line.errors, line.delivered, heard) == (1, 1, [1, 2])
        assert told == [("mark.updated.BTCUSDT", "no")]

    run(story)


def test_a_full_line_that_blocks_holds_the_publisher_up() -> None:
    async def story() -> None:
        bus, slow = Bus(), Slow()
        delivery = Delivery(bus)
        line = delivery.subscribe(">", slow, size=2)
        bus.publish(mark(1))
        await until_taken(line)  # in the handler's hands
        bus.publish(mark(2))
        bus.publish(mark(3))
        assert line.waiting == 2
        with pytest.raises(RefusedError, match="2 events wait for"):
            line.put(mark(4))
        held = asyncio.ensure_future(delivery.publish(mark(4)))
        await asyncio.sleep(0.01)
        assert not held.done()
        slow.gate.set()
        await held
        await delivery.close(drain=True)
        assert [seq for seq, _ in slow.heard] == [1, 2, 3, 4]
        assert line.dropped == 0

    run(story)


def test_many_publishers_that_are_held_up_lose_nothing() -> None:
    async def story() -> None:
        bus, slow = Bus(), Slow()
        delivery = Delivery(bus)
        lines = [delivery.subscribe(">", slow, size=1), delivery.subscribe(">", slow, size=2)]
        publishing = [asyncio.ensure_future(delivery.publish(mark(seq))) for seq in range(1, 9)]
        await asyncio.sleep(0.01)
        assert sum(task.done() for task in publishing) < 8
        slow.gate.set()
        await asyncio.gather(*publishing)
        await delivery.close(drain=True)
        assert sorted(seq for seq, _ in slow.heard) == sorted([*range(1, 9)] * 2)
        assert (bus.errors, [line.dropped for line in lines]) == (0, [0, 0])

    run(story)


def test_a_failing_error_handler_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        bus = Bus()

        async def fail(event: Event) -> None:
            raise ValueError("no")

        async with Delivery(bus, on_error=lambda *told: 1 / 0) as delivery:
            line = delivery.subscribe(">", fail)
            bus.publish(mark(1))
            bus.publish(mark(2))
        assert line.errors == 2

    run(story)
    assert "error handler failed" in caplog.text


def test_a_full_line_may_drop_its_oldest() -> None:
    async def story() -> None:
        bus, slow = Bus(), Slow()
        delivery = Delivery(bus)
        line = delivery.subscribe(">", slow, size=2, policy=Policy.DROP_OLDEST)
        bus.publish(mark(1))
        await until_taken(line)
        for seq in range(2, 7):
            bus.publish(mark(seq))
        slow.gate.set()
        await delivery.close(drain=True)
        assert [seq for seq, _ in slow.heard] == [1, 5, 6]
        assert line.dropped == 3

    run(story)


def test_a_conflating_line_keeps_the_latest_of_each_key() -> None:
    async def story() -> None:
        bus, slow = Bus(), Slow()
        delivery = Delivery(bus)
        line = delivery.subscribe(">", slow, size=2, policy=Policy.CONFLATE, key=lambda event: event.key)
        bus.publish(mark(1, key="A"))
        await until_taken(line)
        for seq, key in enumerate("AABAC", 2):
            bus.publish(mark(seq, key=key))
        slow.gate.set()
        await delivery.close(drain=True)
        assert slow.heard == [(1, "A"), (4, "B"), (6, "C")]  # C is one key too many: the longest waiting goes
        assert (line.conflated, line.dropped) == (2, 1)

    run(story)


def test_a_closed_line_takes_nothing_and_lets_a_held_up_publisher_go() -> None:
    async def story() -> None:
        bus, slow = Bus(), Slow()
        delivery = Delivery(bus)
        line = delivery.subscribe(">", slow, size=1)
        bus.publish(mark(1))
        await until_taken(line)
        bus.publish(mark(2))
        held = asyncio.ensure_future(line.room())
        await asyncio.sleep(0)
        await delivery.cancel(line)
        await delivery.cancel(line)
        await held
        line.put(mark(3))
        assert (line.waiting, delivery.lines) == (1, ())

    run(story)


@pytest.mark.parametrize(("pattern", "size"), [("mark..x", 1), (">", 0)])
def test_what_makes_no_sense_is_refused(pattern: str, size: int) -> None:
    async def story() -> None:
        delivery = Delivery(Bus())
        with pytest.raises(ConfigError):
            delivery.subscribe(pattern, Slow(), size=size)
        await delivery.close()

    run(story)


@given(
    policy=st.sampled_from([Policy.DROP_OLDEST, Policy.CONFLATE]),
    size=st.integers(1, 4),
    keys=st.lists(st.sampled_from("ABCDEF"), max_size=30),
    pauses=st.sets(st.integers(0, 29)),
)
@law(60)
def test_every_event_is_delivered_dropped_or_conflated_and_the_last_one_always_arrives(
    policy: Policy, size: int, keys: list[str], pauses: set[int]
) -> None:
    async def story() -> None:
        bus, heard = Bus(), []

        async def hear(event: Event) -> None:
            heard.append((event.seq, event.key))

        async with Delivery(bus) as delivery:
            line = delivery.subscribe(">", hear, size=size, policy=policy)
            for seq, key in enumerate(keys, 1):
                bus.publish(mark(seq, key=key))
                assert line.waiting <= size
                if seq in pauses:
                    await asyncio.sleep(0)
        assert len(heard) == line.delivered == len(keys) - line.dropped - line.conflated
        if keys:
            assert (len(keys), keys[-1]) in heard
        by_key = {key: [seq for seq, k in heard if k == key] for key in set(keys)}
        assert all(seqs == sorted(seqs) for seqs in by_key.values())
        if policy is Policy.DROP_OLDEST:
            assert heard == sorted(heard)
            assert line.conflated == 0

    run(story)


@given(
    size=st.integers(1, 4), count=st.integers(0, 25), naps=st.lists(st.integers(0, 2), min_size=1, max_size=5)
)
@law(40)
def test_a_line_that_blocks_loses_nothing_whatever_the_pace(size: int, count: int, naps: list[int]) -> None:
    async def story() -> None:
        heard: list[int] = []

        async def hear(event: Event) -> None:
            for _ in range(naps[event.seq % len(naps)]):
                await asyncio.sleep(0)
            heard.append(event.seq)

        async with Delivery(Bus()) as delivery:
            line = delivery.subscribe(">", hear, size=size)
            for seq in range(1, count + 1):
                await delivery.publish(mark(seq))
                assert line.waiting <= size
        assert heard == list(range(1, count + 1))
        assert line.dropped == line.conflated == 0

    run(story)
