"""Everything that a run takes from recorded data, in one order: by time, and at one moment by a stated rank.

One stable sort over windows of the columns, no heap. Knows no engine; docs/time.md explains the order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.core.event import Fact
from tradekit.data.columns import BarColumns
from tradekit.data.ticks import Ticks

__all__ = ["Input", "merged"]

Input: TypeAlias = tuple[int, Any]  # when a fact is known [UTC ns], and the fact
Stamps: TypeAlias = NDArray[np.int64]

_WINDOW = 65_536  # facts sorted at a time, about


class _Source(NamedTuple):
    """One column of facts: when each is known, and how to make them all, so many at a time."""

    times: Stamps
    facts: Callable[[int], Iterator[Fact]]


def merged(
    columns: Sequence[BarColumns],
    after: Mapping[str, int] | None = None,
    *,
    ticks: Sequence[Ticks] = (),
) -> Iterator[Input]:
    """All facts with the time at which they are known [UTC ns], in its order.

    A bar is known when it closes. At one moment come: bars that exclude their end, in the order of `columns`; ticks, in
    the order of `ticks`; bars that include their end. `after` leaves out an instrument's bars up to an open time.
    """
    many = len(columns) + len(ticks)
    chunk = max(1, _WINDOW // many) if many else _WINDOW
    sources = [
        *(_bars(one, after or {}) for one in columns if one.closed == "left"),
        *(_ticks(one) for one in ticks),
        *(_bars(one, after or {}) for one in columns if one.closed != "left"),
    ]
    return chain.from_iterable(_windows([one for one in sources if len(one.times)], chunk))


def _bars(columns: BarColumns, after: Mapping[str, int]) -> _Source:
    since = after.get(columns.instrument)
    start = 0 if since is None else int(np.searchsorted(columns.ts, since, side="right"))
    return _Source(columns.closes[start:], lambda chunk: columns.bars(start, chunk=chunk))


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
