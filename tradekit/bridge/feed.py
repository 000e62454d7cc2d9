"""The way from other threads into the bridge's loop, for events and for display ticks.

Knows seqs and keys; what is in an event or a tick is not its business.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

__all__ = ["Feed", "Ticker"]

Take = Callable[[int, list[bytes], list[str]], None]
TakeTicks = Callable[[Sequence[dict[str, Any]]], None]

_OVERLAY_KEYS = 4096


class Feed:
    """Takes from any thread between `open` and `close`; wakes the loop once for all that came meanwhile."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._events: deque[tuple[int, Sequence[bytes], Sequence[str]]] = deque()
        self._ticks: deque[Sequence[dict[str, Any]]] = deque()
        self._due = False
        self._take: Take = lambda first, payloads, subjects: None
        self._take_ticks: TakeTicks = lambda items: None

    def open(self, loop: asyncio.AbstractEventLoop, take: Take, take_ticks: TakeTicks) -> None:
        """Hand over to these two, on the loop, from now on; to be called on the loop."""
        self._take, self._take_ticks = take, take_ticks
        self._loop = loop

    def close(self) -> None:
        """Hand over what is there and take nothing more; to be called on the loop."""
        self._loop = None
        self._hand_over()

    def publish(self, first: int, payloads: Sequence[bytes], subjects: Sequence[str]) -> None:
        """Events first.. with their subjects."""
        if self._loop is not None:
            self._events.append((first, payloads, subjects))
            self._wake()

    def ticks(self, items: Sequence[dict[str, Any]]) -> None:
        """Display ticks."""
        if self._loop is not None:
            self._ticks.append(items)
            self._wake()

    def _wake(self) -> None:
        loop = self._loop
        if self._due or loop is None:
            return
        self._due = True  # the loop clears it before it empties the queues, so nothing is left behind
        with contextlib.suppress(RuntimeError):  # the loop closed just now
            loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        self._due = False
        while self._events:
            first, some, named = self._events.popleft()
            payloads, subjects = list(some), list(named)
            while self._events and self._events[0][0] == first + len(payloads):
                _, more, their = self._events.popleft()
                payloads += more
                subjects += their
            self._take(first, payloads, subjects)
        while self._ticks:
            self._take_ticks(self._ticks.popleft())


class Ticker:
    """Keeps the latest display tick of each key; passes on those that changed, at most once in `period_s`."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, period_s: float, send: Callable[[Mapping[str, bytes]], None]
    ):
        self.overlay: dict[str, bytes] = {}
        self._loop, self._period_s, self._send = loop, period_s, send
        self._changed: dict[str, bytes] = {}
        self._last = -period_s
        self._timer: asyncio.TimerHandle | None = None

    def take(self, items: Sequence[dict[str, Any]]) -> None:
        """New ticks, each with its `key`."""
        for item in items:
            key, data = str(item["key"]), msgspec.json.encode(item)
            self._changed[key] = data
            if key in self.overlay or len(self.overlay) < _OVERLAY_KEYS:
                self.overlay[key] = data
        if self._changed and self._timer is None:
            self._timer = self._loop.call_at(self._last + self._period_s, self._flush)

    def stop(self) -> None:
        """Pass nothing on any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer, self._last = None, self._loop.time()
        changed, self._changed = self._changed, {}
        self._send(changed)
