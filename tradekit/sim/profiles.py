"""Sets of fill rules by name: the plain ones, and those that make a run comparable with another engine's.

What each set says is in docs/rules.md. Knows no order and no price.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from tradekit.errors import ConfigError, did_you_mean
from tradekit.sim.backtesting_py import BacktestingPy, backtesting_py
from tradekit.sim.rules import Rules

__all__ = ["AnyRules", "backtesting_py", "default", "named", "nautilus"]

AnyRules: TypeAlias = Rules | BacktestingPy
_WHOLE_MONEY = frozenset({"JPY", "KRW"})
_STATE_MONEY = frozenset(
    [
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNH",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "INR",
        "MXN",
        "NOK",
        "NZD",
        "PLN",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "USD",
        "ZAR",
    ]
)
_WHOLE = re.compile(r"[+-]?[0-9]+")
_WORDS = {"true": True, "false": False, "none": None}


def default(**settings: Any) -> Rules:
    """The rules that a backtest and a paper session have of themselves, with other `settings` where they are given."""
    return Rules(**settings)


def nautilus(*, currency: str = "", **settings: Any) -> Rules:
    """The rules of NautilusTrader's simulated exchange as far as docs/rules.md compares them.

    A market order trades at once and whole on the quote (or close) at which it was sent: buys at the ask, sells at the
    bid. Fees are rounded to the digits of the `currency` they are paid in: none for JPY and KRW, two for other state
    currencies, eight for the rest. Other `settings` are those of the plain rules.
    """
    digits = 0 if currency in _WHOLE_MONEY else 2 if currency in _STATE_MONEY else 8
    mine: dict[str, Any] = {
        "market": "this_close",
        "quote_sizes": False,
        "fee_step": Decimal(1).scaleb(-digits),
    }
    return Rules(**(mine | settings))


def named(text: str) -> AnyRules:
    """A set by its name, with settings behind a colon: "backtesting_py:margin=0.02,exclusive_orders=true".

    `true`, `false` and `none` are words, whole numbers are int, everything else stays text; a + joins the two parts of
    a pair ("commission=5+0.0005"). Raises ConfigError for a name, a setting or a value that is not known.
    """
    name, _, rest = text.partition(":")
    make = _PROFILES.get(name)
    if make is None:
        known = tuple(_PROFILES)
        raise ConfigError(f"no fill rules {name!r}; there are {', '.join(known)}{did_you_mean(name, known)}")
    settings: dict[str, Any] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(f"rules {text!r}: {part!r} is no setting; write name=value")
        settings[key.strip()] = _value(value.strip())
    offered = _settings(make)
    for key in settings:
        if key not in offered:
            near = did_you_mean(key, offered)
            raise ConfigError(
                f"rules {text!r}: {name} has no setting {key!r}{near}; it has {', '.join(offered)}"
            )
    try:
        return make(**settings)
    except TypeError as error:
        raise ConfigError(f"rules {text!r}: {error}") from error


def _settings(make: Callable[..., AnyRules]) -> tuple[str, ...]:
    """What a set can be told: its own settings, and those of the plain rules where it passes them on."""
    own = inspect.signature(make).parameters.values()
    names = tuple(one.name for one in own if one.kind is one.KEYWORD_ONLY)
    passes_on = any(one.kind is one.VAR_KEYWORD for one in own)
    return (*names, *Rules.__struct_fields__) if passes_on else names


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if "+" in text[1:] and "e+" not in text.lower():
        return tuple(text.split("+"))
    return int(text) if _WHOLE.fullmatch(text) else text


_PROFILES: Mapping[str, Callable[..., AnyRules]] = {
    "default": default,
    "backtesting_py": backtesting_py,
    "nautilus": nautilus,
}
