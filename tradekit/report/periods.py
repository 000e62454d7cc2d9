"""An equity curve by the calendar: by month, by year, and over a rolling window.

Knows a curve with UTC times, nothing of trades. Periods are calendar months and years in UTC; a bar belongs to the
one it opens in.
"""

import numpy as np
import pandas as pd

from tradekit.errors import DataError

__all__ = ["by_month", "by_year", "rolling"]


def by_month(equity: "pd.Series[float]", opening: float) -> "pd.DataFrame":
    """The return of each calendar month: a row a year, columns 1 to 12 and "year"; nan where there was no bar.

    equity   after each bar, UTC DatetimeIndex, ascending
    opening  before the first
    Fractions: 0.01 is one percent. The months of a year compound to its "year". A month that begins with nothing
    left (equity of 0 or below) has no return.
    """
    times = pd.DatetimeIndex(equity.index)
    months = _returns(equity, opening, times.year * 12 + times.month - 1)
    years = _returns(equity, opening, times.year)
    table = pd.DataFrame(np.nan, index=years.index, columns=[*range(1, 13), "year"])
    for number, value in months.items():
        table.loc[int(str(number)) // 12, int(str(number)) % 12 + 1] = value
    table["year"] = years
    return table.rename_axis("year")


def by_year(equity: "pd.DataFrame", opening: float, trades: "pd.DataFrame") -> "pd.DataFrame":
    """Each calendar year: total_return, max_drawdown (below the highest equity since the run began), trades closed
    in it, and their pnl [account currency].

    equity  index UTC, columns equity, drawdown; trades columns exit_time, pnl
    """
    years = pd.DatetimeIndex(equity.index).year
    closed = trades.groupby(trades["exit_time"].dt.year)["pnl"]
    table = pd.DataFrame(
        {
            "total_return": _returns(equity["equity"], opening, years),
            "max_drawdown": equity["drawdown"].groupby(years).min(),
        }
    )
    table["trades"] = closed.size().reindex(table.index, fill_value=0)
    table["pnl"] = closed.sum().reindex(table.index, fill_value=0.0)
    return table.rename_axis("year")


def rolling(equity: "pd.Series[float]", bars: int, periods_per_year: float | None) -> "pd.DataFrame":
    """Return, volatility and Sharpe ratio of the last `bars` steps of the curve, at each bar; nan before that many.

    total_return  as a fraction; volatility and sharpe a year, as in docs/statistics.md; sharpe is nan without
                  variance. Raises DataError for a window of fewer than 2 bars.
    """
    if bars < 2:
        raise DataError(f"a rolling window of {bars} bars has no deviation; take 2 or more")
    root = np.nan if periods_per_year is None else periods_per_year**0.5
    steps = equity.pct_change()
    window = steps.rolling(bars)
    deviation = window.std()
    flat = window.max() == window.min()  # exactly: running sums leave a rest where nothing moved
    return pd.DataFrame(
        {
            "total_return": equity / equity.shift(bars) - 1.0,
            "volatility": deviation.mask(flat, 0.0) * root,
            "sharpe": (window.mean() / deviation).mask(flat) * root,
        }
    )


def _returns(equity: "pd.Series[float]", opening: float, periods: "pd.Index[int]") -> "pd.Series[float]":
    """The return of each period, by its number; the first starts at `opening`."""
    last = equity.groupby(periods).last()
    before = last.shift(fill_value=opening)
    return (last / before - 1.0).where(before > 0)
