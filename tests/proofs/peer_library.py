"""The strategies of `peer_strategies` as backtesting.py writes them, run by that library, and what it made of them.

Only the library's own interface is used. Knows nothing of tradekit.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its plotting, which nobody uses here
    import backtesting.backtesting
    from backtesting import Backtest
    from backtesting import Strategy as Library

backtesting.backtesting._tqdm = lambda bars, **_: bars  # no progress, and no thread that watches over it

Row = tuple[float, int, int, float, float, float]  # size, entry bar, exit bar, entry price, exit price, pnl


def average(values: Any, window: int) -> Any:
    return pd.Series(values).rolling(window).mean()


def wilder_rsi(values: Any, window: int) -> Any:
    """Wilder's index: the first value is from plain averages of `window` changes."""
    change = np.diff(np.asarray(values, dtype=float))
    ups, downs = np.clip(change, 0, None), np.clip(-change, 0, None)
    found = np.full(len(values), np.nan)
    up, down = ups[:window].mean(), downs[:window].mean()
    for i in range(window, len(values)):
        if i > window:
            up = (up * (window - 1) + ups[i - 1]) / window
            down = (down * (window - 1) + downs[i - 1]) / window
        found[i] = 100.0 * up / (up + down) if up + down else 50.0
    return found


class Cross(Library):  # type: ignore[misc] # the library is not typed
    fast, slow, size = 10, 20, 1.0

    def init(self) -> None:
        self.f = self.I(average, self.data.Close, self.fast)
        self.s = self.I(average, self.data.Close, self.slow)

    def next(self) -> None:
        if self.f[-2] < self.s[-2] and self.f[-1] > self.s[-1]:
            self.crossed(1)
        elif self.f[-2] > self.s[-2] and self.f[-1] < self.s[-1]:
            self.crossed(-1)

    def crossed(self, way: int) -> None:
        self.enter(way)

    def enter(self, way: int, **terms: Any) -> None:
        if self.size != 1:
            terms["size"] = self.size
        (self.buy if way > 0 else self.sell)(**terms)


class Bracket(Cross):
    loss, gain = 0.03, 0.06

    def crossed(self, way: int) -> None:
        if not self.position:
            close = self.data.Close[-1]
            self.enter(way, sl=close * (1 - way * self.loss), tp=close * (1 + way * self.gain))


class Reversal(Cross):
    down = 20

    def crossed(self, way: int) -> None:
        if way > 0:
            self.buy(size=self.size)
        else:
            self.sell(size=self.down)


class RsiLong(Library):  # type: ignore[misc]
    window, low, high, share = 14, 30, 70, 0.95

    def init(self) -> None:
        self.rsi = self.I(wilder_rsi, self.data.Close, self.window)

    def next(self) -> None:
        if self.rsi[-1] < self.low and not self.position:
            self.buy(size=self.share)
        elif self.rsi[-1] > self.high and self.position:
            self.position.close()


class RsiShort(RsiLong):
    share, loss, gain = 0.5, 0.05, 0.05

    def next(self) -> None:
        if self.rsi[-1] > self.high and not self.position:
            close = self.data.Close[-1]
            self.sell(size=self.share, sl=close * (1 + self.loss), tp=close * (1 - self.gain))


class Trailing(Library):  # type: ignore[misc]
    window, distance, size = 20, 0.05, 40

    def init(self) -> None:
        self.top = self.I(lambda high: pd.Series(high).rolling(self.window).max(), self.data.High)

    def next(self) -> None:
        level = self.data.Close[-1] * (1 - self.distance)
        if self.position:
            for trade in self.trades:
                if level > trade.sl:
                    trade.sl = level
        elif self.data.Close[-1] > self.top[-2]:
            self.buy(size=self.size, sl=level)


class Waiting(Library):  # type: ignore[misc]
    """An entry that waits at most so many bars."""

    life, sent = 3, 0

    def waits(self) -> bool:
        """Whether an entry waits; one that is too old is canceled."""
        entries = [order for order in self.orders if not order.is_contingent]
        if entries and len(self.data) - self.sent >= self.life:
            for order in entries:
                order.cancel()
            return False
        return bool(entries)


class LimitDip(Waiting):
    window, dip, loss, gain, life, size = 50, 0.01, 0.03, 0.02, 3, 30

    def init(self) -> None:
        self.s = self.I(average, self.data.Close, self.window)

    def next(self) -> None:
        close = self.data.Close[-1]
        if not self.waits() and close > self.s[-1] and not self.position:
            limit, self.sent = close * (1 - self.dip), len(self.data)
            self.buy(size=self.size, limit=limit, sl=limit * (1 - self.loss), tp=limit * (1 + self.gain))


class StopBreakout(Waiting):
    window, above, life, size = 20, 0.001, 5, 30

    def init(self) -> None:
        self.top = self.I(lambda high: pd.Series(high).rolling(self.window).max(), self.data.High)
        self.bottom = self.I(lambda low: pd.Series(low).rolling(self.window // 2).min(), self.data.Low)

    def next(self) -> None:
        if self.position:
            if self.data.Close[-1] <= self.bottom[-1]:
                self.position.close()
        elif not self.waits():
            self.sent = len(self.data)
            self.buy(size=self.size, stop=self.top[-1] * (1 + self.above))


class Pyramid(Library):  # type: ignore[misc]
    window, every, most, size = 50, 5, 4, 10

    def init(self) -> None:
        self.s = self.I(average, self.data.Close, self.window)

    def next(self) -> None:
        number = len(self.data) - 1
        if self.data.Close[-1] > self.s[-1]:
            if number % self.every == 0 and len(self.trades) < self.most:
                self.buy(size=self.size)
        elif self.trades and number % 7 == 0:
            self.position.close(0.5)
        elif self.trades and number % 7 == 3:
            self.position.close()


class Script(Library):  # type: ignore[misc]
    """Calls by the bar; `done` are those that the library did not refuse at once."""

    calls: Sequence[dict[str, Any]] = ()

    def init(self) -> None:
        self.done: list[dict[str, Any]] = []
        self.due: dict[int, list[dict[str, Any]]] = {}
        for call in self.calls:
            self.due.setdefault(call["bar"], []).append(call)

    def next(self) -> None:
        for call in self.due.get(len(self.data) - 1, ()):
            try:
                self.do(call)
            except ValueError:  # a stop or a target on the wrong side
                continue
            self.done.append(call)

    def do(self, call: dict[str, Any]) -> None:
        action = call["action"]
        if action in ("buy", "sell"):
            terms = {k: call[k] for k in ("size", "limit", "stop", "sl", "tp") if call.get(k) is not None}
            (self.buy if action == "buy" else self.sell)(**terms)
        elif action == "close_position":
            self.position.close(call["portion"])
        elif action == "cancel_entry_orders":
            for order in list(self.orders):
                if order.parent_trade is None:
                    order.cancel()
        else:
            for trade in self.trades:
                setattr(trade, action.removeprefix("move_"), call["price"])


def run(
    strategy: type[Any], frame: pd.DataFrame, *, cash: float, settings: dict[str, Any], **parameters: Any
) -> Any:
    """The library's own result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dropped orders and open trades are compared, not read about
        return Backtest(frame, strategy, cash=cash, **settings).run(**parameters)


def trades_of(result: Any) -> list[Row]:
    """Its closed trades in the order in which they were closed."""
    return [
        (
            float(t.Size),
            int(t.EntryBar),
            int(t.ExitBar),
            float(t.EntryPrice),
            float(t.ExitPrice),
            float(t.PnL),
        )
        for t in result._trades.itertuples()
    ]


def equity_of(result: Any) -> Any:
    """Its equity after each bar."""
    return result._equity_curve["Equity"].to_numpy()
