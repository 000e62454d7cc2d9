"""Numbers of cost models, made exact and checked. Knows no model."""

from decimal import Decimal
from typing import Any

import msgspec

from tradekit.errors import ConfigError
from tradekit.model.money import exact

__all__ = ["at_least_zero", "fraction"]


def fraction(model: Any, name: str, value: object = None, *, rebate: bool = False) -> Decimal:
    """A fraction from 0 to below 1 (a rebate may lie above -1), kept in the model's field `name` if there is one.

    Raises ConfigError for another number, OrderError for what is none.
    """
    number = exact(value if model is None else getattr(model, name), name=name)
    if number >= 1 or (number <= -1 if rebate else number < 0):
        raise ConfigError(
            f"{name} is {number}: give a fraction from 0 to below 1, for example 0.002 for 0.2 %"
        )
    return _kept(model, name, number)


def at_least_zero(model: Any, name: str) -> Decimal:
    """An amount that is not negative, kept in the model's field; raises ConfigError for a negative one."""
    number = exact(getattr(model, name), name=name)
    if number < 0:
        raise ConfigError(f"{type(model).__name__}: {name} is {number}; give 0 or more")
    return _kept(model, name, number)


def _kept(model: Any, name: str, number: Decimal) -> Decimal:
    if model is not None:
        msgspec.structs.force_setattr(model, name, number)
    return number
