"""Return and risk of a series of returns, alone and beside a benchmark's.

Knows numbers only: neither prices nor trades nor times. A number that is not defined is None, never inf or nan.
"""

from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "benchmark_numbers", "compounded", "ratio", "return_numbers"]

Floats: TypeAlias = NDArray[np.float64]

_NORMAL_5_PCT = NormalDist().inv_cdf(0.05)


def compounded(r: Floats) -> Floats:
    """What 1 grows to: 1, then the product of 1 + r so far. After ruin (0 or below) nothing moves any more."""
    curve: Floats = np.concatenate(([1.0], np.cumprod(1.0 + r)))
    ruined = np.flatnonzero(curve <= 0)
    if len(ruined):
        curve[ruined[0] :] = curve[ruined[0]]
    return curve


def return_numbers(r: Floats, total: float, periods_per_year: float | None) -> dict[str, float | None]:
    """Return and risk; r are n returns that make the return `total`, N the periods in a year.

    total_return        as given
    cagr                (1 + total_return) ** (N / n) - 1; -1 after ruin
    mean_return         mean(r) * N
    volatility          std(r, ddof 1) * sqrt(N)
    downside_deviation  sqrt(mean(min(r, 0) ** 2 over all n)) * sqrt(N)
    sharpe              mean(r) / std(r, ddof 1) * sqrt(N), risk-free rate 0
    sortino             mean_return / downside_deviation
    omega               sum of gains / sum of losses of r
    tail_ratio          abs(95 % quantile) / abs(5 % quantile) of r
    var_95              5 % quantile of r, linear interpolation: a loss is negative
    cvar_95             mean of the r at or below it
    var_95_normal       5 % quantile of the normal distribution with mean and standard deviation of r
    skew, kurtosis      third and fourth standardised moment (the fourth less 3), corrected for bias
    best_bar, worst_bar highest and lowest r
    winning_bars        share of the r above 0 among those that are not 0

    Those that need N are None without it; all are None without a return.
    """
    if not len(r):
        return dict.fromkeys(_NAMES)
    count, mean = len(r), float(r.mean())
    deviation = _deviation(r)
    losses = np.minimum(r, 0.0)
    downside = float(np.sqrt(np.mean(losses * losses)))
    low, high = (float(q) for q in np.quantile(r, (0.05, 0.95)))
    root = None if periods_per_year is None else periods_per_year**0.5
    won, lost = int((r > 0).sum()), int((r < 0).sum())
    skew, kurtosis = _shape(r, deviation)
    return {
        "total_return": total,
        "cagr": None if periods_per_year is None else _grown(total, periods_per_year / count),
        "mean_return": _times(mean, periods_per_year),
        "volatility": _times(deviation, root),
        "downside_deviation": _times(downside, root),
        "sharpe": _times(ratio(mean, deviation), root),
        "sortino": _times(ratio(mean, downside), root),
        "omega": ratio(float(np.maximum(r, 0.0).sum()), -float(losses.sum())),
        "tail_ratio": ratio(abs(high), abs(low)),
        "var_95": low,
        "cvar_95": float(r[r <= low].mean()),
        "var_95_normal": None if deviation is None else mean + _NORMAL_5_PCT * deviation,
        "skew": skew,
        "kurtosis": kurtosis,
        "best_bar": float(r.max()),
        "worst_bar": float(r.min()),
        "winning_bars": ratio(won, won + lost),
    }


_NAMES = (
    "total_return", "cagr", "mean_return", "volatility", "downside_deviation", "sharpe", "sortino", "omega",
    "tail_ratio", "var_95", "cvar_95", "var_95_normal", "skew", "kurtosis", "best_bar", "worst_bar", "winning_bars",
)  # fmt: skip


def benchmark_numbers(r: Floats, b: Floats | None, periods_per_year: float | None) -> dict[str, float | None]:
    """The returns r beside the benchmark's b over the same periods; all None without a benchmark.

    beta               cov(r, b, ddof 1) / var(b, ddof 1)
    alpha              (mean(r) - beta * mean(b)) * N
    alpha_compounded   (1 + mean(r) - beta * mean(b)) ** N - 1
    correlation        of r and b
    tracking_error     std(r - b, ddof 1) * sqrt(N)
    information_ratio  mean(r - b) / std(r - b, ddof 1) * sqrt(N)
    """
    if b is None or len(r) < 2:
        return dict.fromkeys(_BESIDE)
    root = None if periods_per_year is None else periods_per_year**0.5
    over = _deviation(b)
    shared = float(np.sum((r - r.mean()) * (b - b.mean()))) / (len(r) - 1)
    beta = ratio(shared, None if over is None else over * over)
    rest = None if beta is None else float(r.mean()) - beta * float(b.mean())
    apart = _deviation(r - b)
    product = None if over is None else over * (_deviation(r) or 0.0)
    return {
        "beta": beta,
        "alpha": _times(rest, periods_per_year),
        "alpha_compounded": None
        if rest is None or periods_per_year is None
        else _grown(rest, periods_per_year),
        "correlation": ratio(shared, product),
        "tracking_error": _times(apart, root),
        "information_ratio": _times(ratio(float((r - b).mean()), apart), root),
    }


_BESIDE = ("beta", "alpha", "alpha_compounded", "correlation", "tracking_error", "information_ratio")


def ratio(upper: float | None, lower: float | None) -> float | None:
    """A quotient; None where either is missing or the lower is 0."""
    return None if upper is None or not lower else upper / lower


def _deviation(r: Floats) -> float | None:
    """Standard deviation, ddof 1; exactly 0 for equal values, None for fewer than two."""
    if len(r) < 2:
        return None
    return float(r.std(ddof=1)) if r.min() != r.max() else 0.0


def _shape(r: Floats, deviation: float | None) -> tuple[float | None, float | None]:
    """Skewness of 3 or more values and excess kurtosis of 4 or more: G1 and G2 of Joanes and Gill (1998)."""
    n = float(len(r))
    if n < 3 or not deviation:
        return None, None
    away = r - r.mean()
    squares = away * away
    second = float(squares.mean())
    skew = float((squares * away).mean()) / second**1.5 * (n * (n - 1)) ** 0.5 / (n - 2)
    if n < 4:
        return skew, None
    plain = float((squares * squares).mean()) / second**2 - 3.0
    return skew, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * plain + 6.0)


def _grown(fraction: float, power: float) -> float | None:
    """(1 + fraction) ** power - 1; -1 once all is lost, None beyond all numbers."""
    if fraction <= -1.0:
        return -1.0
    with np.errstate(over="ignore"):
        grown = float(np.float64(1.0 + fraction) ** power)
    return grown - 1.0 if np.isfinite(grown) else None


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else value * factor
