"""The simulated exchange as a venue: what a session asks of one in its house, answered at once.

Its book is a fold of the session's journal, so it always knows what it has: an order that the journal holds
and it never answered has not reached it. Knows no clock and no socket.
"""

from decimal import Decimal
from typing import TypeAlias

from tradekit.core.event import Event, Fact
from tradekit.errors import ConfigError
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Ask, Said
from tradekit.sim.asked import asked_of
from tradekit.sim.backtesting_py import BacktestingPy
from tradekit.sim.exchange import Exchange, Report
from tradekit.sim.profiles import AnyRules
from tradekit.sim.rules import Rules
from tradekit.sim.trade_exchange import TradeExchange

__all__ = ["OWN_MARGIN", "AnyExchange", "SimulatedVenue", "charged", "exchange_for", "traded"]

OWN_MARGIN = (
    "rules that fill orders as another engine does keep its margin and its account too: leave out account=, hedging=, "
    "rates=, funding=, corporate_actions=, borrow_rate= and interest_rate="
)
AnyExchange: TypeAlias = Exchange | TradeExchange


def charged(rules: AnyRules | None, *, fee: object = None, slippage: object = None) -> AnyRules:
    """`rules` (default: the plain ones) with a run's fee and slippage, where they are given."""
    if isinstance(rules, BacktestingPy):
        return rules.charged(fee=fee, slippage=slippage)
    return Rules.of(rules, fee=fee, slippage=slippage)


def traded(rules: AnyRules, instruments: list[Instrument]) -> list[Instrument]:
    """The instruments as the rules trade them; raises ConfigError for what they cannot."""
    return [rules.instrument(instruments)] if isinstance(rules, BacktestingPy) else instruments


def exchange_for(rules: AnyRules, instruments: list[Instrument], cash: Decimal) -> AnyExchange:
    """The exchange that carries the rules out; `cash` is the account's opening balance."""
    if isinstance(rules, BacktestingPy):
        return TradeExchange(instruments, cash, rules)
    return Exchange(instruments, rules)


class SimulatedVenue:
    """Fills orders against the bars, quotes and trades that a run delivers."""

    name = "simulated"

    def __init__(self, exchange: AnyExchange) -> None:
        self._exchange = exchange

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        """Take the order into the book; answered at once."""
        return self._exchange.submit(order, ts)

    def cancel(self, request: OrderCancelRequested, ts: int) -> list[Report]:
        """Take an order out of the book, after the latency that the rules say; refused if it is not there."""
        return self._exchange.cancel(request, ts)

    def replace(self, request: OrderReplaceRequested, ts: int) -> list[Report]:
        """Give an order other terms, after the latency that the rules say."""
        return self._exchange.replace(request, ts)

    def ask(self, ask: Ask, ts: int) -> list[Said]:
        """Its book, known at once: open orders and positions. It keeps no executions and no cash."""
        return [asked_of(self._exchange, ask, ts)]

    def market(self, fact: Fact, ts: int) -> list[Report]:
        """What a fact of the market, told at `ts` [UTC ns], does to the book."""
        return self._exchange.market(fact, ts)

    def liquidate(self, order: OrderSubmitted, price: Decimal, ts: int) -> list[Report]:
        """Trade an order of the clearing whole at `price`, before costs."""
        if not isinstance(self._exchange, Exchange):
            raise ConfigError(OWN_MARGIN)
        return self._exchange.liquidate(order, price, ts)

    def replay(self, event: Event) -> None:
        """Fold a journaled event into the book."""
        self._exchange.replay(event)

    def resume(self, ts: int) -> list[Report]:
        """Answer what a sudden end left unanswered, in the order in which it was sent."""
        return self._exchange.resume(ts)
