"""tradekit: research in a notebook, go live with the same code.

The front door: each name is loaded when it is first used. Nothing inside the package imports it.
"""

import importlib
from typing import TYPE_CHECKING, Any

_DOOR = {
    "load_bars": "tradekit.data.load:load_bars",
    "Strategy": "tradekit.strategy.base:Strategy",
    "SMA": "tradekit.indicators.averages:SMA",
    "EMA": "tradekit.indicators.averages:EMA",
    "ATR": "tradekit.indicators.volatility:ATR",
    "RSI": "tradekit.indicators.momentum:RSI",
    "backtest": "tradekit.run.backtest:backtest",
    "start": "tradekit.wiring.sessions:start",
    "connect": "tradekit.wiring.sessions:connect",
    "sessions": "tradekit.wiring.sessions:sessions",
    "open_journal": "tradekit.wiring.journals:open_journal",
    "widgets": "tradekit.widgets",
    "indicators": "tradekit.indicators",
}

__all__ = [
    "ATR",
    "EMA",
    "RSI",
    "SMA",
    "Strategy",
    "__version__",
    "backtest",
    "connect",
    "indicators",
    "load_bars",
    "open_journal",
    "sessions",
    "start",
    "widgets",
]

if TYPE_CHECKING:
    from tradekit import indicators, widgets
    from tradekit.data.load import load_bars
    from tradekit.indicators.averages import EMA, SMA
    from tradekit.indicators.momentum import RSI
    from tradekit.indicators.volatility import ATR
    from tradekit.run.backtest import backtest
    from tradekit.strategy.base import Strategy
    from tradekit.wiring.journals import open_journal
    from tradekit.wiring.sessions import connect, sessions, start

    __version__: str


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("tradekit.core.version").version()
    if name not in _DOOR:
        raise AttributeError(f"module 'tradekit' has no attribute {name!r}; it has {', '.join(__all__)}")
    module, _, attribute = _DOOR[name].partition(":")
    found = importlib.import_module(module)
    value = getattr(found, attribute) if attribute else found
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
