"""The market side of a local TWS: bars of the past, and those that form, by subscription.

Knows no account.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from tradekit.testing.ib import shapes
from tradekit.testing.ib.wire import framed

if TYPE_CHECKING:
    from tradekit.testing.ib.gateway import Gateway

__all__ = ["BarTold", "Market", "QuoteTold", "TradeTold"]

_SIZES = {
    "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30, "1 min": 60, "2 mins": 120, "3 mins": 180, "5 mins": 300,
    "10 mins": 600, "15 mins": 900, "20 mins": 1200, "30 mins": 1800, "1 hour": 3600,
}  # fmt: skip
_UNITS = {"S": 1, "D": 86_400, "W": 7 * 86_400}


class BarTold(msgspec.Struct, frozen=True):
    """A bar as TWS tells it: its open [s, UTC], prices and volume."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0


class TradeTold(msgspec.Struct, frozen=True):
    """A trade of the market, to the second [s, UTC]."""

    time: int
    price: float
    size: float


class QuoteTold(msgspec.Struct, frozen=True):
    """The top of a book, since when [s, UTC]."""

    time: int
    bid: float
    ask: float
    bid_size: float
    ask_size: float


class _Subscription(msgspec.Struct, frozen=True):
    client_id: int
    key: int
    con_id: int
    size: int


class Market:
    """What is kept, and who listens.

    bars     by contract and size [s], oldest first
    trades, quotes  by contract, oldest first
    refuses  by contract, an error in place of its bars: its code and its words
    """

    def __init__(self, gateway: "Gateway") -> None:
        self.bars: dict[tuple[int, int], list[BarTold]] = {}
        self.trades: dict[int, list[TradeTold]] = {}
        self.quotes: dict[int, list[QuoteTold]] = {}
        self.refuses: dict[int, tuple[int, str]] = {}
        self._gateway = gateway
        self._listening: list[_Subscription] = []

    @property
    def subscribed(self) -> set[tuple[int, int]]:
        """Contracts and sizes that somebody listens to."""
        return {(one.con_id, one.size) for one in self._listening}

    @property
    def listening(self) -> int:
        """How many requests for what forms are open."""
        return len(self._listening)

    def asked(self, client_id: int, sent: list[str]) -> list[bytes]:
        """Bars up to a moment, or up to now and from then on."""
        key, con_id, until, size_text, span = int(sent[1]), int(sent[2]), sent[15], sent[16], sent[17]
        keep = sent[21] == "1"
        if con_id in self.refuses:
            return [shapes.error(key, *self.refuses[con_id])]
        size = _SIZES.get(size_text)
        if size is None:
            return [
                shapes.error(
                    key, 321, f"Error validating request.-'bT' : cause - Invalid bar size: {size_text}"
                )
            ]
        amount, _, unit = span.partition(" ")
        end = self._gateway.now() if not until else _seconds(until)
        start = end - int(amount) * _UNITS[unit]
        found = [one for one in self.bars.get((con_id, size), []) if start <= one.time < end]
        if not found:
            return [
                shapes.error(
                    key, 162, "Historical Market Data Service error message:HMDS query returned no data"
                )
            ]
        if keep:
            self._listening.append(_Subscription(client_id, key, con_id, size))
        rows = [field for one in found for field in _row(one)]
        return [framed(17, key, "", "", len(found), *rows)]

    def ticks_asked(self, sent: list[str]) -> list[bytes]:
        """So many trades or quotes from a moment on, and all of the last one's second."""
        key, con_id, since, most, shown = (
            int(sent[1]),
            int(sent[2]),
            _seconds(sent[15]),
            int(sent[17]),
            sent[18],
        )
        kept: list[TradeTold] | list[QuoteTold] = (self.trades if shown == "TRADES" else self.quotes).get(
            con_id, []
        )
        found = [one for one in kept if one.time >= since]
        last = found[most - 1].time if len(found) >= most else None
        found = [one for at, one in enumerate(found) if at < most or one.time == last]
        if shown == "TRADES":
            rows = [field for one in found if isinstance(one, TradeTold)
                    for field in (one.time, 0, one.price, one.size, "ISLAND", "")]  # fmt: skip
            return [framed(98, key, len(found), *rows, True)]
        quotes = [field for one in found if isinstance(one, QuoteTold)
                  for field in (one.time, 0, one.bid, one.ask, one.bid_size, one.ask_size)]  # fmt: skip
        return [framed(97, key, len(found), *quotes, True)]

    def ended(self, client_id: int, key: str) -> list[bytes]:
        """A client listens no more."""
        self._listening = [
            one for one in self._listening if (one.client_id, one.key) != (client_id, int(key))
        ]
        return []

    def gone(self, client_id: int) -> None:
        """A client's connection has ended."""
        self._listening = [one for one in self._listening if one.client_id != client_id]

    def forget(self) -> None:
        """Nobody listens any more, and is not told so."""
        self._listening = []

    def forms(self, con_id: int, size: int, bar: BarTold) -> None:
        """The bar of the moment is so now; one that is later begins."""
        kept = self.bars.setdefault((con_id, size), [])
        if kept and kept[-1].time == bar.time:
            kept[-1] = bar
        else:
            kept.append(bar)
        for one in self._listening:
            if (one.con_id, one.size) == (con_id, size):
                told = (bar.open, bar.close, bar.high, bar.low, bar.close, bar.volume)
                self._gateway.say(framed(90, one.key, 1, bar.time, *told), client_id=one.client_id)


def _row(one: BarTold) -> list[object]:
    return [one.time, one.open, one.high, one.low, one.close, one.volume, one.close, 1]


def _seconds(text: str) -> int:
    """A moment as requests have it, "20240105-14:30:00" [s, UTC]."""
    moment = datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp())
