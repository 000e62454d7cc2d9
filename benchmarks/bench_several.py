"""Backtests of many instruments: what a bar costs as their number grows, beside bare loops that do the same work.

Each instrument has the averages of its own and is traded by itself. Knows the front door only.
"""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.bench_backtest import CASH, FAST, FEE, SLOW, bare_loop
from benchmarks.stopwatch import duel
from tradekit.data.columns import BarColumns
from tradekit.data.load import load_bars
from tradekit.indicators.averages import SMA
from tradekit.model.market import Bar
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.strategy.base import Strategy

__all__ = ["main"]

SHAPES = [  # instruments, bars of each, timeframe, in words
    (1, 525_600, "1min", "1 instrument, a year of 1m"),
    (20, 87_840, "1min", "20 instruments, 2 months of 1m"),
    (100, 10_080, "1min", "100 instruments, a week of 1m"),
    (500, 2_520, "1D", "500 instruments, 10 years daily"),
]
ROUNDS = 3
SEED = 11
Row = dict[str, Any]


class CrossEach(Strategy):
    """A cross of two averages in each instrument."""

    def on_start(self) -> None:
        """Two averages of the close of each."""
        names = self.state.instruments
        self.averages = {
            name: (self.indicator(SMA, FAST, instrument=name), self.indicator(SMA, SLOW, instrument=name))
            for name in names
        }

    def on_bar(self, bar: Bar) -> None:
        """Hold what the averages of this one say."""
        fast, slow = self.averages[bar.instrument]
        if not slow.ready:
            return
        if fast.value > slow.value:
            self.buy_to(1.0)
        else:
            self.close()


def made_up(instruments: int, bars: int, step: str) -> list[pd.DataFrame]:
    """Seeded random walks on the same times."""
    rng = np.random.default_rng(SEED)
    index = pd.date_range("2012-01-02", periods=bars, freq=step, tz="UTC", name="ts")
    frames = []
    for number in range(instruments):
        close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 1e-3, bars))) * 64) / 64
        opened = np.concatenate((close[:1], close[:-1]))
        prices = {
            "open": opened,
            "high": np.maximum(opened, close),
            "low": np.minimum(opened, close),
            "close": close,
        }
        frame = pd.DataFrame({**prices, "volume": 1.0}, index=index)
        frames.append(load_bars(frame, instrument=f"I{number}", timeframe="1m" if step == "1min" else "1D"))
    return frames


def ours(frames: list[pd.DataFrame]) -> Result:
    """The backtest alone."""
    return backtest(CrossEach, frames, cash=CASH * len(frames), fee=FEE)


def bare(columns: list[BarColumns]) -> int:
    """One bare loop after the other; the number of fills."""
    return sum(len(bare_loop(one)[0]) for one in columns)


def row(shape: tuple[int, int, str, str]) -> tuple[Row, float]:
    """One shape, in turns with its bare loops; and what a bar took of a core's time [s]."""
    instruments, bars, step, words = shape
    frames = made_up(instruments, bars, step)
    columns = [BarColumns.from_frame(frame) for frame in frames]
    fills = sum(event.type == "order.filled" for _, event in ours(frames).told)
    expected = bare(columns)
    if abs(fills - expected) > instruments:  # the last wish of each has no bar to fill at
        raise AssertionError(f"{words}: {fills:,} fills here, {expected:,} in the bare loops")
    made = duel(partial(ours, frames), partial(bare, columns), rounds=ROUNDS)
    size = instruments * bars
    print(f"{words}: {made.told(size)}", flush=True)
    rate, limit = made.rates(size)
    made_row: Row = {
        "name": "backtest of several instruments", "size": f"{words}: {size:,} bars, {fills:,} fills",
        "ours": f"{rate / 1e3:,.0f} k bars/s", "limit": f"bare loops {limit / 1e3:,.0f} k bars/s",
        "ratio": made.ratio, "aim": "-",
    }  # fmt: skip
    return made_row, min(took.cpu for took in made.ours) / size


def main() -> list[Row]:
    """The rows for the table, and how the cost of a bar grows with the number of instruments."""
    rows, costs = zip(*map(row, SHAPES), strict=True)
    alone, most = costs[0], SHAPES[-1][0]
    grown = ", ".join(f"{shape[0]}: {cost / alone:.2f}x" for shape, cost in zip(SHAPES, costs, strict=True))
    growth: Row = {
        "name": "cost of a bar by the number of instruments", "size": f"to {most} instruments",
        "ours": grown, "limit": "a bar of one instrument", "ratio": costs[-1] / alone, "aim": "<= 2x",
    }  # fmt: skip
    return [*rows, growth]
