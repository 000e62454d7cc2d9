"""The backtest's inner loop, written out: the same events as `Engine.step` gives, without an event for each bar.

Bars stay columns until they are delivered, indicators are computed by the chunk, and the state is brought up to date
only when somebody looks or something happens, and only with what they look at. `Cycle` is the meaning of this loop; a
test demands equal events from both. This one is for one series, `SeveralLoop` for several. Knows no journal.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.indicators.base import by_chunk
from tradekit.model.account import AccountType
from tradekit.model.instrument import duration
from tradekit.model.market import Bar
from tradekit.model.order import OrderAccepted, OrderFact
from tradekit.run.ahead import ahead, outputs, warm_up
from tradekit.run.course import Course
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
    """Runs a strategy over its bars and collects what it tells; stands in for the engine as the dealer.

    n       bars taken so far: the one being worked on included once its close is told
    record  every event but the bars, those before the first bar included
    longer  the longer bars that the strategy asks for
    """

    def __init__(
        self,
        cycle: Cycle,
        exchange: Exchange,
        series: Sequence[BarColumns],
        *,
        costs: Costs,
        before: Sequence[Event] = (),
    ) -> None:
        self.engine = engine = cycle.engine
        self.course = course = Course(series)
        self.n = 0
        self._cycle = cycle
        self._exchange = exchange
        self._folded = 0
        self._marked = 0
        self._kept_seq = 0
        self.longer = Longer(series[0], engine.series.beyond(series[0].timeframe))
        self._state = engine.state
        self._before = len(before)  # what was told before the first bar
        self._watched = False  # whether somebody reads the state, so that every bar is folded into it
        self._shown: dict[
            str, int
        ] = {}  # by instrument: the place of the last bar that the exchange was shown
        self._ended = ""  # what a wish in on_stop is about
        self._warm_until = self._state.session.warm_until
        account = self._state.session.account
        self.record = Record(course, strategy=self._state.strategy.id, account=account)
        self._keep(before)
        for name in course.names:
            engine.dealing.goals.setdefault(name, 0)
        refuses = any(one.spec.max_qty is not None or one.spec.min_notional is not None for one in series)
        # on_start may have wished for orders
        plain = engine.hears_nothing and not exchange.book and not refuses and not self.longer.due
        self._tape = Tape(engine, course, costs, self.record) if plain else None

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
        book = self._exchange.book if self._tape is None else self._tape.lanes[columns.instrument].waiting
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
        engine, bar = self.engine, self.course.bar(self.n)
        closed = Event(self._state.seq, 0, bar.ts + self.course.length, 0, bar.TYPE, bar.V, 0, bar.key, bar)
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

    def _keep(self, events: Sequence[Event]) -> None:
        taken = self.n
        for event in events:
            self.record.add((taken, event))
        if events:
            self._kept_seq = events[-1].seq

    # --- the state, brought up to date when somebody looks --------------------------------------------------

    def _leave_tape(self) -> None:
        """Go over to the engine and the exchange: their state and book are the fold of what was written so far."""
        tape, about = self._tape, self._about()
        if tape is None:
            return
        cause = tape.cause(self.n)
        self._tape = None
        self.engine.out = self.record.take_back(tape.settled, self.n)  # told by this bar, not yet acted on
        state = State()
        for place, (taken, event) in enumerate(self.record):
            apply(state, event)
            self._kept_seq = event.seq
            if place >= self._before:
                if isinstance(event.data, OrderAccepted):
                    self._show(event.data.instrument, taken)
                self._exchange.replay(event)
        for event in self.engine.out:
            apply(state, event)
        state.seq = len(self.record) + len(self.engine.out) + self.n
        self.engine.take_over(state)
        for name, lane in tape.lanes.items():
            if lane.refused is not None:
                self.engine.dealing.refused[name] = lane.refused
            lane.waiting[:] = [None]  # the chunk under way looks here: from now on it asks the book each bar
        self._state = state
        self._folded = self.n
        self._stand(about, cause)

    def _stand(self, about: str, cause: int) -> None:
        """Stand at the close of the last bar; a wish is about this instrument and follows from event `cause`."""
        if self.n:
            ts = self.course.closes(self.n)
            self._state.time = max(self._state.time, ts)
            self.engine.at(ts, cause, about)

    def sync(self) -> None:
        """Take note of the bars since the last time: number and time. Prices and equity are marked on demand."""
        if self.n == self._folded or self._tape is not None:
            return
        about, since, self._folded = self._about(), self._folded, self.n
        if self._watched:
            self._fold_bars(self._state, since)
        else:
            self._state.seq += self.n - since
        self._stand(about, self._state.seq)

    def _about(self) -> str:
        """The instrument of the bar under way, or the engine's where it stands elsewhere."""
        if self._tape is None and self._folded == self.n:
            return self.engine._instrument
        return self._ended or self.course.instrument(self.n)

    def _show(self, instrument: str, n: int) -> None:
        """Show the exchange an instrument's last bar after `n` bars, before it is asked about it."""
        place = self.course.place(instrument, n)
        if place > self._shown.get(instrument, -1):
            self._shown[instrument] = place
            bar = self.course.of(instrument).bar(place)
            self._exchange.see(bar, bar.ts + self.course.length)

    def _price(self, instrument: str) -> None:
        """Give the state an instrument's last price."""
        place = self.course.place(instrument, self.n) if instrument in self.course.names else -1
        if place >= 0 and not self._watched:
            columns = self.course.of(instrument)
            ts = columns.ts.item(place) + self.course.length
            self._state.marks[instrument] = Mark(ts, columns.close.item(place))

    def _fold_bars(self, state: State, since: int) -> None:
        """Fold bars one by one, as `step` does."""
        length = self.course.length
        for bar in map(self.course.bar, range(since + 1, self._folded + 1)):
            apply(state, Event(state.seq + 1, 0, bar.ts + length, 0, bar.TYPE, bar.V, 0, bar.key, bar))

    def _mark(self) -> None:
        """Equity at the last closes: what is held of the instruments that have had a bar since the last time."""
        state, course = self._engine_on().state, self.course
        if self._watched:
            return
        since, self._marked = self._marked, self.n
        for name in course.moved(since, self.n):
            if name in state.held:
                self._price(name)
                valuation.mark(state, name, state.marks[name].last)

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

    def _engine_on(self, instrument: str | None = None) -> Engine:
        """The engine, standing at the bar under way: for wishes that the tape does not know."""
        self._leave_tape()
        self.sync()
        self._price(instrument or self._about())
        return self.engine
