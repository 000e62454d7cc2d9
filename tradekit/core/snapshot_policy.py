"""When a snapshot is due: by time, by events, or by the journal's growth, whichever comes first.

Pure: it is told what there is and answers; knows no clock, no file and no state.
"""

import msgspec

from tradekit.errors import ConfigError

__all__ = ["Progress", "SnapshotPolicy"]


class Progress(msgspec.Struct, frozen=True):
    """Where a session stands, or stood at its last snapshot.

    seq    last durable event
    at     when that was looked at [monotonic s]
    size   bytes in the journal by then; 0 where it is not measured
    """

    seq: int
    at: float
    size: int = 0


class SnapshotPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot each `interval_s` seconds, `events` events or `size` bytes; None leaves that out.

    Raises ConfigError for a bound that is not positive.
    """

    interval_s: float | None = 300.0
    events: int | None = 100_000
    size: int | None = 64 * 2**20

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            bound = getattr(self, name)
            if bound is not None and bound <= 0:
                raise ConfigError(
                    f"a snapshot's {name} is {bound}; give a positive number, or null for no such bound"
                )

    def due(self, last: Progress, now: Progress) -> str | None:
        """Why a snapshot is due, in a word (interval, events, size), or None; never when no event came since."""
        if now.seq <= last.seq:
            return None
        if self.interval_s is not None and now.at - last.at >= self.interval_s:
            return "interval"
        if self.events is not None and now.seq - last.seq >= self.events:
            return "events"
        if self.size is not None and now.size - last.size >= self.size:
            return "size"
        return None

    def wait_s(self, last: Progress, now: Progress) -> float | None:
        """Seconds until time alone may make one due, None when time never does."""
        return None if self.interval_s is None else max(0.0, last.at + self.interval_s - now.at)
