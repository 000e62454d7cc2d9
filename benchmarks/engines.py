"""The same moving-average cross in other people's engines that call Python at each bar: one unit, market orders, a fee.

Each gives its result with its own statistics. Knows nothing of tradekit.
"""

import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd

__all__ = ["engines"]

Engine = Callable[[pd.DataFrame, int, int, float, float], Any]


def engines() -> dict[str, Engine]:
    """Those that are installed, by name: each takes bars, the two windows [bars], cash and the fee as a fraction."""
    known = {"backtesting.py": ("backtesting", backtesting_py), "backtrader": ("backtrader", backtrader)}
    return {
        name: run for name, (module, run) in known.items() if importlib.util.find_spec(module) is not None
    }


def backtesting_py(bars: pd.DataFrame, fast: int, slow: int, cash: float, fee: float) -> Any:
    """The quickest of them: its indicators are arrays."""
    import backtesting

    frame = bars.rename(columns=str.capitalize)[["Open", "High", "Low", "Close", "Volume"]].tz_localize(None)
    closes = bars["close"]

    class Cross(backtesting.Strategy):  # type: ignore[misc]
        """Long while the fast average is above the slow one."""

        def init(self) -> None:
            """Two averages of the close."""
            self.f = self.I(lambda: closes.rolling(fast).mean().to_numpy())
            self.s = self.I(lambda: closes.rolling(slow).mean().to_numpy())

        def next(self) -> None:
            """Hold what the averages say."""
            if self.f[-1] > self.s[-1]:
                if not self.position:
                    self.buy(size=1)
            elif self.position:
                self.position.close()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return backtesting.Backtest(frame, Cross, cash=cash, commission=fee).run()


def backtrader(bars: pd.DataFrame, fast: int, slow: int, cash: float, fee: float) -> Any:
    """With its indicators computed ahead and three of its analyzers."""
    import backtrader as bt  # type: ignore[import-not-found,import-untyped,unused-ignore]

    class Cross(bt.Strategy):  # type: ignore[misc,unused-ignore]
        """Long while the fast average is above the slow one."""

        def __init__(self) -> None:
            self.f = bt.ind.SMA(self.data.close, period=fast)
            self.s = bt.ind.SMA(self.data.close, period=slow)

        def next(self) -> None:
            """Hold what the averages say."""
            if self.f[0] > self.s[0]:
                if not self.position:
                    self.buy(size=1)
            elif self.position:
                self.close()

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=bars.tz_localize(None), openinterest=None))
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(cash)
    cerebro.broker.setcommission(commission=fee)
    for analyzer in (bt.analyzers.TradeAnalyzer, bt.analyzers.DrawDown, bt.analyzers.TimeReturn):
        cerebro.addanalyzer(analyzer)
    return cerebro.run()
