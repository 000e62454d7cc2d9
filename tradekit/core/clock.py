"""The one seam for time and chance: everything else asks here, and tests put another clock in.

Knows no time zone but UTC and no calendar.
"""

import random
import secrets
import threading
import time
from typing import Protocol

__all__ = ["Clock", "ManualClock", "SystemClock", "new_id", "new_token", "seeded"]


class Clock(Protocol):
    """What the shells ask: wall time to record, monotonic time to measure ages with."""

    def now(self) -> int:
        """Wall time [UTC ns]."""

    def monotonic(self) -> float:
        """Seconds that never step back; only differences mean something."""

    def wait(self, seconds: float) -> None:
        """Block the calling thread for that long."""


class SystemClock:
    """This machine's clocks."""

    def now(self) -> int:
        """Wall time [UTC ns]."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Block the calling thread for that long."""
        time.sleep(seconds)


class ManualClock:
    """A clock that stands still until it is moved: for tests and simulations."""

    def __init__(self, now: int = 0) -> None:
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> int:
        """The time it was moved to [UTC ns]."""
        return self._now

    def monotonic(self) -> float:
        """The same time in seconds."""
        return self._now / 1e9

    def wait(self, seconds: float) -> None:
        """Move on by that long at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        with self._lock:
            self._now += int(seconds * 1e9)


def new_id(nbytes: int = 8) -> str:
    """A random hexadecimal identity, two characters a byte."""
    return secrets.token_hex(nbytes)


def new_token() -> str:
    """A fresh 256-bit secret, safe in a header."""
    return secrets.token_urlsafe(32)


def seeded(seed: int | str) -> random.Random:
    """A generator for simulations: the same seed gives the same numbers on every machine."""
    return random.Random(seed)
