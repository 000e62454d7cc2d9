"""Bars from samples, files and frames come out in one form."""

import gzip
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tradekit.data.columns import instrument_of
from tradekit.data.load import load_bars, load_columns
from tradekit.errors import DataError, NotFoundError
from tradekit.model.instrument import Instrument

GOOD = """ts,open,high,low,close,volume
2022-12-13T00:00:00Z,10,12,9,11,5
2022-12-13T00:01:00Z,11,13,10,12,6
2022-12-13T00:02:00Z,12,14,11,13,7
"""
QUOTES = """date,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close
2022-12-13 00:00,10,12,9,11,10.5,12.5,9.5,11.5
2022-12-13 01:00,11,13,10,12.5,11.5,13.5,10.5,12
"""


def write(folder: Path, text: str, name: str = "ACME.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_sample_comes_as_utc_bars_that_say_what_they_are() -> None:
    bars = load_bars("sample:BTCUSDT-1m")
    assert bars.index.name == "ts"
    assert str(bars.index.dtype) == "datetime64[ns, UTC]"
    assert list(bars.columns) == ["open", "high", "low", "close", "volume"]
    assert set(bars.dtypes) == {np.dtype("float64")}
    assert bars.index[0] == pd.Timestamp("2022-12-13T00:00:00Z")
    assert bars.iloc[0].tolist() == [17208.86, 17212.99, 17205.0, 17205.0, 1.549151]
    assert bars.attrs["instrument"] == "BTCUSDT"
    assert bars.attrs["timeframe"] == "1m"
    assert bars.attrs["source"] == "sample:BTCUSDT-1m"
    assert str(instrument_of(bars).tick) == "0.01"


def test_a_price_is_the_float_that_prints_as_it_was_written(tmp_path: Path) -> None:
    written = [f"{17_000 + i * 0.37:.2f}" for i in range(500)]
    rows = "\n".join(
        f"{stamp},{price},{price},{price},{price}"
        for stamp, price in zip(
            pd.date_range("2022-01-01", periods=500, freq="h").astype(str), written, strict=True
        )
    )
    bars = load_bars(write(tmp_path, "time,open,high,low,close\n" + rows))
    assert [f"{price!r}" for price in bars["close"].tolist()] == [repr(float(text)) for text in written]


def test_bid_and_ask_bars_give_their_middle_and_count_crossed_closes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "tradekit.data"):
        bars = load_bars(write(tmp_path, QUOTES))
    assert bars["open"].tolist() == [10.25, 11.25]
    assert bars["close"].tolist() == [11.25, 12.25]
    assert bars["volume"].tolist() == [0.0, 0.0]
    assert bars["ask_close"].tolist() == [11.5, 12.0]
    assert bars.attrs["warnings"] == {"bid_above_ask": 1}
    assert bars.attrs["timeframe"] == "1h"
    assert "bid above ask 1" in caplog.text


def test_a_gzipped_file_reads_like_the_plain_one(tmp_path: Path) -> None:
    plain = load_bars(write(tmp_path, GOOD))
    (tmp_path / "ACME.csv.gz").write_bytes(gzip.compress(GOOD.encode()))
    pd.testing.assert_frame_equal(load_bars(tmp_path / "ACME.csv.gz"), plain)
    assert plain.attrs["instrument"] == "ACME"


def test_a_byte_order_mark_blank_lines_at_the_end_and_spelling_of_headers_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("ts,open,high", "Date,Open, HIGH").encode() + b"\n\n")
    assert len(load_bars(path)) == 3


def test_a_frame_with_a_naive_index_and_capital_columns_is_taken_as_utc() -> None:
    index = pd.date_range("2020-01-01", periods=3, freq="D")
    frame = pd.DataFrame({name: [1.0, 2.0, 3.0] for name in ("Open", "High", "Low", "Close")}, index=index)
    bars = load_bars(frame, instrument="SPY")
    assert bars.index[0] == pd.Timestamp("2020-01-01", tz="UTC")
    assert (bars.attrs["instrument"], bars.attrs["timeframe"]) == ("SPY", "1D")


def test_a_frame_in_another_time_zone_keeps_its_moments() -> None:
    index = pd.date_range("2020-01-01 09:30", periods=2, freq="min", tz="America/New_York", name="Datetime")
    frame = pd.DataFrame({name: [1.0, 2.0] for name in ("open", "high", "low", "close")}, index=index)
    assert load_bars(frame).index[0] == pd.Timestamp("2020-01-01 14:30", tz="UTC")


def test_a_part_of_loaded_bars_keeps_its_name_and_length() -> None:
    bars = load_bars("sample:ADAUSDT-PERP-1m")
    again = load_bars(bars.iloc[100:101])
    assert again.attrs["timeframe"] == "1m"
    assert instrument_of(again) == instrument_of(bars)


def test_an_instrument_given_by_the_caller_wins(tmp_path: Path) -> None:
    acme = Instrument(id="ACME-EQ", quote="EUR")
    assert instrument_of(load_bars(write(tmp_path, GOOD), instrument=acme)) == acme
    with pytest.raises(DataError, match="'A B' must be letters, digits"):
        load_bars(write(tmp_path, GOOD), instrument="A B")


def test_the_bar_length_is_the_commonest_step_and_longer_steps_are_gaps(tmp_path: Path) -> None:
    gapped = GOOD + "2022-12-13T00:09:00Z,12,14,11,13,7\n2022-12-13T00:09:30Z,12,14,11,13,7\n"
    bars = load_bars(write(tmp_path, gapped))
    assert bars.attrs["timeframe"] == "1m"
    assert bars.attrs["warnings"] == {"gaps": 1, "short_steps": 1}


def test_a_timeframe_longer_than_the_bars_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="bars come every 60 s, so they are no 1h bars"):
        load_bars(write(tmp_path, GOOD), timeframe="1h")


def test_one_row_needs_to_be_told_its_length(tmp_path: Path) -> None:
    path = write(tmp_path, "\n".join(GOOD.splitlines()[:2]))
    with pytest.raises(DataError, match="one row does not tell how long a bar is; say it: timeframe='1m'"):
        load_bars(path)
    assert len(load_bars(path, timeframe="5m")) == 1


def test_an_unknown_volume_is_zero_and_counted(tmp_path: Path) -> None:
    bars = load_bars(write(tmp_path, GOOD.replace("11,6", "11,").replace("12,6", "12,")))
    assert bars["volume"].tolist() == [5.0, 0.0, 7.0]
    assert bars.attrs["warnings"] == {"volume_unknown": 1}


def test_parquet_goes_through_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame(
        {"ts": ["2020-01-01", "2020-01-02"], "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0}
    )
    path = write(tmp_path, "", "x.parquet")
    monkeypatch.setattr(pd, "read_parquet", lambda given: table if given == path else None)
    assert load_bars(path).attrs["timeframe"] == "1D"


def test_parquet_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(path: Path) -> pd.DataFrame:
        raise ImportError("no engine")

    monkeypatch.setattr(pd, "read_parquet", missing)
    with pytest.raises(DataError, match="pip install pyarrow"):
        load_bars(write(tmp_path, "", "x.parquet"))


def test_a_missing_file_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(NotFoundError, match=r"no file .*ACM\.csv \(did you mean 'ACME\.csv'\?\)"):
        load_bars(tmp_path / "ACM.csv")
    with pytest.raises(NotFoundError, match="no file"):
        load_bars(tmp_path / "nowhere" / "x.csv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"", "the file is empty"),
        ("x.csv", b"ts,open,high,low,close,volume\n", "column names and no rows"),
        ("x.csv.gz", b"plain text", "cannot be read as a table"),
        ("x.csv", b'ts,open\n"2020', "no columns high, low, close|cannot be read as a table"),
        ("x.xlsx", b"PK", r"ends with \.csv, \.csv\.gz, \.parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_bars(tmp_path / name)


def test_only_two_ways_to_treat_bad_rows_are_known(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give 'raise' or 'drop'"):
        load_bars(write(tmp_path, GOOD), on_bad="ignore")  # type: ignore[arg-type]


def test_columns_hold_the_bars_as_they_were_when_their_frame_is_written_to() -> None:
    index = pd.date_range("2024-01-01", periods=9, freq="1min", tz="UTC", name="ts")
    bars = pd.DataFrame(np.full((9, 5), 100.0), index, ["open", "high", "low", "close", "volume"])
    columns = load_columns(bars, instrument="BTC")
    part = columns.part(2, 6)
    del columns
    bars.loc[index[3], "high"] = 777.0
    assert part.high.tolist() == [100.0] * 4


def test_columns_of_a_frame_of_floats_share_its_memory_where_pandas_copies_on_write() -> None:
    bars = load_bars("sample:BTCUSDT-1m")
    columns = load_columns(bars)
    copies_on_write = int(pd.__version__.partition(".")[0]) >= 3
    for name in ("open", "high", "low", "close", "volume"):
        assert np.shares_memory(getattr(columns, name), bars[name].to_numpy()) is copies_on_write, name


def test_loaded_bars_share_no_memory_with_their_source() -> None:
    source = load_bars("sample:BTCUSDT-1m")
    bars = load_bars(source)
    assert not any(np.shares_memory(bars[name].to_numpy(), source[name].to_numpy()) for name in bars)


@pytest.mark.parametrize("given", [3, None, [1.0, 2.0]])
def test_what_is_neither_a_file_nor_a_frame_is_said(given: Any) -> None:
    with pytest.raises(DataError, match="give a file, sample:NAME or a DataFrame"):
        load_bars(given)
