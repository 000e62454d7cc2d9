"""The numbers that sum up a run, or a series of returns: return, risk, drawdown and trades.

Knows returns, an equity curve and the closed trades, no engine and no prices. A number that is not defined is None,
never inf or nan: no Sharpe ratio without variance, no Calmar ratio without a drawdown.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradekit.errors import DataError
from tradekit.report.drawdowns import drawdown_numbers
from tradekit.report.returns import Floats, benchmark_numbers, compounded, ratio, return_numbers
from tradekit.report.trades import Trade

__all__ = ["Number", "exposure_numbers", "run_statistics", "statistics", "trade_numbers"]

Stamps: TypeAlias = NDArray[np.int64]
Number: TypeAlias = float | int | str | None

_YEAR_NS = 365.25 * 86_400e9


def statistics(
    returns: Any, *, periods_per_year: float | None = None, benchmark: Any = None
) -> dict[str, Number]:
    """The statistics of a series of returns, by name: what docs/statistics.md has under return, risk and drawdown.

    returns           one a period, as fractions (0.01 is one percent), oldest first: a Series or anything that
                      numpy reads as one dimension
    periods_per_year  252 for days of an exchange; else as many as a DatetimeIndex (taken as UTC) shows per 365.25
                      days. Without either, what is told a year is None.
    benchmark         returns over the same periods, for beta, alpha and what else compares; two Series are put
                      together by their index

    Raises DataError for an empty series, one with a gap (nan) in it, and a benchmark that does not cover it.
    """
    r = _finite(returns, "the series of returns")
    stamps = _stamps(returns)
    if periods_per_year is None and stamps is not None:
        periods_per_year = _periods_per_year(stamps)
    moments = None if stamps is None else np.insert(stamps, 0, stamps[0])
    return {**_of_returns(r, compounded(r), moments, periods_per_year, _beside(returns, r, benchmark))}


def run_statistics(
    equity: "pd.DataFrame",
    trades: Sequence[Trade],
    *,
    fees: Decimal | float = 0,
    opening: Decimal | float | None = None,
    periods_per_year: float | None = None,
    benchmark: Any = None,
    open_since: Sequence[int] = (),
) -> dict[str, Number]:
    """The statistics of a run, by name. Fractions: 0.01 is one percent. Times: UTC.

    equity            after each bar [account currency]: UTC DatetimeIndex, ascending; columns equity, exposure, gross
    trades            closed pieces; fees: paid in all, those of open positions too [account currency]
    opening           equity before the first bar, so that the first bar's result counts
    periods_per_year  bars in a year; else as many as the index shows per 365.25 days
    benchmark         returns of the same bars, with `opening` one for each of them
    open_since        entry times of what is still open at the end [UTC ns], for the exposure

    Gives start, end, bars, periods_per_year, opening_equity, final_equity, peak_equity, fees and what `statistics`,
    `exposure_numbers` and `trade_numbers` give.

    Raises DataError for an empty curve, or one with a gap (nan) in it.
    """
    values = _finite(equity["equity"], "the equity curve")
    stamps: Stamps = equity.index.to_numpy(dtype="datetime64[ns]").view(np.int64)
    if periods_per_year is None:
        periods_per_year = _periods_per_year(stamps)
    curve, moments = values, stamps
    if opening is not None:
        curve, moments = np.insert(values, 0, float(opening)), np.insert(stamps, 0, stamps[0])
    r = _steps(curve)
    beside = _beside(equity["equity"] if opening is not None else equity["equity"].iloc[1:], r, benchmark)
    return {
        "start": _text(stamps[0]),
        "end": _text(stamps[-1]),
        "bars": len(values),
        "periods_per_year": periods_per_year,
        "opening_equity": float(curve[0]),
        "final_equity": float(values[-1]),
        "peak_equity": float(curve.max()),
        "fees": float(fees),
        **_of_returns(r, curve, moments, periods_per_year, beside),
        **exposure_numbers(equity, trades, open_since),
        **trade_numbers(trades),
    }


def exposure_numbers(
    equity: "pd.DataFrame", trades: Sequence[Trade], open_since: Sequence[int] = ()
) -> dict[str, float | None]:
    """How much of the time and of the equity was in the market.

    exposure            share of the bars in which anything was held, if only for a moment
    avg_net_exposure    mean of signed value held / equity, at the closes where equity is above 0
    avg_gross_exposure  the same of the value held without sign; max_gross_exposure its highest
    """
    values = equity["equity"].to_numpy(np.float64)
    alive = values > 0
    net, gross = (equity[name].to_numpy(np.float64)[alive] / values[alive] for name in ("exposure", "gross"))
    stamps: Stamps = equity.index.to_numpy(dtype="datetime64[ns]").view(np.int64)
    return {
        "exposure": _time_held(stamps, trades, open_since),
        "avg_net_exposure": _mean(net),
        "avg_gross_exposure": _mean(gross),
        "max_gross_exposure": float(gross.max()) if len(gross) else None,
    }


def trade_numbers(trades: Sequence[Trade]) -> dict[str, float | int | None]:
    """Counts and results of closed trades, after fees, at the rates of their exits [account currency].

    trades, long_trades, short_trades   counts
    winning_trades, losing_trades       counts; a result of exactly 0 is neither
    win_rate                            winning trades / trades
    profit_factor                       sum of gains / sum of losses
    best_trade, worst_trade, avg_trade  profit of one trade
    avg_win, avg_loss                   mean profit of winning, of losing trades (negative)
    avg_trade_return                    mean of return_frac
    avg_trade_days, max_trade_days      time from entry to exit [days]
    """
    pnl = np.array([float(trade.pnl) * trade.rate for trade in trades])
    days = np.array([trade.exit_time - trade.entry_time for trade in trades], dtype=np.int64) / 86_400e9
    gains, losses = pnl[pnl > 0], pnl[pnl < 0]
    long_trades = sum(trade.side == "long" for trade in trades)
    return {
        "trades": len(trades),
        "long_trades": long_trades,
        "short_trades": len(trades) - long_trades,
        "winning_trades": len(gains),
        "losing_trades": len(losses),
        "win_rate": ratio(len(gains), len(pnl)),
        "profit_factor": ratio(float(gains.sum()), -float(losses.sum())),
        "best_trade": float(pnl.max()) if len(pnl) else None,
        "worst_trade": float(pnl.min()) if len(pnl) else None,
        "avg_trade": _mean(pnl),
        "avg_win": _mean(gains),
        "avg_loss": _mean(losses),
        "avg_trade_return": _mean(np.array([trade.return_frac for trade in trades])),
        "avg_trade_days": _mean(days),
        "max_trade_days": float(days.max()) if len(days) else None,
    }


def _of_returns(
    r: Floats, curve: Floats, moments: Stamps | None, periods_per_year: float | None, benchmark: Floats | None
) -> dict[str, float | int | None]:
    """What depends on the returns alone; without a curve that starts above 0 there are none."""
    sound = curve[0] > 0
    total = float(curve[-1] / curve[0] - 1.0) if sound else 0.0
    numbers = return_numbers(r if sound else r[:0], total, periods_per_year)
    depths = drawdown_numbers(curve, moments)
    deepest = depths["max_drawdown"]
    return {
        **numbers,
        **depths,
        "calmar": ratio(numbers["cagr"], None if deepest is None else -float(deepest)),
        **benchmark_numbers(r, benchmark if sound else None, periods_per_year),
    }


def _steps(curve: Floats) -> Floats:
    """Steps of the curve as fractions; after ruin (equity of 0 or below) there is nothing to gain or lose."""
    before = curve[:-1]
    alive = np.minimum.accumulate(before) > 0 if len(before) else np.empty(0, dtype=np.bool_)
    steps: Floats = np.divide(curve[1:], before, out=np.ones(len(before)), where=alive) - 1.0
    return steps


def _beside(returns: Any, r: Floats, benchmark: Any) -> Floats | None:
    """The benchmark's returns over the periods of r."""
    if benchmark is None:
        return None
    if isinstance(benchmark, pd.Series) and isinstance(returns, pd.Series):
        benchmark = benchmark.reindex(returns.index)
    b = _finite(benchmark, "the benchmark over these periods") if len(r) else r
    if len(b) != len(r):
        raise DataError(
            f"the benchmark has {len(b)} returns for {len(r)} periods; give one for each, or two Series"
        )
    return b


def _finite(values: Any, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array) or not bool(np.isfinite(array).all()):
        raise DataError(f"{name} is empty or has a value that is not finite; give one number for every bar")
    return array


def _stamps(series: Any) -> Stamps | None:
    index = getattr(series, "index", None)
    if not isinstance(index, pd.DatetimeIndex):
        return None
    stamps: Stamps = index.to_numpy(dtype="datetime64[ns]").view(np.int64)
    return stamps


def _periods_per_year(stamps: Stamps) -> float | None:
    span = float(stamps[-1] - stamps[0])
    return (len(stamps) - 1) / span * _YEAR_NS if span else None


def _time_held(stamps: Stamps, trades: Sequence[Trade], open_since: Sequence[int]) -> float:
    """Share of bars (labelled by their open time) in which anything was held, if only for a moment."""
    entries = np.array([*(trade.entry_time for trade in trades), *open_since], dtype=np.int64)
    exits = np.array(
        [trade.exit_time for trade in trades] + [int(stamps[-1]) + 1] * len(open_since), dtype=np.int64
    )
    first = np.maximum(np.searchsorted(stamps, entries, side="right") - 1, 0)
    after = np.maximum(np.searchsorted(stamps, exits, side="left"), first + 1)
    steps = np.bincount(first, minlength=len(stamps) + 1) - np.bincount(after, minlength=len(stamps) + 1)
    return float((np.cumsum(steps)[: len(stamps)] > 0).mean())


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _text(ns: np.int64) -> str:
    return pd.Timestamp(int(ns), tz="UTC").isoformat().replace("+00:00", "Z")
