"""An exchange of trades to try rules on, and its reports in brief."""

from decimal import Decimal
from typing import Any

from tests.builders import BTC, START, bracket, flat, order
from tradekit.core.event import Fact
from tradekit.model.account import CashMoved
from tradekit.model.market import Bar
from tradekit.model.order import (
    OrderFact,
    OrderFilled,
    OrderSubmitted,
    Side,
)
from tradekit.sim.backtesting_py import backtesting_py
from tradekit.sim.trade_exchange import Report, TradeExchange

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
MINUTE = 60_000_000_000


def exchange(cash: object = 10_000, **settings: Any) -> TradeExchange:
    """An exchange that has seen one bar at 100."""
    made = TradeExchange([BTC], D(str(cash)), backtesting_py(**settings))
    show(made, flat(0, 100.0))
    return made


def send(made: TradeExchange, *orders: OrderSubmitted) -> list[tuple[Any, ...]]:
    return [brief for one in orders for brief in told(made.submit(one, START))]


def show(made: TradeExchange, shown: Bar) -> list[Report]:
    """The reports of a bar."""
    return made.market(shown, shown.ts + MINUTE)


def shared(name: str, side: Side = BUY, share: object = 1, **terms: Any) -> OrderSubmitted:
    """An order for a share of what is available."""
    return order(name, side, 0, share=D(str(share)), **terms)


def told(reports: list[Report]) -> list[tuple[Any, ...]]:
    """Fills as (id, signed qty, price, trade); other reports as (word, id)."""
    return [_brief(fact) for _, fact in reports]


def _brief(fact: Fact) -> tuple[Any, ...]:
    if isinstance(fact, OrderFilled):
        return fact.id, fact.qty * fact.side.sign, fact.price, fact.position
    if isinstance(fact, CashMoved):
        return "moved", fact.amount
    assert isinstance(fact, OrderFact)
    return fact.TYPE.partition(".")[2], fact.id


def fills(reports: list[Report]) -> list[tuple[Any, ...]]:
    return [_brief(fact) for _, fact in reports if isinstance(fact, OrderFilled)]


def rules_of(reports: list[Report]) -> list[str]:
    return [fact.rule for _, fact in reports if isinstance(fact, OrderFilled)]


def long(qty: int = 10, *, loss: object = None, target: object = None, **settings: Any) -> TradeExchange:
    """An exchange with a long trade "in" that was opened at 100."""
    made = exchange(**settings)
    send(made, order("in", BUY, qty))
    wanted = {"in.loss": loss, "in.target": target}
    exits = bracket("in", SELL, qty, loss=loss or 1, target=target or 999)
    send(made, *(child for child in exits if wanted[child.id]))
    show(made, flat(1, 100.0))
    return made
