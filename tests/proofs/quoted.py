"""Strategies that decide on quotes or on bars made from them, and quotes made from bid and ask bars.

The user's own average here begins with the first close, as NautilusTrader's does.
"""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import param

from tradekit.model.market import Bar, Quote
from tradekit.strategy.base import Strategy


class SeededAverage:
    """An exponential average whose first value is the first close; ready after `window` bars."""

    inputs: ClassVar[tuple[str, ...]] = ("close",)

    def __init__(self, window: int) -> None:
        self.window, self.count = window, 0
        self.value, self.ready = 0.0, False

    def update(self, close: float) -> float:
        share = 2 / (self.window + 1)
        self.value = share * close + (1 - share) * self.value if self.count else close
        self.count += 1
        self.ready = self.count >= self.window
        return self.value


class Crossing(Strategy):
    """Long while the fast average is not below the slow one, else short; two orders turn the position."""

    size = param.Number(1.0, doc="units")

    def on_start(self) -> None:
        self.fast, self.slow = self.indicator(SeededAverage, 10), self.indicator(SeededAverage, 20)

    def on_bar(self, bar: Bar) -> None:
        if not self.slow.ready or bar.open == bar.high == bar.low == bar.close:
            return
        way = 1 if self.fast.value >= self.slow.value else -1
        held = self.position()
        if held * way <= 0:
            wish = self.buy if way > 0 else self.sell
            if held:
                wish(abs(held))
            wish(self.size)

    def on_stop(self) -> None:
        held = self.position()
        if held:
            (self.sell if held > 0 else self.buy)(abs(held))


class Scheduled(Strategy):
    """Sends signed sizes on bars or quotes, by their numbers from 1."""

    on_bars = param.Dict({}, doc="signed units by the bar's number")
    on_quotes = param.Dict({}, doc="signed units by the quote's number")

    def on_start(self) -> None:
        self.bars_seen = self.quotes_seen = 0

    def on_bar(self, bar: Bar) -> None:
        self.bars_seen += 1
        self._send(self.on_bars.get(str(self.bars_seen), 0))

    def on_quote(self, quote: Quote) -> None:
        self.quotes_seen += 1
        self._send(self.on_quotes.get(str(self.quotes_seen), 0))

    def _send(self, size: float) -> None:
        if size:
            (self.buy if size > 0 else self.sell)(abs(size))


def four_quotes(bid: Any, ask: Any, closes: Any) -> pd.DataFrame:
    """Four quotes for each bar: its open, high, low and close, 300, 200, 100 and 0 ms before it closes.

    bid, ask  arrays of a row a bar and those four prices; closes  their times
    """
    before = np.array([-300, -200, -100, 0]) * 1_000_000
    stamps = np.repeat(pd.DatetimeIndex(closes).as_unit("ns").asi8, 4) + np.tile(before, len(closes))
    return pd.DataFrame(
        {"ts": pd.to_datetime(stamps, utc=True), "bid": bid.reshape(-1), "ask": ask.reshape(-1)}
    )
