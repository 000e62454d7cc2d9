"""The written-out loop over several series in one order of time: the same events as `Engine.step` gives.

Bars stay columns until they are delivered, and nothing that is done for one of them looks at the other instruments, so
what a bar costs does not grow with their number. `Cycle` is the meaning of this loop. Knows no journal.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any

import msgspec

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.indicators.base import by_chunk
from tradekit.run.ahead import ahead, outputs, warm_up
from tradekit.run.cycle import Cycle
from tradekit.run.inner import InnerLoop, fits
from tradekit.run.written import Names, interleaved
from tradekit.sim.costs import Costs
from tradekit.sim.exchange import Exchange
from tradekit.trading.series import Feedline

__all__ = ["SeveralLoop", "fits_several"]

_WINDOW = 65_536  # bars delivered at a time, about
_LEAST = 64  # bars of one series made at a time


def fits_several(cycle: Cycle, columns: Sequence[BarColumns]) -> bool:
    """Whether the loop can run these: one timeframe and none longer, bars that exclude their end, no warm-up."""
    if cycle.engine.state.session.warm_until or cycle.engine.series.beyond(columns[0].timeframe):
        return False
    alike = len({one.timeframe for one in columns}) == 1 and all(one.closed == "left" for one in columns)
    return len(columns) > 1 and alike and all(fits(cycle, [one]) for one in columns)


class _Lane(msgspec.Struct):
    """One instrument for the loop. `waiting` are its orders: the tape's, and once that is left the exchange's."""

    waiting: Any


class SeveralLoop(InnerLoop):
    """Runs a strategy over several series of one timeframe; see `InnerLoop`."""

    def __init__(
        self,
        cycle: Cycle,
        exchange: Exchange,
        series: Sequence[BarColumns],
        *,
        costs: Costs,
        before: Sequence[Event] = (),
    ) -> None:
        super().__init__(cycle, exchange, series, costs=costs, before=before)
        lanes = self._tape.lanes if self._tape is not None else {}
        self._lanes = {
            name: _Lane(lanes[name].waiting if name in lanes else exchange.waiting(name))
            for name in self.course.names
        }

    def run(self, progress: Callable[[int], None] | None = None) -> None:
        """Take every bar; `progress` is told the number of bars taken, now and then."""
        engine, course = self.engine, self.course
        strategy = engine.strategy
        engine.series.start(course.series[0].timeframe)
        strategy._dealer = self
        engine.out = []
        try:
            lines = [engine.series.lines(one.instrument, one.timeframe) for one in course.series]
            shape = _shape(lines)
            streams = [self._stream(one, its, shape) for one, its in zip(course.series, lines, strict=True)]
            loop, goals = interleaved(shape), engine.dealing.goals
            for start in range(0, len(course), _WINDOW):
                stop = min(start + _WINDOW, len(course))
                turns = map(streams.__getitem__, course.whose(start, stop))
                loop(self, engine, strategy, goals, zip(range(start + 1, stop + 1), map(next, turns), strict=True))
                if progress is not None:
                    progress(stop)
            self._end()
        finally:
            strategy._dealer = engine

    def _leave_tape(self) -> None:
        super()._leave_tape()
        for name, lane in self._lanes.items():
            lane.waiting = self._exchange.waiting(name)

    def _stream(self, columns: BarColumns, lines: list[Feedline], shape: Names) -> Iterator[tuple[Any, ...]]:
        """What the loop takes with each bar of one series (see `interleaved`)."""
        return chain.from_iterable(self._chunks(columns, lines, shape))

    def _chunks(
        self, columns: BarColumns, lines: list[Feedline], shape: Names
    ) -> Iterator[Iterator[tuple[Any, ...]]]:
        name, chunk = columns.instrument, max(_LEAST, _WINDOW // len(self._lanes))
        on_bar = self.engine.strategy.on_bar if self._follows(name) else _unheard
        lane, quick = self._lanes[name], [line for line in lines if by_chunk(line.indicator)]
        slow = tuple(line.feed for line in lines if not by_chunk(line.indicator))
        warm = warm_up(lines, columns)
        fixed = repeat(lane), columns.bars(0, warm, chunk=chunk), repeat(on_bar), repeat(tuple(line.feed for line in lines))
        yield zip(*fixed, *_shown([], shape), strict=False)
        for start in range(warm, len(columns), chunk):
            stop = min(start + chunk, len(columns))
            made = [(line, ahead(line, columns, start, stop)) for line in quick]
            fixed = repeat(lane), columns.bars(start, stop, chunk=chunk), repeat(on_bar), repeat(slow)
            yield zip(*fixed, *_shown(made, shape), strict=False)


def _shape(each: Iterable[list[Feedline]]) -> Names:
    """The lines of indicators that are computed ahead: as many of each kind as any series has."""
    most: Counter[tuple[str, ...]] = Counter()
    for lines in each:
        most |= Counter(outputs(line) for line in lines if by_chunk(line.indicator))
    return tuple(most.elements())


def _shown(made: list[tuple[Feedline, list[list[float]]]], shape: Names) -> list[Iterable[Any]]:
    """The indicators of one series, then their values line by line, in the places that the shape has for them."""
    indicators: list[Iterable[Any]] = []
    values: list[Iterable[float]] = []
    left = list(made)
    for kind in shape:
        at = next((n for n, (line, _) in enumerate(left) if outputs(line) == kind), None)
        if at is None:
            indicators.append(repeat(_Idle()))
            values += [repeat(0.0)] * len(kind)
        else:
            line, columns = left.pop(at)
            indicators.append(repeat(line.indicator))
            values += columns
    return indicators + values


class _Idle:
    """Takes the place of an indicator where a series has fewer than another: what it is shown is seen by nobody."""


def _unheard(bar: object) -> None:
    """The strategy does not follow this instrument."""
