"""At what price, if at all, a pending order of a trade book trades in a bar, as backtesting.py has it.

Touching is enough. Knows no queue, no spread and no commission.
"""

from decimal import Decimal

import msgspec

from tradekit.model.market import Bar
from tradekit.model.money import exact
from tradekit.model.order import Side
from tradekit.sim.trade_book import Kind, Pending

__all__ = ["Chance", "chance"]


class Chance(msgspec.Struct, frozen=True):
    """An order's chance in a bar.

    price      the plain price [quote currency], None when it does not trade
    rule       the name of the rule
    ts         which bar it is booked on [UTC ns]
    market     whether it traded as a market order, without any condition
    triggered  the stop that this bar reached, or None
    """

    price: Decimal | None
    rule: str
    ts: int
    market: bool = False
    triggered: Decimal | None = None


def chance(pending: Pending, bar: Bar, before: Bar | None, *, on_close: bool) -> Chance:
    """Try one order against a bar; with `on_close` market orders trade at the close of the bar `before` it."""
    buys = pending.side is Side.BUY
    stop, limit = pending.stop, pending.limit
    if stop is not None and not (bar.high >= float(stop) if buys else bar.low <= float(stop)):
        return Chance(None, "", bar.ts)
    worse, better = (max, min) if buys else (min, max)
    start = exact(bar.open)
    if limit is None:
        last = before if on_close and pending.kind is not Kind.LOSS else None
        if last is not None:  # stops that open a trade start from there too
            start = exact(last.close)
        if stop is not None:
            price = worse(start, stop)
            return Chance(price, _rule(pending, "gap" if price != stop else "touch"), bar.ts, False, stop)
        if last is not None:
            return Chance(start, _rule(pending, "close"), last.ts, True)
        return Chance(start, _rule(pending, "open"), bar.ts, True)
    reached = bar.low <= float(limit) if buys else bar.high >= float(limit)
    # Where stop and limit both lie in this bar and the limit comes first on the way, it does not count yet.
    too_early = stop is not None and (limit <= stop if buys else limit >= stop)
    if not reached or too_early:
        return Chance(None, "", bar.ts, False, stop)
    price = better(start if stop is None else stop, limit)
    return Chance(price, _rule(pending, "touch" if price == limit else "gap"), bar.ts, False, stop)


def _rule(pending: Pending, how: str) -> str:
    """The name of the rule that a fill carries: "market.open", "stop.gap", "loss.touch"."""
    if pending.kind in (Kind.LOSS, Kind.PROFIT):
        return f"{pending.kind}.{how}"
    if pending.limit is not None:
        return f"limit.{how}"
    return f"stop.{how}" if pending.stop is not None else f"market.{how}"
