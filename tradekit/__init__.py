"""tradekit: research in a notebook, go live with the same code.

The front door: each name is loaded when it is first used. Nothing inside the package imports it.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tradekit import (  # empty rooms; what they offer is loaded when it is first used
    indicators,
    testing,
    widgets,
)

_DOOR = {
    "load_bars": "tradekit.data.load:load_bars",
    "Strategy": "tradekit.strategy.base:Strategy",
    "VectorStrategy": "tradekit.strategy.vector:VectorStrategy",
    "SMA": "tradekit.indicators.averages:SMA",
    "EMA": "tradekit.indicators.averages:EMA",
    "ATR": "tradekit.indicators.volatility:ATR",
    "RSI": "tradekit.indicators.momentum:RSI",
    "backtest": "tradekit.run.backtest:backtest",
    "check_lookahead": "tradekit.run.lookahead:check_lookahead",
    "sweep": "tradekit.run.sweep:sweep",
    "start": "tradekit.wiring.sessions:start",
    "connect": "tradekit.wiring.sessions:connect",
    "sessions": "tradekit.wiring.sessions:sessions",
    "open_journal": "tradekit.wiring.journals:open_journal",
    "parity": "tradekit.wiring.parity:parity",
    "research": "tradekit.research",
    "rules": "tradekit.rules",
}
_WIDGETS = {
    "Blotter": "tradekit.widgets.blotter:Blotter",
    "Chart": "tradekit.widgets.chart:Chart",
    "Controls": "tradekit.widgets.controls:Controls",
    "KillSwitch": "tradekit.widgets.killswitch:KillSwitch",
    "Log": "tradekit.widgets.log:Log",
    "Orders": "tradekit.widgets.tables:Orders",
    "PnL": "tradekit.widgets.pnl:PnL",
    "Positions": "tradekit.widgets.tables:Positions",
    "Session": "tradekit.widgets.session:Session",
    "Signals": "tradekit.widgets.tables:Signals",
    "Ticker": "tradekit.widgets.ticker:Ticker",
}
_TESTING = {"Desk": "tradekit.testing.desk:Desk"}
_INDICATORS = {
    name: f"tradekit.indicators.{module}:{name}"
    for module, names in {
        "averages": "SMA EMA WMA",
        "lagless": "DEMA TEMA KAMA",
        "macd": "MACD",
        "momentum": "RSI MOM ROC",
        "oscillators": "Stochastic StochRSI WilliamsR CCI",
        "direction": "ADX DI Aroon",
        "trailing": "PSAR SuperTrend",
        "volatility": "ATR NATR",
        "bands": "BBANDS Donchian Keltner",
        "dispersion": "STDDEV ZScore LinearRegression",
        "volume": "VWAP DailyVWAP OBV MFI",
        "base": "Indicator",
    }.items()
    for name in names.split()
}

__all__ = [
    "ATR",
    "EMA",
    "RSI",
    "SMA",
    "Strategy",
    "VectorStrategy",
    "__version__",
    "backtest",
    "check_lookahead",
    "connect",
    "indicators",
    "load_bars",
    "open_journal",
    "parity",
    "research",
    "rules",
    "sessions",
    "start",
    "sweep",
    "widgets",
]

if TYPE_CHECKING:
    from tradekit import research, rules
    from tradekit.data.load import load_bars
    from tradekit.indicators.averages import EMA, SMA
    from tradekit.indicators.momentum import RSI
    from tradekit.indicators.volatility import ATR
    from tradekit.run.backtest import backtest
    from tradekit.run.lookahead import check_lookahead
    from tradekit.run.sweep import sweep
    from tradekit.strategy.base import Strategy
    from tradekit.strategy.vector import VectorStrategy
    from tradekit.wiring.journals import open_journal
    from tradekit.wiring.parity import parity
    from tradekit.wiring.sessions import connect, sessions, start

    __version__: str


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("tradekit.core.version").version()
    if name not in _DOOR:
        raise AttributeError(f"module 'tradekit' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = globals()[name] = _load(_DOOR[name])
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _load(path: str) -> Any:
    module, _, attribute = path.partition(":")
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def _furnish(room: ModuleType, offered: dict[str, str]) -> None:
    """Let a room whose own file is empty offer names: `tk.widgets.Blotter`, `from tradekit.widgets import Blotter`."""

    def find(name: str) -> Any:
        if name not in offered:
            raise AttributeError(
                f"module {room.__name__!r} has no attribute {name!r}; it has {', '.join(offered)}"
            )
        value = _load(offered[name])
        setattr(room, name, value)
        return value

    vars(room).update(__getattr__=find, __dir__=lambda: sorted(offered), __all__=sorted(offered))


_furnish(widgets, _WIDGETS)
_furnish(indicators, _INDICATORS)
_furnish(testing, _TESTING)
