"""The numbers of a simulated run, from its equity and its executions as arrays, compiled where numba is there.

The definitions are those of the statistics page; a test holds these numbers to that report's. Knows no names of
strategies and no money but floats. What needs all returns in order (value at risk, the tail ratio) is not here.
"""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.sim.vector import Fills, Terms, compiled

__all__ = ["numbers_of", "periods_a_year"]

Floats: TypeAlias = NDArray[np.float64]
Stamps: TypeAlias = NDArray[np.int64]
Number: TypeAlias = float | int | None

_YEAR_NS, _DAY_NS = 365.25 * 86_400e9, 86_400e9
_CURVE = (
    "final_equity", "peak_equity", "mean", "deviation", "downside", "gains", "losses", "max_drawdown",
    "ulcer_index", "max_drawdown_bars", "max_drawdown_days",
)  # fmt: skip
_TRIPS = (
    "trades", "long_trades", "winning_trades", "losing_trades", "gains", "losses", "best", "worst", "pnl",
    "return_frac", "days", "max_days", "held_bars", "fees",
)  # fmt: skip


def periods_a_year(stamps: Stamps) -> float | None:
    """Bars in a year: as many as there are per 365.25 days; None for a single bar. `stamps` are open times [UTC ns]."""
    span = float(stamps[-1] - stamps[0])
    return (len(stamps) - 1) / span * _YEAR_NS if span else None


def numbers_of(equity: Floats, fills: Fills, stamps: Stamps, terms: Terms, cash: float) -> dict[str, Number]:
    """Statistics by name, None where one is not defined. Fractions: 0.01 is one percent.

    equity  after each bar, shape (bars,), at least one; cash: before the first
    stamps  open times of the bars [UTC ns]
    """
    n = len(equity)
    curve, trips = np.empty(len(_CURVE)), np.empty(len(_TRIPS))
    compiled(_measure_curve)(equity, stamps, cash, curve)
    count = len(fills.at)
    compiled(_measure_trips)(*fills, stamps, terms.multiplier, np.empty(count), np.empty(count), trips)
    return {
        **_curve_numbers(dict(zip(_CURVE, curve.tolist(), strict=True)), cash, n, periods_a_year(stamps)),
        **_trip_numbers(dict(zip(_TRIPS, trips.tolist(), strict=True)), n),
    }


def _curve_numbers(raw: dict[str, float], cash: float, n: int, periods: float | None) -> dict[str, Number]:
    total = raw["final_equity"] / cash - 1.0
    root = math.sqrt(periods) if periods is not None else None
    deviation = None if math.isnan(raw["deviation"]) else raw["deviation"]
    cagr = None if periods is None else _compounded(total, periods / n)
    return {
        "final_equity": raw["final_equity"],
        "peak_equity": raw["peak_equity"],
        "total_return": total,
        "cagr": cagr,
        "volatility": _times(0.0 if deviation is None and n > 1 else deviation, root),
        "sharpe": _times(_ratio(raw["mean"], deviation), root),
        "sortino": _times(_ratio(raw["mean"], raw["downside"]), root),
        "calmar": _ratio(cagr, -raw["max_drawdown"]),
        "omega": _ratio(raw["gains"], raw["losses"]),
        "max_drawdown": raw["max_drawdown"],
        "ulcer_index": raw["ulcer_index"],
        "max_drawdown_bars": int(raw["max_drawdown_bars"]),
        "max_drawdown_days": raw["max_drawdown_days"],
    }


def _trip_numbers(raw: dict[str, float], n: int) -> dict[str, Number]:
    trades, won, lost = (int(raw[name]) for name in ("trades", "winning_trades", "losing_trades"))
    return {
        "fees": raw["fees"],
        "exposure": raw["held_bars"] / n,
        "trades": trades,
        "long_trades": int(raw["long_trades"]),
        "short_trades": trades - int(raw["long_trades"]),
        "winning_trades": won,
        "losing_trades": lost,
        "win_rate": _ratio(won, trades),
        "profit_factor": _ratio(raw["gains"], raw["losses"]),
        "best_trade": raw["best"] if trades else None,
        "worst_trade": raw["worst"] if trades else None,
        "avg_trade": _ratio(raw["pnl"], trades),
        "avg_win": _ratio(raw["gains"], won),
        "avg_loss": _ratio(-raw["losses"], lost),
        "avg_trade_return": _ratio(raw["return_frac"], trades),
        "avg_trade_days": _ratio(raw["days"], trades),
        "max_trade_days": raw["max_days"] if trades else None,
    }


def _compounded(total: float, power: float) -> float | None:
    if total <= -1.0:
        return -1.0
    try:
        return float((1.0 + total) ** power - 1.0)
    except OverflowError:
        return None


def _ratio(upper: float | None, lower: float | None) -> float | None:
    return None if upper is None or not lower else upper / lower


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else value * factor


# --- compiled -----------------------------------------------------------------------------------------------


def _measure_curve(equity: Floats, stamps: Stamps, cash: float, out: Floats) -> None:
    """Write the numbers of `_CURVE` into `out`. A bar that leaves equity as it was costs next to nothing."""
    n = len(equity)
    before, peak, alive = cash, cash, cash > 0.0
    first = equity[0] / cash - 1.0 if alive else 0.0
    total = gains = losses = squares = downs = 0.0
    depth = deepest = depths = 0.0
    below = longest = 0  # bars in a row below the highest equity
    since = left = 0  # the bar of that high; the longest time since one [ns]
    alike = True  # whether all returns are the same
    for i in range(n):
        now = equity[i]
        if now == before or not alive:
            alike = alike and first == 0.0
        else:
            step = now / before - 1.0
            loss = min(step, 0.0)  # no branch: a coin's toss is guessed wrong half the time
            gain = step - loss
            total += step
            losses -= loss
            gains += gain
            downs += loss * loss
            squares += step * step
            alike = alike and step == first
            alive = now > 0.0
            before = now
        if now >= peak:
            if below:
                left = max(left, stamps[i] - stamps[since])
                longest = max(longest, below)
                below = 0
            peak, depth = now, 0.0
        else:
            depth = now / peak - 1.0
            if depth < deepest:
                deepest = depth
            if not below:
                since = max(i - 1, 0)
            below += 1
            depths += depth * depth
    if below:
        left = max(left, stamps[n - 1] - stamps[since])
        longest = max(longest, below)
    mean = total / n
    spread = squares - n * mean * mean
    if spread < 1e-4 * squares:  # the difference of two near numbers: once more, term by term
        before, alive, spread = cash, cash > 0.0, 0.0
        for i in range(n):
            step = equity[i] / before - 1.0 if alive else 0.0
            spread += (step - mean) * (step - mean)
            before = equity[i]
            alive = alive and before > 0.0
    out[0], out[1], out[2] = equity[n - 1], peak, mean
    out[3] = np.sqrt(spread / (n - 1)) if n > 1 and not alike else np.nan
    out[4], out[5], out[6] = np.sqrt(downs / n), gains, losses
    out[7], out[8], out[9], out[10] = deepest, np.sqrt(depths / n), longest, left / 86_400e9


def _measure_trips(
    at: Stamps,
    held: Floats,
    price: Floats,
    paid: Floats,
    stamps: Stamps,
    multiplier: float,
    rest: Floats,
    rest_fee: Floats,
    out: Floats,
) -> None:
    """Write the numbers of `_TRIPS` into `out`: executions matched first in, first out.

    `rest` and `rest_fee` are room for what is left of each execution and its fee.
    """
    trades = longs = won = lost = 0
    gains = losses = pnl = fracs = days = longest = fees = 0.0
    best, worst = -np.inf, np.inf
    holding, head, bars = 0.0, 0, 0
    for k in range(len(at)):
        change = held[k] - holding
        fees += paid[k]
        until = at[k + 1] if k + 1 < len(at) else len(stamps)
        if held[k] != 0.0:
            bars += until - at[k]
        left, fee = abs(change), paid[k]
        side = 1.0 if holding > 0.0 else -1.0
        closes = holding * change < 0.0
        while closes and head < k and left > 1e-9 * abs(change):
            if rest[head] <= 0.0:  # a closing one, or used up
                head += 1
                continue
            piece = min(rest[head], left)
            if abs(rest[head] - left) <= 1e-9 * left:  # a float's width apart: the same size
                piece = rest[head]
            entry_fee = rest_fee[head] if piece == rest[head] else rest_fee[head] * piece / rest[head]
            exit_fee = fee if piece >= left else fee * piece / left
            profit = (price[k] - price[head]) * side * piece * multiplier - entry_fee - exit_fee
            value = price[head] * piece * multiplier
            age = (stamps[at[k]] - stamps[at[head]]) / 86_400e9
            trades += 1
            longs += side > 0.0
            if profit > 0.0:
                won += 1
                gains += profit
            elif profit < 0.0:
                lost += 1
                losses -= profit
            pnl += profit
            if value != 0.0:
                fracs += profit / value
            best, worst = max(best, profit), min(worst, profit)
            days += age
            longest = max(longest, age)
            rest[head] -= piece
            rest_fee[head] -= entry_fee
            left -= piece
            fee -= exit_fee
        rest[k] = rest_fee[k] = 0.0
        if not closes or holding * held[k] < 0.0:  # what is opened: all of it, or what goes through zero
            rest[k], rest_fee[k] = left, fee
            if closes:
                head = k
        elif held[k] == 0.0:
            head = k + 1
        holding = held[k]
    out[0], out[1], out[2], out[3], out[4], out[5] = trades, longs, won, lost, gains, losses
    out[6], out[7], out[8], out[9], out[10], out[11] = best, worst, pnl, fracs, days, longest
    out[12], out[13] = bars, fees
