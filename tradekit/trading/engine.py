"""The engine: `step(fact, ts) -> events`, the same for backtest, paper and live.

Pure: no I/O, no clock, no chance of its own; time enters with the facts. It folds what it tells into a state of its
own, so that a wish in a callback already sees the one before it. Knows no journal and no venue.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from tradekit.core.event import Event, Fact
from tradekit.errors import StrategyError
from tradekit.model.market import Bar, TimerCleared
from tradekit.model.order import OrderAccepted, OrderFilled, OrderTrailed, Side
from tradekit.model.session import (
    CommandReceived,
    SessionOpened,
    SignalRaised,
)
from tradekit.state.hours import late
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import freeze
from tradekit.trading import commands, hearing, monitors, risk
from tradekit.trading.dealing import Dealing, number
from tradekit.trading.failure import failure, raised_by
from tradekit.trading.series import Series

__all__ = ["Engine"]


class Engine:
    """One strategy on one account.

    state    the fold of all that was taken and told so far (the engine's own; never show it while a step runs)
    raising  True: a strategy's exception comes out as StrategyError (backtest); False: it is told as a fact and the
             session halts (live)
    clean    gives a fact without what must never be told, or the fact itself; asked before anything is folded, so that
             a replay meets what was written
    """

    def __init__(
        self,
        strategy: Strategy,
        *,
        timeframes: tuple[str, ...] = (),
        raising: bool = False,
        clean: Callable[[Fact], Fact] | None = None,
    ) -> None:
        self.state = State()
        self.strategy = strategy
        self.raising = raising
        self._clean = clean
        self.dealing = Dealing(self.state, self._tell_intent)
        self._hears_orders = type(strategy).on_order is not Strategy.on_order
        self._hears_fills = type(strategy).on_fill is not Strategy.on_fill
        self.series = Series(tuple(strategy.timeframes), tuple(strategy.instruments))
        self.out: list[Event] = []
        self.doubt = ""  # why the strategy may not act, after a replay that went another way
        self._ts = 0
        self._cause = 0
        self._instrument = ""  # of the event under way: what a wish is about unless it says otherwise
        self.home = ""  # the first that the strategy sees: its indicators follow it unless they say otherwise
        self._starting = False
        self._started = False
        self._taken: dict[str, Callable[[Event, Any], None]] = {
            "session.opened": self._opened,
            "session.closed": self._closed,
            "order.filled": self._filled,
            "command.received": self._command,
            **{tag: partial(handler, self) for tag, handler in hearing.HANDLERS.items()},
        }

    @property
    def hears_nothing(self) -> bool:
        """Whether the strategy leaves its orders and fills alone: it is called with bars only."""
        return not (self._hears_orders or self._hears_fills)

    def step(self, fact: Fact, ts: int) -> list[Event]:
        """Take one fact from outside that happened at `ts` [UTC ns]; it and all that follows from it, in order.

        The events carry the `seq` that the journal will confirm, epoch and recorded are 0 until then.
        """
        out: list[Event] = []
        self.out = out
        self._ts = ts
        passed = type(fact) is Bar and late(self.state, fact)
        event = self._tell(fact, 0)
        if passed:  # it is written down as it came, counted, and changes nothing
            return out
        self._cause = event.seq
        if self.state.risk.limits:
            halt = risk.halt_for(self.state)
            if halt is not None:  # before the strategy hears of what was taken
                self.tell(halt)
        if self.state.monitors:
            monitors.look(self, event)
        taken = self._taken.get(event.type)
        if taken is not None:
            taken(event, event.data)
        elif event.type.startswith("order."):
            self._order(event.data)
        return out

    def at(self, ts: int, seq: int, instrument: str) -> None:
        """Stand at a bar that closed at `ts` and was told as `seq`: for a loop that takes bars without `step`."""
        self._ts, self._cause, self._instrument = ts, seq, instrument

    def end(self) -> list[Event]:
        """Tell the strategy that the run is over; what it wishes for then is told, and nobody acts on it."""
        self.out = []
        self._ts, self._cause = self.state.time, self.state.seq
        self.call("on_stop", self.strategy.on_stop)
        return self.out

    def adopt(self, state: State, *, doubt: str) -> None:
        """Take over a state that this engine did not fold itself; the strategy is not called from now on."""
        self.doubt = doubt
        self._started = True
        self.take_over(state)

    def take_over(self, state: State) -> None:
        """Go on with a state that is the fold of the same events."""
        self.state = state
        self.dealing.take_over(state)

    # --- telling --------------------------------------------------------------------------------------------

    def tell(self, fact: Fact) -> Event:
        """Add a fact that follows from the one being taken."""
        return self._tell(fact, self._cause)

    def tell_at(self, fact: Fact, ts: int, cause: int) -> Event:
        """Add a fact that followed from event `cause` at another moment than the one under way [UTC ns]."""
        now, self._ts = self._ts, ts
        event = self._tell(fact, cause)
        self._ts = now
        return event

    def _tell(self, fact: Fact, cause: int) -> Event:
        if self._clean is not None:
            fact = self._clean(fact)
        state = self.state
        event = Event(state.seq + 1, 0, self._ts, 0, fact.TYPE, fact.V, cause, fact.key, fact)
        apply(state, event)
        self.out.append(event)
        return event

    def _tell_intent(self, fact: Fact) -> Event:
        event = self._tell(fact, self._cause)
        order = self.state.orders.get(getattr(event.data, "id", ""))
        if order is not None:
            self.dealing.follow(order)
            self._set_goal()
        return event

    # --- taking ---------------------------------------------------------------------------------------------

    def _opened(self, event: Event, data: SessionOpened) -> None:
        self.series.trade(data.instruments)
        self.series.show(data.timeframes, self._past)
        if self._started or self.doubt:  # a restart: the strategy goes on where the journal says it was
            return
        self._started = True
        first = data.instruments[0].id if data.instruments else ""
        self.home = self._instrument = next(iter(self.strategy.instruments), first)
        self.strategy._dealer = self
        freeze(self.strategy)
        self._start("on_start", self.strategy.on_start)

    def restart_strategy(self, changed: dict[str, Any]) -> None:
        """Tell the strategy of changed parameters; it may make its indicators anew."""
        self._start("on_params", self.strategy.on_params, changed)

    def _start(self, where: str, callback: Callable[..., None], *args: Any) -> None:
        self._starting = True
        self._set_goal()
        try:
            self.call(where, callback, *args)
        finally:
            self._starting = False

    def _closed(self, event: Event, data: Fact) -> None:
        self.call("on_stop", self.strategy.on_stop)

    def _order(self, data: Any) -> None:
        order = self.state.orders.get(data.id)
        if order is None:
            return
        self.dealing.follow(order, moved=not isinstance(data, OrderAccepted | OrderTrailed))
        if self.state.monitors or order.parent:
            monitors.followed(self, order)
        self.turn_to(order.instrument, self._cause)
        if self._hears_orders and order.strategy == self.state.strategy.id:
            self.call("on_order", self.strategy.on_order, order)

    def _filled(self, event: Event, data: OrderFilled) -> None:
        fills = self.state.fills
        if not fills or fills[-1].seq != event.seq:
            return  # an execution that is known already: nothing has changed
        self._order(data)
        if self._hears_fills and data.strategy == self.state.strategy.id:
            self.call("on_fill", self.strategy.on_fill, data)

    def _command(self, event: Event, data: CommandReceived) -> None:
        commands.carry_out(self, data)
        for instrument in self.state.instruments:
            self.refresh_goal(instrument)

    # --- strategy's side ------------------------------------------------------------------------------------

    def call(self, where: str, callback: Callable[..., None], *args: Any) -> None:
        """Call the strategy; what it raises halts the session (or comes out, when `raising`)."""
        if self.doubt:
            return
        try:
            callback(*args)
        except Exception as error:
            if self.raising:
                raised = raised_by(self.strategy, where, error)
                if raised is error:
                    raise
                raise raised from error
            for fact in failure(self.state, self.strategy, where, error):
                self.tell(fact)

    def turn_to(self, instrument: str, cause: int) -> None:
        """Be about an instrument: what is wished for from now on, and what it follows from."""
        self._instrument, self._cause = instrument, cause
        self.strategy._goal = self.dealing.goal(instrument)

    def _set_goal(self) -> None:
        self.strategy._goal = self.dealing.goal(self._instrument)

    def refresh_goal(self, instrument: str) -> None:
        """Forget a denied wish: what was refused may be asked for again."""
        self.dealing.goals[instrument] = number(self.dealing.expected(instrument))
        self._set_goal()

    # --- the dealer that a strategy wishes to ---------------------------------------------------------------

    def position(self, instrument: str | None) -> Decimal:
        """Signed quantity held of an instrument (default: that of the event under way) [base units]."""
        return self.state.position(self.state.strategy.id, instrument or self._instrument)

    def order(self, side: Side, qty: object, *, instrument: str | None = None, **terms: Any) -> str:
        """Wish for an order."""
        name = instrument or self._instrument
        return self.dealing.order(side, qty, instrument=name, price=self.price(name), **terms)

    def target(self, qty: object, *, instrument: str | None = None, **terms: Any) -> str | None:
        """Wish for a position."""
        name = instrument or self._instrument
        placed = self.dealing.target(qty, instrument=name, price=self.price(name), **terms)
        self._set_goal()
        return placed

    def target_percent(self, percent: float, *, instrument: str | None = None, **terms: Any) -> str | None:
        """Wish for a position worth `percent` % of equity."""
        name = instrument or self._instrument
        units = self.dealing.units_worth(percent, name, self.price(name))
        return self.target(units, instrument=name, asked=("percent", percent), **terms)

    def leave(self, position: str, *, instrument: str | None = None, **words: Any) -> str | None:
        """Wish for the end of a position, or of a part of it."""
        return self.dealing.leave(position, instrument=instrument or self._instrument, **words)

    def replace(self, order_id: str, **terms: Any) -> bool:
        """Wish for other terms of a working order."""
        order = self.state.orders.get(order_id)
        price = None if order is None else self.price(order.instrument)
        return self.dealing.replace(order_id, price=price, **terms)

    def cancel(self, order_id: str, reason: str) -> None:
        """Wish for an order's end."""
        self.dealing.cancel(order_id, reason)

    def cancel_all(self, instrument: str | None, reason: str) -> None:
        """Wish for the end of all working orders."""
        self.dealing.cancel_all(instrument, reason)

    def signal(self, name: str, direction: float, *, instrument: str | None = None, note: str = "") -> None:
        """Tell an opinion; what is wished for afterwards in this callback is caused by it."""
        about = instrument or self._instrument
        told = self.tell(
            SignalRaised(
                self.state.strategy.id, about, name, float(direction), self.price(about) or 0.0, note
            )
        )
        self._cause = told.seq

    def set_timer(self, name: str, at: int | None, every: int) -> None:
        """Wish to be called at a moment [UTC ns], or `every` so many ns, the first time so long from now."""
        self.tell(hearing.timer(name, at, every, now=self._ts))

    def clear_timer(self, name: str) -> None:
        """Wish to hear of a timer no more."""
        if name in self.state.timers:
            self.tell(TimerCleared(name))

    def bars(self, instrument: str | None, timeframe: str | None, count: int) -> list[Bar]:
        """The last closed bars of a series."""
        name = instrument or self._instrument
        series = self.state.bars.get(name, {})
        frame = timeframe or next(iter(self.strategy.timeframes), None) or next(iter(series), "")
        rows = series.get(frame, [])
        return [row.as_bar(name, frame) for row in rows[max(0, len(rows) - count) :]]

    def add_indicator(
        self, indicator: Any, on: str | None, instrument: str | None, timeframe: str | None
    ) -> None:
        """Feed an indicator from now on; with past bars in the state, warm it up with them first."""
        if not self._starting:
            raise StrategyError("make indicators in on_start: one made later has missed the bars before it")
        name = instrument or self.home
        line = self.series.add(indicator, on, name, timeframe)
        for key, known in self.series.all_lines():
            if known is line:
                for bar in self._past(*key):
                    line.feed(bar)

    def _past(self, instrument: str, timeframe: str) -> list[Bar]:
        """The closed bars of a series that the state keeps, oldest first."""
        rows = self.state.bars.get(instrument, {}).get(timeframe, [])
        return [row.as_bar(instrument, timeframe) for row in rows]

    def price(self, instrument: str) -> float | None:
        """The last price known of an instrument [quote currency]."""
        mark = self.state.marks.get(instrument)
        return None if mark is None else mark.last
