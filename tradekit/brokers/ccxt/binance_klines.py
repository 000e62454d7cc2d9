"""Binance's bars: pages of history, and what a kline frame says.

Knows no connection.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from tradekit.brokers.ccxt.binance_words import MS
from tradekit.brokers.ccxt.errors import Unreadable
from tradekit.brokers.ccxt.names import Names
from tradekit.errors import DataError
from tradekit.model.instrument import duration
from tradekit.model.market import Bar

__all__ = ["INTERVALS", "frame", "pages", "stream"]

INTERVALS = {
    "1s": "1s", "1m": "1m", "3m": "3m", "5m": "5m", "15m": "15m", "30m": "30m", "1h": "1h", "2h": "2h", "4h": "4h",
    "6h": "6h", "8h": "8h", "12h": "12h", "1D": "1d", "3D": "3d", "1W": "1w",
}  # fmt: skip
_TIMEFRAMES = {interval: timeframe for timeframe, interval in INTERVALS.items()}
_PAGE = 1000


async def pages(
    call: Callable[[dict[str, Any]], Awaitable[Any]],
    there: str,
    here: str,
    timeframe: str,
    since: int,
    until: int,
) -> list[Bar]:
    """Bars whose open lies in [since, until) [UTC ns], oldest first; who asks keeps `until` behind what is closed."""
    interval = interval_of(timeframe)
    found: list[Bar] = []
    start, end = -(-since // MS), until // MS - 1
    while start <= end:
        answer = await call(
            {"symbol": there, "interval": interval, "startTime": start, "endTime": end, "limit": _PAGE}
        )
        if not isinstance(answer, list):
            raise Unreadable("a list of bars was awaited")
        found += [_row(one, here, timeframe) for one in answer]
        if len(answer) < _PAGE:
            break
        start = found[-1].ts // MS + duration(timeframe) // MS
    return found


def interval_of(timeframe: str) -> str:
    """The venue's word for a timeframe; raises DataError for one that it has not."""
    if timeframe not in INTERVALS:
        raise DataError(f"binance has no bars of {timeframe}; it has {', '.join(INTERVALS)}")
    return INTERVALS[timeframe]


def stream(there: str, timeframe: str) -> str:
    """The name of a stream of bars."""
    return f"{there.lower()}@kline_{interval_of(timeframe)}"


def frame(message: Any, names: Names) -> tuple[Bar, bool]:
    """A kline frame's bar, and whether it has closed."""
    k = message.get("k")
    if not isinstance(k, dict):
        raise Unreadable("a kline was awaited")
    try:
        told = Bar(
            names.ours(str(k["s"])), _TIMEFRAMES[k["i"]], int(k["t"]) * MS, float(k["o"]), float(k["h"]), float(k["l"]),
            float(k["c"]), float(k["v"]),
        )  # fmt: skip
        return told, bool(k["x"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"a kline cannot be read: {error}") from error


def _row(one: Any, here: str, timeframe: str) -> Bar:
    try:
        ts, opened, high, low, close, volume = one[:6]
        return Bar(here, timeframe, int(ts) * MS, *(float(x) for x in (opened, high, low, close, volume)))
    except (TypeError, ValueError) as error:
        raise Unreadable(f"a bar cannot be read: {error}") from error
