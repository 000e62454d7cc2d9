"""Times as people and machines write them come out as UTC."""

import numpy as np
import pandas as pd
import pytest

from tradekit.data.times import read_times, utc_text
from tradekit.errors import DataError

MOMENT = pd.Timestamp("2017-01-31T09:30:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "2017-01-31T09:30:00Z",
        "2017-01-31 09:30",
        "2017-01-31T04:30:00-05:00",
        "1/31/2017 9:30",
        "31.01.2017 09:30:00",
    ],
)
def test_a_text_is_read(text: str) -> None:
    assert read_times(pd.Series([text]), source="x")[0] == MOMENT


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000, 1_000_000_000])
def test_an_epoch_number_is_read_by_its_size(factor: int) -> None:
    seconds = int(MOMENT.timestamp())
    assert read_times(pd.Series([seconds * factor]), source="x")[0] == MOMENT


def test_a_fraction_of_a_second_and_an_empty_cell_survive() -> None:
    times = read_times(pd.Series([MOMENT.timestamp() + 0.25, np.nan]), source="x")
    assert times[0] == MOMENT + pd.Timedelta(milliseconds=250)
    assert times[1] is pd.NaT


def test_a_date_written_as_one_number_is_a_date() -> None:
    assert read_times(pd.Series([20170131, 20170201]), source="x")[1] == pd.Timestamp("2017-02-01", tz="UTC")


def test_days_beyond_twelve_decide_which_number_is_the_month() -> None:
    assert read_times(pd.Series(["01/02/2017", "13/02/2017"]), source="x")[0] == pd.Timestamp(
        "2017-02-01", tz="UTC"
    )
    assert read_times(pd.Series(["01/02/17", "02/13/17"]), source="x")[0] == pd.Timestamp(
        "2017-01-02", tz="UTC"
    )


def test_a_date_with_two_readings_is_refused() -> None:
    with pytest.raises(DataError, match="x: dates such as '01/02/2017' can be read month first or day first"):
        read_times(pd.Series(["01/02/2017", "01/03/2017"]), source="x")


def test_what_cannot_be_read_or_held_in_nanoseconds_is_no_time() -> None:
    times = read_times(pd.Series(["2017-01-31", "soon", None, "1066-10-14"]), source="x")
    assert times.isna().tolist() == [False, True, True, True]


def test_a_moment_is_shown_in_utc() -> None:
    assert utc_text(MOMENT.value) == "2017-01-31T09:30:00Z"
    assert utc_text(np.iinfo(np.int64).min) == "no time"
