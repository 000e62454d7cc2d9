"""Orders that wait here for their price, where their venue takes none of their type: stops, trailing stops, if-touched.

Pure: what a price makes of them, by the same rules as a venue. They live in the state, so a restart keeps them; while
nobody runs the session nobody watches their price. Knows no venue.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

from tradekit.core.event import Event, Fact
from tradekit.model.market import Bar, MarkUpdated, Quote, TradeTick
from tradekit.model.money import ZERO, exact, nearest
from tradekit.model.order import (
    OrderAccepted,
    OrderRejected,
    OrderSubmitted,
    OrderTrailed,
    OrderTriggered,
    OrderType,
    Side,
    TimeInForce,
)
from tradekit.state.monitors import is_kept
from tradekit.state.shape import Order, State
from tradekit.trading.reconcile.books import Kind

__all__ = ["KEPT", "TICKS", "Tick", "kept", "level_behind", "moved_by", "split_undecided"]

KEPT = frozenset(set(OrderType) - {OrderType.MARKET, OrderType.LIMIT})
Tick: TypeAlias = Bar | MarkUpdated | Quote | TradeTick
TICKS = (Bar, MarkUpdated, Quote, TradeTick)
_TOUCHED = frozenset({OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED})


def kept(order: OrderSubmitted) -> Fact:
    """An order is kept here from now on; one that has to end by itself is refused, for nobody would see to that."""
    if order.tif is not TimeInForce.GTC:
        reason = f"its venue takes no {order.type} orders, and one that is kept here lives until it is canceled: gtc"
        return OrderRejected(order.id, order.instrument, reason)
    return OrderAccepted(order.id, order.instrument, "", held=True)


def moved_by(state: State, tick: Tick, event: Event, orders: Iterable[Order]) -> list[Fact]:
    """What a fact of the market makes of the orders that are kept here: they trigger, or their level trails.

    A bar is met with its whole range by an order that was there when it opened, else with its close; the level that it
    meets is the one from before it.
    """
    facts: list[Fact] = []
    mark = state.marks.get(tick.instrument)
    if mark is None or mark.ts != event.ts or event.cause:
        return facts  # late, or made of finer bars: it changes nothing
    if split_undecided(state, tick.instrument):
        return facts
    for order in orders:
        if not is_kept(order):
            continue
        low, high = _range(tick, order)
        if _reached(order, low, high):
            facts.append(OrderTriggered(order.id, order.instrument, exact(low if _falls(order) else high)))
        elif order.type is OrderType.TRAILING_STOP:
            facts += _trailed(state, order, high if order.side is Side.SELL else low)
    return facts


def split_undecided(state: State, instrument: str) -> bool:
    """Whether an instrument looks split in its venue's books, and nobody has decided on that yet.

    Its prices and what is kept of it here are of different times until then.
    """
    found = state.health.reconciliation.open
    return any(one.kind == Kind.POSITION_RATIO and one.instrument == instrument for one in found)


def level_behind(state: State, order: Order) -> Decimal | None:
    """The level of a stop; of a trailing one that has none yet, the one behind the last price. None without that."""
    mark = state.marks.get(order.instrument)
    if order.stop is not None or mark is None or (order.trail is None and order.trail_pct is None):
        return order.stop
    return _behind(state, order, exact(mark.last))


# --- pieces -------------------------------------------------------------------------------------------------


def _range(tick: Tick, order: Order) -> tuple[float, float]:
    """The lowest and the highest price at which the order could have traded."""
    if isinstance(tick, Bar):
        return (tick.low, tick.high) if order.updated <= tick.ts else (tick.close, tick.close)
    if isinstance(tick, TradeTick):
        return tick.price, tick.price
    side = tick.bid if order.side is Side.SELL else tick.ask
    if side is None:
        side = tick.last if isinstance(tick, MarkUpdated) else 0.0
    return side, side


def _falls(order: Order) -> bool:
    """Whether the order waits for a fall."""
    return (order.side is Side.SELL) is not (order.type in _TOUCHED)


def _reached(order: Order, low: float, high: float) -> bool:
    if order.stop is None:
        return False
    return exact(low) <= order.stop if _falls(order) else exact(high) >= order.stop


def _trailed(state: State, order: Order, best: float) -> list[Fact]:
    """The level behind the best price; it never moves away from the market."""
    to = _behind(state, order, exact(best))
    if order.stop is None or (to < order.stop if order.side is Side.BUY else to > order.stop):
        return [OrderTrailed(order.id, order.instrument, to)]
    return []


def _behind(state: State, order: Order, at: Decimal) -> Decimal:
    distance = order.trail if order.trail is not None else at * (order.trail_pct or ZERO) / 100
    return nearest(at + distance * order.side.sign, state.instruments[order.instrument].tick)
