"""A backtest beside a bare Python loop that does the same work on the same bars, in the same run.

The loop streams the bars as structs, keeps two running sums, fills at the next open, pays fees and marks equity; it
has no orders, no risk, no events and no state. Knows the front door only.
"""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.engines import engines
from benchmarks.stopwatch import duel, peak_mb, reset_peak, resident_mb
from tradekit.data.columns import BarColumns
from tradekit.data.load import load_bars
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.strategy.base import Strategy
from tradekit.strategy.library import SmaCross

__all__ = ["main"]

BARS, STEPWISE_BARS = 1_000_000, 100_000
FAST, SLOW, CASH, FEE = 10, 50, 100_000.0, 0.0005
ROUNDS = 5
SEED = 7
TICK = Decimal("0.015625")  # 1/64: sums of prices are exact, so both sides see the same crosses
Row = dict[str, Any]


class Mean:
    """A user's own moving average: any object with `update`, `value` and `ready`, fed bar by bar."""

    def __init__(self, period: int) -> None:
        self.value, self.ready = float("nan"), False
        self._values: deque[float] = deque([0.0] * period, period)
        self._sum = 0.0
        self._seen = 0

    def update(self, value: float) -> None:
        """Take the next value."""
        values = self._values
        self._sum += value - values[0]
        values.append(value)
        self._seen += 1
        if self._seen >= len(values):
            self.ready = True
            self.value = self._sum / len(values)


class OwnCross(Strategy):
    """The same cross on the user's own averages."""

    def on_start(self) -> None:
        """Two averages of the close."""
        self.f, self.s = self.indicator(Mean, FAST), self.indicator(Mean, SLOW)

    def on_bar(self, bar: object) -> None:
        """Hold what the averages say."""
        if not self.s.ready:
            return
        if self.f.value > self.s.value:
            self.buy_to(1.0)
        else:
            self.close()


def made_up_bars(n: int) -> pd.DataFrame:
    """`n` one-minute bars of a seeded random walk around 20,000, checked as `load_bars` does."""
    rng = np.random.default_rng(SEED)
    walk = 20_000 * np.exp(np.cumsum(rng.normal(0, 3e-4, n)))
    close = np.round(walk * 64) / 64
    opened = np.concatenate((close[:1], close[:-1]))
    wick = rng.integers(0, 640, (2, n)) / 64
    prices = {
        "open": opened,
        "high": np.maximum(opened, close) + wick[0],
        "low": np.minimum(opened, close) - wick[1],
        "close": close,
        "volume": rng.integers(1, 100, n).astype(np.float64),
    }
    index = pd.date_range("2021-01-01", periods=n, freq="1min", tz="UTC", name="ts")
    return load_bars(pd.DataFrame(prices, index=index), instrument="BTCUSDT", timeframe="1m")


def bare_loop(columns: BarColumns) -> tuple[list[tuple[int, float, float, float]], list[float]]:
    """The same strategy without a kit around it: its fills (ts, signed qty, price, fee) and equity after each bar."""
    fast: deque[float] = deque([0.0] * FAST, FAST)
    slow: deque[float] = deque([0.0] * SLOW, SLOW)
    fast_sum = slow_sum = 0.0
    cash = CASH
    held = wanted = 0.0
    fills: list[tuple[int, float, float, float]] = []
    curve: list[float] = []
    for seen, bar in enumerate(columns.bars(), 1):
        if wanted != held:
            qty, price = wanted - held, bar.open
            paid = abs(qty) * price * FEE
            cash -= qty * price + paid
            fills.append((bar.ts, qty, price, paid))
            held = wanted
        close = bar.close
        fast_sum += close - fast[0]
        fast.append(close)
        slow_sum += close - slow[0]
        slow.append(close)
        if seen >= SLOW:
            wanted = 1.0 if fast_sum / FAST > slow_sum / SLOW else 0.0
        curve.append(cash + held * close)
    return fills, curve


class Cross(SmaCross):
    """The library's cross with the windows of this benchmark."""

    fast, slow = FAST, SLOW


def ours(bars: pd.DataFrame, strategy: type[Strategy] = Cross, *, stepwise: bool = False) -> Result:
    """The backtest alone: its frames are made when they are asked for."""
    return backtest(strategy, bars, cash=CASH, fee=FEE, stepwise=stepwise)


def with_curve(bars: pd.DataFrame, **options: Any) -> Result:
    """The backtest and its equity curve: what the bare loop gives."""
    result = ours(bars, **options)
    assert len(result.equity) == len(bars)
    return result


def with_everything(bars: pd.DataFrame) -> Result:
    """The same with fills as a frame, round trips and statistics."""
    result = with_curve(bars)
    assert result.stats["trades"] == len(result.fills) // 2
    return result


def check_equal(result: Result, columns: BarColumns) -> int:
    """Fail unless both did the same work; the number of fills. Fees are exact to 1e-8 here, floats there."""
    fills, curve = bare_loop(columns)
    found, account = result.equity["equity"].to_numpy(), result.final.account.equity
    apart = float(np.abs(found - np.array(curve)).max())
    if len(result.fills) != len(fills) or apart > 1e-3 or abs(account - curve[-1]) > 1e-3:
        raise AssertionError(
            f"the two sides did not do the same work: {len(result.fills):,} fills here, {len(fills):,} in the bare "
            f"loop; final equity {account:.6f} here, {curve[-1]:.6f} there; the curves are up to {apart:.6f} apart"
        )
    return len(fills)


def timed(name: str, work: Any, given: tuple[pd.DataFrame, BarColumns, int], aim: str) -> Row:
    """One row: our work beside the bare loop on the same bars."""
    bars, columns, fills = given
    made = duel(partial(work, bars), partial(bare_loop, columns), rounds=ROUNDS)
    print(f"{name}: {made.told(len(bars))}", flush=True)
    fast, limit = made.rates(len(bars))
    return {
        "name": name,
        "size": f"{len(bars):,} bars, {fills:,} fills",
        "ours": f"{fast / 1e6:.2f} M bars/s",
        "limit": f"bare loop {limit / 1e6:.2f} M bars/s",
        "ratio": made.ratio,
        "aim": aim,
    }


def beside(name: str, peer: Callable[[], object], bars: pd.DataFrame) -> Row:
    """One row: ours with statistics beside another engine that calls Python at each bar."""
    made = duel(partial(with_everything, bars), peer, rounds=2)
    print(f"{name}: {made.told(len(bars))}", flush=True)
    rate, limit = made.rates(len(bars))
    return {
        "name": "the same, with statistics, beside a peer", "size": f"{len(bars):,} bars",
        "ours": f"{rate / 1e6:.2f} M bars/s", "limit": f"{name} {limit / 1e6:.3f} M bars/s",
        "ratio": made.ratio, "aim": "< 1x",
    }  # fmt: skip


def memory() -> Row:
    """The peak above the bars, in a process that does nothing else."""
    command = [sys.executable, "-m", "benchmarks.bench_backtest", "--memory"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {
        "name": "backtest, memory above the bars",
        "size": f"{BARS:,} bars ({told['bars']:.0f} MB as columns)",
        "ours": f"{told['above']:.0f} MB",
        "limit": f"bare loop {told['bare']:.0f} MB",
        "ratio": None,
        "aim": "< 60 MB",
    }


def measure_memory() -> dict[str, float]:
    """Peak above what is in use once the bars are there and every module is loaded [MB]."""
    with_everything(made_up_bars(1_000))
    bars = made_up_bars(BARS)
    columns = BarColumns.from_frame(bars)
    names = ("ts", "open", "high", "low", "close", "volume")
    peaks = {"bars": sum(getattr(columns, name).nbytes for name in names) / 2**20}
    for name, work in (("bare", partial(bare_loop, columns)), ("above", partial(with_curve, bars))):
        before = resident_mb()
        reset_peak()
        kept = work()
        peaks[name] = peak_mb() - before
        del kept
    return peaks


def main() -> list[Row]:
    """The rows for the table."""
    bars, few = made_up_bars(BARS), made_up_bars(STEPWISE_BARS)
    columns, few_columns = BarColumns.from_frame(bars), BarColumns.from_frame(few)
    fills = check_equal(ours(bars), columns)
    few_fills = check_equal(ours(few, stepwise=True), few_columns)
    check_equal(ours(few, OwnCross), few_columns)
    whole = (bars, columns, fills)
    return [
        timed("backtest SMA 10/50 with its equity curve", with_curve, whole, "<= 1.8x"),
        timed("the same, a user's own indicators", partial(with_curve, strategy=OwnCross), whole, "<= 2.4x"),
        timed("the same, without the curve", ours, whole, "-"),
        timed("the same, with fills, trades and statistics", with_everything, whole, "-"),
        timed(
            "the same, through Engine.step",
            partial(with_curve, stepwise=True),
            (few, few_columns, few_fills),
            "-",
        ),
        *(beside(name, partial(peer, few, FAST, SLOW, CASH, FEE), few) for name, peer in engines().items()),
        memory(),
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_memory() if "--memory" in sys.argv else main(), indent=1) + "\n")
