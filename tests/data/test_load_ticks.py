"""Trades and quotes from files and frames come out in one form, and bad rows are named."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from tradekit.data.columns import instrument_of
from tradekit.data.load_ticks import load_quotes, load_trades
from tradekit.errors import DataError, NotFoundError
from tradekit.model.instrument import Instrument

TRADES = """ts,trade_id,price,quantity,buyer_maker
2021-01-08T00:00:00.278Z,1,39432.48,0.000263,True
2021-01-08T00:00:00.310Z,2,39439.44,0.004376,False
2021-01-08T00:00:00.310Z,3,39439.43,0.1,True
"""
QUOTES = """ts,bid,bid_size,ask,ask_size
2021-01-08T00:00:01.076Z,39432.99,0.5,39433.62,0.25
2021-01-08T00:00:01.157Z,39433.7,2,39433.6,
"""


def write(folder: Path, text: str, name: str = "BTC.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_trades_come_by_time_with_price_size_and_the_side_that_took(tmp_path: Path) -> None:
    trades = load_trades(write(tmp_path, TRADES))
    assert trades.index[0] == pd.Timestamp("2021-01-08T00:00:00.278Z")
    assert list(trades.columns) == ["price", "size", "aggressor"]
    assert trades["price"].tolist() == [39432.48, 39439.44, 39439.43]
    assert trades["size"].tolist() == [0.000263, 0.004376, 0.1]
    assert trades["aggressor"].tolist() == ["sell", "buy", "sell"]
    assert trades.attrs["ticks"] == "trades"
    assert trades.attrs["warnings"] == {"repeated_times": 1}
    assert instrument_of(trades) == Instrument(id="BTC")


@pytest.mark.parametrize("size", ["size", "Quantity", "qty", "amount", "Volume"])
def test_the_size_has_many_names(tmp_path: Path, size: str) -> None:
    assert load_trades(write(tmp_path, f"ts,price,{size}\n2021-01-08,10,3\n"))["size"].tolist() == [3.0]


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("side", ["buy", "SELL", "b", "S", ""], ["buy", "sell", "buy", "sell", ""]),
        ("aggressor", ["buy", "sell", "", "", ""], ["buy", "sell", "", "", ""]),
        ("is_buyer_maker", ["true", "False", "1", "0", ""], ["sell", "buy", "sell", "buy", ""]),
    ],
)
def test_the_side_is_read_as_it_is_written(
    tmp_path: Path, header: str, cells: list[str], expected: list[str]
) -> None:
    rows = "".join(f"2021-01-0{n + 1},10,1,{cell}\n" for n, cell in enumerate(cells))
    assert load_trades(write(tmp_path, f"ts,price,size,{header}\n{rows}"))["aggressor"].tolist() == expected


def test_trades_without_a_side_say_that_it_is_unknown(tmp_path: Path) -> None:
    trades = load_trades(write(tmp_path, "ts,price,size\n2021-01-08,10,\n"))
    assert trades["aggressor"].tolist() == [""]
    assert trades["size"].tolist() == [0.0]
    assert trades.attrs["warnings"] == {"size_unknown": 1}


def test_a_bid_above_its_ask_is_counted_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        quotes = load_quotes(write(tmp_path, QUOTES))
    assert quotes["bid"].tolist() == [39432.99, 39433.7]
    assert quotes["ask_size"].tolist() == [0.25, 0.0]
    assert quotes.attrs["warnings"] == {"bid_above_ask": 1, "size_unknown": 1}
    assert "bid above ask 1" in caplog.text


def test_a_frame_with_its_times_in_the_index_is_taken(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"bid_price": [1.0, 1.1], "ask_price": [1.2, 1.3]}, index=pd.date_range("2021-01-08", periods=2)
    )
    quotes = load_quotes(frame, instrument=Instrument(id="EURUSD", quote="JPY"))
    assert quotes["ask"].tolist() == [1.2, 1.3]
    assert quotes.attrs["instrument"] == "EURUSD"
    again = load_quotes(quotes)
    pd.testing.assert_frame_equal(again, quotes)
    assert instrument_of(again).quote == "JPY"


BROKEN = {
    "unreadable_time": ("soon,10,1,buy", "have a time that cannot be read: line 3 .*'soon'"),
    "not_a_number": ("2021-01-08,ten,1,buy", "hold text where a number belongs: line 3 .*price is 'ten'"),
    "empty_price": ("2021-01-08,,1,buy", "have an empty price: line 3"),
    "not_positive": ("2021-01-08,0,1,buy", "not above zero and finite: line 3 .*price is 0"),
    "negative_size": ("2021-01-08,10,-1,buy", "have a size below zero: line 3 .*size is -1"),
    "unknown_side": ("2021-01-08,10,1,long", "neither buy nor sell: line 3 .*side is 'long'"),
    "backward_time": ("2021-01-01,10,1,buy", "step back in time: line 3"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_names_the_row_or_drops_and_counts_it(
    tmp_path: Path, rule: str, caplog: pytest.LogCaptureFixture
) -> None:
    row, words = BROKEN[rule]
    path = write(tmp_path, f"ts,price,size,side\n2021-01-07,10,1,buy\n{row}\n2021-01-09,10,1,sell\n")
    with pytest.raises(DataError, match=words):
        load_trades(path)
    kept = load_trades(path, on_bad="drop")
    assert kept["aggressor"].tolist() == ["buy", "sell"]
    assert kept.attrs["warnings"] == {f"dropped_{rule}": 1}


def test_a_missing_column_is_named_with_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"no column price \(did you mean 'pice'\?\); found ts, pice, size. Trades need price and size",
    ):
        load_trades(write(tmp_path, "ts,pice,size\n2021-01-08,10,1\n"))
    with pytest.raises(DataError, match=r"no column bid, ask; .*Quotes need bid and ask"):
        load_quotes(write(tmp_path, "ts,price,size\n2021-01-08,10,1\n"))


def test_what_is_not_there_or_not_understood_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no file"):
        load_trades(tmp_path / "none.csv")
    with pytest.raises(DataError, match="on_bad is 'keep'"):
        load_quotes(write(tmp_path, QUOTES), on_bad="keep")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="must be letters, digits"):
        load_quotes(write(tmp_path, QUOTES), instrument="BTC/USD")
