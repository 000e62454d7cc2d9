"""The equity curve, computed afterwards by array: cash and holdings from the fills, marked at each bar's close.

Knows prices and fills, no engine. Floats: this is a report; the exact money is in the ledger.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["equity_curve"]


def equity_curve(
    closes: dict[str, tuple[Any, Any, float]], fills: Sequence[Any], cash: float, *, length_ns: int
) -> pd.DataFrame:
    """Equity after each bar.

    closes  by instrument: open times [UTC ns, int64], close prices, multiplier; all arrays of one length each
    fills   objects with instrument, side, qty, price, fee, ts (open time of the bar that it traded in)
    cash    opening balance; length_ns the bars' length

    Returns a frame with a row a bar (all instruments' bars together): index the bar's open time (UTC), columns
    equity, cash, exposure (signed value held), drawdown (fraction below the highest equity so far, 0 or negative).
    """
    grid = _grid([stamps for stamps, _, _ in closes.values()])
    money = np.full(len(grid), float(cash))
    exposure = np.zeros(len(grid))
    for name, (stamps, prices, multiplier) in closes.items():
        mine = [f for f in fills if f.instrument == name]
        at = np.searchsorted(grid, np.array([f.ts for f in mine], dtype=np.int64), side="left")
        signed = np.array([float(f.qty) * (1 if f.side == "buy" else -1) for f in mine])
        paid = np.array([float(f.price) for f in mine]) * signed * multiplier
        fees = np.array([float(f.fee) for f in mine])
        held, spent = np.zeros(len(grid)), np.zeros(len(grid))
        np.add.at(held, np.minimum(at, len(grid) - 1), signed)
        np.add.at(spent, np.minimum(at, len(grid) - 1), paid + fees)
        money -= np.cumsum(spent)
        exposure += np.cumsum(held) * _filled_forward(grid, stamps, prices) * multiplier
    equity = money + exposure
    peak = np.maximum.accumulate(np.maximum(equity, cash))
    with np.errstate(divide="ignore", invalid="ignore"):
        drawdown = np.where(peak > 0, equity / peak - 1.0, 0.0)
    index = pd.DatetimeIndex(grid.view("datetime64[ns]"), tz="UTC", name="ts")
    return pd.DataFrame({"equity": equity, "cash": money, "exposure": exposure, "drawdown": drawdown}, index=index)


def _grid(stamps: list[Any]) -> Any:
    if len(stamps) == 1:
        return np.array(stamps[0], dtype=np.int64)
    return np.unique(np.concatenate(stamps)).astype(np.int64)


def _filled_forward(grid: Any, stamps: Any, prices: Any) -> Any:
    """The last price at or before each moment of the grid; before the first one, the first."""
    if len(grid) == len(stamps):
        return np.asarray(prices)
    return np.asarray(prices)[np.maximum(np.searchsorted(stamps, grid, side="right") - 1, 0)]
