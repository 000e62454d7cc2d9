"""Position monitors at work: stops go to break-even, and what has been held for long enough is left.

Each function takes the engine; what it decides follows from facts alone, so backtest, paper and live decide alike. A
price is looked at once it is told, and what follows is at work from the next one on. Knows no venue.
"""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradekit.core.event import Event
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.model.money import ZERO, exact, nearest
from tradekit.model.monitor import MonitorEnded, MonitorMoved
from tradekit.model.order import OrderType, Side
from tradekit.state.seen import Monitor
from tradekit.state.shape import Order
from tradekit.trading.kept import TICKS, Tick

if TYPE_CHECKING:
    from tradekit.trading.engine import Engine

__all__ = ["distance_of", "followed", "look", "span_of"]


def look(engine: "Engine", event: Event) -> None:
    """See what a price makes of the monitors of its instrument."""
    state, tick = engine.state, event.data
    if not isinstance(tick, TICKS):
        return
    for name, known in list(state.monitors.items()):
        if known.instrument != tick.instrument or not known.entered:
            continue
        if known.exit_after and not known.leaving and event.ts >= known.opened + known.exit_after:
            engine.tell(MonitorMoved(name, known.instrument, "time"))
            _leave(engine, name, known)
        elif known.break_even is not None and not known.leaving:
            _even(engine, name, known, tick)


def followed(engine: "Engine", order: Order) -> None:
    """See what has become of a position whose entry or exit a fact has just changed."""
    for name, known in list(engine.state.monitors.items()):
        if known.instrument != order.instrument or known.strategy != order.strategy:
            continue
        entry = engine.state.orders.get(name)
        if entry is not None and entry.working and not known.entered:
            continue
        if not known.entered:
            engine.tell(MonitorEnded(name, known.instrument, "its entry did not fill"))
        elif known.leaving and name in (order.id, order.parent):
            _leave(engine, name, known)
        elif not _held(engine, name, known) and (entry is None or not entry.working):
            engine.tell(MonitorEnded(name, known.instrument, "the position is closed"))


def span_of(exit_after: object) -> int:
    """How long a position is held [ns], from "4h", a timedelta or nanoseconds; 0 for None."""
    if exit_after is None:
        return 0
    if isinstance(exit_after, timedelta):
        span = exit_after // timedelta(microseconds=1) * 1000
    elif isinstance(exit_after, str):
        span = duration(exit_after)
    elif isinstance(exit_after, int) and not isinstance(exit_after, bool):
        span = exit_after
    else:
        raise OrderError(f"exit_after is {exit_after!r}: give a span such as 4h, a timedelta, or nanoseconds")
    if span <= 0:
        raise OrderError(f"exit_after is {exit_after}: give a span above zero")
    return span


def distance_of(spec: Instrument, break_even: object, *, stop_loss: object) -> Decimal | None:
    """How far the price has to move before stops go to the entry's price, on the nearest tick."""
    if break_even is None:
        return None
    if stop_loss is None:
        raise OrderError(
            "break_even moves a stop loss to the entry's price: give stop_loss, one that does not trail"
        )
    distance = nearest(exact(break_even, name="break_even"), spec.tick)
    if distance <= 0:
        raise OrderError(f"break_even is {break_even}: give a distance above zero")
    return distance


# --- break-even ---------------------------------------------------------------------------------------------


def _even(engine: "Engine", name: str, known: Monitor, tick: Tick) -> None:
    """Once the price has come so far, ask for stops at the entry's price; again while they are not there.

    A bar counts with its range if it opened after the entry's last fill, else with its close. A stop is not asked for
    beyond the market: it waits until the price is on its right side.
    """
    stops = [engine.dealing.working.get(part.stop) for part in known.parts if part.stop]
    working = [one for one in stops if one is not None]
    if not working:
        return
    sign = -working[0].side.sign  # of the position
    best, last = _seen(tick, sign, known.updated)
    level = known.moved_to
    if level is None:
        entry = known.value / known.entered
        if (best - entry) * sign < (known.break_even or ZERO):
            return
        level = nearest(entry, engine.state.instruments[known.instrument].tick)
        engine.tell(MonitorMoved(name, known.instrument, "break_even", level))
    if (last - level) * sign <= 0:
        return
    for stop in working:
        if stop.type is OrderType.STOP and stop.stop is not None and (level - stop.stop) * sign > 0:
            engine.dealing.replace(stop.id, price=float(last), stop=level, reason="break-even")


def _seen(tick: Tick, sign: int, since: int) -> tuple[Decimal, Decimal]:
    """The best price for the position, and the last one."""
    if isinstance(tick, Bar):
        last = tick.close
        best = (tick.high if sign > 0 else tick.low) if tick.ts > since else last
    elif isinstance(tick, Quote):
        best = last = tick.bid if sign > 0 else tick.ask
    else:
        best = last = tick.price if isinstance(tick, TradeTick) else tick.last
    return exact(best), exact(last)


# --- leaving ------------------------------------------------------------------------------------------------


def _leave(engine: "Engine", name: str, known: Monitor) -> None:
    """Cancel what works for the position; once nothing does, leave what is left of it at the market.

    In this order, so that no exit trades beside it.
    """
    dealing = engine.dealing
    exits = [one for part in known.parts for one in (part.stop, part.target) if one]
    working = [one for one in (name, *exits) if one in dealing.working]
    if working:
        for one in working:
            dealing.cancel(one, "time exit")
        return
    held = _held(engine, name, known)
    if held:
        entry = engine.state.orders.get(name)
        words: dict[str, Any] = {} if entry is None else {"position": entry.position, "tag": entry.tag}
        dealing.close(known.instrument, held, urgent=True, reason="time exit", **words)
    engine.tell(MonitorEnded(name, known.instrument, "time exit"))


def _held(engine: "Engine", name: str, known: Monitor) -> Decimal:
    """What is left of the position, signed: never more than is held [base units]."""
    state = engine.state
    entry = state.orders.get(name)
    held = state.position(known.strategy, known.instrument)
    if entry is not None and entry.position:
        leg = state.positions.get(f"{known.strategy}/{known.instrument}/{entry.position}")
        held = ZERO if leg is None else leg.qty
    left = max(ZERO, known.entered - known.left)
    side = entry.side if entry is not None else Side.BUY if held > 0 else Side.SELL
    return min(left, max(ZERO, held * side.sign)) * side.sign
