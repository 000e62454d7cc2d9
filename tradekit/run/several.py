"""The written-out loop over several series in one order of time: the same events as `Engine.step` gives.

Bars stay columns until they are delivered, and nothing that is done for one of them looks at the other instruments, so
what a bar costs does not grow with their number. `Cycle` is the meaning of this loop. Knows no journal.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradekit.data.columns import BarColumns
from tradekit.indicators.base import Indicator, by_chunk
from tradekit.run.ahead import ahead, outputs, warm_up
from tradekit.run.cycle import Cycle
from tradekit.run.inner import InnerLoop, fits
from tradekit.run.written import Names, interleaved
from tradekit.trading.series import Feedline

__all__ = ["SeveralLoop", "fits_several"]

_WINDOW, _LEAST = 8192, 64  # bars made at a time, and so many of each series at least
_AHEAD, _BLOCK = (
    2048,
    1_048_576,
)  # bars for which indicators are computed ahead: of each series, at most of all


def fits_several(cycle: Cycle, columns: Sequence[BarColumns]) -> bool:
    """Whether the loop can run these: one timeframe and none longer, bars that exclude their end, no warm-up."""
    if cycle.engine.state.session.warm_until or cycle.engine.series.beyond(columns[0].timeframe):
        return False
    alike = len({one.timeframe for one in columns}) == 1 and all(one.closed == "left" for one in columns)
    return len(columns) > 1 and alike and all(fits(cycle, [one]) for one in columns)


_WATCHED = [None]


class _Lane(msgspec.Struct):
    """One instrument for the loop. `waiting` are its orders: the tape's, and once that is left the exchange's."""

    waiting: Any


class SeveralLoop(InnerLoop):
    """Runs a strategy over several series of one timeframe; see `InnerLoop`."""

    _monitored: Collection[str] = ()  # the instruments of which a position is watched

    def run(self, progress: Callable[[int], None] | None = None) -> None:
        """Take every bar; `progress` is told the number of bars taken, now and then."""
        engine, course, tape = self.engine, self.course, self._tape
        self._lanes = {
            name: _Lane(self._exchange.waiting(name) if tape is None else tape.lanes[name].waiting)
            for name in course.names
        }
        strategy = engine.strategy
        engine.series.start(course.series[0].timeframe)
        strategy._dealer = self
        engine.out = []
        try:
            self._take(progress)
            self._end()
        finally:
            strategy._dealer = engine

    def _leave_tape(self) -> None:
        if self._tape is None:
            return
        super()._leave_tape()
        for name, lane in self._lanes.items():
            lane.waiting = self._exchange.waiting(name)

    def _note(self) -> None:
        """A lane of which a position is watched is shown each bar, like one with orders."""
        if self._tape is not None or not (self.engine.state.monitors or self._monitored):
            return
        self._monitored = {one.instrument for one in self.engine.state.monitors.values()}
        for name, lane in self._lanes.items():
            lane.waiting = _WATCHED if name in self._monitored else self._exchange.waiting(name)

    def _take(self, progress: Callable[[int], None] | None) -> None:
        """All bars: block by block indicators are computed ahead, window by window bars are made."""
        engine, course = self.engine, self.course
        strategy, goals = engine.strategy, engine.dealing.goals
        tracks = [self._track(one) for one in course.series]
        shape = _shape(track.quick for track in tracks)
        loop = interleaved(shape)
        size = max(_WINDOW, _LEAST * len(tracks))
        cold = -(-max(track.warm for track in tracks) * len(tracks) // size)  # windows until all are warm
        long = max(1, min(_BLOCK, _AHEAD * len(tracks)) // size)
        windows = course.stretches(size)
        for block in course.stretches(*([cold * size] if cold else []), long * size):
            made = [track.ahead(part, shape) for track, part in zip(tracks, block.parts, strict=True)]
            fixed = [one.fixed for one in made]
            values = [block.woven(each) for each in zip(*(one.values for one in made), strict=True)]
            for window in windows:
                own = slice(window.start - block.start, window.stop - block.start)
                numbers, whose = range(window.start + 1, window.stop + 1), window.whose.tolist()
                shown = [each[own].tolist() for each in values]
                bars = zip(numbers, map(fixed.__getitem__, whose), course.bars(window), *shown, strict=True)
                loop(self, engine, strategy, goals, bars)
                if progress is not None:
                    progress(window.stop)
                if window.stop == block.stop:
                    break

    def _track(self, columns: BarColumns) -> "_Track":
        name = columns.instrument
        on_bar = self.engine.strategy.on_bar if self._follows(name) else _unheard
        return _Track(columns, self.engine.series.lines(name, columns.timeframe), self._lanes[name], on_bar)


class _Ahead(NamedTuple):
    """What the loop takes with bars of one series (see `interleaved`): the same with each, and values bar by bar."""

    fixed: tuple[Any, ...]
    values: list[NDArray[Any]]


class _Track:
    """One series on its way.

    quick  indicators that are computed ahead, once `warm` bars have been fed to them
    """

    def __init__(
        self, columns: BarColumns, lines: list[Feedline], lane: _Lane, on_bar: Callable[[Any], object]
    ) -> None:
        self.quick = [line for line in lines if by_chunk(line.indicator)]
        self.warm = warm_up(lines, columns)
        self._columns, self._lane, self._on_bar = columns, lane, on_bar
        self._all = tuple(line.feed for line in lines)
        self._slow = tuple(line.feed for line in lines if not by_chunk(line.indicator))

    def ahead(self, part: slice, shape: Names) -> _Ahead:
        """Of a part of the bars; until all indicators are warm they are fed bar by bar, to the end of the part."""
        warm = part.start >= self.warm
        left = list(self.quick) if warm and part.start < part.stop else []
        indicators: list[Any] = []
        values: list[NDArray[Any]] = []
        for kind in shape:
            at = next((n for n, line in enumerate(left) if outputs(line) == kind), None)
            if at is None:
                indicators.append(_Idle())
                values += [np.zeros(part.stop - part.start)] * len(kind)
            else:
                line = left.pop(at)
                indicators.append(line.indicator)
                exact = np.float64 if isinstance(line.indicator, Indicator) else np.object_
                made = ahead(line, self._columns, part.start, part.stop)
                values += [np.array(column, dtype=exact) for column in made]
        return _Ahead((self._lane, self._on_bar, self._slow if warm else self._all, *indicators), values)


def _shape(each: Iterable[list[Feedline]]) -> Names:
    """The lines of indicators that are computed ahead: as many of each kind as any series has."""
    most: Counter[tuple[str, ...]] = Counter()
    for lines in each:
        most |= Counter(map(outputs, lines))
    return tuple(most.elements())


class _Idle:
    """Takes the place of an indicator where a series has fewer than another: what it is shown is seen by nobody."""


def _unheard(bar: object) -> None:
    """The strategy does not follow this instrument."""
