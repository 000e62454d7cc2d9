"""The equity curve, computed afterwards by array: cash and holdings from the fills, marked at closes.

Knows prices and fills, no engine. Sums are made as exact as the fills are, then reported as floats.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["equity_curve", "exposure_frame"]

Floats: TypeAlias = NDArray[np.float64]
Stamps: TypeAlias = NDArray[np.int64]
Closes: TypeAlias = tuple[Stamps, Floats, float]


def equity_curve(closes: Mapping[str, Closes], fills: Sequence[Any], cash: float) -> pd.DataFrame:
    """Equity after each bar.

    closes  by instrument: open times [UTC ns, ascending], close prices, multiplier; both arrays of one length
    fills   in the order in which they happened: objects with instrument, side ("buy" or "sell"), qty, price,
            fee and ts [UTC ns], within the bar that it traded in
    cash    opening balance

    Returns a frame with a row for each moment at which a bar of any instrument opens: index that time (UTC),
    columns equity, cash, exposure (signed value held), gross (the same without sign, instrument by instrument),
    drawdown (fraction below the highest equity so far, opening balance included; 0 or negative). An instrument
    without a bar then counts at its last close.
    """
    grid = _grid([stamps for stamps, _, _ in closes.values()])
    money = np.full(len(grid), float(cash))
    exposure, gross = np.zeros(len(grid)), np.zeros(len(grid))
    for name, (stamps, prices, multiplier) in closes.items():
        mine = [fill for fill in fills if fill.instrument == name]
        signed = [fill.qty if fill.side == "buy" else -fill.qty for fill in mine]
        paid = [qty * fill.price for qty, fill in zip(signed, mine, strict=True)]
        times = [fill.ts for fill in mine]
        money -= _running(grid, times, paid) * multiplier + _running(grid, times, [fill.fee for fill in mine])
        held = _running(grid, times, signed) * _filled_forward(grid, stamps, prices) * multiplier
        exposure += held
        gross += np.abs(held)
    equity = money + exposure
    peak = np.maximum.accumulate(np.maximum(equity, cash))
    drawdown = np.divide(equity, peak, out=np.ones(len(grid)), where=peak > 0) - 1.0
    index = pd.DatetimeIndex(grid.view("datetime64[ns]"), tz="UTC", name="ts")
    columns = {"equity": equity, "cash": money, "exposure": exposure, "gross": gross, "drawdown": drawdown}
    return pd.DataFrame(columns, index=index)


def exposure_frame(equity: "pd.DataFrame") -> "pd.DataFrame":
    """Value held after each bar: net and gross, and as net_share and gross_share of equity (nan where that is gone)."""
    alive = equity["equity"].where(equity["equity"] > 0)
    net, gross = equity["exposure"], equity["gross"]
    return pd.DataFrame({"net": net, "gross": gross, "net_share": net / alive, "gross_share": gross / alive})


def _grid(stamps: Sequence[Stamps]) -> Stamps:
    """The moments of all series, each once."""
    if len(stamps) == 1:
        return np.array(stamps[0], dtype=np.int64)
    return np.unique(np.concatenate([np.empty(0, np.int64), *stamps]))


def _running(grid: Stamps, times: Sequence[int], amounts: Sequence[Any]) -> Floats:
    """The sum of the amounts after each bar, added as they are: a closed position is 0."""
    sums = np.array([0.0, *map(float, accumulate(amounts))])
    bars = np.searchsorted(grid, np.array(times, dtype=np.int64), side="right") - 1
    places = np.maximum.accumulate(np.maximum(bars, 0))  # fills are in the order in which they happened
    made: Floats = np.repeat(sums, np.diff(places, prepend=0, append=len(grid)))
    return made


def _filled_forward(grid: Stamps, stamps: Stamps, prices: Floats) -> Floats:
    """The last price at or before each moment of the grid; before the first one, the first."""
    if len(stamps) == len(grid):
        return np.asarray(prices)
    made: Floats = np.asarray(prices)[np.maximum(np.searchsorted(stamps, grid, side="right") - 1, 0)]
    return made
