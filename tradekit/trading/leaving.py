"""Leaving a position: its orders are canceled, and once none works any more what is left goes at the market.

Each function takes the engine; all that is remembered is the monitor, in the state. An order to leave that comes to
nothing is followed by another, at the pace of exits that a venue keeps refusing. Knows no venue, and no price.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradekit.model.money import ZERO, floor_to
from tradekit.model.monitor import MonitorEnded, MonitorMoved
from tradekit.model.order import OrderType, Status
from tradekit.model.reconciliation import AlertRaised
from tradekit.state.seen import Monitor
from tradekit.state.shape import Order, State
from tradekit.trading.risk import pause_after

if TYPE_CHECKING:
    from tradekit.trading.engine import Engine

__all__ = ["begin", "followed", "go_on", "held"]

_SECOND = 1_000_000_000


def begin(engine: "Engine", name: str, known: Monitor, what: str) -> None:
    """Leave a position from now on, because its time is over ("time") or its stop's price has come ("stop")."""
    engine.tell(MonitorMoved(name, known.instrument, what))
    for one in _orders(engine.state, name, known):
        engine.dealing.cancel(one.id, known.leaving)
    _close(engine, name, known)


def go_on(engine: "Engine", name: str, known: Monitor) -> None:
    """With a price: ask again for what was refused. A cancel at most once a second, an order after its pause."""
    state = engine.state
    for one in _orders(state, name, known):
        if one.id not in known.closing and state.time - one.asked >= _SECOND:
            engine.dealing.cancel(one.id, known.leaving)
    if state.time - known.tried >= pause_after(len(known.closing)):
        _close(engine, name, known)


def followed(engine: "Engine", name: str, known: Monitor, order: Order) -> None:
    """An order has changed: with the last of its own gone a position is left; a second try waits for a price."""
    if not known.closing or not held(engine.state, known):
        _close(engine, name, known)
    elif known.closing == (order.id,) and not order.working and order.status is not Status.FILLED:
        left = abs(held(engine.state, known)).normalize()
        text = (
            f"{left:f} {known.instrument} stand unprotected: {order.id}, their {known.leaving}, was {order.status}"
            f"{f' ({order.note})' if order.note else ''}; it is tried again"
        )
        engine.tell(AlertRaised("unprotected", text, known.instrument, order.id))


def held(state: State, known: Monitor) -> Decimal:
    """What is left of a position, signed: never more than is held, and nothing where that is less than a lot."""
    leg = f"/{known.position}" if known.position and state.account.hedging else ""
    position = state.positions.get(f"{known.strategy}/{known.instrument}{leg}")
    sign, spec = known.side.sign, state.instruments.get(known.instrument)
    there = ZERO if position is None else max(ZERO, position.qty * sign)
    left = min(max(ZERO, known.entered - known.left), there)
    return floor_to(left, None if spec is None else spec.lot) * sign


def _left_already(engine: "Engine", known: Monitor) -> bool:
    """Whether another order at the market is about to leave it: a human has flattened, a strategy has closed."""
    return any(
        one.type is OrderType.MARKET
        and one.strategy == known.strategy
        and one.position == known.position
        and one.side is known.side.opposite
        for one in engine.dealing.working.of(known.instrument)
    )


def _orders(state: State, name: str, known: Monitor) -> list[Order]:
    """What works for a position, or has traded more than was told of it."""
    exits = (one for part in known.parts for one in (part.stop, part.target) if one)
    named = (state.orders.get(one) for one in (name, *exits, *known.closing))
    return [one for one in named if one is not None and (one.working or one.told is not None)]


def _close(engine: "Engine", name: str, known: Monitor) -> None:
    """Leave what is left, unless something still works for it, or nothing may be sent."""
    if _orders(engine.state, name, known):
        return
    left = held(engine.state, known)
    if not left:
        engine.tell(MonitorEnded(name, known.instrument, known.leaving))
    elif not engine.state.risk.killed and not _left_already(engine, known):
        words: dict[str, Any] = {"position": known.position, "tag": known.tag, "reason": known.leaving}
        order = engine.dealing.close(known.instrument, left, urgent=True, **words)
        engine.tell(MonitorMoved(name, known.instrument, "closing", order=order or ""))
