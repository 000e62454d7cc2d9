"""What is traded: an instrument with its price and size steps, and the timeframes bars come in.

Knows no venue's symbol spelling and no prices.
"""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

from tradekit.errors import ConfigError, DataError
from tradekit.model.money import EXACT

__all__ = [
    "INVERSE_QUANTUM",
    "Instrument",
    "Kind",
    "check_instruments",
    "duration",
    "timeframe_text",
]

INVERSE_QUANTUM = Decimal("1e-18")  # what quantity x multiplier / price is rounded to [base currency]

_UNITS = {"s": 1, "m": 60, "h": 3600, "D": 86400, "W": 7 * 86400}
_TIMEFRAME = re.compile(r"([1-9][0-9]*)([smhDW])")


class Kind(StrEnum):
    """How an instrument is paid."""

    SPOT = "spot"  # in full: a buy takes its whole price from the cash
    FUTURE = "future"  # only its profit moves cash; a margin deposit secures it
    PERPETUAL = "perpetual"  # a future without an end: funding keeps it near the spot price


class Instrument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A tradable thing.

    id          name used everywhere in tradekit ("BTCUSDT"); one token, no blanks
    quote       currency that prices and profits are in
    tick        smallest price step, or None when any price is allowed
    lot         smallest quantity step, or None when any quantity is allowed
    multiplier  quote currency per unit of price for one unit of quantity
    inverse     a contract worth multiplier / price of the base currency, in which its profits are paid
    base        the other currency of a pair, whose rate its price is; "" where there is none
    calendar    exchange calendar of its sessions ("XNYS", "CMES"), "24/7" where trading never rests
    min_notional  smallest value of an order [quote currency], or None
    max_qty     largest quantity of an order [base units], or None
    margin      initial margin as a fraction of a position's value; 1 is a cash instrument
    maintenance fraction below which a position is liquidated; None is half of `margin`
    kind        how it is paid: spot in full, a future or perpetual by its profit; an inverse one always by its profit
    """

    id: str
    quote: str = "USD"
    tick: Decimal | None = None
    lot: Decimal | None = None
    multiplier: Decimal = Decimal(1)
    inverse: bool = False
    base: str = ""
    calendar: str = "24/7"
    min_notional: Decimal | None = None
    max_qty: Decimal | None = None
    margin: Decimal = Decimal(1)
    maintenance: Decimal | None = None
    kind: Kind = Kind.SPOT

    @property
    def currency(self) -> str:
        """The currency that costs and profits are in: the base of an inverse contract, else the quote."""
        return self.base if self.inverse else self.quote

    @property
    def margined(self) -> bool:
        """Whether only its profit moves cash, its value being secured by a margin deposit."""
        return self.inverse or self.kind is not Kind.SPOT

    @property
    def least_margin(self) -> Decimal:
        """The maintenance margin as a fraction of a position's value."""
        return self.margin / 2 if self.maintenance is None else self.maintenance

    def value(self, qty: Decimal, price: Decimal) -> Decimal:
        """What `qty` units are worth at `price` [`currency`]: exact, or to 1e-18 (half to even) where inverse."""
        if self.inverse:
            worth = EXACT.divide(EXACT.multiply(qty, self.multiplier), price)
            return worth.quantize(INVERSE_QUANTUM, ROUND_HALF_EVEN, EXACT)
        return EXACT.multiply(EXACT.multiply(qty, price), self.multiplier)


def check_instruments(instruments: Iterable[Instrument]) -> None:
    """Raise ConfigError for an instrument that no account could hold, with what to say instead."""
    for one in instruments:
        if one.inverse and not one.base:
            raise ConfigError(f"{one.id} is an inverse contract: name the currency that it pays in (base)")
        if one.multiplier <= 0:
            raise ConfigError(f"{one.id}: multiplier is {one.multiplier}; give a number above zero")
        if not 0 < one.margin <= 1:
            raise ConfigError(
                f"{one.id}: margin is {one.margin}; give a fraction above 0, at most 1 (0.1 is ten times leverage)"
            )
        if one.maintenance is not None and not 0 < one.maintenance <= one.margin:
            raise ConfigError(
                f"{one.id}: maintenance is {one.maintenance}; give a fraction above 0, at most margin ({one.margin})"
            )


@lru_cache(maxsize=256)
def duration(timeframe: str) -> int:
    """Length of a timeframe such as "1m", "15m", "1h", "1D" [ns]; raises DataError for anything else."""
    match = _TIMEFRAME.fullmatch(timeframe)
    if match is None:
        raise DataError(
            f"timeframe {timeframe!r} is not understood; write a number and one of s, m, h, D, W: 15m, 1h"
        )
    return int(match[1]) * _UNITS[match[2]] * 1_000_000_000


def timeframe_text(length_ns: int) -> str:
    """The shortest name of a bar length [ns]: 900 s is "15m"; raises DataError when it is no whole second."""
    seconds, rest = divmod(length_ns, 1_000_000_000)
    if rest or seconds <= 0:
        raise DataError(f"a bar of {length_ns} ns has no timeframe name; bars last whole seconds")
    for unit in ("W", "D", "h", "m", "s"):
        if seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    raise DataError(f"a bar of {length_ns} ns has no timeframe name")  # pragma: no cover
