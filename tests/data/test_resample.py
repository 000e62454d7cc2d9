"""Whole columns into longer bars: equal to the stream, and to pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.data.aggregate import Aggregator
from tradekit.data.columns import BarColumns
from tradekit.data.load import load_bars
from tradekit.data.resample import resample
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument

MINUTE = 60_000_000_000


@st.composite
def minutes(draw: st.DrawFn) -> BarColumns:
    """Minutes with gaps, from any place in the week."""
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 7, 45, 1500]), max_size=60))
    ts = (draw(st.integers(0, 20_000)) + np.cumsum(np.array(steps, dtype=np.int64))) * MINUTE
    price = st.floats(1, 1e6)
    close, spread, volume = (
        np.array(draw(st.lists(price, min_size=len(ts), max_size=len(ts))), dtype=np.float64)
        for _ in range(3)
    )
    return BarColumns(
        Instrument(id="X"),
        "1m",
        ts=ts,
        open=close,
        high=close + spread,
        low=close / 2,
        close=close,
        volume=volume,
    )


@given(minutes(), st.sampled_from(["1m", "5m", "15m", "1h", "1D", "1W"]))
@law(100)
def test_columns_and_stream_give_the_same_bars_to_the_last_bit(bars: BarColumns, timeframe: str) -> None:
    stream = Aggregator("X", "1m", timeframe)
    streamed = [closed for bar in bars.bars() for _, closed in stream.update(bar)]
    assert list(resample(bars, timeframe).bars()) == streamed
    forming = [] if stream.forming is None else [stream.forming]
    assert list(resample(bars, timeframe, partial=True).bars()) == streamed + forming


@pytest.mark.parametrize(
    ("timeframe", "rule"), [("15m", "15min"), ("1h", "1h"), ("1D", "24h"), ("1W", "168h")]
)
def test_a_real_year_agrees_with_pandas(timeframe: str, rule: str) -> None:
    bars = load_bars("sample:EURUSD-1h") if timeframe != "15m" else load_bars("sample:BTCUSD-PERP-1m")
    origin = pd.Timestamp("1970-01-05", tz="UTC")
    expected = bars.resample(rule, closed="left", label="left", origin=origin).agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    made = resample(bars, timeframe, partial=True)
    pd.testing.assert_frame_equal(made.drop(columns="bars"), expected.dropna(), check_freq=False, rtol=1e-12)


def test_a_frame_says_what_it_was_made_from() -> None:
    made = resample(load_bars("sample:BTCUSDT-1m"), "15m")
    assert len(made) == 96
    assert made.attrs["timeframe"] == "15m"
    assert made.attrs["source"] == "sample:BTCUSDT-1m resampled to 15m"
    assert list(made.columns) == ["open", "high", "low", "close", "volume", "bars"]
    assert set(made["bars"]) == {15}


def test_bars_that_overlap_are_refused() -> None:
    ones = np.ones(2)
    bars = BarColumns(
        Instrument(id="X"),
        "1m",
        ts=np.array([0, MINUTE // 2]),
        open=ones,
        high=ones,
        low=ones,
        close=ones,
        volume=ones,
    )
    with pytest.raises(DataError, match="follows one that ends at 60000000000 ns"):
        resample(bars, "5m")


def test_a_frame_says_how_many_bars_each_was_made_from() -> None:
    bars = load_bars("sample:BTCUSDT-1m").drop(index=load_bars("sample:BTCUSDT-1m").index[[3, 4, 20]])
    assert resample(bars, "15m")["bars"].tolist()[:3] == [13, 14, 15]
