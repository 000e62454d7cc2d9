"""One run in both engines: tradekit with the rules of backtesting.py, and that library itself.

Knows which numbers are compared, and how closely.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tests.proofs import peer_library
from tests.proofs.peer_library import Row
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.sim.backtesting_py import backtesting_py
from tradekit.strategy.base import Strategy

PRICE, MONEY = (
    1e-6,
    1e-4,
)  # differences that are allowed, as fractions of the larger number where that is above 1


def ours(strategy: Strategy, frame: pd.DataFrame, *, cash: float, settings: dict[str, Any]) -> Result:
    """tradekit's result of a run, with the library's settings."""
    return backtest(strategy, frame, cash=cash, rules=backtesting_py(**settings), instrument="PEER")


def trades_of(result: Result) -> list[Row]:
    """Its closed trades in the order in which they were closed, as `peer_library.trades_of` gives them."""
    bars = {int(ts): number for number, ts in enumerate(pd.DatetimeIndex(result.equity.index).asi8)}
    return [
        (
            float(t.qty) if t.side == "long" else -float(t.qty),
            bars[t.entry_time],
            bars[t.exit_time],
            float(t.entry_price),
            float(t.exit_price),
            float(t.pnl),
        )
        for t in result.trips
    ]


def differences(
    mine: Sequence[Row], theirs: Sequence[Row], my_equity: Any, their_equity: Any, *, pieces: bool = True
) -> list[str]:
    """What differs, in words; empty when the runs are the same.

    pieces  whether the profit of each piece is compared. A commission's fixed part is paid once at entry, and the
            library counts all of it in each piece of a trade; equity has it right there too.
    """
    found = []
    if len(mine) != len(theirs):
        found.append(f"{len(mine)} trades against {len(theirs)}")
    for number, (left, right) in enumerate(zip(mine, theirs, strict=False)):
        compared = zip(left[3:], right[3:], (PRICE, PRICE, MONEY if pieces else np.inf), strict=True)
        same = left[:3] == right[:3] and all(_near(*pair) for pair in compared)
        if not same:
            found.append(f"trade {number}: {left} against {right}")
    apart = ~np.isclose(my_equity, their_equity, rtol=1e-9, atol=MONEY)
    if apart.any():
        bar = int(np.argmax(apart))
        found.append(f"equity after bar {bar}: {my_equity[bar]} against {their_equity[bar]}")
    return found


def _near(left: float, right: float, allowed: float) -> bool:
    return abs(left - right) <= allowed * max(1.0, abs(left), abs(right))


def compare(
    strategy: Callable[..., Strategy],
    library: type[Any],
    frame: pd.DataFrame,
    *,
    cash: float,
    settings: dict[str, Any],
    **parameters: Any,
) -> tuple[int, list[str]]:
    """Run one strategy in both; how many trades there were, and what differs."""
    theirs = peer_library.run(library, frame, cash=cash, settings=settings, **parameters)
    mine = ours(strategy(**parameters), frame, cash=cash, settings=settings)
    rows = trades_of(mine)
    equity = mine.equity["equity"].to_numpy()
    return len(rows), differences(
        rows, peer_library.trades_of(theirs), equity, peer_library.equity_of(theirs)
    )
