"""Every kind of indicator, made with small numbers, and bars to feed them: the material of the room's contract.

Knows no formula.
"""

from collections.abc import Callable

import numpy as np

import tradekit as tk
from tradekit.indicators.base import Indicator
from tradekit.indicators.oscillators import Stochastic, StochRSI
from tradekit.indicators.volume import VWAP, DailyVWAP

Make = Callable[[int], Indicator]

PERIODS = (  # those whose first argument is a period
    *(
        "SMA",
        "EMA",
        "WMA",
        "DEMA",
        "TEMA",
        "KAMA",
        "RSI",
        "MOM",
        "ROC",
        "WilliamsR",
        "CCI",
        "ADX",
        "DI",
        "Aroon",
    ),
    *("SuperTrend", "ATR", "NATR", "BBANDS", "Donchian", "Keltner", "STDDEV", "ZScore", "LinearRegression"),
    *("VWAP", "MFI"),
)
OTHERS: dict[str, Make] = {
    "MACD": lambda n: tk.indicators.MACD(n, n + 2, n - 1),
    "Stochastic": lambda n: Stochastic(n, n - 1, n),
    "StochRSI": lambda n: StochRSI(n, n + 1, 2, n - 1),
    "PSAR": lambda n: tk.indicators.PSAR(n / 10),
    "OBV": lambda n: tk.indicators.OBV(),
    "VWAP of all": lambda n: VWAP(),
    "DailyVWAP": lambda n: DailyVWAP(n),
}
KINDS: dict[str, Make] = {name: getattr(tk.indicators, name) for name in PERIODS} | OTHERS

MINUTE = 60_000_000_000


def fields(closes: list[float], *, width: float = 0.25) -> dict[str, np.ndarray]:
    """Bars about these closes, some hours apart: highs and lows that change with them, volumes of 0 among others."""
    close = np.array(closes, dtype=np.float64)
    before = np.concatenate((close[:1], close[:-1]))
    number = np.arange(len(close))
    return {
        "ts": number * 450.0 * MINUTE,
        "open": before,
        "high": np.maximum(close, before) * (1 + width * (number % 3) / 4),
        "low": np.minimum(close, before) * (1 - width * (number % 2) / 4),
        "close": close,
        "volume": (number * 7 % 5) * 10.0,
    }


def inputs(indicator: Indicator, bars: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The columns that this one takes."""
    return [bars[name] for name in indicator.inputs]


def held(indicator: Indicator) -> tuple[float, ...]:
    """What its lines are now."""
    return tuple(getattr(indicator, line) for line in indicator.outputs)


def one_by_one(indicator: Indicator, columns: list[np.ndarray]) -> list[tuple[float, ...]]:
    """The lines after each bar, by `update`."""
    rows = []
    for row in zip(*(column.tolist() for column in columns), strict=True):
        indicator.update(*row)
        rows.append(held(indicator))
    return rows
