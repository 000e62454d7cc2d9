"""Trades and quotes held as columns, made into facts only when they are delivered.

Knows no file and no check; `load_trades` and `load_quotes` have done both before.
"""

from collections.abc import Iterator
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.data.columns import frozen, instrument_of
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Quote, TradeTick

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AGGRESSORS", "QuoteColumns", "Ticks", "TradeColumns", "ticks_of"]

Floats: TypeAlias = NDArray[np.float64]
Stamps: TypeAlias = NDArray[np.int64]

AGGRESSORS = ("", "buy", "sell")  # a side's word by its code: 1 is a buy, -1 (the last) a sell, 0 unknown


class TradeColumns:
    """The trades of one instrument, immutable.

    spec       what is traded; `instrument` is its id
    ts         when [UTC ns], ascending, several may share a moment; int64, shape (trades,)
    price      [quote currency], size [base units]; float64
    aggressor  who took: 1 the buyer, -1 the seller, 0 unknown; int8
    """

    __slots__ = ("aggressor", "instrument", "price", "size", "spec", "ts")

    def __init__(
        self, spec: Instrument, *, ts: Stamps, price: Floats, size: Floats, aggressor: "NDArray[np.int8]"
    ) -> None:
        self.spec, self.instrument = spec, spec.id
        self.ts, self.aggressor = frozen(ts, np.int64), frozen(aggressor, np.int8)
        self.price, self.size = frozen(price, np.float64), frozen(size, np.float64)

    @classmethod
    def from_frame(cls, trades: "pd.DataFrame") -> "TradeColumns":
        """The columns of a frame made by `load_trades`; raises DataError for any other."""
        _check_kind(trades, "trades")
        words = trades["aggressor"].to_numpy()
        return cls(
            instrument_of(trades),
            ts=_stamps(trades),
            price=trades["price"].to_numpy(np.float64),
            size=trades["size"].to_numpy(np.float64),
            aggressor=(words == "buy").astype(np.int8) - (words == "sell").astype(np.int8),
        )

    def __len__(self) -> int:
        return len(self.ts)

    def __repr__(self) -> str:
        return f"TradeColumns({self.instrument}, {len(self)} trades)"

    def ticks(self, start: int = 0, stop: int | None = None, *, chunk: int = 8192) -> Iterator[TradeTick]:
        """The trades from position `start` up to `stop`, in order."""

        def part(at: int, end: int) -> Iterator[TradeTick]:
            sides = (AGGRESSORS[code] for code in self.aggressor[at:end].tolist())
            numbers = self.price[at:end].tolist(), self.size[at:end].tolist()
            return map(TradeTick, repeat(self.instrument), *numbers, sides)

        return chain.from_iterable(part(*bounds) for bounds in _chunks(len(self), start, stop, chunk))


class QuoteColumns:
    """The top of one instrument's book as it changed, immutable.

    spec                what is quoted; `instrument` is its id
    ts                  when [UTC ns], ascending, several may share a moment; int64, shape (quotes,)
    bid, ask            [quote currency]; bid_size, ask_size [base units], 0 when unknown; float64
    """

    __slots__ = ("ask", "ask_size", "bid", "bid_size", "instrument", "spec", "ts")

    def __init__(
        self,
        spec: Instrument,
        *,
        ts: Stamps,
        bid: Floats,
        ask: Floats,
        bid_size: Floats | None = None,
        ask_size: Floats | None = None,
    ) -> None:
        self.spec, self.instrument = spec, spec.id
        self.ts = frozen(ts, np.int64)
        self.bid, self.ask = frozen(bid, np.float64), frozen(ask, np.float64)
        unknown = np.zeros(len(self.ts))
        self.bid_size = frozen(unknown if bid_size is None else bid_size, np.float64)
        self.ask_size = frozen(unknown if ask_size is None else ask_size, np.float64)

    @classmethod
    def from_frame(cls, quotes: "pd.DataFrame") -> "QuoteColumns":
        """The columns of a frame made by `load_quotes`; raises DataError for any other."""
        _check_kind(quotes, "quotes")
        numbers = {name: quotes[name].to_numpy(np.float64) for name in ("bid", "ask", "bid_size", "ask_size")}
        return cls(instrument_of(quotes), ts=_stamps(quotes), **numbers)

    def __len__(self) -> int:
        return len(self.ts)

    def __repr__(self) -> str:
        return f"QuoteColumns({self.instrument}, {len(self)} quotes)"

    def ticks(self, start: int = 0, stop: int | None = None, *, chunk: int = 8192) -> Iterator[Quote]:
        """The quotes from position `start` up to `stop`, in order."""

        def part(at: int, end: int) -> Iterator[Quote]:
            columns = (self.bid, self.ask, self.bid_size, self.ask_size)
            return map(Quote, repeat(self.instrument), *(one[at:end].tolist() for one in columns))

        return chain.from_iterable(part(*bounds) for bounds in _chunks(len(self), start, stop, chunk))


Ticks: TypeAlias = TradeColumns | QuoteColumns


def ticks_of(given: "Ticks | pd.DataFrame") -> Ticks:
    """The columns of a frame made by `load_trades` or `load_quotes`; raises DataError for any other."""
    if isinstance(given, TradeColumns | QuoteColumns):
        return given
    if getattr(given, "attrs", {}).get("ticks") == "trades":
        return TradeColumns.from_frame(given)
    return QuoteColumns.from_frame(given)


def _check_kind(frame: "pd.DataFrame", kind: str) -> None:
    if getattr(frame, "attrs", {}).get("ticks") != kind:
        raise DataError(
            "the ticks have not been checked yet; pass them through load_trades or load_quotes first"
        )


def _stamps(frame: "pd.DataFrame") -> Stamps:
    stamps: Stamps = frame.index.to_numpy(dtype="datetime64[ns]").view(np.int64)
    return stamps


def _chunks(length: int, start: int, stop: int | None, chunk: int) -> Iterator[tuple[int, int]]:
    end = length if stop is None else stop
    return ((at, min(at + chunk, end)) for at in range(start, end, chunk))
