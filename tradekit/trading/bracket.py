"""The orders that protect an entry: a stop, fixed or trailing, and a target; they wake with it and exclude each other.

Pure. Knows no state and no venue.
"""

from decimal import Decimal

from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.money import exact
from tradekit.model.order import OrderType, Side
from tradekit.trading.terms import Terms, limit_price, trail_of, trigger_price

__all__ = ["exits_of"]


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
) -> list[tuple[str, Terms]]:
    """The exits of an entry on `side`, each with the reason that it carries; none where nothing was asked for.

    price  the last one known [quote currency], which an entry without a price of its own is measured against
    Raises OrderError for a level on the wrong side of the entry.
    """
    at = entry.limit or entry.stop or price
    if at is not None:
        _check_side(spec, side, exact(at), "stop_loss", stop_loss, -side.sign)
        _check_side(spec, side, exact(at), "take_profit", take_profit, side.sign)
    exits: list[tuple[str, Terms]] = []
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
        exits.append(("stop loss", loss))
    if take_profit is not None:
        target = limit_price(spec, side.opposite, take_profit, name="take_profit")
        profit = Terms(type=OrderType.LIMIT, qty=entry.qty, limit=target, share=entry.share, reduce_only=True)
        exits.append(("take profit", profit))
    return exits


def _check_side(spec: Instrument, side: Side, entry: Decimal, name: str, level: object, way: int) -> None:
    if level is not None and (exact(level, name=name) - entry) * way <= 0:
        where = "above" if way > 0 else "below"
        raise OrderError(
            f"{name} {level} of a {side} {spec.id} must lie {where} the entry price {entry.normalize():f}"
        )
