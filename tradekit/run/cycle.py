"""One turn of the wheel: what comes in goes to the simulated venue and the engine; what goes out is acted on.

The one order of things for backtest and paper. Pure but for the venue it is given; whoever turns the wheel decides
when a group of events is durable and so may be acted on.
"""

from collections.abc import Iterable

from tradekit.core.event import Event, Fact
from tradekit.model.account import AccountType, SplitEffected
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
from tradekit.run.liquidation import liquidate
from tradekit.trading.clearing import Clearing
from tradekit.trading.engine import Engine
from tradekit.trading.venue import Report, Venue

__all__ = ["Cycle"]

_WISHES = (OrderSubmitted, OrderCancelRequested, OrderReplaceRequested)
_MARKET = (Bar, Quote, TradeTick, MarketOpened, MarketClosed, TradingHalted, TradingResumed, SplitEffected)


class Cycle:
    """An engine and its venue."""

    def __init__(self, engine: Engine, venue: Venue, clearing: Clearing | None = None) -> None:
        self.engine = engine
        self.venue = venue
        self.clearing = clearing if clearing is not None else Clearing()

    def take(self, fact: Fact, ts: int) -> list[Event]:
        """One fact from outside. A market's is shown to the venue first: a bar's trades come before its close.

        The venue's clearing then says what is due for the nights before it and for the fact itself, and closes
        positions where the margin is not enough any more. The events of one call belong together: they become durable
        as one, then `act` is called with them.
        """
        engine, clearing = self.engine, self.clearing
        state = engine.state
        events = self.report(clearing.overnight(state, fact, ts)) if clearing.nightly else []
        if isinstance(fact, _MARKET):
            trades = self.venue.market(fact, ts)
            if trades:
                events += self.report(trades)
        due = clearing.due(engine.state, fact, ts)
        events += engine.step(fact, ts)
        if due:
            events += self.report(due)
        if state.account.type is AccountType.MARGIN:
            events += liquidate(engine, self.venue, ts)
        return events

    def replay(self, event: Event) -> None:
        """Fold a journaled event into the venue's book at a start."""
        self.venue.replay(event)

    def act(self, events: Iterable[Event]) -> list[Report]:
        """Carry out the wishes among `events` at the venue; returns what it answered at once."""
        reports: list[Report] = []
        for event in events:
            data = event.data
            if not isinstance(data, _WISHES):
                continue
            if isinstance(data, OrderSubmitted):
                if self.over(data.id):
                    continue
                reports += self.venue.submit(data, event.ts)
            elif isinstance(data, OrderCancelRequested):
                reports += self.venue.cancel(data, event.ts)
            elif isinstance(data, OrderReplaceRequested):
                reports += self.venue.replace(data, event.ts)
        return reports

    def over(self, order_id: str) -> bool:
        """Whether an order has ended before it was sent: the clearing has canceled or carried it out."""
        order = self.engine.state.orders.get(order_id)
        return order is not None and not order.working

    def report(self, reports: Iterable[Report]) -> list[Event]:
        """The venue's answers taken by the engine, as one group."""
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
