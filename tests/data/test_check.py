"""Each rule that bars must keep: what is said when it is broken, and what dropping leaves."""

from pathlib import Path

import pandas as pd
import pytest

from tradekit.data.load import load_bars
from tradekit.errors import DataError

HEADER = "ts,open,high,low,close,volume"
ROWS = [f"2022-12-13T00:0{i}:00Z,10,12,9,11,5" for i in range(6)]


def file_with(folder: Path, *changes: tuple[int, str], header: str = HEADER) -> Path:
    rows = list(ROWS)
    for at, row in changes:
        rows[at] = row
    path = folder / "ACME.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


BROKEN = {
    "unreadable_time": (
        "soon,10,12,9,11,5",
        r"1 of 6 rows have a time that cannot be read: line 4 .*'soon'",
    ),
    "not_a_number": ("2022-12-13T00:02:00Z,10,12,abc,11,5", r"line 4 \(2022-12-13T00:02:00Z\): low is 'abc'"),
    "empty_price": ("2022-12-13T00:02:00Z,10,12,,11,5", r"empty price: line 4 \(.*\): low is empty"),
    "not_positive": ("2022-12-13T00:02:00Z,10,12,-9,11,5", r"not above zero .* line 4 \(.*\): low is -9"),
    "high_below_low": ("2022-12-13T00:02:00Z,10,8,9,11,5", r"high below the low: line 4 .*high 8, low 9"),
    "outside_range": ("2022-12-13T00:02:00Z,10,12,9,13,5", r"outside .* line 4 .*high 12, low 9, close 13"),
    "negative_volume": ("2022-12-13T00:02:00Z,10,12,9,11,-5", r"volume below zero: line 4 .*volume is -5"),
    "repeated_time": (
        "2022-12-13T00:01:00Z,10,12,9,11,5",
        r"repeat a time .*: line 4 \(2022-12-13T00:01:00Z\)",
    ),
    "backward_time": (
        "2022-12-12T00:00:00Z,10,12,9,11,5",
        r"step back in time: line 4 .*after 2022-12-13T00:01:00Z",
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_names_file_line_time_and_value(tmp_path: Path, rule: str) -> None:
    row, message = BROKEN[rule]
    path = file_with(tmp_path, (2, row))
    with pytest.raises(DataError, match=message) as raised:
        load_bars(path)
    assert str(raised.value).startswith(str(path))
    assert "To mend: " in str(raised.value)


@pytest.mark.parametrize("rule", BROKEN)
def test_dropping_leaves_the_other_rows_and_counts_the_rule(tmp_path: Path, rule: str) -> None:
    bars = load_bars(file_with(tmp_path, (2, BROKEN[rule][0])), on_bad="drop")
    assert len(bars) == 5
    assert bars.attrs["warnings"] == {f"dropped_{rule}": 1, "gaps": 1}


def test_three_rows_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    path = file_with(tmp_path, *((i, ROWS[i].replace(",9,", ",,")) for i in range(5)))
    with pytest.raises(
        DataError, match=r"5 of 6 rows have an empty price: line 2 .*line 3 .*line 4 .*; and 2 more\."
    ):
        load_bars(path)


def test_a_blank_line_inside_the_file_is_named_by_its_own_number(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 5 \(no time\): time is empty"):
        load_bars(file_with(tmp_path, (3, "")))


def test_a_frame_is_named_by_row_numbers_from_zero() -> None:
    bars = load_bars("sample:BTCUSDT-1m")
    spoilt = bars.copy()
    spoilt.iloc[7, spoilt.columns.get_loc("close")] = float("nan")
    with pytest.raises(
        DataError,
        match=r"sample:BTCUSDT-1m: 1 of 1440 rows .*: row 7 \(2022-12-13T00:07:00Z\): close is empty",
    ):
        load_bars(spoilt)


def test_bid_and_ask_rows_are_checked_by_side(tmp_path: Path) -> None:
    sides = [f"{side}_{name}" for side in ("bid", "ask") for name in ("open", "high", "low", "close")]
    good = "10,12,9,11,10.5,12.5,9.5,11.5"
    bad = "10,12,9,11,10.5,9,9.5,11.5"
    path = tmp_path / "q.csv"
    path.write_text(f"ts,{','.join(sides)}\n2020-01-01,{good}\n2020-01-02,{bad}\n")
    with pytest.raises(
        DataError, match=r"line 3 .*: ask_open 10.5, ask_high 9, ask_low 9.5, ask_close 11.5"
    ) as raised:
        load_bars(path)
    assert "bid_open" not in str(raised.value)


def test_missing_columns_are_named_with_those_found_and_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"no column close \(did you mean 'clos'\?\); found ts, open, high, low, clos"
    ):
        load_bars(file_with(tmp_path, header="ts,open,high,low,clos,volume"))
    with pytest.raises(DataError, match=r"no columns open, high, low, close; found ts, bid, ask, a, b, c"):
        load_bars(file_with(tmp_path, header="ts,bid,ask,a,b,c"))


def test_the_first_column_must_be_the_time(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"first column is 'id' and should be the time, named ts, date"):
        load_bars(file_with(tmp_path, header="id,open,high,low,close,volume"))


def test_newest_first_is_told_to_be_reversed() -> None:
    with pytest.raises(DataError, match="the newest row comes first; reverse the rows"):
        load_bars(load_bars("sample:BTCUSDT-1m").iloc[::-1])


def test_stacked_instruments_are_told_to_be_taken_apart(tmp_path: Path) -> None:
    rows = [f"2020-01-0{day},{ticker},1,1,1,1" for ticker in ("A", "B") for day in (1, 2)]
    path = tmp_path / "stack.csv"
    path.write_text("\n".join(["date,Ticker,open,high,low,close", *rows]))
    with pytest.raises(DataError, match="column 'Ticker' says that several instruments are stacked"):
        load_bars(path)


def test_nothing_left_after_dropping_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "zeros.csv"
    path.write_text("ts,open,high,low,close\n2020-01-01,0,0,0,0\n2020-01-02,0,0,0,0\n")
    with pytest.raises(DataError, match="no good row is left of 2"):
        load_bars(path, on_bad="drop")


def test_a_rounding_error_of_adjusted_prices_is_lifted_and_not_refused() -> None:
    index = pd.date_range("2020-01-01", periods=2, freq="D")
    frame = pd.DataFrame({"open": 10.0, "high": 12.0, "low": 9.0, "close": 12.000000000000002}, index=index)
    bars = load_bars(frame)
    assert (bars["high"] >= bars["close"]).all()
