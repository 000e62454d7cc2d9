"""Liquidation: what a simulated venue does when equity falls below the maintenance margin, as ordinary order facts.

All orders are canceled; then the position with the largest loss is closed at its last price, and the next one, until
equity is enough or nothing is held. State, trades and journal so explain it by themselves. Knows no loop.
"""

from tradekit.core.event import Event, Fact
from tradekit.model.money import exact
from tradekit.model.order import OrderCanceled, OrderSubmitted, OrderType, Side
from tradekit.state.shape import Position
from tradekit.trading.engine import Engine
from tradekit.trading.margin import is_called, margin_call, next_to_close
from tradekit.trading.venue import Venue

__all__ = ["liquidate"]

_WORD = "margin call"


def liquidate(engine: Engine, venue: Venue, ts: int) -> list[Event]:
    """What follows at `ts` [UTC ns] if the account is called; nothing if it is not.

    Orders that were wished for and not sent yet are canceled with the others: what the strategy wanted before the call
    does not turn round what the call has closed.
    """
    if not is_called(engine.state):
        return []
    events = engine.step(margin_call(engine.state), ts)
    while True:
        for order in list(engine.dealing.working.values()):
            events += _show(engine, venue, OrderCanceled(order.id, order.instrument, _WORD), ts)
        worst = next_to_close(engine.state)
        if worst is None or not is_called(engine.state):
            return events
        closing = _closing(engine, worst)
        events += engine.step(closing, ts)
        for at, report in venue.liquidate(closing, exact(worst.mark), ts):
            events += engine.step(report, at)


def _closing(engine: Engine, position: Position) -> OrderSubmitted:
    """The order that closes a position whole."""
    account = engine.state.account
    return OrderSubmitted(
        f"{position.strategy}-call-{engine.state.seq + 1}",
        position.instrument,
        position.strategy,
        position.account,
        Side.SELL if position.qty > 0 else Side.BUY,
        OrderType.MARKET,
        abs(position.qty),
        reduce_only=True,
        reason=f"{_WORD}: equity {account.equity:.2f}, maintenance margin {account.maintenance:.2f}",
        position=position.position,
    )


def _show(engine: Engine, venue: Venue, fact: Fact, ts: int) -> list[Event]:
    """Tell a fact of the clearing, to the venue's book too."""
    events = engine.step(fact, ts)
    venue.replay(events[0])
    return events
