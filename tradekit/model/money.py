"""Exact numbers: prices, quantities and money are Decimals, and this is how they are made and rounded.

Knows no instrument and no account; floats live in indicators, bars and reports only.
"""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Any, NewType

from tradekit.errors import OrderError

__all__ = ["CENT", "EXACT", "ZERO", "Money", "Price", "Qty", "approximate", "exact", "floor_to", "nearest"]

Price = NewType("Price", Decimal)
Qty = NewType("Qty", Decimal)
Money = NewType("Money", Decimal)

ZERO = Decimal(0)
CENT = Decimal("0.00000001")  # the quantum that fees and divided costs are rounded to, in any currency
EXACT = Context(prec=100)  # no sum or product of prices and quantities needs more digits: nothing is rounded
_TRUNCATING = Context(
    prec=60, rounding=ROUND_DOWN
)  # a quotient just below a whole number is not rounded up to it


def exact(value: Any, *, name: str = "value") -> Decimal:
    """`value` as a finite Decimal; a float is read as the shortest text that gives it back (0.1 is 0.1).

    Raises OrderError for anything that is not a finite number.
    """
    kind = type(value)
    if kind is Decimal:
        number: Decimal = value
    elif kind is bool:
        raise OrderError(f"{name} is {value!r}: give a number")
    else:
        try:
            number = Decimal(value) if kind is int or kind is str else Decimal(repr(float(value)))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise OrderError(f"{name} is {value!r}: give a number") from error
    if not number.is_finite():
        raise OrderError(f"{name} is {value!r}: give a finite number")
    return number


@lru_cache(maxsize=4096)
def approximate(value: Decimal) -> float:
    """The float next to an exact number, remembered: what is held is valued at each mark, and seldom changes.

    A zero has no sign, so that equal numbers give one float whichever was asked first.
    """
    return float(value) + 0.0


def floor_to(value: Decimal, step: Decimal | None) -> Decimal:
    """`value` rounded towards zero to a multiple of `step`; unchanged when there is no step."""
    if step is None:
        return value
    return _TRUNCATING.divide(value, step).to_integral_value(ROUND_DOWN) * step


def nearest(value: Decimal, step: Decimal | None) -> Decimal:
    """`value` rounded to the nearest multiple of `step`, half to even; unchanged when there is no step."""
    if step is None:
        return value
    return (value / step).to_integral_value(ROUND_HALF_EVEN) * step
