"""Wilder's smoothing, the slow average inside ATR and RSI: (average * (period - 1) + value) / period.

Knows neither of them; it smooths a series of numbers.
"""

__all__ = ["smoothed"]


def smoothed(average: float, values: list[float], period: int) -> list[float]:
    """The averages after each of the values, going on from `average`."""
    out: list[float] = []
    append, kept = out.append, period - 1
    for value in values:
        average = (average * kept + value) / period
        append(average)
    return out
