"""A checked frame that still keeps every rule is taken as it is; any other is read, and refused, as before."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from tradekit.data import load
from tradekit.data.known import in_form, keeps_rules
from tradekit.data.load import load_bars, load_columns
from tradekit.errors import DataError


@pytest.fixture
def bars() -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=6, freq="1min", tz="UTC", name="ts")
    prices = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 1.0}
    return load_bars(pd.DataFrame(prices, index=index), instrument="BTC")


def test_a_checked_frame_is_not_read_again(bars: pd.DataFrame) -> None:
    read = load.BarColumns.from_frame(load_bars(bars))
    with patch.object(load, "read_table", side_effect=AssertionError):
        taken = load_columns(bars)
        part = load_columns(bars.iloc[::2])
    for name in ("ts", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(taken, name), getattr(read, name))
    assert (taken.spec, taken.timeframe, taken.closed) == (read.spec, read.timeframe, read.closed)
    assert len(part) == 3


def test_what_is_written_to_the_frame_later_does_not_reach_the_columns(bars: pd.DataFrame) -> None:
    taken = load_columns(bars)
    bars["close"] = 1.0
    bars.iloc[0, 0] = 1.0
    assert (taken.close[0], taken.open[0]) == (11.0, 10.0)


BROKEN: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a price below zero": lambda bars: bars.assign(low=-1.0),
    "a high below the close": lambda bars: bars.assign(high=10.5),
    "a low above the open": lambda bars: bars.assign(low=10.5),
    "a price that is no number": lambda bars: bars.assign(open=np.nan),
    "a price without end": lambda bars: bars.assign(high=np.inf),
    "a volume below zero": lambda bars: bars.assign(volume=-1.0),
    "the newest first": lambda bars: bars.iloc[::-1],
    "a bar twice": lambda bars: bars.iloc[[0, 1, 1, 2]],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_frame_that_breaks_a_rule_since_is_refused(bars: pd.DataFrame, name: str) -> None:
    with pytest.raises(DataError):
        load_columns(BROKEN[name](bars))


def test_a_volume_that_is_not_known_is_nought_as_ever(bars: pd.DataFrame) -> None:
    assert load_columns(bars.assign(volume=np.nan)).volume.tolist() == [0.0] * 6


@pytest.mark.parametrize(
    "change",
    [
        lambda bars: bars.assign(bid_open=1.0),
        lambda bars: bars.tz_localize(None),
        lambda bars: bars.astype({"volume": int}),
        lambda bars: bars[["close", "open", "high", "low", "volume"]],
        lambda bars: bars.iloc[:1],
        lambda bars: bars.reset_index(),
    ],
)
def test_another_form_is_not_known(
    bars: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    assert in_form(bars)
    assert not in_form(change(bars))


def test_bars_closer_than_their_length_keep_no_rule(bars: pd.DataFrame) -> None:
    closer = bars.set_index(bars.index[:1].append(bars.index[:-1] + pd.Timedelta("30s")))
    assert not keeps_rules(load.BarColumns.from_frame(closer))
