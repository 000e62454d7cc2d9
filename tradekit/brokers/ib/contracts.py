"""How an instrument is called here and at Interactive Brokers: by its contract, in words, and by its number.

Knows no message and no price.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tradekit.brokers.ib.client import load_library
from tradekit.errors import ConfigError

__all__ = ["FORMS", "Contracts", "Terms", "terms_of"]

FORMS = {
    "STK": "STK AAPL SMART USD",  # a share or fund: symbol, route, currency, and its home exchange where that is needed
    "CASH": "CASH EUR.USD IDEALPRO",  # a currency pair: the quantity is in the first currency
    "FUT": "FUT ESZ6 CME USD",  # a future: its local symbol, exchange, currency
}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as it is written in a configuration."""

    kind: str
    symbol: str
    exchange: str
    currency: str
    home: str = ""

    @property
    def shown(self) -> str:
        """What bars are made of: trades, or the middle of bid and ask where nobody tells trades."""
        return "MIDPOINT" if self.kind == "CASH" else "TRADES"


def terms_of(text: str) -> Terms:
    """A contract in words: "STK AAPL SMART USD"; raises ConfigError with the forms that there are."""
    words = text.split()
    known = "; ".join(f'"{form}"' for form in FORMS.values())
    if not words or words[0] not in FORMS:
        raise ConfigError(f"contract {text!r} is not understood; write one of the forms {known}")
    kind, rest = words[0], words[1:]
    most = {"STK": 4, "CASH": 2, "FUT": 3}[kind]
    if not (most if kind != "STK" else 3) <= len(rest) <= most:
        raise ConfigError(f'contract {text!r} is not understood; write it like "{FORMS[kind]}"')
    if kind == "CASH":
        symbol, _, currency = rest[0].partition(".")
        if not symbol or not currency:
            raise ConfigError(f'contract {text!r} names no pair; write it like "{FORMS[kind]}"')
        return Terms(kind=kind, symbol=symbol, exchange=rest[1], currency=currency)
    symbol, exchange, currency, *home = rest
    return Terms(kind=kind, symbol=symbol, exchange=exchange, currency=currency, home="".join(home))


class Contracts:
    """The session's instruments, by name here and by number there once TWS has told it.

    terms  by the session's names
    """

    def __init__(self, terms: Mapping[str, Terms]) -> None:
        self.terms = dict(terms)
        self.details: dict[str, Any] = {}  # by our name, as TWS has told them
        self._names: dict[int, str] = {}

    def wanted(self, name: str) -> Any:
        """What to ask TWS for."""
        one = self.terms[name]
        made = load_library().Contract(secType=one.kind, exchange=one.exchange, currency=one.currency)
        if one.kind == "FUT":
            made.localSymbol = one.symbol
        else:
            made.symbol, made.primaryExchange = one.symbol, one.home
        return made

    def found(self, name: str, details: Any) -> None:
        """TWS has told which contract an instrument is."""
        number = details.contract.conId
        other = self._names.get(number, name)
        if other != name:
            raise ConfigError(f"{name} and {other} are one contract at Interactive Brokers; keep one")
        self._names[number] = name
        self.details[name] = details

    def there(self, name: str) -> Any:
        """An instrument's contract for a request, routed as its terms say; None before TWS has told it."""
        details, terms = self.details.get(name), self.terms.get(name)
        if details is None or terms is None:
            return None
        there = details.contract
        return load_library().Contract(
            secType=there.secType, conId=there.conId, symbol=there.symbol, exchange=terms.exchange,
            currency=there.currency, localSymbol=there.localSymbol,
            lastTradeDateOrContractMonth=there.lastTradeDateOrContractMonth,
            multiplier=there.multiplier, tradingClass=there.tradingClass,
        )  # fmt: skip

    def ours(self, contract: Any) -> str:
        """What the session calls a contract; one that is not the session's has its symbol and its number."""
        known = self._names.get(contract.conId)
        if known is not None:
            return known
        symbol = (contract.localSymbol or contract.symbol or contract.secType).replace(" ", "-")
        return f"{symbol}-{contract.conId}".replace(".", "-")
