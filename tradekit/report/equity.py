"""The equity curve, computed afterwards by array: cash and holdings from the fills, marked at closes.

Knows prices and fills of one currency, no engine and no state. Sums are made as exact as the fills are, then reported
as floats.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradekit.model.money import ZERO

__all__ = ["Row", "Series", "curve_frame", "equity_curve", "equity_frame", "exposure_frame"]

Floats: TypeAlias = NDArray[np.float64]
Stamps: TypeAlias = NDArray[np.int64]
Row: TypeAlias = tuple[float, float, float, float]  # equity, cash, exposure, gross


class Series(NamedTuple):
    """Closes of one instrument.

    opens, closes  open times [UTC ns, ascending] and close prices of its bars, of one length
    length         of a bar [ns]
    multiplier     value of a step of 1 in price for one unit
    margined       whether only its profit moves cash
    """

    opens: Stamps
    closes: Floats
    length: int
    multiplier: float = 1.0
    margined: bool = False


def equity_curve(
    series: Mapping[str, Series],
    fills: Sequence[Any],
    cash: float,
    *,
    flows: Sequence[tuple[int, Decimal]] = (),
) -> pd.DataFrame:
    """Equity after each bar.

    series  by instrument
    fills   in the order in which they happened: objects with instrument, side ("buy" or "sell"), qty, price,
            fee and ts [UTC ns], within the bar that it traded in, and strategy and position
    cash    opening balance
    flows   cash that came (or went, negative) without a trade, each with the close that is the first to show it
            [UTC ns], ascending

    Returns a frame with a row for each moment at which a bar of any instrument closes: index the open time (UTC) of
    the shortest bar that would close then, columns equity, cash, exposure (signed value held), gross (the same without
    sign, instrument by instrument), drawdown (fraction below the highest equity so far, opening balance included; 0 or
    negative). An instrument without a bar then counts at its last close.
    """
    shortest = min((one.length for one in series.values()), default=0)
    labels = {name: _labels(one, shortest) for name, one in series.items()}
    grid = _grid(list(labels.values()))
    count = len(grid)
    shown = np.searchsorted(grid, np.array([close for close, _ in flows], dtype=np.int64) - shortest)
    money = _steps(count, np.minimum(shown, count), float(cash) + _sums(amount for _, amount in flows))
    held_in_full = np.zeros(count) if any(one.margined for one in series.values()) else None
    exposure, gross = np.zeros(count), np.zeros(count)
    by_instrument: dict[str, list[Any]] = {name: [] for name in series}
    for fill in fills:
        by_instrument.setdefault(fill.instrument, []).append(fill)
    for name, one in series.items():
        mine = by_instrument[name]
        rows = _rows(grid, labels[name], one.opens, [fill.ts for fill in mine])
        money -= _steps(count, rows, _spent(mine, one.multiplier))
        value = _steps(count, rows, _held(mine, one.multiplier))
        value *= _filled_forward(grid, labels[name], one.closes)
        exposure += value
        gross += np.abs(value, out=value)
        del value  # a long series is many megabytes, and the frame takes as many again
        if held_in_full is not None and one.margined:
            held_in_full += _steps(count, rows, np.array([0.0, *_costs(mine)]) * one.multiplier)
    held = money if held_in_full is None else money + held_in_full
    return curve_frame(grid, money + exposure, held, exposure, gross, float(cash))


def equity_frame(rows: Mapping[int, Row], cash: float) -> pd.DataFrame:
    """The same frame from rows by their label [UTC ns]; `cash` is the opening balance."""
    grid = np.array(sorted(rows), dtype=np.int64)
    columns = np.array([rows[label] for label in grid.tolist()], dtype=np.float64).reshape(-1, 4)
    equity, money, exposure, gross = columns.T
    return curve_frame(grid, equity, money, exposure, gross, cash)


def exposure_frame(equity: "pd.DataFrame") -> "pd.DataFrame":
    """Value held after each bar: net and gross, and as net_share and gross_share of equity (nan where that is gone)."""
    alive = equity["equity"].where(equity["equity"] > 0)
    net, gross = equity["exposure"], equity["gross"]
    return pd.DataFrame({"net": net, "gross": gross, "net_share": net / alive, "gross_share": gross / alive})


def curve_frame(
    grid: Stamps, equity: Floats, cash: Floats, exposure: Floats, gross: Floats, opening: float
) -> pd.DataFrame:
    """The frame of these columns, labelled by `grid` [UTC ns]; `opening` is the balance before the first row.

    The frame takes the arrays themselves, without a copy.
    """
    peak = np.maximum.accumulate(equity)
    np.maximum(peak, opening, out=peak)
    alive = peak > 0
    drawdown = np.divide(equity, peak, out=peak, where=alive)
    drawdown[~alive] = 1.0
    drawdown -= 1.0
    index = pd.DatetimeIndex(grid, dtype="datetime64[ns, UTC]", name="ts", copy=False)
    columns = {"equity": equity, "cash": cash, "exposure": exposure, "gross": gross, "drawdown": drawdown}
    return pd.DataFrame(columns, index=index, copy=False)


def _labels(series: Series, shortest: int) -> Stamps:
    """By which each bar of a series is known where the shortest bars are so long [ns]."""
    return series.opens if series.length == shortest else series.opens + (series.length - shortest)


def _grid(labels: Sequence[Stamps]) -> Stamps:
    """The moments of all series, each once."""
    if len(labels) == 1:
        return labels[0]
    return np.unique(np.concatenate([np.empty(0, np.int64), *labels]))


def _rows(grid: Stamps, labels: Stamps, opens: Stamps, times: Sequence[int]) -> Stamps:
    """The row of the bar in which each fill happened, counted in the instrument's own bars."""
    bars = np.searchsorted(opens, np.array(times, dtype=np.int64), side="right") - 1
    rows = np.searchsorted(grid, labels[np.maximum(bars, 0)], side="left")
    made: Stamps = np.maximum.accumulate(rows)  # fills are in the order in which they happened
    return made


def _sums(amounts: Iterable[Any]) -> Floats:
    """0, then the sum after each amount, added as they are: a closed position is 0."""
    return np.fromiter(accumulate(amounts, initial=ZERO), np.float64)


def _held(fills: Sequence[Any], multiplier: float) -> Floats:
    """What is held before the first fill and after each [units times multiplier]."""
    return _sums(fill.qty if fill.side == "buy" else -fill.qty for fill in fills) * multiplier


def _spent(fills: Sequence[Any], multiplier: float) -> Floats:
    """What was paid for the fills and their fees before the first and after each [quote currency]."""
    paid = (fill.qty * fill.price if fill.side == "buy" else -fill.qty * fill.price for fill in fills)
    return _sums(paid) * multiplier + _sums(fill.fee for fill in fills)


def _steps(count: int, rows: Stamps, levels: Floats) -> Floats:
    """The level after each row: the first one until the first of `rows`, the second from there on, and so on."""
    made: Floats = np.repeat(levels, np.diff(rows, prepend=0, append=count))
    return made


def _costs(fills: Sequence[Any]) -> list[float]:
    """What all that is held has cost, after each fill: at average prices, each position by itself."""
    books: dict[tuple[str, str], tuple[Decimal, float]] = {}
    after_each = []
    for fill in fills:
        key = (fill.strategy, fill.position)
        qty, cost = books.get(key, (ZERO, 0.0))
        signed = fill.qty if fill.side == "buy" else -fill.qty
        left = qty + signed
        if not left or qty * left < 0:  # closed, or turned: what is left was bought now
            cost = float(left * fill.price)
        elif qty * signed >= 0:
            cost += float(signed * fill.price)
        else:
            cost *= float(left / qty)
        books[key] = (left, cost)
        after_each.append(sum(cost for _, cost in books.values()))
    return after_each


def _filled_forward(grid: Stamps, labels: Stamps, prices: Floats) -> Floats:
    """The last price at or before each moment of the grid; before the first one, the first."""
    if len(labels) == len(grid):
        return np.asarray(prices)
    made: Floats = np.asarray(prices)[np.maximum(np.searchsorted(labels, grid, side="right") - 1, 0)]
    return made
