"""What is traded: an instrument with its price and size steps, and the timeframes bars come in.

Knows no venue's symbol spelling and no prices.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tradekit.errors import ConfigError, DataError

__all__ = ["Instrument", "check_account", "duration", "timeframe_text"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "D": 86400, "W": 7 * 86400}
_TIMEFRAME = re.compile(r"([1-9][0-9]*)([smhDW])")


class Instrument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A tradable thing.

    id          name used everywhere in tradekit ("BTCUSDT"); one token, no blanks
    quote       currency that prices and profits are in
    tick        smallest price step, or None when any price is allowed
    lot         smallest quantity step, or None when any quantity is allowed
    multiplier  quote currency per unit of price for one unit of quantity
    inverse     profits are paid in the base currency (contract value / price)
    base        the other currency of a pair, in which an inverse contract pays; "" where there is none
    calendar    exchange calendar of its sessions ("XNYS", "CMES"), "24/7" where trading never rests
    min_notional  smallest value of an order [quote currency], or None
    max_qty     largest quantity of an order [base units], or None
    margin      initial margin as a fraction of a position's value; 1 is a cash instrument
    maintenance fraction below which a position is liquidated; None is half of `margin`
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


def check_account(instruments: Iterable[Instrument], currency: str) -> None:
    """Raise ConfigError for what an account in `currency` cannot hold: another quote currency, an inverse contract."""
    for one in instruments:
        if one.inverse:
            raise ConfigError(
                f"{one.id} is an inverse contract, which accounts cannot hold yet; use a linear one"
            )
        if one.quote != currency:
            raise ConfigError(
                f"{one.id} is quoted in {one.quote} and the account is in {currency}; money is not converted yet: "
                f"trade instruments of one quote currency"
            )


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
