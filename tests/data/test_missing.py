"""Holes in a series, by the calendar."""

import numpy as np
import pandas as pd
import pytest

from tests.builders import MINUTE, START, columns, flat
from tests.data.test_calendar import ns
from tests.data.test_session_bars import bars_at, whole
from tradekit.data.load import load_bars
from tradekit.data.missing import missing_bars, outside_bars
from tradekit.errors import DataError


def holes(frame: pd.DataFrame) -> list[tuple[int, int, int]]:
    return list(zip(frame["start"].astype("int64"), frame["end"].astype("int64"), frame["bars"], strict=True))


def test_round_the_clock_every_longer_step_is_a_hole() -> None:
    bars = columns([flat(n, 1.0) for n in (0, 1, 4, 5, 10)])
    assert holes(missing_bars(bars)) == [
        (START + 2 * MINUTE, START + 4 * MINUTE, 2),
        (START + 6 * MINUTE, START + 10 * MINUTE, 4),
    ]
    assert outside_bars(bars) == 0


def test_a_frame_is_taken_too() -> None:
    assert missing_bars(load_bars("sample:BTCUSDT-1m")).empty


def test_the_night_is_no_hole() -> None:
    both = bars_at(np.concatenate([whole("2022-11-23").ts, whole("2022-11-25").ts]))
    assert missing_bars(both).empty


def test_a_hole_may_reach_over_the_night_and_counts_the_sessions_only() -> None:
    both = bars_at(np.concatenate([whole("2022-11-23").ts[:-2], whole("2022-11-25").ts[3:]]))
    assert holes(missing_bars(both)) == [(ns("2022-11-23T20:58"), ns("2022-11-25T14:33"), 5)]


def test_a_day_without_a_bar_is_one_missing_and_a_holiday_is_none() -> None:
    days = bars_at([ns(f"2022-11-{day}") for day in (21, 23, 25)], "1D")
    assert holes(missing_bars(days)) == [(ns("2022-11-22T14:30"), ns("2022-11-22T21:00"), 1)]


def test_bars_before_and_after_the_session_are_outside() -> None:
    assert (
        outside_bars(bars_at([ns(f"2022-11-25T{text}") for text in ("14:00", "14:30", "17:59", "18:00")]))
        == 2
    )


def test_weeks_are_not_counted() -> None:
    with pytest.raises(DataError, match="give bars of 1D or shorter"):
        missing_bars(bars_at([ns("2022-11-21T14:30")], "1W"))
