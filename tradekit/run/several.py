"""The written-out loop over several series in one order of time: the same events as `Engine.step` gives.

Bars stay columns until they are delivered; the engine is asked only when something happens, so what a quiet bar costs
does not grow with the number of instruments. `Cycle` is the meaning of this loop. Knows no journal.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.indicators.base import by_chunk
from tradekit.model.market import Bar
from tradekit.run.ahead import ahead, outputs, warm_up
from tradekit.run.cycle import Cycle
from tradekit.run.inner import InnerLoop, fits
from tradekit.sim.costs import Costs
from tradekit.sim.exchange import Exchange
from tradekit.state.reducer import BARS_KEPT, apply
from tradekit.state.shape import Mark, State
from tradekit.trading.series import Feedline

__all__ = ["SeveralLoop", "fits_several"]

Places: TypeAlias = NDArray[np.int32]
_WINDOW = 65_536  # bars delivered at a time, about


def fits_several(cycle: Cycle, columns: Sequence[BarColumns]) -> bool:
    """Whether the loop can run these: one timeframe and none longer, bars that exclude their end, no warm-up."""
    if cycle.engine.state.session.warm_until or cycle.engine.series.beyond(columns[0].timeframe):
        return False
    alike = len({one.timeframe for one in columns}) == 1 and all(one.closed == "left" for one in columns)
    return len(columns) > 1 and alike and all(fits(cycle, [one]) for one in columns)


class SeveralLoop(InnerLoop):
    """Runs a strategy over several series of one timeframe; see `InnerLoop`. Orders go through engine and exchange."""

    def __init__(
        self,
        cycle: Cycle,
        exchange: Exchange,
        columns: Sequence[BarColumns],
        *,
        costs: Costs,
        before: Sequence[Event] = (),
    ) -> None:
        super().__init__(cycle, exchange, columns[0], costs=costs, before=before)
        self._tape = None
        self._each = list(columns)
        self._whose, self._index = _order(columns)
        self._waiting: set[str] = set()  # instruments with an order in the book
        self._shown = [-1] * len(self._each)  # by series: the last bar that the book was shown

    def run(self, progress: Callable[[int], None] | None = None) -> None:
        """Take every bar; `progress` is told the number of bars taken, now and then."""
        engine = self.engine
        engine.series.start(self.columns.timeframe)
        strategy = engine.strategy
        strategy._dealer = self
        engine.out = []
        self._look()
        try:
            self._take(progress)
            self._end()
        finally:
            strategy._dealer = engine

    def _take(self, progress: Callable[[int], None] | None) -> None:
        engine, strategy = self.engine, self.engine.strategy
        on_bar, goals, waiting = strategy.on_bar, engine.dealing.goals, self._waiting
        tracks = [self._track(one) for one in self._each]
        total = len(self._whose)
        for start in range(0, total, _WINDOW):
            for n, who in enumerate(self._whose[start : start + _WINDOW].tolist(), start + 1):
                track = tracks[who]
                bar, values = track.step()
                self.n = n
                if track.name in waiting:
                    self.match(bar)
                    self._look()
                if values is None:
                    for line in track.lines:
                        line.feed(bar)
                else:
                    for indicator, value in zip(track.quick, values, strict=False):
                        indicator.value = value
                    for (indicator, output), value in zip(
                        track.others, values[len(track.quick) :], strict=True
                    ):
                        setattr(indicator, output, value)
                    for line in track.slow:
                        line.feed(bar)
                if track.sees:
                    strategy._goal = goals.get(track.name, 0)
                    on_bar(bar)
                if engine.out:
                    self.settle()
                    self._look()
            if progress is not None:
                progress(min(start + _WINDOW, total))

    def match(self, bar: Bar) -> None:
        """Show the book a bar; its trades come before the bar's close."""
        self._shown[self._whose.item(self.n - 1)] = self._index.item(self.n - 1)
        super().match(bar)

    def _look(self) -> None:
        """Note which instruments have orders in the book."""
        self._waiting.clear()
        self._waiting.update(resting.order.instrument for resting in self._exchange.book.values())

    def _track(self, columns: BarColumns) -> "_Track":
        strategy = self.engine.strategy
        lines = self.engine.series.lines(columns.instrument, columns.timeframe)
        sees = not strategy.instruments or columns.instrument in strategy.instruments
        return _Track(columns, lines, sees, max(64, _WINDOW // len(self._each)))

    # --- where it stands ------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Take note of the bars since the last time: number, time and last prices. Equity is marked on demand."""
        since, self._folded = self._folded, self.n
        if since == self.n:
            return
        state = self._state
        last = dict(zip(*(part[since : self.n].tolist() for part in (self._whose, self._index)), strict=True))
        if self._watched:
            self._fold_bars(state, since)
        else:
            state.seq += self.n - since
        for who, at in last.items():
            columns = self._each[who]
            bar = next(columns.bars(at, at + 1))
            ts = bar.ts + self._length
            state.marks[columns.instrument] = Mark(ts, bar.close)
            if at > self._shown[who]:
                self._shown[who] = at
                self._exchange.see(bar, ts)
        self._stand(self.n, state.seq)

    def _stand(self, n: int, cause: int) -> None:
        """Stand at the close of the `n`-th bar; what is wished for now follows from event `cause`."""
        if n == 0:
            return
        columns, at = self._bar_at(n)
        ts = columns.ts.item(at) + self._length
        self._state.time = max(self._state.time, ts)
        self.engine.at(ts, cause, columns.instrument)

    def _bar_at(self, n: int) -> tuple[BarColumns, int]:
        return self._each[self._whose.item(n - 1)], self._index.item(n - 1)

    def _fold_bars(self, state: State, since: int) -> None:
        """Fold bars one by one, as `step` does."""
        for n in range(since + 1, self._folded + 1):
            columns, at = self._bar_at(n)
            bar = next(columns.bars(at, at + 1))
            apply(state, Event(state.seq + 1, 0, bar.ts + self._length, 0, bar.TYPE, bar.V, 0, bar.key, bar))

    def _mark(self) -> None:
        """Equity at the last closes: the state, folded bar by bar from now on, so that it is summed as `step` sums."""
        _ = self.state

    # --- the dealer -----------------------------------------------------------------------------------------

    def position(self, instrument: str | None) -> Decimal:
        """What is held of an instrument (default: that of the bar or fill under way) [base units]."""
        return self._state.position(self._state.strategy.id, instrument or self._about())

    def bars(self, instrument: str | None, timeframe: str | None, count: int) -> list[Bar]:
        """The last closed bars of a series."""
        name = instrument or self._about()
        for who, columns in enumerate(self._each):
            if columns.instrument == name:
                seen = int(np.count_nonzero(self._whose[: self.n] == who))
                return list(columns.bars(max(0, seen - min(count, BARS_KEPT)), seen))
        return []

    def _about(self) -> str:
        """The instrument under way: the bar's that is being worked on, or the engine's when it stands elsewhere."""
        return self.engine._instrument if self._folded == self.n else self._bar_at(self.n)[0].instrument


class _Track:
    """One series on its way: its bars, and what its indicators show after each.

    quick   indicators that are computed ahead; `others` are their lines beside `value`
    step    gives the next bar with the values of `quick` and `others` after it, or None where `lines` are to be fed
    """

    def __init__(self, columns: BarColumns, lines: list[Feedline], sees: bool, chunk: int) -> None:
        self.name, self.lines, self.sees = columns.instrument, lines, sees
        quick = [line for line in lines if by_chunk(line.indicator)]
        self.quick = [line.indicator for line in quick]
        self.others = [(line.indicator, output) for line in quick for output in outputs(line)[1:]]
        self.slow = [line for line in lines if line not in quick]
        self.step: Callable[[], tuple[Bar, Any]] = self._steps(columns, quick, chunk).__next__

    def _steps(
        self, columns: BarColumns, quick: list[Feedline], chunk: int
    ) -> Iterator[tuple[Bar, tuple[float, ...] | None]]:
        warm = warm_up(self.lines, columns)
        yield from zip(columns.bars(0, warm, chunk=chunk), repeat(None), strict=False)
        for start in range(warm, len(columns), chunk):
            stop = min(start + chunk, len(columns))
            made = [ahead(line, columns, start, stop) for line in quick]
            values = [one[0] for one in made] + [other for one in made for other in one[1:]]
            each: Iterable[tuple[float, ...]] = zip(*values, strict=True) if values else repeat(())
            yield from zip(columns.bars(start, stop, chunk=chunk), each, strict=False)


def _order(columns: Sequence[BarColumns]) -> tuple[Places, Places]:
    """Whose turn it is, bar by bar in the order of their closes (at one moment as listed), and which of its bars."""
    lengths = [len(one) for one in columns]
    order = np.argsort(np.concatenate([one.closes for one in columns]), kind="stable")
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    whose = np.repeat(np.arange(len(columns), dtype=np.int32), lengths)[order]
    return whose, (order - starts[whose]).astype(np.int32)
