"""An indicator as plain JSON values and made again from them: what a screen draws beside the bars without the strategy.

Knows the indicators of this library only; one of a user's own has no description and is not drawn.
"""

import importlib
from collections.abc import Sequence
from typing import Any

from tradekit.errors import StrategyError
from tradekit.indicators.base import Indicator

__all__ = ["described", "drawn_again"]

_HERE = "tradekit.indicators."
_PRICES = frozenset({"open", "high", "low", "close"})
_PLAIN = (bool, int, float, str, type(None))


def described(indicator: Any, inputs: Sequence[str]) -> dict[str, Any] | None:
    """What it is, as JSON has it; None for one that is not of this library, or made with more than numbers and words.

    kind, args, options  to make it again with `drawn_again`
    inputs               the bar's fields that it takes
    title                as a trader writes it: "SMA 20", "BBANDS 20 2.0", "SMA 10 volume"
    lines                which of its lines are drawn
    on_price             whether over the bars, else on a scale of its own
    """
    cls = type(indicator)
    if not isinstance(indicator, Indicator) or not cls.__module__.startswith(_HERE):
        return None
    args, options = indicator.made
    if not all(isinstance(value, _PLAIN) for value in (*args, *options.values())):
        return None
    on_price = bool(cls.prices) and (len(inputs) > 1 or inputs[0] in _PRICES)
    usual = tuple(inputs) == cls.inputs
    words = [cls.__name__, *map(str, (*args, *options.values())), *(() if usual else inputs)]
    return {
        "kind": f"{cls.__module__}:{cls.__qualname__}",
        "args": list(args),
        "options": dict(options),
        "inputs": list(inputs),
        "title": " ".join(words),
        "lines": list(cls.prices if on_price else cls.outputs),
        "on_price": on_price,
    }


def drawn_again(row: dict[str, Any]) -> Indicator:
    """One like that which `described` gave the row for, fresh; StrategyError where this library has none such."""
    module, _, name = str(row["kind"]).partition(":")
    cls: Any = None
    if module.startswith(_HERE):
        try:
            cls = getattr(importlib.import_module(module), name, None)
        except ImportError:
            cls = None
    if not (isinstance(cls, type) and issubclass(cls, Indicator)):
        raise StrategyError(f"{row['kind']!r} is no indicator of this library; is the session's newer?")
    made: Indicator = cls(*row["args"], **row["options"])
    return made
