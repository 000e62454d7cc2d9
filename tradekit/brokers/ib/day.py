"""The day of TWS: it tells the trades and the ended orders of its day, and nothing of the one before.

IB's documents say "since midnight" and not whose: that of TWS, whose zone it tells when it lets a client in, or that of
the exchange's servers in New York. The later one counts, and an hour more: a zone's name may be the winter's. Knows no
connection.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Greeting", "began"]

_SERVERS = "America/New_York"
_ROUGHLY = timedelta(hours=1)


def began(now: int, zone: str) -> int:
    """From when on all is told for sure [UTC ns]; `now` itself, which is nothing, where the zone is not known."""
    moment, starts = datetime.fromtimestamp(now / 1e9, UTC), []
    for name in (zone, _SERVERS):
        try:
            there = moment.astimezone(ZoneInfo(name))
        except (ValueError, OSError, KeyError):
            return now
        midnight = there.replace(hour=0, minute=0, second=0, microsecond=0)
        starts.append(midnight.astimezone(UTC) + _ROUGHLY)
    return min(now, int(max(starts).timestamp()) * 1_000_000_000)


class Greeting:
    """Reads TWS's first message, "178", "20240105 10:00:00 US/Eastern", which the library throws away.

    tell  is told the zone, "" where there is none
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._bytes = b""
        self._read = False

    def __call__(self, data: bytes) -> None:
        """Take what has come on the socket."""
        if self._read:
            return
        self._bytes += data
        size = int.from_bytes(self._bytes[:4], "big")
        if len(self._bytes) < 4 + size or len(self._bytes) < 4:
            return
        self._read = True
        _, _, moment = self._bytes[4 : 4 + size].decode(errors="replace").rstrip("\0").partition("\0")
        self._tell(moment.partition(" ")[2].partition(" ")[2])
