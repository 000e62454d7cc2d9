"""When an instrument trades, as TWS tells it in words: then its silence means something.

Pure. Knows no connection and no clock.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

__all__ = ["Hours", "hours_of"]


class Hours:
    """Spans of trading [UTC s], as far as they are told; beyond them it is taken to trade."""

    def __init__(self, spans: list[tuple[float, float]], told: tuple[float, float] | None) -> None:
        self._spans, self._told = spans, told

    def open(self, now: float) -> bool:
        """Whether it trades at a moment [UTC s], or may."""
        if self._told is None or not self._told[0] <= now < self._told[1]:
            return True
        return any(start <= now < end for start, end in self._spans)


def hours_of(text: str, zone: str) -> Hours:
    """Hours out of "20240105:0930-20240105:1600;20240106:CLOSED" in a zone; what cannot be read is not told."""
    spans, days = [], []
    try:
        there = ZoneInfo(zone.partition(" ")[0])
        for day in filter(None, text.split(";")):
            date, _, rest = day.partition(":")
            days.append(_moment(date, "0000", there))
            for span in [] if rest == "CLOSED" else rest.split(","):
                begins, _, ends = span.partition("-")
                until, _, at = ends.rpartition(":")
                spans.append(
                    (_moment(date, begins.rpartition(":")[2], there), _moment(until or date, at, there))
                )
    except (ValueError, OSError, KeyError):
        return Hours([], None)
    if not days:
        return Hours([], None)
    return Hours(spans, (min(days), max([end for _, end in spans] + [days[-1] + 86_400])))


def _moment(date: str, time: str, zone: ZoneInfo) -> float:
    return datetime.strptime(date + time, "%Y%m%d%H%M").replace(tzinfo=zone).timestamp()
