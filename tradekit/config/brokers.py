"""The names that a broker, or a source of bars, may have in a configuration.

Knows no broker beyond its name: what each one is stands in the table of whoever builds sessions.
"""

from tradekit.errors import did_you_mean

__all__ = ["BROKERS", "SOURCES", "unknown_broker", "unknown_source"]

BROKERS = ("paper", "ccxt", "alpaca", "ib")
SOURCES = ("replay", "tail", *BROKERS[1:])
_THROUGH = {"binance": "ccxt"}  # venues that have no broker of their own


def unknown_broker(name: str) -> str:
    """What is wrong with a name that no broker has, and what to write; "" for one that a broker has."""
    if name in BROKERS:
        return ""
    return f"no broker is called {_list('broker.name', name, BROKERS)}"


def unknown_source(name: str) -> str:
    """The same of a source of bars."""
    if name in SOURCES:
        return ""
    return f"no source is called {_list('market_data.source', name, SOURCES)}"


def _list(key: str, name: str, known: tuple[str, ...]) -> str:
    venue, hint = name.lower(), ""
    if venue in _THROUGH:
        hint = f". It is reached through {_THROUGH[venue]}: write {key}: {_THROUGH[venue]} and broker.venue: {venue}"
    return f"{name!r}{did_you_mean(name, known)}; there are {', '.join(known)}{hint}"
