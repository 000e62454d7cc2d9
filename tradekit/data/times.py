"""Reading the time column of market data: ISO 8601, dates as people write them, epoch numbers, all to UTC.

Knows no prices; a time without a zone is taken as UTC.
"""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from tradekit.errors import DataError

__all__ = ["TIME_NAMES", "read_times", "utc_text"]

TIME_NAMES = ("ts", "date", "time", "timestamp", "datetime", "open_time", "")  # "" is an unnamed first column

# An epoch number's unit, by the number's size: each limit is the year 5138 in that unit.
_EPOCH_UNITS = ((1e11, 1_000_000_000), (1e14, 1_000_000), (1e17, 1_000), (np.inf, 1))
_DATE_NUMBERS = (19_000_101, 21_001_231)  # 20170103 is a date, not a second of 1970
_OURS = pd.DatetimeTZDtype("ns", "UTC")
_CLOCKS = ("", " %H:%M", " %H:%M:%S")
_PAIRS = tuple(
    (f"%m{mark}%d{mark}{year}", f"%d{mark}%m{mark}{year}") for mark in "/.-" for year in ("%Y", "%y")
)


def read_times(column: "pd.Series[Any] | pd.Index[Any]", *, source: str) -> "pd.DatetimeIndex":
    """The times as a UTC DatetimeIndex in ns, NaT where one cannot be read.

    Dates such as 1/31/2017 are read month first or day first, whichever reads them all; DataError when both
    do and the answers differ.
    """
    values = pd.Series(column).reset_index(drop=True)
    if values.dtype == _OURS:
        return pd.DatetimeIndex(values, copy=False)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _in_ns(pd.to_datetime(values, utc=True))
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return _from_numbers(values)
    times = _parsed(values, "ISO8601")
    present = int(values.notna().sum())
    if _read(times) == present:
        return times
    best = times
    for month_first, day_first in _PAIRS:
        for clock in _CLOCKS:
            american, european = _parsed(values, month_first + clock), _parsed(values, day_first + clock)
            if min(_read(american), _read(european)) == present and not american.equals(european):
                raise DataError(
                    f"{source}: dates such as {values.iloc[0]!r} can be read month first or day first; "
                    "write them as 2017-01-31"
                )
            for candidate in (american, european):
                if _read(candidate) > _read(best):
                    best = candidate
    return best


def utc_text(ns: int) -> str:
    """A moment [UTC ns] as people read it: 2022-12-13T00:01:00Z."""
    if ns == np.iinfo(np.int64).min:
        return "no time"
    return pd.Timestamp(ns, tz="UTC").isoformat().replace("+00:00", "Z")


def _read(times: "pd.DatetimeIndex") -> int:
    return int(np.count_nonzero(times.notna()))


def _from_numbers(values: "pd.Series[Any]") -> "pd.DatetimeIndex":
    present = values.dropna()
    if len(present) and present.between(*_DATE_NUMBERS).all():
        return _parsed(values.astype("Int64").astype("str"), "%Y%m%d")
    largest = float(present.abs().max()) if len(present) else 0.0
    factor = next(factor for limit, factor in _EPOCH_UNITS if largest < limit)
    if pd.api.types.is_integer_dtype(values.dtype):
        return pd.DatetimeIndex((values.to_numpy(np.int64) * factor).view("datetime64[ns]"), tz="UTC")
    micro = np.round(values.to_numpy(np.float64) * (factor / 1000))  # a float holds our time in us, not in ns
    known = np.isfinite(micro)
    ns = np.where(known, np.where(known, micro, 0).astype(np.int64) * 1000, np.iinfo(np.int64).min)
    return pd.DatetimeIndex(ns.view("datetime64[ns]"), tz="UTC")


def _parsed(values: "pd.Series[Any]", form: str) -> "pd.DatetimeIndex":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what cannot be read comes back as NaT and is reported by row
        return _in_ns(pd.to_datetime(values, format=form, utc=True, errors="coerce"))


def _in_ns(times: "pd.Series[Any]") -> "pd.DatetimeIndex":
    index = pd.DatetimeIndex(times)
    inside = (index >= pd.Timestamp.min.tz_localize("UTC")) & (index <= pd.Timestamp.max.tz_localize("UTC"))
    return pd.DatetimeIndex(index.where(inside)).as_unit("ns")
