"""How fast requests may go out: so many in a second, a fifth of them kept for what must not wait.

Knows no venue and no order.
"""

import asyncio

from tradekit.core.clock import Clock

__all__ = ["KEPT", "Pace"]

KEPT = 0.2  # of the budget is for cancels and questions
_LEAST_S = 0.001  # a shorter wait may round to none


class Pace:
    """A bucket that fills by `per_second`, up to one second's worth; 0 is without bound."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._rate = per_second
        self._clock = clock
        self._level = per_second
        self._at = clock.monotonic()

    async def turn(self, *, urgent: bool) -> None:
        """Wait until one more may go out; what is not urgent leaves a fifth of the bucket untouched."""
        floor = 0.0 if urgent else KEPT * self._rate
        wait = self._take(floor) if self._rate else 0.0
        while wait > 0:
            await asyncio.sleep(wait)
            wait = self._take(floor)

    def _take(self, floor: float) -> float:
        """Take one request out of the bucket, or say how long to wait before asking again [s]."""
        now = self._clock.monotonic()
        self._level = min(max(self._rate, 1.0), self._level + (now - self._at) * self._rate)
        self._at = now
        missing = min(floor + 1.0, max(self._rate, 1.0)) - self._level
        if missing > 0:
            return max(missing / self._rate, _LEAST_S)
        self._level -= 1.0
        return 0.0
