"""What a currency is worth in another one: from published rates, else from the marks of what trades the pair.

A rate that is not known is None, never 1. Knows no cash and no position.
"""

from decimal import Context, Decimal

from tradekit.model.money import exact
from tradekit.state.shape import State

__all__ = ["rate_of"]

_RATES = Context(prec=28)  # a rate turned around, or made of two, has so many digits


def rate_of(state: State, currency: str, unit: str) -> Decimal | None:
    """What one unit of `currency` is worth in `unit`, or None while that is not known.

    A direct pair comes first, then the inverse one, then both through a common currency: of the instruments in their
    order, then of the published rates. A published rate takes the place of a price of the same pair.
    """
    if currency == unit:
        return Decimal(1)
    pairs = _prices(state) | state.rates
    straight = _one(pairs, currency, unit)
    if straight is not None:
        return straight
    for common in dict.fromkeys(name for pair in pairs for name in pair.split("/")):
        first, second = _one(pairs, currency, common), _one(pairs, common, unit)
        if first is not None and second is not None:
            return _RATES.multiply(first, second)
    return None


def _prices(state: State) -> dict[str, Decimal]:
    """The last prices of instruments that name a base currency, by pair; the first instrument of a pair counts."""
    found: dict[str, Decimal] = {}
    for name, instrument in state.instruments.items():
        mark = state.marks.get(name)
        if instrument.base and mark is not None and mark.last > 0:
            found.setdefault(f"{instrument.base}/{instrument.quote}", exact(mark.last))
    return found


def _one(pairs: dict[str, Decimal], base: str, quote: str) -> Decimal | None:
    """The rate of a pair, read forwards or backwards."""
    rate = pairs.get(f"{base}/{quote}")
    if rate is not None:
        return rate
    back = pairs.get(f"{quote}/{base}")
    return None if back is None else _RATES.divide(Decimal(1), back)
