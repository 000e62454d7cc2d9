"""An order's terms from what a strategy asked for: made exact, rounded to the instrument's steps, checked for sense.

Pure: the same wish gives the same terms. Knows no state, no risk and no venue.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.money import ZERO, exact, floor_to, nearest
from tradekit.model.order import OrderType, Side, TimeInForce

__all__ = [
    "Terms",
    "check_prices",
    "check_size",
    "limit_price",
    "part_of",
    "terms_of",
    "too_small",
    "trail_of",
    "trigger_price",
]

_TRIGGERED = frozenset(set(OrderType) - {OrderType.MARKET, OrderType.LIMIT})
_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
_AUCTIONS = frozenset({TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOISE = Decimal("1e-6")  # of a tick: a price so close to one means it (floats give 0.30000000000000004)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What makes an order, as in `OrderSubmitted`; its `qty` is 0 where `share` sizes it."""

    type: OrderType
    qty: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_pct: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    expires: int | None = None
    post_only: bool = False
    share: Decimal | None = None
    reduce_only: bool = False

    def fields(self) -> dict[str, Any]:
        """By name, for the fact."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


def terms_of(
    spec: Instrument,
    side: Side,
    qty: object,
    *,
    now: int,
    price: float | None,
    limit: object = None,
    stop: object = None,
    if_touched: object = None,
    trail: object = None,
    trail_pct: object = None,
    tif: object = None,
    expires: object = None,
    post_only: bool = False,
    share: object = None,
    reduce_only: bool = False,
) -> Terms:
    """The terms of an order; see `Strategy.buy` for what each word means.

    now    session time [UTC ns]; price  the last one known [quote currency]
    Raises OrderError for what makes no sense.
    """
    kind = _kind(limit, stop, if_touched, trail, trail_pct)
    distance, distance_pct = trail_of(spec, trail, trail_pct)
    lives, until = _life(kind, tif, expires, now)
    if post_only and (kind is not OrderType.LIMIT or lives in _AT_ONCE or lives in _AUCTIONS):
        raise OrderError(
            "post_only is for limit orders that rest in the book: give a limit, no trigger, and no tif that trades "
            "at once or in an auction"
        )
    name, level = ("stop", stop) if if_touched is None else ("if_touched", if_touched)
    at, trigger = limit_price(spec, side, limit), trigger_price(spec, name, level)
    check_prices((at, limit), (trigger, level))
    size = ZERO if share is not None else _units(spec, qty)
    if share is None:
        check_size(spec, size, at or trigger or price, reduce_only=reduce_only)
    return Terms(
        type=kind,
        qty=size,
        limit=at,
        stop=trigger,
        trail=distance,
        trail_pct=distance_pct,
        tif=lives,
        expires=until,
        post_only=post_only,
        share=_share(qty, share),
        reduce_only=reduce_only,
    )


# --- sizes --------------------------------------------------------------------------------------------------


def _units(spec: Instrument, qty: object) -> Decimal:
    """A quantity floored to the lot; raises OrderError unless something above zero is left."""
    if qty is None:
        raise OrderError("an order needs a quantity, or a share of the buying power")
    size = floor_to(exact(qty, name="quantity"), spec.lot)
    if size <= 0:
        lot = f" (smallest step {spec.lot})" if spec.lot else ""
        raise OrderError(f"quantity is {qty}: give a number above zero{lot}; the side says which way")
    return size


def part_of(held: Decimal, portion: Decimal, lot: Decimal | None) -> Decimal:
    """A portion of what is held: to the nearest lot, half to even, and one lot at least; signed like `held`.

    What is held beyond whole lots stays: no venue takes an order of it. The product is taken in double precision, as by
    the engines that are compared with: 0.35 of 90 is 31, not 32.
    """
    if portion == 1:
        return floor_to(held, lot)
    if lot is None:
        return held * portion
    lots = max(1, round(abs(float(held / lot)) * float(portion)))
    return min(lots * lot, floor_to(abs(held), lot)).copy_sign(held)


def check_size(spec: Instrument, qty: Decimal, price: object, *, reduce_only: bool = False) -> None:
    """Raise OrderError for a quantity that the instrument's venue takes no order of.

    What only reduces a position may be worth less than `min_notional`: a position must always be possible to leave.
    """
    if spec.max_qty is not None and qty > spec.max_qty:
        raise OrderError(f"quantity {qty:f} of {spec.id} is above the largest order of {spec.max_qty:f}")
    if not reduce_only and too_small(spec, qty, price):
        raise OrderError(
            f"{qty:f} {spec.id} at {exact(price):f} are worth {_worth(spec, qty, price):f} {spec.quote}; "
            f"the smallest order is {spec.min_notional:f}"
        )


def too_small(spec: Instrument, qty: Decimal, price: object) -> bool:
    """Whether an order is worth less than the smallest that the venue takes; where no price is known it is not."""
    least = spec.min_notional
    return least is not None and price is not None and _worth(spec, qty, price) < least


def _worth(spec: Instrument, qty: Decimal, price: object) -> Decimal:
    """The value of an order [quote currency]."""
    return qty * spec.multiplier * (1 if spec.inverse else exact(price))


def _share(qty: object, share: object) -> Decimal | None:
    if share is None:
        return None
    if qty is not None:
        raise OrderError("an order has a quantity or a share, not both")
    part = exact(share, name="share")
    if not 0 < part <= 1:
        raise OrderError(f"share is {share}: give a fraction of the buying power above 0, at most 1")
    return part


# --- prices -------------------------------------------------------------------------------------------------


def limit_price(spec: Instrument, side: Side, limit: object, *, name: str = "limit") -> Decimal | None:
    """A limit on the tick that is no worse than asked: a buy's is rounded down, a sell's up."""
    if limit is None:
        return None
    asked = exact(limit, name=name)
    price = nearest(asked, spec.tick)
    if spec.tick is not None and abs(price - asked) > spec.tick * _NOISE:
        price = floor_to(asked, spec.tick)
        if side is Side.SELL and price < asked:
            price += spec.tick
    return price


def trigger_price(spec: Instrument, name: str, level: object) -> Decimal | None:
    """A trigger on the nearest tick; `name` is the word it was given with."""
    return None if level is None else nearest(exact(level, name=name), spec.tick)


def check_prices(*prices: tuple[Decimal | None, object]) -> None:
    """Raise OrderError for a price of an order, given with what was asked for, that is not above zero."""
    for price, asked in prices:
        if price is not None and price <= 0:
            raise OrderError(f"the order's price is {asked}: give a price above zero")


def trail_of(spec: Instrument, trail: object, trail_pct: object) -> tuple[Decimal | None, Decimal | None]:
    """The distance of a trailing stop: on the nearest tick, or in percent of the best price."""
    if trail is not None and trail_pct is not None:
        raise OrderError(
            "a trailing stop has a distance in price (trail) or in percent (trail_pct), not both"
        )
    if trail_pct is not None:
        percent = exact(trail_pct, name="trail_pct")
        if not 0 < percent < 100:
            raise OrderError(f"trail_pct is {trail_pct}: give a percentage above 0 and below 100")
        return None, percent
    if trail is None:
        return None, None
    distance = nearest(exact(trail, name="trail"), spec.tick)
    if distance <= 0:
        step = f" (smallest step {spec.tick})" if spec.tick else ""
        raise OrderError(f"trail is {trail}: give a distance above zero{step}")
    return distance, None


# --- kind and life ------------------------------------------------------------------------------------------


def _kind(limit: object, stop: object, if_touched: object, trail: object, trail_pct: object) -> OrderType:
    """The order's type follows from the prices it was given."""
    if trail is not None or trail_pct is not None:
        if limit is not None or if_touched is not None:
            raise OrderError(
                "a trailing stop has no other price than `stop`, the trigger that it starts from: "
                "leave limit and if_touched out"
            )
        return OrderType.TRAILING_STOP
    if stop is not None and if_touched is not None:
        raise OrderError(
            "an order has one trigger: stop (the price moves against you) or if_touched (in your favour)"
        )
    if stop is not None:
        return OrderType.STOP if limit is None else OrderType.STOP_LIMIT
    if if_touched is not None:
        return OrderType.MARKET_IF_TOUCHED if limit is None else OrderType.LIMIT_IF_TOUCHED
    return OrderType.MARKET if limit is None else OrderType.LIMIT


def _life(kind: OrderType, tif: object, expires: object, now: int) -> tuple[TimeInForce, int | None]:
    """How long it lives: `expires` alone means GTD, neither means GTC."""
    try:
        lives = (
            TimeInForce(str(tif))
            if tif is not None
            else TimeInForce.GTC
            if expires is None
            else TimeInForce.GTD
        )
    except ValueError as error:
        raise OrderError(f"tif is {tif!r}: give one of {', '.join(TimeInForce)}") from error
    if (lives is TimeInForce.GTD) is (expires is None):
        raise OrderError("a gtd order needs `expires`, and no other has it")
    if kind in _TRIGGERED and (lives in _AT_ONCE or lives in _AUCTIONS):
        raise OrderError(f"a {kind} order waits for its trigger: it cannot be {lives}")
    if expires is None:
        return lives, None
    until = _moment(expires)
    if until <= now:
        raise OrderError(f"expires is {expires}: that is not after the session's time, {_told(now)}")
    return lives, until


def _moment(expires: object) -> int:
    """A moment [UTC ns] from nanoseconds, a datetime or ISO text; without a zone they are UTC."""
    if isinstance(expires, str):
        try:
            expires = datetime.fromisoformat(expires)
        except ValueError as error:
            raise OrderError(f"expires is {expires!r}: give a date and time, as 2026-01-05 10:15") from error
    if isinstance(expires, datetime):
        aware = expires if expires.tzinfo is not None else expires.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(microseconds=1) * 1000
    if isinstance(expires, int) and not isinstance(expires, bool):
        return expires
    raise OrderError(f"expires is {expires!r}: give a datetime, its ISO text, or nanoseconds since 1970 UTC")


def _told(ts: int) -> str:
    return f"{_EPOCH + timedelta(microseconds=ts // 1000):%Y-%m-%d %H:%M:%S} UTC"
