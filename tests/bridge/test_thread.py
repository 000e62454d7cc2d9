"""A loop on a thread of its own: what it was given ends with it, what comes later is refused."""

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from tests.interleaved import interleavings
from tradekit.bridge.thread import LoopThread

WAIT_S = 30.0


async def forever() -> None:
    await asyncio.Event().wait()


def test_what_runs_is_cancelled_when_it_is_stopped() -> None:
    thread = LoopThread("tradekit-tested")
    future = thread.run(forever())
    assert thread.stop(WAIT_S)
    assert future.cancelled()
    assert thread.stop(WAIT_S), "a second time changes nothing"


def test_what_comes_while_it_ends_is_refused() -> None:
    thread, begun, ending, end = LoopThread("tradekit-tested"), *(threading.Event() for _ in range(3))

    async def reluctant() -> None:
        begun.set()
        try:
            await forever()
        finally:
            ending.set()
            end.wait(WAIT_S)

    thread.run(reluctant())
    assert begun.wait(WAIT_S)
    stopping = threading.Thread(target=lambda: thread.stop(WAIT_S))
    stopping.start()
    assert ending.wait(WAIT_S)
    with pytest.raises(RuntimeError, match="the loop has ended"):
        thread.run(forever())
    end.set()
    stopping.join(WAIT_S)


def test_what_comes_as_it_is_stopped_is_cancelled_or_refused() -> None:
    outcome: list[Exception] = []

    def give(thread: LoopThread) -> None:
        try:
            thread.run(forever()).result(WAIT_S)
        except (CancelledError, RuntimeError) as error:
            outcome.append(error)

    for thread in interleavings(
        lambda: LoopThread("tradekit-tested"),
        lambda thread: thread.stop(WAIT_S),
        give,
        within="bridge/thread.py",
    ):
        assert thread.stop(WAIT_S)
        assert len(outcome) == 1
        outcome.clear()
