"""The engine and its state behind a loop that runs ahead of them: brought up to date when somebody looks.

And only with what they look at: time and number, one instrument's last price, or every bar. Knows how bars are taken
from a course, no indicator.
"""

from collections.abc import Sequence

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.model.order import OrderAccepted
from tradekit.run.course import Course
from tradekit.run.cycle import Cycle
from tradekit.run.longer import Longer
from tradekit.run.record import Record
from tradekit.run.stand_in import StandIn
from tradekit.run.tape import Tape
from tradekit.sim.costs import Costs
from tradekit.sim.exchange import Exchange
from tradekit.state import valuation
from tradekit.state.reducer import apply
from tradekit.state.shape import Mark, State
from tradekit.trading.engine import Engine

__all__ = ["Behind"]


class Behind(StandIn):
    """The engine as it stood when it was last asked.

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
        self._busy: list[None] = []  # not empty while each bar has to be shown to the book, or to a monitor
        self._folded = 0
        self._bar_seq = 0  # of the bar that was folded last
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

    def _keep(self, events: Sequence[Event]) -> None:
        taken = self.n
        for event in events:
            self.record.add((taken, event))
        if events:
            self._kept_seq = events[-1].seq

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
        self._bar_seq = self._state.seq
        self._stand(about, self._bar_seq)

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
