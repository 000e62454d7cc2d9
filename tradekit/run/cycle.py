"""One turn of the wheel: what comes in goes to the simulated venue and the engine; what goes out is acted on.

The one order of things for backtest and paper. Pure but for the broker it is given; whoever turns the wheel decides
when a group of events is durable and so may be acted on.
"""

from collections.abc import Iterable

from tradekit.core.event import Event, Fact
from tradekit.model.market import (
    Bar,
    MarketClosed,
    MarketOpened,
    Quote,
    TradeTick,
    TradingHalted,
    TradingResumed,
)
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from tradekit.trading.broker import Broker, Report
from tradekit.trading.engine import Engine

__all__ = ["Cycle"]

_MARKET = (Bar, Quote, TradeTick, MarketOpened, MarketClosed, TradingHalted, TradingResumed)


class Cycle:
    """An engine and its broker."""

    def __init__(self, engine: Engine, broker: Broker) -> None:
        self.engine = engine
        self.broker = broker

    def take(self, fact: Fact, ts: int) -> list[Event]:
        """One fact from outside. A market's is shown to a simulated venue first: a bar's trades come before its close.

        The events of one call belong together: they become durable as one, then `act` is called with them.
        """
        events: list[Event] = []
        if self.broker.simulated and isinstance(fact, _MARKET):
            for at, report in self.broker.market(fact, ts):
                events += self.engine.step(report, at)
        events += self.engine.step(fact, ts)
        return events

    def act(self, events: Iterable[Event]) -> list[Report]:
        """Carry out the wishes among `events` at the broker; returns what it answered at once."""
        reports: list[Report] = []
        for event in events:
            data = event.data
            if isinstance(data, OrderSubmitted):
                reports += self.broker.submit(data, event.ts)
            elif isinstance(data, OrderCancelRequested):
                reports += self.broker.cancel(data, event.ts)
            elif isinstance(data, OrderReplaceRequested):
                reports += self.broker.replace(data, event.ts)
        return reports

    def report(self, reports: Iterable[Report]) -> list[Event]:
        """The broker's answers taken by the engine, as one group."""
        return [event for ts, fact in reports for event in self.engine.step(fact, ts)]

    def settle(self, events: list[Event]) -> list[Event]:
        """Act on `events` and on all that follows until nothing more does; returns all events, the first included.

        For runs without a journal to wait for.
        """
        told = list(events)
        while True:
            reports = self.act(events)
            if not reports:
                return told
            events = self.report(reports)
            told += events
