"""The numbers that sum up a run: return, risk, drawdown and trades.

Knows an equity curve and the closed trades, no engine and no prices. A number that is not defined is None,
never inf or nan: no Sharpe ratio without variance, no Calmar ratio without a drawdown.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradekit.errors import DataError
from tradekit.report.trades import Trade

__all__ = ["Number", "drawdown_numbers", "return_numbers", "statistics", "trade_numbers"]

Floats: TypeAlias = NDArray[np.float64]
Stamps: TypeAlias = NDArray[np.int64]
Number: TypeAlias = float | int | str | None

_YEAR_NS = 365.25 * 86_400e9


def statistics(
    equity: "pd.Series[float]",
    trades: Sequence[Trade],
    fees: Decimal | float = 0,
    *,
    opening: Decimal | float | None = None,
    periods_per_year: float | None = None,
    open_since: Sequence[int] = (),
) -> dict[str, Number]:
    """The statistics of a run, by name. Fractions: 0.01 is one percent. Times: UTC.

    equity            after each bar [account currency], UTC DatetimeIndex, ascending
    trades            closed pieces; fees: paid in all, those of open positions too [account currency]
    opening           equity before the first bar, so that the first bar's result counts
    periods_per_year  bars in a year; else as many as the index shows per 365.25 days
    open_since        entry times of what is still open at the end [UTC ns], for the exposure

    Gives start, end, bars, periods_per_year, opening_equity, final_equity, peak_equity, fees, calmar (cagr
    over the maximal drawdown), exposure (share of the bars with an open position), and what `return_numbers`,
    `drawdown_numbers` and `trade_numbers` give.

    Raises DataError for an empty curve, or one with a gap (nan) in it.
    """
    values = np.asarray(equity.to_numpy(), dtype=np.float64)
    if not len(values) or not bool(np.isfinite(values).all()):
        raise DataError(
            "the equity curve is empty or has a value that is not finite; give equity after every bar"
        )
    stamps: Stamps = equity.index.to_numpy(dtype="datetime64[ns]").view(np.int64)
    if periods_per_year is None:
        span = float(stamps[-1] - stamps[0])
        periods_per_year = (len(stamps) - 1) / span * _YEAR_NS if span else None
    curve, moments = values, stamps
    if opening is not None:
        curve, moments = np.insert(values, 0, float(opening)), np.insert(stamps, 0, stamps[0])
    returns = return_numbers(curve, periods_per_year)
    depths = drawdown_numbers(curve, moments)
    return {
        "start": _text(stamps[0]),
        "end": _text(stamps[-1]),
        "bars": len(values),
        "periods_per_year": periods_per_year,
        "opening_equity": float(curve[0]),
        "final_equity": float(values[-1]),
        "peak_equity": float(curve.max()),
        "fees": float(fees),
        **returns,
        **depths,
        "calmar": _ratio(
            returns["cagr"], None if depths["max_drawdown"] is None else -float(depths["max_drawdown"])
        ),
        "exposure": _exposure(stamps, trades, open_since),
        **trade_numbers(trades),
    }


def return_numbers(curve: Floats, periods_per_year: float | None) -> dict[str, float | None]:
    """Return and risk of an equity curve; r are its n returns, N the periods in a year.

    total_return  final / first - 1
    cagr          (1 + total_return) ** (N / n) - 1; -1 after ruin
    volatility    std(r, ddof 1) * sqrt(N)
    sharpe        mean(r) / std(r, ddof 1) * sqrt(N), risk-free rate 0
    sortino       mean(r) * N / (sqrt(mean(min(r, 0) ** 2 over all n)) * sqrt(N))
    omega         sum of gains / sum of losses of r
    tail_ratio    abs(95 % quantile) / abs(5 % quantile) of r
    var_95        5 % quantile of r, linear interpolation: a loss is negative
    cvar_95       mean of the r at or below it
    """
    names = (
        "total_return",
        "cagr",
        "volatility",
        "sharpe",
        "sortino",
        "omega",
        "tail_ratio",
        "var_95",
        "cvar_95",
    )
    r = _returns(curve)
    if not len(r) or curve[0] <= 0:
        return dict.fromkeys(names)
    total, count = float(curve[-1] / curve[0] - 1.0), len(r)
    mean = float(r.mean())
    deviation = float(r.std(ddof=1)) if count > 1 and r.min() != r.max() else None
    losses = np.minimum(r, 0.0)
    downside = float(np.sqrt(np.mean(losses * losses)))
    low, high = (float(q) for q in np.quantile(r, (0.05, 0.95)))
    root = None if periods_per_year is None else periods_per_year**0.5
    return {
        "total_return": total,
        "cagr": None if periods_per_year is None else _compounded(total, periods_per_year / count),
        "volatility": _times(0.0 if deviation is None and count > 1 else deviation, root),
        "sharpe": _times(_ratio(mean, deviation), root),
        "sortino": _times(_ratio(mean, downside), root),
        "omega": _ratio(float(np.maximum(r, 0.0).sum()), -float(losses.sum())),
        "tail_ratio": _ratio(abs(high), abs(low)),
        "var_95": low,
        "cvar_95": float(r[r <= low].mean()),
    }


def drawdown_numbers(curve: Floats, moments: Stamps) -> dict[str, float | int | None]:
    """How deep and how long an equity curve was below its highest point; `moments` are its points' [UTC ns].

    max_drawdown         lowest equity / highest before it - 1: negative, 0 when there was none
    ulcer_index          sqrt(mean(drawdown ** 2)) over the points after the first
    max_drawdown_bars    most consecutive bars below the highest point
    max_drawdown_days    longest time from a high to its recovery, or to the end [days]
    """
    peak = np.maximum.accumulate(curve)
    if peak[0] <= 0:
        return dict.fromkeys(("max_drawdown", "ulcer_index", "max_drawdown_bars", "max_drawdown_days"))
    depth = curve / peak - 1.0
    below = np.concatenate(([False], depth < 0, [False]))
    edges = np.flatnonzero(below[1:] != below[:-1])
    starts, ends = edges[::2], edges[1::2]  # runs of points below the high: from a start up to before an end
    lengths = moments[np.minimum(ends, len(curve) - 1)] - moments[np.maximum(starts - 1, 0)]
    later = depth[1:]
    return {
        "max_drawdown": float(depth.min()),
        "ulcer_index": float(np.sqrt(np.mean(later * later))) if len(later) else None,
        "max_drawdown_bars": int((ends - starts).max(initial=0)),
        "max_drawdown_days": float(lengths.max(initial=0)) / 86_400e9,
    }


def trade_numbers(trades: Sequence[Trade]) -> dict[str, float | int | None]:
    """Counts and results of closed trades, after fees [quote currency].

    trades, long_trades, short_trades   counts
    winning_trades, losing_trades       counts; a result of exactly 0 is neither
    win_rate                            winning trades / trades
    profit_factor                       sum of gains / sum of losses
    best_trade, worst_trade, avg_trade  profit of one trade
    avg_win, avg_loss                   mean profit of winning, of losing trades (negative)
    avg_trade_return                    mean of return_frac
    avg_trade_days, max_trade_days      time from entry to exit [days]
    """
    pnl = np.array([float(trade.pnl) for trade in trades])
    days = np.array([trade.exit_time - trade.entry_time for trade in trades], dtype=np.int64) / 86_400e9
    gains, losses = pnl[pnl > 0], pnl[pnl < 0]
    long_trades = sum(trade.side == "long" for trade in trades)
    return {
        "trades": len(trades),
        "long_trades": long_trades,
        "short_trades": len(trades) - long_trades,
        "winning_trades": len(gains),
        "losing_trades": len(losses),
        "win_rate": _ratio(len(gains), len(pnl)),
        "profit_factor": _ratio(float(gains.sum()), -float(losses.sum())),
        "best_trade": float(pnl.max()) if len(pnl) else None,
        "worst_trade": float(pnl.min()) if len(pnl) else None,
        "avg_trade": _mean(pnl),
        "avg_win": _mean(gains),
        "avg_loss": _mean(losses),
        "avg_trade_return": _mean(np.array([trade.return_frac for trade in trades])),
        "avg_trade_days": _mean(days),
        "max_trade_days": float(days.max()) if len(days) else None,
    }


def _returns(curve: Floats) -> Floats:
    """Steps of the curve as fractions; after ruin (equity of 0 or below) there is nothing to gain or lose."""
    before = curve[:-1]
    alive = np.minimum.accumulate(before) > 0 if len(before) else np.empty(0, dtype=np.bool_)
    returns: Floats = np.divide(curve[1:], before, out=np.ones(len(before)), where=alive) - 1.0
    return returns


def _exposure(stamps: Stamps, trades: Sequence[Trade], open_since: Sequence[int]) -> float:
    """Share of bars (labelled by their open time) in which anything was held, if only for a moment."""
    entries = np.array([*(trade.entry_time for trade in trades), *open_since], dtype=np.int64)
    exits = np.array(
        [trade.exit_time for trade in trades] + [int(stamps[-1]) + 1] * len(open_since), dtype=np.int64
    )
    first = np.maximum(np.searchsorted(stamps, entries, side="right") - 1, 0)
    after = np.maximum(np.searchsorted(stamps, exits, side="left"), first + 1)
    steps = np.bincount(first, minlength=len(stamps) + 1) - np.bincount(after, minlength=len(stamps) + 1)
    return float((np.cumsum(steps)[: len(stamps)] > 0).mean())


def _compounded(total: float, power: float) -> float | None:
    if total <= -1.0:
        return -1.0
    with np.errstate(over="ignore"):
        grown = float(np.float64(1.0 + total) ** power)
    return grown - 1.0 if np.isfinite(grown) else None


def _ratio(upper: float | None, lower: float | None) -> float | None:
    return None if upper is None or not lower else upper / lower


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else value * factor


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _text(ns: np.int64) -> str:
    return pd.Timestamp(int(ns), tz="UTC").isoformat().replace("+00:00", "Z")
