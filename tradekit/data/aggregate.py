"""Bars into longer bars, one at a time, as they close: the same code for a backtest and for a live session.

Knows no array and no file; `resample` does the same to whole columns.
"""

from typing import Any

from tradekit.errors import DataError
from tradekit.model.instrument import duration
from tradekit.model.market import Bar

__all__ = ["Aggregator", "bin_origin", "check_lengths", "out_of_order"]

_MONDAY = 4 * 86_400_000_000_000  # 1970-01-05, the first Monday of the epoch [ns]


def bin_origin(timeframe: str) -> int:
    """A moment at which bars of this timeframe begin [UTC ns]: the epoch, for weeks a Monday."""
    return _MONDAY if timeframe.endswith("W") else 0


def check_lengths(source_timeframe: str, timeframe: str) -> tuple[int, int]:
    """Both lengths [ns]; raises DataError when the longer is no whole number of the shorter."""
    source, length = duration(source_timeframe), duration(timeframe)
    if length < source or length % source:
        raise DataError(
            f"{source_timeframe} bars do not make {timeframe} bars; "
            f"choose a timeframe that is a whole number of {source_timeframe}"
        )
    return source, length


def out_of_order(instrument: str, timeframe: str, ts: int, free_from: int) -> DataError:
    """The error for a source bar that opens at `ts` although bars up to `free_from` [UTC ns] were taken."""
    return DataError(
        f"{instrument} {timeframe}: a bar that opens at {ts} ns follows one that ends at {free_from} ns; "
        "give bars in the order of time, each once, of one length"
    )


class Aggregator:
    """Makes bars of `timeframe` from closed bars of `source_timeframe` of one instrument.

    Bins begin at whole multiples of their length since the epoch in UTC (weeks on Monday), hold their left
    edge and are labelled by it. A bin closes with the source bar that reaches its end. Where that bar is
    missing, the first bar of a later bin closes it, before that bar counts for its own. A bin without source
    bars gives no bar.
    """

    __slots__ = (
        "_bar", "_close", "_end", "_high", "_instrument", "_length", "_low", "_next", "_open", "_origin",
        "_source", "_start", "_timeframe", "_volume",
    )  # fmt: skip

    def __init__(self, instrument: str, source_timeframe: str, timeframe: str) -> None:
        self._source, self._length = check_lengths(source_timeframe, timeframe)
        self._instrument, self._timeframe, self._origin = instrument, timeframe, bin_origin(timeframe)
        self._next: int | None = None  # the earliest open time that the next source bar may have [UTC ns]
        self._bar = False  # whether a bin is open
        self._start = self._end = 0
        self._open = self._high = self._low = self._close = self._volume = 0.0

    @property
    def forming(self) -> Bar | None:
        """The bar that is still open, as far as it is known, or None."""
        return self._made() if self._bar else None

    def update(self, bar: Bar) -> list[Bar]:
        """Take the next source bar; the bars that it closes, oldest first (none, one or two).

        Raises DataError when the bar opens before one that was already taken has ended.
        """
        ts = bar.ts
        if self._next is not None and ts < self._next:
            raise out_of_order(self._instrument, self._timeframe, ts, self._next)
        self._next = close_ts = ts + self._source
        closed: list[Bar] = []
        if self._bar and ts < self._end:
            if bar.high > self._high:
                self._high = bar.high
            if bar.low < self._low:
                self._low = bar.low
            self._close = bar.close
            self._volume += bar.volume
        else:
            if self._bar:
                closed.append(self._made())
            self._begin(bar)
        if close_ts >= self._end:
            closed.append(self._made())
            self._bar = False
        return closed

    def memory(self) -> dict[str, Any]:
        """What it holds, as JSON values, for `restore`."""
        return {"next": self._next, "forming": None if (bar := self.forming) is None else list(_numbers(bar))}

    def restore(self, memory: dict[str, Any]) -> None:
        """Go on from what `memory` gave; the timeframes must be the same."""
        self._next = memory["next"]
        self._bar = memory["forming"] is not None
        if self._bar:
            self._start, self._open, self._high, self._low, self._close, self._volume = memory["forming"]
            self._end = self._start + self._length

    def _begin(self, bar: Bar) -> None:
        self._bar = True
        self._start = bar.ts - (bar.ts - self._origin) % self._length
        self._end = self._start + self._length
        self._open, self._high, self._low, self._close = bar.open, bar.high, bar.low, bar.close
        self._volume = bar.volume

    def _made(self) -> Bar:
        return Bar(
            self._instrument, self._timeframe, self._start,
            self._open, self._high, self._low, self._close, self._volume,
        )  # fmt: skip


def _numbers(bar: Bar) -> tuple[int, float, float, float, float, float]:
    return bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume
