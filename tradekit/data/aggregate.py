"""Bars into longer bars, one at a time, as they close: the same code for a backtest and for a live session.

Knows no array and no file; `resample` does the same to whole columns.
"""

from typing import Any, TypeAlias

from tradekit.data.sessions import Span, same_week, span_of
from tradekit.errors import DataError
from tradekit.model.instrument import duration
from tradekit.model.market import Bar, MarketOpened

__all__ = ["Aggregator", "Closed", "bin_origin", "check_lengths", "out_of_order", "reaches_over"]

Closed: TypeAlias = tuple[int, Bar]  # when a bar closed [UTC ns], and the bar

_MONDAY = 4 * 86_400_000_000_000  # 1970-01-05, the first Monday of the epoch [ns]
_OPEN_END = (1 << 63) - 1


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


def reaches_over(instrument: str, timeframe: str, ts: int, end: int) -> DataError:
    """The error for a source bar that opens at `ts` and ends after its bin, which counts from the session's open."""
    return DataError(
        f"{instrument} {timeframe}: the bar that opens at {ts} ns ends after {end} ns, where a bar that counts from "
        f"the session's open ends; give bars that count from there too, or shorter ones"
    )


class Aggregator:
    """Makes bars of `timeframe` from closed bars of `source_timeframe` of one instrument.

    by_session  False: bins begin at whole multiples of their length since the epoch in UTC (weeks on Monday).
                True: bins count from the open of the session that `opened` told, and never reach over its close; 1D is
                a session, 1W the sessions of a week. A bar outside of the session counts for no bin (`outside`).

    A bin holds its left edge and is labelled by its start. It closes with the source bar that reaches its end. Where
    that bar is missing, the session's end closes it, or the first bar of a later bin, before that bar counts for its
    own. A bin without source bars gives no bar.
    """

    __slots__ = (
        "_bar", "_close", "_end", "_high", "_instrument", "_length", "_low", "_next", "_open", "_origin", "_session",
        "_source", "_span", "_start", "_timeframe", "_volume", "outside",
    )  # fmt: skip

    def __init__(
        self, instrument: str, source_timeframe: str, timeframe: str, *, by_session: bool = False
    ) -> None:
        self._source, self._length = check_lengths(source_timeframe, timeframe)
        self._instrument, self._timeframe, self._origin = instrument, timeframe, bin_origin(timeframe)
        self._span = span_of(timeframe) if by_session else None
        self._session: tuple[int, MarketOpened] | None = None  # since when [UTC ns], until when
        self._next: int | None = None  # the earliest open time that the next source bar may have [UTC ns]
        self._bar = False  # whether a bin is open
        self._start = self._end = 0
        self._open = self._high = self._low = self._close = self._volume = 0.0
        self.outside = 0

    @property
    def forming(self) -> Bar | None:
        """The bar that is still open, as far as it is known, or None."""
        return self._made() if self._bar else None

    def update(self, bar: Bar) -> list[Closed]:
        """Take the next source bar; the bars that it closes, oldest first (none, one or two).

        Raises DataError when the bar opens before one that was already taken has ended, or reaches over a bin that
        counts from a session's open.
        """
        ts = bar.ts
        if self._next is not None and ts < self._next:
            raise out_of_order(self._instrument, self._timeframe, ts, self._next)
        close_ts = ts + self._source
        if self._span is not None:
            if self._session is None or ts >= self._session[1].closes or close_ts <= self._session[0]:
                self._next = close_ts
                self.outside += 1
                return []
            close_ts = min(close_ts, self._session[1].closes)
        self._next = close_ts
        closed: list[Closed] = []
        if self._bar and ts < self._end:
            if bar.high > self._high:
                self._high = bar.high
            if bar.low < self._low:
                self._low = bar.low
            self._close = bar.close
            self._volume += bar.volume
        else:
            if self._bar:
                closed.append((self._end, self._made()))
            self._begin(bar)
        if close_ts >= self._end:
            if close_ts > self._end and self._span is not None:
                raise reaches_over(self._instrument, self._timeframe, ts, self._end)
            closed.append((self._end, self._made()))
            self._bar = False
        return closed

    def opened(self, since: int, session: MarketOpened) -> list[Closed]:
        """A session of the instrument's calendar has begun at `since` [UTC ns]; the bars that this closes."""
        before, closed = self._session, list[Closed]()
        self._session = (since, session)
        if self._bar and before is not None:
            if self._span is not Span.WEEK or not same_week(before[1].session, session.session):
                closed.append((min(self._end, before[1].closes), self._made()))
                self._bar = False
            else:
                self._end = self._week_end(session)
        return closed

    def ended(self) -> list[Closed]:
        """The session is over; the bars that end with it although their last source bar is missing."""
        if not self._bar or self._session is None:
            return []
        if self._end > self._session[1].closes:  # a week that goes on
            return []
        self._bar = False
        return [(self._end, self._made())]

    def memory(self) -> dict[str, Any]:
        """What it holds, as JSON values, for `restore`."""
        session = None if self._session is None else [self._session[0], *_fields(self._session[1])]
        forming = [*_numbers(self._made()), self._end] if self._bar else None
        return {"next": self._next, "forming": forming, "session": session, "outside": self.outside}

    def restore(self, memory: dict[str, Any]) -> None:
        """Go on from what `memory` gave; the timeframes must be the same."""
        self._next, self.outside = memory["next"], memory["outside"]
        if memory["session"] is not None:
            since, *fields = memory["session"]
            self._session = (since, MarketOpened(*fields))
        self._bar = memory["forming"] is not None
        if self._bar:
            (
                self._start, self._open, self._high, self._low, self._close, self._volume, self._end,
            ) = memory["forming"]  # fmt: skip

    def _begin(self, bar: Bar) -> None:
        self._bar = True
        self._start, self._end = self._bin(bar.ts)
        self._open, self._high, self._low, self._close = bar.open, bar.high, bar.low, bar.close
        self._volume = bar.volume

    def _bin(self, ts: int) -> tuple[int, int]:
        """Start and end of the bin that a source bar opens in [UTC ns]."""
        if self._span is None or self._session is None:
            start = ts - (ts - self._origin) % self._length
            return start, start + self._length
        since, session = self._session
        if self._span is Span.SESSION:
            return since, session.closes
        if self._span is Span.WEEK:
            return since, self._week_end(session)
        start = since + max(0, ts - since) // self._length * self._length
        return start, min(start + self._length, session.closes)

    def _week_end(self, session: MarketOpened) -> int:
        """When the week ends, as far as it is known: with its last session."""
        last = session.following and not same_week(session.session, session.following)
        return session.closes if last else _OPEN_END

    def _made(self) -> Bar:
        return Bar(
            self._instrument, self._timeframe, self._start,
            self._open, self._high, self._low, self._close, self._volume,
        )  # fmt: skip


def _numbers(bar: Bar) -> tuple[int, float, float, float, float, float]:
    return bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume


def _fields(session: MarketOpened) -> tuple[str, str, int, str]:
    return session.calendar, session.session, session.closes, session.following
