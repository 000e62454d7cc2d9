"""Matching: a bar, a quote or a trade against the resting orders of its instrument, in the documented order.

Knows how prices may have gone inside a bar; what a trade costs and what follows from it is `execution`'s.
"""

from decimal import Decimal

from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.model.money import exact
from tradekit.model.order import OrderType, Side, TimeInForce
from tradekit.sim.board import met
from tradekit.sim.book import Resting
from tradekit.sim.execution import Executions
from tradekit.sim.prices import STOPS, Found, at_price, level, waits_above, within

__all__ = ["match_at_hand", "match_bar", "match_close", "match_tick"]

_FIRST_CHANCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
_ENTRY_STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})


def match_bar(ex: Executions, bar: Bar) -> None:
    """A bar: at its open, then inside it along the path that the rules say. Executions have its open time."""
    _at_point(ex, bar.instrument, exact(bar.open), exact(bar.open), bar.ts, "open")
    if not ex.book.resting:
        return
    if ex.rules.path == "pessimistic":
        _pessimistic(ex, bar)
    else:
        _walk(ex, bar)


def match_tick(ex: Executions, tick: Quote | TradeTick, ts: int) -> None:
    """A quote or a trade at `ts` [UTC ns]: market orders first, then the others in the order of acceptance."""
    name = tick.instrument
    buys, sells = met(tick, Side.BUY), met(tick, Side.SELL)
    _at_point(ex, name, buys, sells, ts, "quote" if isinstance(tick, Quote) else "trade")
    for resting in ex.book.of(name):
        if resting.kind is OrderType.TRAILING_STOP and resting.since <= ts:
            ex.trail(resting, buys if resting.order.side is Side.BUY else sells, ts)


def match_at_hand(ex: Executions, resting: Resting, ts: int) -> None:
    """An order against the price at hand, where the rules let it trade at the moment it comes.

    Market orders, and those that must trade at their first chance; all of them where quotes are known.
    """
    order = resting.order
    board = ex.book.boards[order.instrument]
    price = board.price(order.side)
    first = order.tif in _FIRST_CHANCE
    quoted = isinstance(board.at_hand, Quote)
    if price is None or board.halted or not (first or quoted or resting.kind is OrderType.MARKET):
        return
    found = at_price(order, resting.kind, price, "close", ex.rules)
    if found is not None:
        ex.act(resting, found, ts)
    elif first:
        ex.drop(order.id, f"{order.tif}: it did not trade at once", ts)


def match_close(ex: Executions, resting: Resting, ts: int) -> None:
    """An at-close order against the session's last price; what does not trade there has expired."""
    order = resting.order
    board = ex.book.boards[order.instrument]
    price = board.price(order.side)
    if price is not None and not board.halted:
        found = at_price(order, resting.kind, price, "at_close", ex.rules)
        if found is not None:
            ex.act(resting, found, ts)
    if order.id in ex.book.resting:
        ex.expire(resting, "at_close: the session closed", ts)


# --- a point: an open, a quote, a trade ---------------------------------------------------------------------


def _at_point(ex: Executions, instrument: str, buys: Decimal, sells: Decimal, ts: int, how: str) -> None:
    """Orders against one price for each side: market orders come first, then in the order of acceptance.

    Children follow their parents there, so that one woken by a fill is tried at the same price.
    """
    opening = ex.book.boards[instrument].opening
    for resting in sorted(ex.book.of(instrument), key=_behind_markets):
        order = resting.order
        if order.id not in ex.book.resting or not _free(resting, ts):
            continue
        if order.tif is TimeInForce.AT_OPEN and not opening:
            continue
        price = buys if order.side is Side.BUY else sells
        rests = how != "open" and not resting.takes
        found = at_price(order, resting.kind, price, how, ex.rules, rests=rests)
        if found is not None:
            ex.act(resting, found, ts)
        if order.id not in ex.book.resting:
            continue
        if order.tif in _FIRST_CHANCE:
            ex.drop(order.id, f"{order.tif}: it did not trade at once", ts)
        elif order.tif is TimeInForce.AT_OPEN:
            ex.expire(resting, "at_open: the session has opened", ts)


def _behind_markets(resting: Resting) -> bool:
    return resting.kind is not OrderType.MARKET


def _free(resting: Resting, ts: int) -> bool:
    """Whether an order may trade at `ts` by its place and life: awake, arrived, and not for the close only."""
    return not resting.held and resting.since <= ts and resting.order.tif is not TimeInForce.AT_CLOSE


# --- inside a bar, the pessimistic way ----------------------------------------------------------------------


def _pessimistic(ex: Executions, bar: Bar) -> None:
    """Stops, then the stops of entries just made, then the others, then the stops of their entries; then trails."""
    entered: dict[str, Decimal] = {}  # orders that filled inside this bar, and at what price
    woken = {one.order.id for one in ex.book.of(bar.instrument) if one.held}
    for stops in (True, False):
        for resting in ex.book.of(bar.instrument):
            kind = resting.kind
            if (
                (kind in STOPS) is stops
                and _still(ex, resting, bar.ts)
                and resting.order.parent not in entered
            ):
                found = within(resting.order, kind, bar.high, bar.low, ex.rules)
                if found is not None:
                    fills = resting.fills
                    ex.act(resting, found, bar.ts)
                    if resting.fills > fills:
                        entered[resting.order.id] = found.price
        _stops_after_entry(ex, bar, entered)
    for resting in ex.book.of(bar.instrument):
        late = resting.order.id in woken and resting.order.parent in entered
        if resting.kind is OrderType.TRAILING_STOP and _still(ex, resting, bar.ts) and not late:
            _follow(ex, resting, bar)


def _follow(ex: Executions, resting: Resting, bar: Bar) -> None:
    """A trailing stop follows the bar's extreme. The close came later: where it lies beyond, the stop was passed."""
    order = resting.order
    ex.trail(resting, exact(bar.low if order.side is Side.BUY else bar.high), bar.ts)
    at, close = resting.order.stop, exact(bar.close)
    if at is not None and (close >= at if order.side is Side.BUY else close <= at):
        ex.act(resting, Found(at, f"{order.type}.touch"), bar.ts)


def _still(ex: Executions, resting: Resting, ts: int) -> bool:
    """Whether an order may trade inside the bar: it is in the book, and not one for an open or a close only."""
    tif = resting.order.tif
    return resting.order.id in ex.book.resting and _free(resting, ts) and tif is not TimeInForce.AT_OPEN


def _stops_after_entry(ex: Executions, bar: Bar, entered: dict[str, Decimal]) -> None:
    """An entry inside the bar may be stopped in that bar, if its stop lies in it; its target waits.

    A stop that the entry's own price has passed already fills there, as at a gap.
    """
    for resting in ex.book.of(bar.instrument):
        order = resting.order
        if resting.kind not in _ENTRY_STOPS or order.parent not in entered or not _still(ex, resting, bar.ts):
            continue
        found = within(order, resting.kind, bar.high, bar.low, ex.rules)
        if found is None:
            continue
        price = (max if order.side is Side.BUY else min)(found.price, entered[order.parent])
        met_there = at_price(order, resting.kind, price, "entry_bar", ex.rules)
        if met_there is not None:
            ex.act(resting, met_there, bar.ts)


# --- inside a bar, along a path -----------------------------------------------------------------------------


def _walk(ex: Executions, bar: Bar) -> None:
    """From the open to one extreme, the other, the close: orders trade as the price comes to them."""
    high, low = exact(bar.high), exact(bar.low)
    first, second = (high, low) if ex.rules.path == "open_high_low_close" else (low, high)
    here, tried = exact(bar.open), set[tuple[str, OrderType]]()
    for target in (first, second, exact(bar.close)):
        while (nearest := _next_on_the_way(ex, bar, here, target, tried)) is not None:
            resting, here = nearest
            tried.add((resting.order.id, resting.kind))
            found = _found_on_the_way(ex, resting, here)
            if found is not None:
                ex.act(resting, found, bar.ts)
        here = target
        for resting in ex.book.of(bar.instrument):
            if _still(ex, resting, bar.ts):
                ex.trail(resting, here, bar.ts)


def _next_on_the_way(
    ex: Executions, bar: Bar, here: Decimal, target: Decimal, tried: set[tuple[str, OrderType]]
) -> tuple[Resting, Decimal] | None:
    """The order that the price comes to first between here and there, and where; one that it has passed is at hand."""
    best: tuple[Decimal, Resting, Decimal] | None = None
    for resting in ex.book.of(bar.instrument):
        kind, order = resting.kind, resting.order
        if (order.id, kind) in tried or not _still(ex, resting, bar.ts):
            continue
        at = here if kind is OrderType.MARKET else level(order, kind)
        if at is not None and kind is not OrderType.MARKET:
            through = kind is OrderType.LIMIT and ex.rules.limits == "through"
            at = _meets(at, here, target, above=waits_above(order.side, kind), through=through)
        if at is None:
            continue
        away = abs(at - here)
        if best is None or away < best[0]:
            best = away, resting, at
    return None if best is None else (best[1], best[2])


def _meets(at: Decimal, here: Decimal, target: Decimal, *, above: bool, through: bool) -> Decimal | None:
    """Where a price that goes from `here` to `target` meets a level: here, where it has passed it already; or None."""
    sign = 1 if above else -1
    beyond, way = (here - at) * sign, (target - at) * sign
    if beyond > 0 or (beyond == 0 and not through):
        return here
    return at if way > 0 or (way == 0 and not through) else None


def _found_on_the_way(ex: Executions, resting: Resting, here: Decimal) -> Found | None:
    kind, order = resting.kind, resting.order
    at = level(order, kind)
    how = "path" if kind is OrderType.MARKET or at != here else "touch"
    if kind is OrderType.LIMIT and how == "touch":
        return Found(here, "limit.touch")  # where the rules want it passed, it is about to be
    return at_price(order, kind, here, how, ex.rules)
