"""Every indicator that TA-Lib has too, against TA-Lib, on recorded and on made-up bars."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import talib

import tradekit as tk
from tradekit.indicators.base import Floats, Indicator

pytestmark = pytest.mark.shell

Bars = dict[str, Floats]
I = tk.indicators  # noqa: E741 - a short name for a table

ONE = ("value",)
BAND = ("upper", "value", "lower")
PAIRS: dict[str, tuple[Callable[[], Indicator], tuple[str, ...], Callable[[Bars], Any]]] = {
    "SMA": (lambda: I.SMA(20), ONE, lambda b: talib.SMA(b["close"], 20)),
    "EMA": (lambda: I.EMA(26), ONE, lambda b: talib.EMA(b["close"], 26)),
    "WMA": (lambda: I.WMA(10), ONE, lambda b: talib.WMA(b["close"], 10)),
    "DEMA": (lambda: I.DEMA(20), ONE, lambda b: talib.DEMA(b["close"], 20)),
    "TEMA": (lambda: I.TEMA(20), ONE, lambda b: talib.TEMA(b["close"], 20)),
    "KAMA": (lambda: I.KAMA(10), ONE, lambda b: talib.KAMA(b["close"], 10)),
    "RSI": (lambda: I.RSI(14), ONE, lambda b: talib.RSI(b["close"], 14)),
    "MOM": (lambda: I.MOM(10), ONE, lambda b: talib.MOM(b["close"], 10)),
    "ROC": (lambda: I.ROC(10), ONE, lambda b: talib.ROC(b["close"], 10)),
    "MACD": (
        lambda: I.MACD(12, 26, 9), ("value", "signal", "histogram"), lambda b: talib.MACD(b["close"], 12, 26, 9)
    ),
    "BBANDS": (lambda: I.BBANDS(20, 2.5), BAND, lambda b: talib.BBANDS(b["close"], 20, 2.5, 2.5)),
    "Donchian": (
        lambda: I.Donchian(20), ("upper", "lower"), lambda b: (talib.MAX(b["high"], 20), talib.MIN(b["low"], 20))
    ),
    "STDDEV": (lambda: I.STDDEV(20), ONE, lambda b: talib.STDDEV(b["close"], 20)),
    "LinearRegression": (
        lambda: I.LinearRegression(14), ("value", "slope"),
        lambda b: (talib.LINEARREG(b["close"], 14), talib.LINEARREG_SLOPE(b["close"], 14)),
    ),
    "ATR": (lambda: I.ATR(14), ONE, lambda b: talib.ATR(*_bar(b), 14)),
    "NATR": (lambda: I.NATR(14), ONE, lambda b: talib.NATR(*_bar(b), 14)),
    "ADX": (lambda: I.ADX(14), ONE, lambda b: talib.ADX(*_bar(b), 14)),
    "ADX of 2": (lambda: I.ADX(2), ONE, lambda b: talib.ADX(*_bar(b), 2)),
    "DI": (
        lambda: I.DI(14), ("plus", "minus"), lambda b: (talib.PLUS_DI(*_bar(b), 14), talib.MINUS_DI(*_bar(b), 14))
    ),
    "Aroon": (
        lambda: I.Aroon(25), ("down", "up", "value"),
        lambda b: (*talib.AROON(b["high"], b["low"], 25), talib.AROONOSC(b["high"], b["low"], 25)),
    ),
    "CCI": (lambda: I.CCI(20), ONE, lambda b: talib.CCI(*_bar(b), 20)),
    "WilliamsR": (lambda: I.WilliamsR(14), ONE, lambda b: talib.WILLR(*_bar(b), 14)),
    "Stochastic": (
        lambda: I.Stochastic(14, 3, 5), ("value", "signal"), lambda b: talib.STOCH(*_bar(b), 14, 3, 0, 5, 0)
    ),
    "fast stochastic": (
        lambda: I.Stochastic(9, 1, 3), ("value", "signal"), lambda b: talib.STOCHF(*_bar(b), 9, 3, 0)
    ),
    "StochRSI": (
        lambda: I.StochRSI(14, 5, 3), ("value", "signal"), lambda b: talib.STOCHRSI(b["close"], 14, 5, 3, 0)
    ),
    "PSAR": (lambda: I.PSAR(0.02, 0.2), ONE, lambda b: talib.SAR(b["high"], b["low"], 0.02, 0.2)),
    "OBV": (lambda: I.OBV(), ONE, lambda b: talib.OBV(b["close"], b["volume"])),
    "MFI": (lambda: I.MFI(14), ONE, lambda b: talib.MFI(*_bar(b), b["volume"], 14)),
}  # fmt: skip


def _bar(bars: Bars) -> tuple[Floats, Floats, Floats]:
    return bars["high"], bars["low"], bars["close"]


def _walk(seed: int, *, start: float, step: float, tick: float, jump: float) -> Bars:
    """2,000 bars on a tick grid, with jumps, gaps, bars that do not move and bars without volume."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0, step, 2000)
    moves[rng.integers(0, 2000, 12)] += rng.choice([-jump, jump], 12)
    moves[rng.random(2000) < 0.15] = 0.0
    close = np.round((start + moves.cumsum()) / tick) * tick
    opens = np.concatenate((close[:1], close[:-1])) + np.round(rng.normal(0, step / 4, 2000) / tick) * tick
    wicks = np.round(np.abs(rng.normal(0, step, (2, 2000))) / tick) * tick * (rng.random((2, 2000)) < 0.8)
    volume = np.round(np.abs(rng.normal(0, 500, 2000)), 2) * (rng.random(2000) < 0.9)
    return {
        "high": np.maximum(opens, close) + wicks[0],
        "low": np.minimum(opens, close) - wicks[1],
        "close": close,
        "volume": volume,
    }


@cache
def _bars(name: str) -> Bars:
    if name.startswith("sample:"):
        frame = tk.load_bars(name)
        return {field: frame[field].to_numpy(float) for field in ("high", "low", "close", "volume")}
    if name == "flat":
        same = np.full(300, 128.0)
        return {"high": same, "low": same, "close": same, "volume": np.zeros(300)}
    if name == "rising":
        close = 100.0 + np.arange(300) * 0.5
        return {"high": close + 0.25, "low": close - 0.5, "close": close, "volume": np.full(300, 8.0)}
    if name == "penny":
        return _walk(3, start=2.0, step=0.01, tick=0.0001, jump=0.1)
    return _walk(4, start=60_000.0, step=25.0, tick=0.01, jump=900.0)


MARKETS = (
    "sample:BTCUSDT-1m",
    "sample:NZDUSD-1h",
    "sample:ADAUSDT-PERP-1m",
    "flat",
    "rising",
    "penny",
    "dear",
)


@pytest.mark.parametrize("name", PAIRS)
def test_it_is_what_talib_gives_from_the_first_value_on(name: str) -> None:
    make, lines, theirs = PAIRS[name]
    for market in MARKETS:
        bars, indicator = _bars(market), make()
        made = indicator.arrays(*(bars[field] for field in indicator.inputs))
        expected = theirs(bars)
        for line, values in zip(lines, expected if isinstance(expected, tuple) else (expected,), strict=True):
            np.testing.assert_allclose(made[line], values, rtol=1e-8, atol=1e-8, err_msg=f"{line} {market}")
            assert np.flatnonzero(~np.isnan(made[line]))[0] == indicator.warmup - 1
