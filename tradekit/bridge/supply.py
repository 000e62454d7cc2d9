"""Snapshots and old events for clients, fetched off the loop and shared between those who ask at once.

Knows the source's promises only; what a state or an event means is not its business.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

import msgspec

from tradekit.bridge.frames import Since
from tradekit.bridge.limits import Limits
from tradekit.bridge.ring import Ring
from tradekit.bridge.slices import cut_snapshot
from tradekit.bridge.source import Source

__all__ = ["Supply"]

_PAGE_EVENTS = 1000

T = TypeVar("T")


class _Where(msgspec.Struct):
    epoch: int
    type: str
    key: str


_where = msgspec.json.Decoder(_Where)


class Supply:
    """Fetches on worker threads; lives on the bridge's loop."""

    def __init__(self, source: Source, ring: Ring, limits: Limits, executor: Executor) -> None:
        self.snapshots = 0
        self._source, self._ring, self._limits, self._executor = source, ring, limits, executor
        self._cached: tuple[int, list[bytes]] | None = None
        self._making: asyncio.Task[tuple[int, list[bytes]]] | None = None

    async def snapshot(self) -> tuple[int, list[bytes]]:
        """A seq and the frames of the state after it; one encoding serves a herd."""
        if self._cached is not None and self._fresh(self._cached[0]):
            return self._cached
        if self._making is None or self._making.done():
            self._making = asyncio.get_running_loop().create_task(self._make())
        self._cached = await asyncio.shield(self._making)
        return self._cached

    async def page(self, since: int) -> list[tuple[int, bytes, str]]:
        """Events after `since` from the journal, not beyond the ring's head: seq, envelope, subject."""
        until = min(since + _PAGE_EVENTS, self._ring.head)
        return await self._run(lambda: _subjects(self._source.payloads(since, until)))

    async def same_history(self, since: Since) -> bool:
        """Whether the event a client stands at is the one it saw, and not written anew by a later epoch."""
        if since.epoch == self._source.epoch or since.seq == 0:
            return True
        rows = await self._run(lambda: self._source.payloads(since.seq - 1, since.seq))
        return bool(rows) and _where.decode(rows[0][1]).epoch <= since.epoch

    def _fresh(self, seq: int) -> bool:
        """Whether the events since can be told from memory and are few."""
        if seq < self._ring.floor:
            return False
        frames, size = self._ring.behind(seq)
        return frames <= self._limits.queue_frames // 2 and size <= self._limits.queue_bytes // 2

    async def _make(self) -> tuple[int, list[bytes]]:
        self.snapshots += 1
        return await self._run(self._cut)

    def _cut(self) -> tuple[int, list[bytes]]:
        seq, state = self._source.snapshot()
        return seq, cut_snapshot(seq, state)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _subjects(rows: list[tuple[int, bytes]]) -> list[tuple[int, bytes, str]]:
    found = []
    for seq, payload in rows:
        where = _where.decode(payload)
        found.append((seq, payload, f"{where.type}.{where.key}" if where.key else where.type))
    return found
