"""A session's snapshots: written when they are due, when somebody asks, and at its end.

Knows when by `core.snapshot_policy`; what a restart makes of them is `wiring.build`'s business.
"""

import asyncio
import contextlib
import logging
import threading
from pathlib import Path

from tradekit.config.schema import StateStoreSection
from tradekit.core.clock import Clock
from tradekit.core.codec import encode
from tradekit.core.snapshot_policy import Progress, SnapshotPolicy
from tradekit.wiring.build import Parts

__all__ = ["Snapshots", "journal_bytes", "policy_of"]

_log = logging.getLogger("tradekit.session")
_LOOK_S = 1.0  # how often events and bytes are looked at


class Snapshots:
    """The snapshots of one session, made on any thread, one at a time."""

    def __init__(self, parts: Parts, clock: Clock) -> None:
        self._parts, self._clock = parts, clock
        self._policy = policy_of(parts.config.state_store)
        self._writing = threading.Lock()
        newest = next(iter(parts.snapshots.files()), None)
        seq = 0 if newest is None else int(newest.stem.rpartition("-")[2])
        self._last = self._progress(min(seq, parts.store.seq))

    def write(self) -> None:
        """Write the store's state: it is fed by commits, so it is never ahead of the journal. Raises OSError."""
        store = self._parts.store
        with self._writing:
            with store.lock:
                seq, state = store.seq, encode(store.state)
            self._parts.snapshots.write(seq, state)
            self._last = self._progress(seq)

    async def keep(self) -> None:
        """Write one whenever it is due, off the event loop; one that fails is tried again when the next is due."""
        while True:
            last, now = self._last, self._progress(self._parts.store.seq)
            wait_s = self._policy.wait_s(last, now)
            if self._policy.due(last, now) is None:
                await asyncio.sleep(_LOOK_S if wait_s is None else min(max(wait_s, 0.01), _LOOK_S))
                continue
            try:
                await asyncio.to_thread(self.write)
            except OSError as error:
                self._last = now
                _log.error("no snapshot (%s): a restart replays the journal from the one before", error)

    def _progress(self, seq: int) -> Progress:
        return Progress(seq, self._clock.monotonic(), journal_bytes(self._parts.config.journal))


def policy_of(section: StateStoreSection) -> SnapshotPolicy:
    """When a snapshot is due, as the configuration says."""
    size = section.snapshot_every_mb
    return SnapshotPolicy(
        interval_s=section.snapshot_interval_minutes * 60,
        events=section.snapshot_every_events,
        size=None if size is None else max(int(size * 2**20), 1),
    )


def journal_bytes(journal: Path | None) -> int:
    """The file and its write-ahead log; 0 for a journal in memory."""
    size = 0
    for file in () if journal is None else (journal, journal.with_name(journal.name + "-wal")):
        with contextlib.suppress(OSError):  # the write-ahead log comes and goes
            size += file.stat().st_size
    return size
