"""An event loop whose time is made up: it jumps to the next timer, and the same run takes the same steps.

Knows no trade. Nothing in it may wait for another thread.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.builders import START

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    """Waits for nobody: what it would have waited is added to the time."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for something that nobody does"
            self.time += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in virtual time, which begins at 0 s."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.time

    def hold_up(self, seconds: float) -> None:
        """As if what runs now took that long."""
        self._jumping.time += seconds


class VirtualClock:
    """The clock port in a loop's time; `start` is its beginning [UTC ns]."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: int = START) -> None:
        self._loop, self._start = loop, start

    def now(self) -> int:
        return self._start + int(self._loop.time() * 1e9)

    def monotonic(self) -> float:
        return self._loop.time()

    def wait(self, seconds: float) -> None:
        raise AssertionError("nothing in a simulation blocks")


def in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, as fast as it goes."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
