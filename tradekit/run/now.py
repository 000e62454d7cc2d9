"""What time it is in a session that trades at a broker: the wall's, without its jumps, or a replay's.

The office waits by it, so that a replayed hour is an hour. Knows no feed.
"""

import asyncio
from typing import Protocol

from tradekit.core.clock import Clock

__all__ = ["Now", "ReplayTime", "WallTime"]

_LEAST_S = 0.001  # a shorter wait may round to none


class Now(Protocol):
    """Session time, and waiting for it."""

    def now(self) -> int:
        """Session time [UTC ns]; it never goes back."""

    def saw(self, ts: int) -> None:
        """Something that happened at `ts` was taken [UTC ns]."""

    async def until(self, ts: int) -> None:
        """Wait for a moment [UTC ns]; at once where it is over."""


class WallTime:
    """The wall clock as it stood at the start, carried on by the monotonic one: somebody may set the wall clock.

    Where it stood behind what is told, by an hour say, it goes on from there: waits are as long as ever.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.now()
        self._began = clock.monotonic()

    def now(self) -> int:
        """Wall time [UTC ns]."""
        return self._start + int((self._clock.monotonic() - self._began) * 1e9)

    def saw(self, ts: int) -> None:
        """It is that late already [UTC ns]."""
        self._start += max(0, ts - self.now())

    async def until(self, ts: int) -> None:
        """Wait for a moment."""
        left = ts - self.now()
        await asyncio.sleep(max(left / 1e9, _LEAST_S) if left > 0 else 0.0)


class ReplayTime:
    """A replay's time: what was taken last, and on from there at the replay's speed.

    speed  how many times faster than it happened
    """

    def __init__(self, clock: Clock, *, start: int, speed: float) -> None:
        self._clock = clock
        self._rate = speed
        self._last, self._at = start, clock.monotonic()
        self._moved = asyncio.Event()

    def now(self) -> int:
        """Replayed time [UTC ns]."""
        return self._last + int((self._clock.monotonic() - self._at) * self._rate * 1e9)

    def saw(self, ts: int) -> None:
        """The replay has come to `ts` [UTC ns]."""
        if ts > self.now():
            self._last, self._at = ts, self._clock.monotonic()
            self._moved.set()
            self._moved = asyncio.Event()

    async def until(self, ts: int) -> None:
        """Wait until the replay has come to a moment, or would have."""
        while (left := ts - self.now()) > 0:
            try:
                async with asyncio.timeout(max(left / 1e9 / self._rate, _LEAST_S)):
                    await self._moved.wait()
            except TimeoutError:
                continue
