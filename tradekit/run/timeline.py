"""Everything that a run takes from recorded data, in one order: by time, and at one moment by a stated rank.

One stable sort over windows of the columns, no heap. Knows no engine; docs/time.md explains the order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.core.event import Fact
from tradekit.data.calendar import sessions
from tradekit.data.columns import BarColumns
from tradekit.data.sessions import ROUND_THE_CLOCK, Sessions
from tradekit.data.ticks import Ticks
from tradekit.model.market import MarketClosed, MarketOpened, TimerFired

__all__ = ["Hours", "Input", "hours_of", "merged", "with_timers"]

Input: TypeAlias = tuple[int, Any]  # when a fact is known [UTC ns], and the fact
Stamps: TypeAlias = NDArray[np.int64]

_WINDOW = 65_536  # facts sorted at a time, about


class Hours(NamedTuple):
    """The sessions of a calendar from position `first` on: those before `opened` begin, those before `closed` end."""

    table: Sessions
    first: int
    opened: int
    closed: int

    @property
    def times(self) -> Stamps:
        """When sessions begin and end [UTC ns]."""
        table = self.table
        return np.concatenate([table.opens[self.first : self.opened], table.closes[self.first : self.closed]])


def hours_of(columns: Sequence[BarColumns], ticks: Sequence[Ticks] = ()) -> list[Hours]:
    """The sessions that the data lies in, by calendar in the order of the columns; none where trading never rests."""
    found = []
    for calendar in dict.fromkeys(one.spec.calendar for one in columns):
        if calendar == ROUND_THE_CLOCK:
            continue
        known = [
            *((one.ts, one.closes) for one in columns if one.spec.calendar == calendar and len(one)),
            *((one.ts, one.ts) for one in ticks if one.spec.calendar == calendar and len(one)),
        ]
        if not known:
            continue
        start, end = min(int(ts[0]) for ts, _ in known), max(int(closes[-1]) for _, closes in known)
        table = sessions(calendar, start, end)
        first = int(np.searchsorted(table.closes, start, side="right"))
        opened, closed = (int(np.searchsorted(one, end, side="right")) for one in (table.opens, table.closes))
        found.append(Hours(table, first, max(first, opened), max(first, closed)))
    return found


def with_timers(inputs: Iterator[Input], due: Callable[[], tuple[int, str] | None]) -> Iterator[Input]:
    """The same inputs, and the timers that come due between them; at one moment a timer comes last.

    due  says which timer is next: when [UTC ns], and its name; asked again after each input
    """
    now = 0
    for now, fact in inputs:
        while (timer := due()) is not None and timer[0] < now:
            yield timer[0], TimerFired(timer[1])
        yield now, fact
    while (timer := due()) is not None and timer[0] <= now:
        yield timer[0], TimerFired(timer[1])


class _Source(NamedTuple):
    """One column of facts: when each is known, and how to make them all, so many at a time."""

    times: Stamps
    facts: Callable[[int], Iterator[Fact]]


def merged(
    columns: Sequence[BarColumns],
    after: Mapping[str, int] | None = None,
    *,
    ticks: Sequence[Ticks] = (),
    hours: Sequence[Hours] = (),
) -> Iterator[Input]:
    """All facts with the time at which they are known [UTC ns], in its order.

    A bar is known when it closes. At one moment come: bars that exclude their end, in the order of `columns`; the ends
    of sessions; their beginnings; ticks, in the order of `ticks`; bars that include their end.

    after  leaves out what was taken: an instrument's bars up to an open time, and with "XNYS.opened" and "XNYS.closed"
           a calendar's sessions up to their beginning and end [UTC ns]
    """
    many = len(columns) + len(ticks) + 2 * len(hours)
    chunk = max(1, _WINDOW // many) if many else _WINDOW
    sources = [
        *(_bars(one, after or {}) for one in columns if one.closed == "left"),
        *(_endings(one, after or {}) for one in hours),
        *(_beginnings(one, after or {}) for one in hours),
        *(_ticks(one) for one in ticks),
        *(_bars(one, after or {}) for one in columns if one.closed != "left"),
    ]
    return chain.from_iterable(_windows([one for one in sources if len(one.times)], chunk))


def _bars(columns: BarColumns, after: Mapping[str, int]) -> _Source:
    start = _behind(columns.ts, after.get(columns.instrument))
    return _Source(columns.closes[start:], lambda chunk: columns.bars(start, chunk=chunk))


def _beginnings(hours: Hours, after: Mapping[str, int]) -> _Source:
    table, stop = hours.table, hours.opened
    start = max(hours.first, _behind(table.opens, after.get(f"{table.calendar}.opened")))

    def opened(at: int) -> MarketOpened:
        following = str(table.days[at + 1]) if at + 1 < len(table) else ""
        return MarketOpened(table.calendar, str(table.days[at]), int(table.closes[at]), following)

    return _Source(table.opens[start:stop], lambda chunk: map(opened, range(start, stop)))


def _endings(hours: Hours, after: Mapping[str, int]) -> _Source:
    table, stop = hours.table, hours.closed
    start = max(hours.first, _behind(table.closes, after.get(f"{table.calendar}.closed")))

    def closed(at: int) -> MarketClosed:
        opens = int(table.opens[at + 1]) if at + 1 < len(table) else 0
        return MarketClosed(table.calendar, str(table.days[at]), opens)

    return _Source(table.closes[start:stop], lambda chunk: map(closed, range(start, stop)))


def _behind(times: Stamps, since: int | None) -> int:
    """The position of the first time after `since`."""
    return 0 if since is None else int(np.searchsorted(times, since, side="right"))


def _ticks(columns: Ticks) -> _Source:
    return _Source(columns.ts, lambda chunk: columns.ticks(chunk=chunk))


def _windows(sources: list[_Source], chunk: int) -> Iterator[Iterator[Input]]:
    """Stretch by stretch of time: each source gives what is known up to the earliest end of a chunk of any."""
    facts = [source.facts(chunk) for source in sources]
    taken = [0] * len(sources)
    while left := [n for n, source in enumerate(sources) if taken[n] < len(source.times)]:
        horizon = min(_time_at(sources[n].times, taken[n] + chunk) for n in left)
        parts = []
        for n in left:
            times = sources[n].times
            stop = int(np.searchsorted(times, horizon, side="right"))
            parts.append((n, times[taken[n] : stop]))
            taken[n] = stop
        known = np.concatenate([times for _, times in parts])
        order = np.argsort(known, kind="stable")  # the earlier source first at the same moment
        whose = np.repeat([n for n, _ in parts], [len(times) for _, times in parts])[order]
        yield zip(known[order].tolist(), map(next, map(facts.__getitem__, whose.tolist())), strict=True)


def _time_at(times: Stamps, count: int) -> int:
    """When the last of the first `count` is known."""
    return int(times[min(count, len(times)) - 1])
