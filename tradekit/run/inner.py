"""The backtest's inner loop, written out: the same events as `Engine.step` gives, without an event for each bar.

Bars stay columns until they are delivered, indicators are computed by the chunk, and the state is brought up to date
only when somebody looks or something happens, and only with what they look at. `Cycle` is the meaning of this loop; a
test demands equal events from both. This one is for one series, `SeveralLoop` for several. Knows no journal.
"""

from collections.abc import Callable

import numpy as np

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.indicators.base import by_chunk
from tradekit.model.account import AccountType
from tradekit.model.instrument import duration
from tradekit.model.market import Bar
from tradekit.model.order import OrderFact
from tradekit.run.ahead import ahead, outputs, warm_up
from tradekit.run.behind import Behind
from tradekit.run.cycle import Cycle
from tradekit.run.longer import can_be_made
from tradekit.run.written import written_out
from tradekit.sim.exchange import Report
from tradekit.strategy.base import Strategy
from tradekit.trading import hearing, monitors
from tradekit.trading.series import Feedline

__all__ = ["InnerLoop", "fits"]

_CHUNK = 8192
# the rules that look at the order and the position alone: at no clock, no equity and no other order
_OF_SIZE = {"max_order_qty", "max_order_notional", "max_position"}


def fits(cycle: Cycle, columns: list[BarColumns]) -> bool:
    """Whether the written-out loop can run this: one series of even bars and one currency, nothing that watches."""
    if len(columns) != 1 or (columns[0].closes != columns[0].ts + duration(columns[0].timeframe)).any():
        return False
    engine = cycle.engine
    strategy = type(engine.strategy)
    made = can_be_made(columns[0], engine.series.beyond(columns[0].timeframe))
    account, spec = engine.state.account, columns[0].spec
    simple = account.type is AccountType.UNLIMITED and not account.hedging
    simple = simple and not spec.inverse and spec.quote == account.currency
    sized = engine.state.risk.limits.keys() <= _OF_SIZE
    return made and simple and sized and strategy.on_timer is Strategy.on_timer


class InnerLoop(Behind):
    """Runs a strategy over its bars and collects what it tells; stands in for the engine as the dealer."""

    def run(self, progress: Callable[[int], None] | None = None) -> None:
        """Take every bar; `progress` is told the number of bars taken, now and then."""
        engine, (columns,) = self.engine, self.course.series
        strategy, name = engine.strategy, columns.instrument
        engine.series.start(columns.timeframe)
        lines = engine.series.lines(name, columns.timeframe)
        sees = engine.series.sees(name) and engine.series.wants(columns.timeframe)
        strategy._dealer = self
        engine.out = []
        try:
            history = int(np.searchsorted(columns.closes, self._warm_until, side="right"))
            self._chunk(0, history, [], lines, sees=False)
            warm = max(history, warm_up(lines, columns))
            self._chunk(history, warm, [], lines, sees)
            quick = [line for line in lines if by_chunk(line.indicator)]
            slow = [line for line in lines if not by_chunk(line.indicator)]
            for start in range(warm, len(columns), _CHUNK):
                stop = min(start + _CHUNK, len(columns))
                self._chunk(start, stop, quick, slow, sees)
                if progress is not None:
                    progress(stop)
            self._end()
        finally:
            strategy._dealer = engine

    def _end(self) -> None:
        """The last callback; what it wishes for is told, and nobody acts on it."""
        engine, tape = self.engine, self._tape
        if tape is None:
            told_until, about = self._folded, engine._instrument
        else:
            tape.settle()
            told_until, about = tape.turned
        followed = (
            name for name in map(self.course.instrument, range(self.n, told_until, -1)) if self._follows(name)
        )
        self._ended = next(followed, about)
        engine.strategy._goal = engine.dealing.goals[self._ended]
        if tape is None:
            self.sync()
            self._keep(engine.end())
        else:
            engine.call("on_stop", engine.strategy.on_stop)
            self._keep(engine.out)

    def _follows(self, instrument: str) -> bool:
        """Whether the strategy is called with an instrument's bars."""
        return self.engine.series.sees(instrument) and self.engine.series.wants(
            self.course.series[0].timeframe
        )

    def _chunk(self, start: int, stop: int, quick: list[Feedline], slow: list[Feedline], sees: bool) -> None:
        (columns,) = self.course.series
        values = [column for line in quick for column in ahead(line, columns, start, stop)]
        fed = tuple(line.fields for line in slow)
        loop = written_out(tuple(map(outputs, quick)), fed, sees, longer=bool(self.longer.due))
        self._note()
        book = self._busy if self._tape is None else self._tape.lanes[columns.instrument].waiting
        loop(
            self, self.engine, book, self.engine.strategy.on_bar,
            range(start + 1, stop + 1), columns.bars(start, stop, chunk=_CHUNK),
            [line.indicator for line in quick], values, [line.indicator.update for line in slow],
        )  # fmt: skip

    # --- what the loop calls when something happens ---------------------------------------------------------

    def match(self, bar: Bar) -> None:
        """Show the book a bar; its trades come before the bar's close."""
        if self._tape is not None:
            self._tape.fill(bar, self.n)
            return
        self._shown[bar.instrument] = self.course.at(self.n)[1]
        reports = self._exchange.market(bar, bar.ts + self.course.length)
        if reports:
            self._report(reports)
        if self.engine.state.monitors:
            self._monitor(bar)

    def _report(self, reports: list[Report]) -> None:
        """Take what a bar did to the book, before its close."""
        self.n -= 1
        try:
            self.sync()
            events = self._cycle.report(reports)
            self._keep(events)
        finally:
            self.n += 1
        self.engine.out = list(events)  # acted on with the bar's own events, as one group

    def _monitor(self, bar: Bar) -> None:
        """Look at the monitors of positions once a bar has closed, before the strategy is called with it."""
        self.sync()
        self._price(bar.instrument)
        monitors.look(self.engine, self._closed(bar))

    def _closed(self, bar: Bar) -> Event:
        """The close of the bar under way, whatever has been told since."""
        return Event(self._bar_seq, 0, bar.ts + self.course.length, 0, bar.TYPE, bar.V, 0, bar.key, bar)

    def _note(self) -> None:
        """Whether there is something to be done with each bar, for the chunk under way."""
        self._busy[:] = [None] if self._exchange.book or self.engine.state.monitors else []

    def close_longer(self) -> None:
        """Tell the longer bars that close with the bar under way and show them, before the bar itself is shown."""
        self.sync()
        engine, bar = self.engine, self.course.bar(self.n)
        closed = self._closed(bar)
        hearing.made(engine, closed, self.longer.take())
        engine.turn_to(bar.instrument, closed.seq)

    def settle(self) -> None:
        """Keep what the bar's callback told, act on it and on what the fills before it told."""
        engine = self.engine
        self.sync()  # fills may have told something that the bar's own callback did not
        events = engine.out
        fresh = [event for event in events if event.seq > self._kept_seq]
        self._keep(fresh)
        while True:
            for event in events:
                if isinstance(event.data, OrderFact):
                    self._show(event.data.instrument, self.n)
            reports = self._cycle.act(events)
            if not reports:
                break
            events = self._cycle.report(reports)
            self._keep(events)
        engine.out = []
        self._note()
