"""The writer of one client: after a quiet while the next frame goes at once, else by the task; all in order."""

import asyncio
import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.protocol import State

from tests.builders import law
from tradekit.bridge.limits import Limits
from tradekit.bridge.outbox import Outbox
from tradekit.bridge.ring import Ring
from tradekit.bridge.supply import Supply
from tradekit.bridge.writer import Writer

pytestmark = pytest.mark.shell


class Line:
    """A connection that keeps what is sent, and where it lies until the client takes it."""

    state, send_in_progress = State.OPEN, None

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.by_task: list[bytes] = []
        self.buffered = 0
        self.transport = self.protocol = self

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def send_text(self, frame: bytes) -> None:
        self.sent.append(frame)

    def send_data(self) -> None:
        pass

    async def send(self, frame: bytes, *, text: bool) -> None:
        self.sent.append(frame)
        self.by_task.append(frame)
        await asyncio.sleep(0)

    def seqs(self) -> list[int]:
        """The events that went out."""
        return [event["seq"] for frame in self.sent for event in json.loads(frame)["events"]]


class Desk:
    """A ring, and a writer on a line that has said hello and got all so far."""

    def __init__(self) -> None:
        self.line, self.ring = Line(), Ring(0, events=1000, size=1 << 20, frame_bytes=1 << 16)
        self.outbox = Outbox(self.ring, Limits(), since=0)
        self.writer = Writer(cast(Any, self.line), self.outbox, cast(Supply, None))

    def publish(self, *, quiet: bool) -> None:
        """One more event."""
        seq = self.ring.head + 1
        self.ring.add(seq, [b'{"seq":%d}' % seq], ["value.changed"])
        self.writer.wake(quiet=quiet)


async def settled() -> None:
    """Let every task come to its wait."""
    for _ in range(20):
        await asyncio.sleep(0)


async def drawn(steps: list[tuple[bool, int, bool]]) -> list[int]:
    """The events sent when each is published quietly or not, on a line with so much left in it, with a turn or not."""
    desk = Desk()
    task = asyncio.create_task(desk.writer.run())
    await settled()
    for quiet, buffered, turn in steps:
        desk.line.buffered = buffered
        desk.publish(quiet=quiet)
        if turn:
            await settled()
    await settled()
    task.cancel()
    return desk.line.seqs()


@law(100)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0, 0, 900]), st.booleans()), max_size=20))
def test_whatever_comes_at_once_and_what_by_the_task_nothing_is_lost_or_overtaken(
    steps: list[tuple[bool, int, bool]],
) -> None:
    assert asyncio.run(drawn(steps)) == list(range(1, len(steps) + 1))


@pytest.mark.parametrize(("quiet", "buffered", "at_once"), [(True, 0, 1), (True, 900, 0), (False, 0, 0)])
def test_the_first_event_after_a_quiet_while_waits_for_no_task(
    quiet: bool, buffered: int, at_once: int
) -> None:
    async def main() -> Desk:
        desk = Desk()
        task = asyncio.create_task(desk.writer.run())
        await settled()
        desk.line.buffered = buffered
        desk.publish(quiet=quiet)
        assert len(desk.line.sent) == at_once
        await settled()
        task.cancel()
        return desk

    desk = asyncio.run(main())
    assert len(desk.line.sent) == 1
    assert len(desk.line.by_task) == 1 - at_once
    assert desk.outbox.idle
