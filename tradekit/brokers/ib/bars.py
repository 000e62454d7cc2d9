"""Bars and ticks of TWS, in the words of the market; prices become floats here, as everywhere in bars.

Knows no connection.
"""

from datetime import datetime
from typing import Any

from tradekit.brokers.ib.client import load_library
from tradekit.errors import DataError
from tradekit.model.instrument import duration
from tradekit.model.market import Bar, Quote, TradeTick

__all__ = ["DAY_S", "SIZES", "bar_of", "page_s", "quote_of", "size_of", "span", "trade_of"]

DAY_S = 86_400
SIZES = {
    "5s": "5 secs", "10s": "10 secs", "15s": "15 secs", "30s": "30 secs",
    "1m": "1 min", "2m": "2 mins", "3m": "3 mins", "5m": "5 mins", "10m": "10 mins", "15m": "15 mins", "20m": "20 mins",
    "30m": "30 mins", "1h": "1 hour",
}  # fmt: skip
_PAGES = {
    "5s": 7200,
    "10s": 14_400,
    "15s": 14_400,
    "30s": 28_800,
    "1m": DAY_S,
    "2m": DAY_S,
    "3m": DAY_S,
}  # [s]


def size_of(timeframe: str) -> str:
    """What TWS calls a timeframe; raises DataError for one whose bars would not begin where ours do."""
    if timeframe not in SIZES:
        raise DataError(
            f"timeframe {timeframe} is not taken from Interactive Brokers, where longer bars begin with the exchange's "
            f"day: take one of {', '.join(SIZES)}, of which longer ones are made"
        )
    return SIZES[timeframe]


def page_s(timeframe: str) -> int:
    """How much one request takes of a timeframe [s]."""
    return _PAGES.get(timeframe, 7 * DAY_S)


def span(seconds: int) -> str:
    """A length of time as requests have it."""
    return f"{seconds} S" if seconds <= DAY_S else f"{-(-seconds // DAY_S)} D"


def bar_of(instrument: str, timeframe: str, row: Any) -> Bar:
    """A bar; raises DataError for one that does not begin where bars of its length do."""
    ts = _began(instrument, row.date) * 1_000_000_000
    if ts % duration(timeframe):
        raise DataError(
            f"a {timeframe} bar of {instrument} begins at {row.date} s: that is no such bar's begin"
        )
    return Bar(instrument, timeframe, ts, row.open, row.high, row.low, row.close, max(row.volume, 0.0))


def _began(instrument: str, text: str) -> int:
    """A bar's begin [UTC s]: TWS is asked for seconds, and may tell a moment with its zone."""
    if text.isdigit() and len(text) > len("20240105"):
        return int(text)
    moment = load_library().util.parseIBDatetime(text)
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise DataError(f"a bar of {instrument} begins at {text!r}: that says no moment")
    return int(moment.timestamp())


def trade_of(instrument: str, tick: Any) -> tuple[int, TradeTick]:
    """A trade of the past, and when it was [UTC ns]."""
    return int(tick.time.timestamp()) * 1_000_000_000, TradeTick(instrument, tick.price, tick.size)


def quote_of(instrument: str, tick: Any) -> tuple[int, Quote]:
    """The top of the book in the past, and since when [UTC ns]."""
    ts = int(tick.time.timestamp()) * 1_000_000_000
    return ts, Quote(instrument, tick.priceBid, tick.priceAsk, tick.sizeBid, tick.sizeAsk)
