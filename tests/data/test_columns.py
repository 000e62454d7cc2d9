"""Columns give the same bars as the frame they were made from."""

import pandas as pd
import pytest

from tradekit.data.columns import BarColumns, instrument_of
from tradekit.data.load import load_bars
from tradekit.errors import DataError
from tradekit.model.market import Bar

FRAME = load_bars("sample:BTCUSDT-1m")
COLUMNS = BarColumns.from_frame(FRAME)


def test_bars_hold_the_frame_s_numbers() -> None:
    bars = list(COLUMNS.bars())
    assert len(bars) == len(COLUMNS) == len(FRAME)
    assert bars[1] == Bar("BTCUSDT", "1m", FRAME.index[1].value, *FRAME.iloc[1].tolist())
    assert type(bars[1].ts) is int
    assert type(bars[1].close) is float


@pytest.mark.parametrize("chunk", [1, 7, 1440, 10_000])
def test_the_chunk_does_not_change_the_bars(chunk: int) -> None:
    assert list(COLUMNS.bars(3, 50, chunk=chunk)) == list(COLUMNS.bars())[3:50]


def test_a_part_has_the_same_bars_without_a_copy() -> None:
    part = COLUMNS.part(3, 50)
    assert list(part.bars()) == list(COLUMNS.bars(3, 50))
    assert (part.spec, part.timeframe) == (COLUMNS.spec, COLUMNS.timeframe)
    assert part.close.base is COLUMNS.close or part.close.base is COLUMNS.close.base


def test_the_frame_comes_back() -> None:
    frame = COLUMNS.frame()
    pd.testing.assert_frame_equal(frame, FRAME)
    assert instrument_of(frame) == COLUMNS.spec
    assert frame.attrs["timeframe"] == "1m"


def test_the_columns_cannot_be_written_and_the_frame_still_can() -> None:
    with pytest.raises(ValueError, match="read-only"):
        COLUMNS.close[0] = 1.0
    own = FRAME.copy()
    BarColumns.from_frame(own)
    own.iloc[0, 0] = 1.0
    assert own.iloc[0, 0] == 1.0


def test_an_unchecked_frame_is_sent_through_load_bars() -> None:
    with pytest.raises(DataError, match="pass the DataFrame through load_bars first"):
        BarColumns.from_frame(pd.DataFrame(FRAME.to_numpy(), index=FRAME.index, columns=FRAME.columns))
    with pytest.raises(DataError, match="name no instrument"):
        instrument_of(pd.DataFrame())


def test_its_repr_is_short() -> None:
    assert repr(COLUMNS) == "BarColumns(BTCUSDT 1m, 1440 bars)"
