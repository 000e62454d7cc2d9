"""The orders that protect an entry: a stop, fixed or trailing, and targets; they wake with it and exclude each other.

Pure. Knows no state and no venue.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.money import ZERO, exact, floor_to
from tradekit.model.order import OrderType, Side
from tradekit.trading.terms import Terms, limit_price, trail_of, trigger_price

__all__ = ["Exits", "apportioned", "exits_of"]

_Target = tuple[object, Decimal]  # its price, and the fraction of the entry that is left there


class Exits(msgspec.Struct, frozen=True):
    """The exits of one part of an entry, each with the reason that it carries [base units]."""

    qty: Decimal
    orders: tuple[tuple[str, Terms], ...]


def exits_of(
    spec: Instrument,
    side: Side,
    entry: Terms,
    price: float | None,
    *,
    stop_loss: object = None,
    stop_loss_trail: object = None,
    stop_loss_trail_pct: object = None,
    take_profit: object = None,
) -> list[Exits]:
    """The exits of an entry on `side`, part by part, which are all of it; none where nothing was asked for.

    price        the last one known [quote currency], which an entry without a price of its own is measured against
    take_profit  one price, or pairs of a price and the fraction of the entry that is left there; each part has a stop
                 loss of its own if there is one, and what no target is for has that alone
    Raises OrderError for a level on the wrong side of the entry, and for fractions that do not come to a whole lot.
    """
    at = entry.limit or entry.stop or price
    targets = _targets(take_profit)
    if at is not None:
        _check_side(spec, side, exact(at), "stop_loss", stop_loss, -side.sign)
        for level, _ in targets:
            _check_side(spec, side, exact(at), "take_profit", level, side.sign)
    losses = _stop_loss(spec, entry, stop_loss, stop_loss_trail, stop_loss_trail_pct)
    parts: list[Exits] = []
    for qty, level in _parts(spec, entry, targets):
        exits = [("stop loss", msgspec.structs.replace(loss, qty=qty)) for loss in losses]
        if level is not None:
            target = limit_price(spec, side.opposite, level, name="take_profit")
            profit = Terms(type=OrderType.LIMIT, qty=qty, limit=target, share=entry.share, reduce_only=True)
            exits.append(("take profit", profit))
        if exits or parts:
            parts.append(Exits(qty, tuple(exits)))
    return parts


def apportioned(
    sizes: Sequence[Decimal], total: Decimal, entered: Decimal, lot: Decimal | None
) -> list[Decimal]:
    """The sizes of an entry's parts once it is `total`, of which `entered` has filled; see docs/orders.md.

    Those that have begun to fill stay as they are, the others share what is left in their proportions, in whole lots;
    the last takes what rounding leaves, and the last one begun what nobody else is there for, or what is missing.
    """
    begun, start = 0, ZERO
    while begun < len(sizes) and start < entered:
        start += sizes[begun]
        begun += 1
    rest, shared = total - start, sum(sizes[begun:], ZERO)
    if begun and (rest <= 0 or not shared):
        return [*sizes[: begun - 1], sizes[begun - 1] + rest, *(ZERO for _ in sizes[begun:])]
    made = [*sizes[:begun], *(floor_to(rest * size / shared, lot) for size in sizes[begun:-1])]
    return [*made, total - sum(made, ZERO)]


def _stop_loss(
    spec: Instrument, entry: Terms, stop_loss: object, stop_loss_trail: object, stop_loss_trail_pct: object
) -> list[Terms]:
    """The stop of the whole entry, or none."""
    trail, trail_pct = trail_of(spec, stop_loss_trail, stop_loss_trail_pct)
    trails = trail is not None or trail_pct is not None
    if stop_loss is not None or trails:
        loss = Terms(
            type=OrderType.TRAILING_STOP if trails else OrderType.STOP,
            qty=entry.qty,
            stop=trigger_price(spec, "stop_loss", stop_loss),
            trail=trail,
            trail_pct=trail_pct,
            share=entry.share,
            reduce_only=True,
        )
        return [loss]
    return []


def _targets(take_profit: object) -> list[_Target]:
    """Targets with their fractions; one price is all of it."""
    if take_profit is None:
        return []
    if not isinstance(take_profit, list | tuple):
        return [(take_profit, Decimal(1))]
    targets: list[_Target] = []
    for pair in take_profit:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise OrderError(
                f"take_profit has {pair!r}: give pairs of a price and a fraction, such as (110, 0.5)"
            )
        targets.append((pair[0], exact(pair[1], name="the fraction of take_profit")))
    total = sum((portion for _, portion in targets), start=ZERO)
    if not targets or any(portion <= 0 for _, portion in targets) or total > 1:
        raise OrderError(
            f"take_profit's fractions come to {total:f}: give fractions above 0 that add up to 1 at most"
        )
    return targets


def _parts(spec: Instrument, entry: Terms, targets: list[_Target]) -> Iterator[tuple[Decimal, object]]:
    """Quantities with their targets, in whole lots; the last one takes what rounding leaves of all of it."""
    if len(targets) < 2 and (not targets or targets[0][1] == 1):
        yield entry.qty, targets[0][0] if targets else None
        return
    if entry.share is not None:
        raise OrderError(
            "an order that the venue sizes has one target: its parts are not known before it fills"
        )
    left, whole = entry.qty, sum(portion for _, portion in targets) == 1
    for n, (level, portion) in enumerate(targets):
        last = whole and n == len(targets) - 1
        qty = left if last else floor_to(entry.qty * portion, spec.lot)
        if qty <= 0:
            raise OrderError(f"{portion:f} of {entry.qty:f} {spec.id} is less than its smallest step")
        left -= qty
        yield qty, level
    if left:
        yield left, None


def _check_side(spec: Instrument, side: Side, entry: Decimal, name: str, level: object, way: int) -> None:
    if level is not None and (exact(level, name=name) - entry) * way <= 0:
        where = "above" if way > 0 else "below"
        raise OrderError(
            f"{name} {level} of a {side} {spec.id} must lie {where} the entry price {entry.normalize():f}"
        )
