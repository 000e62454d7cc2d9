"""The backtest's inner loop, written out: the same events as `Engine.step` gives, without an event for each bar.

For one series of bars: they stay columns until they are delivered, indicators are computed by the chunk, and the
state is brought up to date only when somebody looks or something happens. `Cycle` is the meaning of this loop; a
test demands equal events from both. Knows no journal.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.indicators.base import by_chunk
from tradekit.model.account import AccountType
from tradekit.model.instrument import duration
from tradekit.model.market import Bar
from tradekit.run.ahead import ahead, outputs, warm_up
from tradekit.run.cycle import Cycle
from tradekit.run.longer import Longer, can_be_made
from tradekit.run.record import Record
from tradekit.run.stand_in import StandIn
from tradekit.run.tape import Tape
from tradekit.run.written import written_out
from tradekit.sim.costs import Costs
from tradekit.sim.exchange import Exchange
from tradekit.state import valuation
from tradekit.state.reducer import apply
from tradekit.state.shape import Mark, State
from tradekit.strategy.base import Strategy
from tradekit.trading import hearing
from tradekit.trading.engine import Engine
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


class InnerLoop(StandIn):
    """Runs a strategy over one series and collects what it tells; stands in for the engine as the dealer.

    n       bars taken so far: the one being worked on included once its close is told
    record  every event but the bars, those before the first bar included
    longer  the longer bars that the strategy asks for
    """

    def __init__(
        self,
        cycle: Cycle,
        exchange: Exchange,
        columns: BarColumns,
        *,
        costs: Costs,
        before: Sequence[Event] = (),
    ) -> None:
        self.engine = cycle.engine
        self.columns = columns
        self.n = 0
        self._cycle = cycle
        self._exchange = exchange
        self._folded = 0
        self._kept_seq = 0
        self._length = duration(columns.timeframe)
        self.longer = Longer(columns, cycle.engine.series.beyond(columns.timeframe))
        self._state = cycle.engine.state
        self._before = len(before)  # what was told before the first bar
        self._watched = False  # whether somebody reads the state, so that every bar is folded into it
        self._warm_until = self._state.session.warm_until
        account = self._state.session.account
        self.record = Record(columns, strategy=self._state.strategy.id, account=account)
        self._keep(before)
        spec = columns.spec
        refuses = spec.max_qty is not None or spec.min_notional is not None or spec.inverse
        # on_start may have wished for orders
        plain = cycle.engine.hears_nothing and not exchange.book and not refuses and not self.longer.due
        self._tape = Tape(cycle.engine, columns, costs, self.record) if plain else None

    def run(self, progress: Callable[[int], None] | None = None) -> None:
        """Take every bar; `progress` is told the number of bars taken, now and then."""
        engine, columns = self.engine, self.columns
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
        engine = self.engine
        if self._tape is None:
            self.sync()
            self._keep(engine.end())
        else:
            self._tape.settle()
            engine.call("on_stop", engine.strategy.on_stop)
            self._keep(engine.out)

    def _chunk(self, start: int, stop: int, quick: list[Feedline], slow: list[Feedline], sees: bool) -> None:
        columns = self.columns
        values = [column for line in quick for column in ahead(line, columns, start, stop)]
        fed = tuple(line.fields for line in slow)
        loop = written_out(tuple(map(outputs, quick)), fed, sees, longer=bool(self.longer.due))
        book = self._exchange.book if self._tape is None else self._tape.waiting
        loop(
            self, self.engine, book, self.engine.strategy.on_bar,
            range(start + 1, stop + 1), columns.bars(start, stop, chunk=_CHUNK),
            [line.indicator for line in quick], values, [line.indicator.update for line in slow],
        )  # fmt: skip

    # --- what the loop calls when something happens ---------------------------------------------------------

    def match(self, bar: Bar) -> None:
        """Show the book a bar; its trades come before the bar's close."""
        if self._tape is not None:
            self._tape.fill(bar)
            return
        reports = self._exchange.market(bar, bar.ts + self._length)
        if not reports:
            return
        self.n -= 1
        try:
            self.sync()
            events = self._cycle.report(reports)
            self._keep(events)
        finally:
            self.n += 1
        self.engine.out = list(events)  # acted on with the bar's own events, as one group

    def close_longer(self) -> None:
        """Tell the longer bars that close with the bar under way and show them, before the bar itself is shown."""
        self.sync()
        engine, bar = self.engine, next(self.columns.bars(self.n - 1, self.n))
        closed = Event(self._state.seq, 0, bar.ts + self._length, 0, bar.TYPE, bar.V, 0, bar.key, bar)
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
            reports = self._cycle.act(events)
            if not reports:
                break
            events = self._cycle.report(reports)
            self._keep(events)
        engine.out = []

    def _keep(self, events: Sequence[Event]) -> None:
        taken = self.n
        for event in events:
            self.record.add((taken, event))
        if events:
            self._kept_seq = events[-1].seq

    # --- the state, brought up to date when somebody looks --------------------------------------------------

    def _leave_tape(self) -> None:
        """Go over to the engine and the exchange: their state and book are the fold of what was written so far."""
        tape, self._tape = self._tape, None
        if tape is None:
            return
        cause = tape.cause(self.n)
        self.engine.out = self.record.take_back(tape.settled, self.n)  # told by this bar, not yet acted on
        state = State()
        for place, (_, event) in enumerate(self.record):
            apply(state, event)
            self._kept_seq = event.seq
            if place >= self._before:
                self._exchange.replay(event)
        for event in self.engine.out:
            apply(state, event)
        state.seq = len(self.record) + len(self.engine.out) + self.n
        self.engine.take_over(state)
        self.engine.dealing.goals[self.columns.instrument] = tape.goal
        if tape.refused is not None:
            self.engine.dealing.refused[self.columns.instrument] = tape.refused
        self._state = state
        self._folded = self.n
        self._stand(self.n, cause)
        tape.waiting[:] = [None]  # the chunk under way looks here: from now on it asks the book each bar

    def _stand(self, n: int, cause: int) -> None:
        """Stand at the close of the `n`-th bar; what is wished for now follows from event `cause`."""
        if n == 0:
            return
        columns, state = self.columns, self._state
        ts = columns.ts.item(n - 1) + self._length
        state.time = max(state.time, ts)
        state.marks[columns.instrument] = Mark(ts, columns.close.item(n - 1))
        self._exchange.see(next(columns.bars(n - 1, n)), ts)
        self.engine.at(ts, cause, columns.instrument)

    def sync(self) -> None:
        """Take note of the bars since the last time: number, time and last price. Equity is marked on demand."""
        behind = self.n - self._folded
        if behind == 0 or self._tape is not None:
            return
        self._folded = self.n
        if self._watched:
            self._fold_bars(self._state, self.n - behind)
        else:
            self._state.seq += behind
        self._stand(self.n, self._state.seq)

    def _fold_bars(self, state: State, since: int) -> None:
        """Fold bars one by one, as `step` does."""
        for bar in self.columns.bars(since, self._folded):
            event = Event(state.seq + 1, 0, bar.ts + self._length, 0, bar.TYPE, bar.V, 0, bar.key, bar)
            apply(state, event)

    def _mark(self) -> None:
        """Equity at the last close."""
        self._engine_on()
        name = self.columns.instrument
        mark = self._state.marks.get(name)
        if mark is not None and not self._watched:
            valuation.mark(self._state, name, mark.last)

    @property
    def state(self) -> State:
        """The state, for a strategy that reads it: folded anew by the reducer, bar by bar, and kept so from then on."""
        self._engine_on()
        if not self._watched:
            self._watched = True
            told, self._folded = State(), 0
            for taken, event in self.record:
                since, self._folded = self._folded, taken
                self._fold_bars(told, since)
                apply(told, event)
            for event in self.engine.out:
                if event.seq > self._kept_seq:
                    since, self._folded = self._folded, self.n
                    self._fold_bars(told, since)
                    apply(told, event)
            since, self._folded = self._folded, self.n
            self._fold_bars(told, since)
            self.engine.take_over(told)
            self._state = told
        return self._state

    def _engine_on(self) -> Engine:
        """The engine, standing at the bar under way: for wishes that the tape does not know."""
        if self._tape is not None:
            self._leave_tape()
        self.sync()
        return self.engine
