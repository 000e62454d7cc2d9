"""How a client's line to its session is, since when, and why.

Knows no socket.
"""

import threading
from collections.abc import Callable
from typing import Literal

import msgspec

from tradekit.core.clock import Clock

__all__ = ["LineStatus", "Status", "StatusName"]

StatusName = Literal["connecting", "live", "stale", "closed", "incompatible", "refused"]


class Status(msgspec.Struct, frozen=True):
    """The line's state.

    name    connecting    nothing has arrived yet
            live          everything arrives
            stale         what is shown may be old: no beat, or the line is down and being set up again
            refused       the session does not take this token or this caller; asked again now and then
            incompatible  the session speaks or folds otherwise: its numbers are not shown
            closed        closed on this side, for good
    since   when it became so [s on this process's monotonic clock]
    reason  why, for people
    alarm   what is wrong with the session itself (its journal has failed, a step hangs), "" when nothing is
    """

    name: StatusName
    since: float
    reason: str = ""
    alarm: str = ""


class LineStatus:
    """The current status; tells `on_change` about each new one and lets other threads wait for one."""

    def __init__(self, clock: Clock, on_change: Callable[[Status], None]) -> None:
        self._clock, self._on_change = clock, on_change
        self._telling = threading.RLock()  # each is told before the next is taken, whoever says so
        self._changed = threading.Condition()
        self._current = self._told = Status("connecting", clock.monotonic())

    @property
    def current(self) -> Status:
        """The status now."""
        return self._current

    def turn(self, name: StatusName, reason: str = "") -> None:
        """Take a new status; nothing happens if name and reason are what they were, or the line is closed."""
        with self._telling:
            now = self._current
            if now.name == "closed" or (now.name, now.reason) == (name, reason):
                return
            since = now.since if now.name == name else self._clock.monotonic()
            self._take(Status(name, since, reason, now.alarm))

    def sound(self, alarm: str) -> None:
        """Take note of what the session says is wrong with it; "" when it is well."""
        with self._telling:
            now = self._current
            if now.alarm == alarm or now.name == "closed":
                return
            self._take(Status(now.name, now.since, now.reason, alarm))

    def _take(self, status: Status) -> None:
        self._current = status
        try:
            self._on_change(status)
        finally:
            with self._changed:
                self._told = self._current
                self._changed.notify_all()

    def wait_while(self, names: tuple[StatusName, ...], timeout_s: float) -> Status:
        """Wait until the status is none of these, and told, at most so long; the status then."""
        with self._changed:
            self._changed.wait_for(lambda: self._told.name not in names, timeout_s)
            return self._told
