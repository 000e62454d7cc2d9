"""Position monitors at work: stops go to break-even, parts follow their entry, an early end of a stop is made good.

Each function takes the engine; what it decides follows from facts alone, so backtest, paper and live decide alike. A
price is looked at once it is told, and what follows is at work from the next one on. Knows no venue; how a position is
left is `trading.leaving`'s.
"""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradekit.core.event import Event
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.model.money import ZERO, exact, nearest
from tradekit.model.monitor import MonitorEnded, MonitorMoved, MonitorSet, Part
from tradekit.model.order import OrderType, Status
from tradekit.model.reconciliation import AlertRaised
from tradekit.state.monitors import STOPS
from tradekit.state.orders import change_refused
from tradekit.state.seen import Monitor
from tradekit.state.shape import Order, State
from tradekit.trading import leaving
from tradekit.trading.bracket import apportioned
from tradekit.trading.kept import TICKS, Tick, level_behind, split_undecided
from tradekit.trading.waiting import room_for

if TYPE_CHECKING:
    from tradekit.trading.engine import Engine

__all__ = ["distance_of", "followed", "look", "span_of"]

_SECOND = 1_000_000_000


def look(engine: "Engine", event: Event) -> None:
    """See what a price makes of the monitors of its instrument."""
    tick = event.data
    if not isinstance(tick, TICKS) or split_undecided(engine.state, tick.instrument):
        return
    for name, known in list(engine.state.monitors.items()):
        if known.instrument != tick.instrument or not known.entered:
            continue
        if known.leaving:
            leaving.go_on(engine, name, known)
            continue
        worst, best, last = _seen(tick, known.side.sign, known.updated)
        if known.exit_after and event.ts >= known.opened + known.exit_after:
            leaving.begin(engine, name, known, "time")
        elif known.watched is not None and (worst - known.watched) * known.side.sign <= 0:
            leaving.begin(engine, name, known, "stop")
        else:
            _cover(engine, known, last)
            if known.break_even is not None:
                _even(engine, name, known, best, last)


def followed(engine: "Engine", order: Order) -> None:
    """See what has become of a position whose entry or exit a fact has just changed."""
    if order.parent and not order.working:
        _ended_early(engine, order)
    for name, known in list(engine.state.monitors.items()):
        if known.instrument != order.instrument or known.strategy != order.strategy:
            continue
        entry = engine.state.orders.get(name)
        if entry is order:
            _resize(engine, name, known, order)
            _watch(engine, name, known)
        entering = entry is not None and entry.working
        if not known.entered:
            if not entering:
                engine.tell(MonitorEnded(name, known.instrument, "its entry did not fill"))
        elif known.leaving:
            leaving.followed(engine, name, known, order)
        elif not entering and not leaving.held(engine.state, known):
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


def _even(engine: "Engine", name: str, known: Monitor, best: Decimal, last: Decimal) -> None:
    """Once the price has come so far, ask for stops at the entry's price; again while they are not there.

    A bar counts with its range if it opened after the entry's last fill, else with its close. A stop is not asked for
    beyond the market: it waits until the price is on its right side.
    """
    stops = [engine.dealing.working.get(part.stop) for part in known.parts if part.stop]
    working = [one for one in stops if one is not None]
    if not working and known.watched is None:
        return
    sign, level = known.side.sign, known.moved_to
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
    if known.watched is not None and (level - known.watched) * sign > 0:
        engine.tell(MonitorMoved(name, known.instrument, "watch", level))


def _seen(tick: Tick, sign: int, since: int) -> tuple[Decimal, Decimal, Decimal]:
    """The worst and the best price for the position, and the last one."""
    if isinstance(tick, Bar):
        last = exact(tick.close)
        if tick.ts <= since:
            return last, last, last
        low, high = exact(tick.low), exact(tick.high)
        return (low, high, last) if sign > 0 else (high, low, last)
    if isinstance(tick, Quote):
        last = exact(tick.bid if sign > 0 else tick.ask)
    else:
        last = exact(tick.price if isinstance(tick, TradeTick) else tick.last)
    return last, last, last


# --- parts --------------------------------------------------------------------------------------------------


def _resize(engine: "Engine", name: str, known: Monitor, entry: Order) -> None:
    """Give the parts of an entry that has another quantity their new sizes, and their exits with them."""
    total, sizes = known.entered + entry.leaves, [part.qty for part in known.parts]
    if not sizes or sum(sizes, ZERO) == total:
        return
    lot = engine.state.instruments[known.instrument].lot
    parts = known.parts
    engine.tell(
        MonitorMoved(
            name, known.instrument, "parts", sizes=tuple(apportioned(sizes, total, known.entered, lot))
        )
    )
    for before, part in zip(parts, known.parts, strict=True):
        exits = [engine.dealing.working.get(one) for one in (part.stop, part.target) if one]
        for one in exits:
            if one is None or one.share is not None or part.qty == before.qty:
                continue
            size = part.qty - part.left + one.filled
            if size > one.filled:
                engine.dealing.replace(one.id, price=engine.price(known.instrument), qty=size)
            else:
                engine.dealing.cancel(one.id, "its part of the entry is no more")


def _cover(engine: "Engine", known: Monitor, last: Decimal) -> None:
    """Ask again for a stop that does not cover its part, where a change was refused; at most once a second."""
    for part in known.parts:
        stop = engine.dealing.working.get(part.stop) if part.stop else None
        if stop is None or not change_refused(stop) or engine.state.time - stop.asked < _SECOND:
            continue
        room = room_for(engine.state, stop)
        if stop.leaves < room:
            engine.dealing.replace(stop.id, price=float(last), qty=stop.filled + room, reason="cover")


# --- stops that end early -----------------------------------------------------------------------------------


def _ended_early(engine: "Engine", order: Order) -> None:
    """See to an exit that has ended while what it is for is held, or may still be: nobody here has wished for that."""
    state, name = engine.state, order.parent
    entry = state.orders.get(name)  # None: it has ended so long ago that it is forgotten
    if not order.reduce_only or (entry is not None and entry.reduce_only) or _wished(state, order):
        return
    left = room_for(state, order)
    if not left and (entry is None or not entry.working):
        return
    if order.type not in STOPS:
        text = f"{_words(left)} {order.instrument} stand without take profit: {_end(order)}"
        if left:
            engine.tell(AlertRaised("unprotected", text, order.instrument, order.id))
        return
    if name not in state.monitors:
        mates = (one.id for one in state.orders.values() if order.group and one.group == order.group)
        qty = order.qty if entry is None else entry.qty
        part = Part(qty, order.id, next((one for one in mates if one != order.id), ""))
        engine.tell(MonitorSet(name, order.instrument, order.strategy, (part,)))
    _watch(engine, name, state.monitors[name])


def _watch(engine: "Engine", name: str, known: Monitor) -> None:
    """Watch the level of a stop that has ended early as soon as something is held that it was for."""
    if known.watched is not None or known.leaving:
        return
    for part in known.parts:
        stop = engine.state.orders.get(part.stop)
        if stop is None or stop.working or _wished(engine.state, stop):
            continue
        left = room_for(engine.state, stop)
        level = level_behind(engine.state, stop)
        if left and level is not None:
            engine.tell(MonitorMoved(name, known.instrument, "watch", level))
            text = f"{_words(left)} {known.instrument} stand without a stop at the venue: {_end(stop)}"
            text += f"; {_words(level)} is watched here"
            engine.tell(AlertRaised("unprotected", text, known.instrument, stop.id))
            return


def _wished(state: State, order: Order) -> bool:
    """Whether an exit's end was asked for here, and not because another one has traded in its place."""
    mates = (one for one in state.orders.values() if order.group and one.group == order.group)
    return order.cancel_requested and not any(
        one.status is Status.FILLED for one in mates if one is not order
    )


def _end(order: Order) -> str:
    return f"{order.id} was {order.status}" + (f" ({order.note})" if order.note else "")


def _words(number: Decimal) -> str:
    return f"{round(number, 8).normalize():f}"
