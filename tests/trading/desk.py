"""An engine and a simulated venue at hand: open it, give it bars and commands, look at what it tells.

Knows no run: it turns the wheel itself, so that each round can be looked at.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.builders import BTC, START, opened
from tradekit.core.event import Event, Fact
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from tradekit.model.session import CommandReceived
from tradekit.sim.exchange import Exchange
from tradekit.sim.venue import SimulatedVenue
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.trading.engine import Engine


class Quiet(Strategy):
    """Does what the test plants: `act` is called with the strategy and each bar, and may be changed at any time."""

    act: Callable[["Quiet", Bar], Any] | None = None

    def on_bar(self, bar: Bar) -> None:
        if self.act is not None:
            self.act(self, bar)


class Desk:
    """`bar` and `tell` return every event of one turn; `quiet` turns answer nothing from the venue."""

    def __init__(
        self,
        strategy: Strategy | None = None,
        *,
        specs: list[Instrument] | None = None,
        timeframes: tuple[str, ...] = (),
        raising: bool = False,
        **first: Any,
    ) -> None:
        specs = specs or [BTC]
        self.strategy = strategy if strategy is not None else Quiet()
        self.engine = Engine(self.strategy, raising=raising)
        self.venue = SimulatedVenue(Exchange(specs))
        self.journal: list[Event] = []
        self._commands = 0
        self.tell(opened(instruments=specs, timeframes=list(timeframes), **first), START)

    @property
    def state(self) -> State:
        return self.engine.state

    def bar(self, bar: Bar, act: Callable[[Any, Bar], Any] | None = None) -> list[Event]:
        """One bar; `act` is what the strategy does on it."""
        self.strategy.act = act  # type: ignore[attr-defined]
        at = bar.ts + duration(bar.timeframe)
        told = [event for ts, report in self.venue.market(bar, at) for event in self.engine.step(report, ts)]
        try:
            return self._settle(told + self.engine.step(bar, at))
        finally:
            self.strategy.act = None  # type: ignore[attr-defined]

    def tell(self, fact: Fact, ts: int | None = None) -> list[Event]:
        """Any other fact."""
        return self._settle(self.engine.step(fact, self.state.time if ts is None else ts))

    def command(self, name: str, /, *, id: str | None = None, **args: Any) -> list[Fact]:
        """A command by `me`; what it led to, itself left out."""
        self._commands += 1
        told = self.tell(CommandReceived(id or f"c{self._commands}", name, args, "me"))
        return [event.data for event in told[1:]]

    def _settle(self, events: list[Event]) -> list[Event]:
        told = list(events)
        while events:
            reports = []
            for event in events:
                if isinstance(event.data, OrderSubmitted):
                    reports += self.venue.submit(event.data, event.ts)
                elif isinstance(event.data, OrderCancelRequested):
                    reports += self.venue.cancel(event.data, event.ts)
                elif isinstance(event.data, OrderReplaceRequested):
                    reports += self.venue.replace(event.data, event.ts)
            events = [event for ts, report in reports for event in self.engine.step(report, ts)]
            told += events
        self.journal += told
        return told

    @property
    def position(self) -> Decimal:
        return self.state.position("s", "BTC")


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def orders(events: list[Event]) -> list[OrderSubmitted]:
    return [event.data for event in events if isinstance(event.data, OrderSubmitted)]
