"""A strategy's parameters as it declares them: kind, bounds, choices, default and meaning, as plain JSON values.

What a screen draws a control from without the class at hand. Knows no screen and no running value.
"""

from collections.abc import Iterable
from typing import Any

import param

from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import declared

__all__ = ["declaration"]


def declaration(strategy: "Strategy | type[Strategy]") -> list[dict[str, Any]]:
    """A row a parameter in the order of declaration; a running strategy is taken as what it was declared as.

    Each has name, kind ("integer", "number", "boolean", "choice", "text" or "other"), doc, default, and where there
    are any: low and high with `open` naming the bounds that are not allowed themselves, step, choices, constant.
    """
    cls = strategy if isinstance(strategy, type) else type(strategy)
    cls = cls.__dict__.get("_declared_by", cls)
    known: Any = cls.param
    return [_row(name, known[name]) for name in declared(cls)]


def _row(name: str, of: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "kind": _kind(of), "doc": of.doc or ""}
    row["default"] = _plain(of, of.default)
    if row["kind"] in ("integer", "number"):
        row |= _bounds(of)
    if isinstance(of, param.Selector):
        row["choices"] = [_plain(of, value) for value in _choices(of)]
    if of.constant or of.readonly:
        row["constant"] = True
    return row


def _kind(of: Any) -> str:
    for kind, name in (
        (param.Date, "other"),  # dates are numbers to param
        (param.CalendarDate, "other"),
        (param.Boolean, "boolean"),
        (param.Selector, "choice"),
        (param.Integer, "integer"),
        (param.Number, "number"),
        (param.String, "text"),
    ):
        if isinstance(of, kind):
            return name
    return "other"


def _bounds(of: Any) -> dict[str, Any]:
    low, high = of.bounds or (None, None)
    inclusive = of.inclusive_bounds
    found = {"low": low, "high": high, "step": of.step}
    row = {name: value for name, value in found.items() if value is not None}
    outside = [name for name, allowed in zip(("low", "high"), inclusive, strict=True) if not allowed]
    return row | ({"open": [name for name in outside if name in row]} if set(outside) & row.keys() else {})


def _choices(of: Any) -> Iterable[Any]:
    objects: Any = of.objects
    return objects.values() if isinstance(objects, dict) else list(objects)


def _plain(of: Any, value: Any) -> Any:
    """As JSON has it; what the parameter cannot write so is its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    try:
        return of.serialize(value)
    except Exception:  # a parameter's own code: whatever it raises, the row is still drawn
        return str(value)
