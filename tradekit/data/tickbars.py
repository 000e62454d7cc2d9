"""Trades and quotes into time bars.

Knows no files; longer bars from bars are `resample`'s.
"""

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.data.aggregate import bin_origin
from tradekit.data.columns import BarColumns
from tradekit.data.ticks import QuoteColumns, TradeColumns
from tradekit.errors import DataError
from tradekit.model.instrument import duration

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bars_from_quotes", "bars_from_trades"]

Closed: TypeAlias = Literal["left", "right"]
Side: TypeAlias = Literal["mid", "bid", "ask"]
Stamps: TypeAlias = NDArray[np.int64]


def bars_from_trades(
    trades: "pd.DataFrame | TradeColumns", timeframe: str, *, closed: Closed = "left", partial: bool = False
) -> "pd.DataFrame":
    """Bars of `timeframe` made from trades, in the form that `load_bars` gives, with three columns more.

    trades   a frame made by `load_trades`, or TradeColumns
    closed   "left": a bar holds the trades of [open, close); "right": of (open, close]
    partial  also give the last bar, whose end no trade has reached yet

    Bars are labelled by their open, bins begin at whole multiples of their length since the epoch in UTC (weeks on
    Monday), one without trades gives no bar. The further columns: trades (how many), buy_volume (of trades whose
    aggressor was the buyer) [base units], vwap (volume-weighted average price, nan without volume).
    """
    made = trades if isinstance(trades, TradeColumns) else TradeColumns.from_frame(trades)
    starts, firsts, counts = _bins(made.ts, timeframe, closed, partial)
    size = made.size[: int(counts.sum())]
    frame = _bars(
        made.spec, timeframe, closed, starts, made.price, firsts, counts, _sums(size, counts)
    ).frame()
    frame["trades"] = counts
    frame["buy_volume"] = _sums(np.where(made.aggressor[: len(size)] > 0, size, 0.0), counts)
    volume = frame["volume"].to_numpy()
    with np.errstate(invalid="ignore"):
        frame["vwap"] = _sums(made.price[: len(size)] * size, counts) / np.where(volume > 0, volume, np.nan)
    return _said(frame, trades, timeframe)


def bars_from_quotes(
    quotes: "pd.DataFrame | QuoteColumns",
    timeframe: str,
    *,
    side: Side = "mid",
    closed: Closed = "left",
    carry: bool = False,
    partial: bool = False,
) -> "pd.DataFrame":
    """Bars of `timeframe` made from quotes, in the form that `load_bars` gives, with the column quotes (how many).

    quotes   a frame made by `load_quotes`, or QuoteColumns
    side     the price that makes the bars: "bid", "ask" or their middle
    closed   "left": a bar holds the quotes of [open, close); "right": of (open, close]. In a backtest a bar of the
             second kind comes after the quote at its close, one of the first kind before it
    carry    a bin without quotes gives a bar that stands at the last close, with 0 quotes
    partial  also give the last bar, whose end no quote has reached yet

    Bins and labels are those of `bars_from_trades`. Volume is 0: quotes trade nothing.
    """
    made = quotes if isinstance(quotes, QuoteColumns) else QuoteColumns.from_frame(quotes)
    if side not in ("mid", "bid", "ask"):
        raise DataError(f"side is {side!r}; give 'mid', 'bid' or 'ask'")
    price = (made.bid + made.ask) / 2 if side == "mid" else made.bid if side == "bid" else made.ask
    starts, firsts, counts = _bins(made.ts, timeframe, closed, partial)
    bars = _bars(made.spec, timeframe, closed, starts, price, firsts, counts, np.zeros(len(starts)))
    if carry and len(bars):
        bars, counts = _carried(bars, counts)
    frame = bars.frame()
    frame["quotes"] = counts
    return _said(frame, quotes, timeframe)


def _bins(ts: Stamps, timeframe: str, closed: Closed, partial: bool) -> tuple[Stamps, Stamps, Stamps]:
    """Of each bin that holds something: its start [UTC ns], the position of its first tick, how many it holds."""
    if closed not in ("left", "right"):
        raise DataError(f"closed is {closed!r}; give 'left' or 'right'")
    length = duration(timeframe)
    inside = ts if closed == "left" else ts - 1  # (open, close] is [open + 1 ns, close + 1 ns)
    starts = inside - (inside - bin_origin(timeframe)) % length
    firsts = np.flatnonzero(np.diff(starts, prepend=starts[:1] - 1)) if len(ts) else np.empty(0, np.int64)
    counts = np.diff(firsts, append=len(ts))
    reached = closed == "right" and len(ts) and int(ts[-1]) == int(starts[-1]) + length
    if len(firsts) and not partial and not reached:
        firsts, counts = firsts[:-1], counts[:-1]
    return starts[firsts], firsts, counts


def _bars(
    spec: Any, timeframe: str, closed: Closed, starts: Stamps, price: Any, firsts: Stamps, counts: Stamps,
    volume: Any,
) -> BarColumns:  # fmt: skip
    end = int(counts.sum())
    return BarColumns(
        spec,
        timeframe,
        ts=starts,
        open=price[firsts],
        high=np.maximum.reduceat(price[:end], firsts) if end else price[:0],
        low=np.minimum.reduceat(price[:end], firsts) if end else price[:0],
        close=price[firsts + counts - 1],
        volume=volume,
        closed=closed,
    )


def _sums(values: Any, counts: Stamps) -> Any:
    """The sum of each bin's values, added from left to right."""
    bins = np.repeat(np.arange(len(counts)), counts)
    return np.bincount(bins, weights=values, minlength=len(counts)).astype(np.float64)


def _carried(bars: BarColumns, counts: Stamps) -> tuple[BarColumns, Stamps]:
    """The same bars with the holes between them filled by ones that stand at the last close."""
    length = duration(bars.timeframe)
    ts = np.arange(int(bars.ts[0]), int(bars.ts[-1]) + length, length)
    last = np.searchsorted(bars.ts, ts, side="right") - 1
    own = bars.ts[last] == ts
    close = bars.close[last]
    columns = {name: np.where(own, getattr(bars, name)[last], close) for name in ("open", "high", "low")}
    made = BarColumns(
        bars.spec, bars.timeframe, ts=ts, **columns, close=close, volume=np.zeros(len(ts)), closed=bars.closed
    )
    return made, np.where(own, counts[last], 0)


def _said(frame: "pd.DataFrame", ticks: Any, timeframe: str) -> "pd.DataFrame":
    name = ticks.attrs["source"] if hasattr(ticks, "attrs") else repr(ticks)
    frame.attrs["source"] = f"{name} in {timeframe} bars"
    return frame
