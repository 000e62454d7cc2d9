"""An exchange for tests: bars, quotes and cancels in one line each, and its reports in brief."""

from decimal import Decimal
from typing import Any

from tests.builders import BTC, START, order
from tradekit.core.event import Fact
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTrailed,
    OrderTriggered,
)
from tradekit.sim.exchange import Exchange, Report
from tradekit.sim.rules import Rules

__all__ = ["SECOND", "D", "Floor", "at_work", "exchange", "told"]

D = Decimal
SECOND = 1_000_000_000


class Floor(Exchange):
    """An exchange that is shown things."""

    def bar(self, bar: Bar) -> list[Report]:
        """A bar, told at its close."""
        return self.market(bar, bar.ts + duration(bar.timeframe))

    def quote(self, seconds: int, bid: float, ask: float, *sizes: float) -> list[Report]:
        """A quote of BTC so many seconds after START; sizes of bid and ask."""
        return self.market(Quote("BTC", bid, ask, *sizes), START + seconds * SECOND)

    def trade(self, seconds: int, price: float, size: float = 1.0) -> list[Report]:
        """A trade in BTC so many seconds after START."""
        return self.market(TradeTick("BTC", price, size), START + seconds * SECOND)

    def end(self, name: str, ts: int = START) -> list[Report]:
        """The wish for an order's end."""
        known = self.book.get(name)
        return self.cancel(OrderCancelRequested(name, known.order.instrument if known else "BTC"), ts)

    def change(self, name: str, ts: int = START, **terms: object) -> list[Report]:
        """The wish for other terms."""
        exact = {key: Decimal(str(value)) for key, value in terms.items()}
        return self.replace(OrderReplaceRequested(name, "BTC", **exact), ts)  # type: ignore[arg-type]


def exchange(*orders: OrderSubmitted, spec: Instrument = BTC, **rules: Any) -> Floor:
    """An exchange with these rules that has taken these orders."""
    made = Floor([spec, Instrument(id="ETH")], Rules(**rules))
    for one in orders:
        made.submit(one, START)
    return made


def told(reports: list[Report]) -> list[tuple[Any, ...]]:
    """Reports in brief: what, which order, and what matters of it."""
    return [_brief(fact) for _, fact in reports]


def _brief(fact: Fact) -> tuple[Any, ...]:
    match fact:
        case OrderFilled():
            return "filled", fact.id, fact.qty, fact.price, fact.rule
        case OrderAccepted():
            return ("held" if fact.held else "accepted"), fact.id
        case OrderTriggered():
            return "triggered", fact.id, fact.price
        case OrderTrailed():
            return "trailed", fact.id, fact.stop
        case OrderReplaced():
            return "replaced", fact.id, fact.qty, fact.limit or fact.stop
        case (
            OrderCanceled()
            | OrderRejected()
            | OrderExpired()
            | OrderCancelRejected()
            | OrderReplaceRejected()
        ):
            return fact.TYPE.partition(".")[2], fact.id, fact.reason
    raise AssertionError(fact)


def at_work(*orders: OrderSubmitted, held: object = 1, **rules: Any) -> Floor:
    """An exchange on which `s` is long so much since bar 0 at 100, with these orders in the book."""
    made = exchange(order("in", qty=held), **rules)
    made.bar(Bar("BTC", "1m", START, 100.0, 100.0, 100.0, 100.0, 10.0))
    for one in orders:
        made.submit(one, START + 60 * SECOND)
    return made
