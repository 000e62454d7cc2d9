"""Decisions by array: the fill simulation beside a bare compiled loop, and whole sweeps beside vectorbt's.

The bare loop keeps a position and a balance and nothing else; it is compiled by the same numba. vectorbt is measured
where it is installed. Knows no engine.
"""

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numba
import numpy as np

from benchmarks.bench_backtest import made_up_bars
from benchmarks.stopwatch import Duel, duel, peak_mb, reset_peak, resident_mb
from tradekit.data.columns import BarColumns
from tradekit.run.sweep import sweep
from tradekit.run.vector import bars_of
from tradekit.run.workers import cores
from tradekit.sim.costs import Costs
from tradekit.sim.measure import numbers_of
from tradekit.sim.vector import Fills, Terms, equity_of, fills_of
from tradekit.strategy.library import SmaCrossVector
from tradekit.strategy.load import load_strategy
from tradekit.strategy.memo import Memo
from tradekit.strategy.vector import VectorStrategy, decided

__all__ = ["main"]

BARS, SWEPT_BARS, PAIRS, KEPT = 1_000_000, 100_000, 1_000, 40
FAST, SLOW, CASH, FEE = 10, 50, 100_000.0, 0.0005
GRID = {"fast": list(range(5, 45)), "slow": list(range(50, 300, 10))}
ROUNDS = 5
Row = dict[str, Any]


def _bare(opens: Any, closes: Any, targets: Any, cash: float, fee: float) -> Any:
    held = wanted = 0.0
    for at in range(len(opens)):
        if wanted != held:
            cash -= (wanted - held) * opens[at] + abs(wanted - held) * opens[at] * fee
            held = wanted
        if targets[at] == targets[at]:
            wanted = targets[at]
    return cash + held * closes[-1]


bare: Callable[..., float] = numba.njit(_bare)


@numba.njit(parallel=True)
def bare_sweep(opens: Any, closes: Any, targets: Any, pairs: int, cash: float, fee: float) -> Any:
    """The bare loop for each pair, side by side; there are fewer distinct targets than pairs."""
    ends = np.empty(pairs)
    for pair in numba.prange(pairs):
        ends[pair] = bare(opens, closes, targets[pair % len(targets)], cash, fee)
    return ends


def _targets(columns: BarColumns, pairs: list[tuple[int, int]]) -> Any:
    memo, bars, strategy = Memo(), bars_of(columns), load_strategy(SmaCrossVector)
    assert isinstance(strategy, VectorStrategy)
    made = []
    for fast, slow in pairs:
        load_strategy(strategy, {"fast": fast, "slow": slow})
        made.append(decided(strategy, bars, memo))
    return np.array(made)


def simulated(columns: BarColumns, targets: Any, terms: Terms) -> Any:
    """Fills and equity of one run."""
    return equity_of(columns.close, fills_of(columns.open, targets, terms), terms, CASH)


def worth(fills: Fills, close: float) -> float:
    """Equity in the end: what the bare loop gives, too."""
    if not len(fills.at):
        return CASH
    return float(CASH - fills.qty @ fills.price - fills.fee.sum() + fills.held[-1] * close)


def swept(columns: BarColumns, targets: Any, terms: Terms, *, measured: bool) -> list[float]:
    """The fill simulation of every pair on threads, as `sweep` does it, with or without statistics."""
    own = threading.local()

    def one(pair: int) -> float:
        fills = fills_of(columns.open, targets[pair % len(targets)], terms)
        if not measured:
            return worth(fills, columns.close[-1])
        if not hasattr(own, "equity"):
            own.equity = np.empty(len(columns))
        equity = equity_of(columns.close, fills, terms, CASH, out=own.equity)
        numbers_of(equity, fills, columns.ts, terms, CASH)
        return float(equity[-1])

    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(one, range(PAIRS)))


def whole(columns: BarColumns) -> Any:
    """`tk.sweep`: decide, fill, measure."""
    found = sweep(SmaCrossVector, columns, GRID, cash=CASH, fee=FEE)
    assert len(found) == PAIRS
    return found


def by_vectorbt(columns: BarColumns) -> Any:
    """The same grid with vectorbt: its averages, its portfolio, its total return and Sharpe ratio."""
    import pandas as pd
    import vectorbt as vbt  # type: ignore[import-not-found,import-untyped,unused-ignore]

    close = pd.Series(columns.close, index=pd.DatetimeIndex(columns.ts.view("datetime64[ns]")))
    fast = vbt.MA.run(close, GRID["fast"]).ma
    slow = vbt.MA.run(close, GRID["slow"]).ma
    ends = []
    opens = pd.Series(columns.open, index=close.index)
    for at in range(fast.shape[1]):  # a fast window at a time: all at once need gigabytes
        above = fast.to_numpy()[:, [at]] > slow.to_numpy()
        above = np.vstack((np.zeros((1, above.shape[1]), dtype=bool), above[:-1]))  # decided the bar before
        entries = pd.DataFrame(above, index=close.index, columns=slow.columns)
        run = vbt.Portfolio.from_signals(
            close, entries, ~entries, price=opens, size=1, fees=FEE, init_cash=CASH, freq="1min"
        )
        ends.append((run.total_return(), run.sharpe_ratio()))
    return ends


def row(name: str, size: str, made: Duel, items: float, limit: str, aim: str, *, wall: bool = False) -> Row:
    """One row; on threads the clock on the wall counts."""
    if wall:
        ours, other = (float(np.median([took.wall for took in side])) for side in (made.ours, made.limit))
        fast, slow = items / ours, items / other
    else:
        fast, slow = made.rates(int(items))
    print(f"{name}: {made.told(int(items))}", flush=True)
    return {
        "name": name,
        "size": size,
        "ours": f"{fast / 1e6:,.0f} M bars/s",
        "limit": f"{limit} {slow / 1e6:,.1f} M bars/s",
        "ratio": made.wall_ratio if wall else made.ratio,
        "aim": aim,
    }


def memory() -> Row:
    """The peak of the whole sweep above the bars, in a process that does nothing else."""
    command = [sys.executable, "-m", "benchmarks.bench_vector", "--memory"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {
        "name": "the whole sweep, memory above the bars", "size": f"{PAIRS:,} x {SWEPT_BARS:,}",
        "ours": f"{told:.0f} MB", "limit": "-", "ratio": None, "aim": "< 300 MB",
    }  # fmt: skip


def measure_memory() -> float:
    """Peak above what is in use once the bars are there and everything is loaded [MB]."""
    whole_small = BarColumns.from_frame(made_up_bars(1_000))
    sweep(SmaCrossVector, whole_small, {"fast": [3, 4], "slow": [9]}, cash=CASH, fee=FEE)
    columns = BarColumns.from_frame(made_up_bars(SWEPT_BARS))
    before = resident_mb()
    reset_peak()
    whole(columns)
    return peak_mb() - before


def main() -> list[Row]:
    """The rows for the table."""
    terms = Terms(1.0, FEE, 0.0, 0.0, 0.0)
    assert terms == Terms.of(BarColumns.from_frame(made_up_bars(100)).spec, Costs.of(FEE))
    columns = BarColumns.from_frame(made_up_bars(BARS))
    (targets,) = _targets(columns, [(FAST, SLOW)])
    ends = simulated(columns, targets, terms)[-1], bare(columns.open, columns.close, targets, CASH, FEE)
    assert abs(ends[0] - ends[1]) < 1e-3
    single = duel(
        partial(simulated, columns, targets, terms),
        lambda: bare(columns.open, columns.close, targets, CASH, FEE),
        rounds=ROUNDS,
    )
    few = BarColumns.from_frame(made_up_bars(SWEPT_BARS))
    kept = _targets(few, [(fast, 50 + 5 * fast) for fast in range(5, 5 + KEPT)])
    sized = f"{PAIRS:,} pairs x {SWEPT_BARS:,} bars"
    limit = partial(bare_sweep, few.open, few.close, kept, PAIRS, CASH, FEE)
    np.testing.assert_allclose(swept(few, kept, terms, measured=False), limit(), rtol=1e-9)
    items = PAIRS * SWEPT_BARS
    fills = duel(partial(swept, few, kept, terms, measured=False), limit, rounds=ROUNDS)
    numbers = duel(partial(swept, few, kept, terms, measured=True), limit, rounds=ROUNDS)
    rows = [
        row("array style, fill simulation", f"{BARS:,} bars", single, BARS, "bare loop", ">= 50 M bars/s"),
        row("sweep, fill simulation", sized, fills, items, "bare parallel loop", "<= 1.6x", wall=True),
        row("the same with statistics", sized, numbers, items, "bare parallel loop", ">= 250 M", wall=True),
    ]
    if importlib.util.find_spec("vectorbt") is not None:
        peer = duel(partial(whole, few), partial(by_vectorbt, few), rounds=1)
        rows.append(row("the whole sweep", sized, peer, items, "vectorbt", "<= 0.05x", wall=True))
    else:
        alone = duel(partial(whole, few), limit, rounds=2)
        rows.append(row("the whole sweep", sized, alone, items, "bare parallel loop", "-", wall=True))
    return [*rows, memory()]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_memory() if "--memory" in sys.argv else main(), indent=1) + "\n")
