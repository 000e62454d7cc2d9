"""Ticks into bars: what a bin holds, what it is called, and that pandas makes the same."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.data.columns import BarColumns
from tradekit.data.load import load_bars
from tradekit.data.resample import resample
from tradekit.data.tickbars import bars_from_quotes, bars_from_trades
from tradekit.data.ticks import QuoteColumns, TradeColumns
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
X = Instrument(id="X")


def trades(*rows: tuple[float, float, float, int]) -> TradeColumns:
    """Rows of time [s], price, size, aggressor."""
    at, price, size, side = (np.array(column) for column in zip(*rows, strict=True))
    return TradeColumns(X, ts=(at * SECOND).astype(np.int64), price=price, size=size, aggressor=side)


def quotes(*rows: tuple[float, float, float]) -> QuoteColumns:
    """Rows of time [s], bid, ask."""
    at, bid, ask = (np.array(column) for column in zip(*rows, strict=True))
    return QuoteColumns(X, ts=(at * SECOND).astype(np.int64), bid=bid, ask=ask)


def rows(frame: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """Open time [s] and the columns named."""
    seconds = frame.index.to_numpy("datetime64[ns]").view(np.int64) // SECOND
    return list(zip(seconds.tolist(), *(frame[name].tolist() for name in names), strict=True))


def test_a_bar_of_trades_has_their_prices_volume_side_and_average() -> None:
    made = bars_from_trades(
        trades((0, 10, 1, 1), (1, 12, 3, -1), (59.9, 9, 1, 0), (60, 11, 2, 1)), "1m", partial=True
    )
    names = ("open", "high", "low", "close", "volume", "trades", "buy_volume", "vwap")
    assert rows(made, *names) == [
        (0, 10, 12, 9, 9, 5, 3, 1, (10 + 36 + 9) / 5),
        (60, 11, 11, 11, 11, 2, 1, 2, 11),
    ]


def test_a_bin_without_trades_gives_no_bar_and_without_volume_no_average() -> None:
    made = bars_from_trades(trades((0, 10, 0, 1), (300, 12, 3, -1)), "1m", partial=True)
    assert made.index.astype(np.int64).tolist() == [0, 300 * SECOND]
    assert np.isnan(made["vwap"].iloc[0])


@pytest.mark.parametrize(("closed", "opens"), [("left", [0, 60]), ("right", [0])])
def test_a_tick_on_the_boundary_belongs_to_the_side_that_is_asked_for(closed: Any, opens: list[int]) -> None:
    made = bars_from_quotes(quotes((1, 10, 11), (60, 12, 13)), "1m", side="bid", closed=closed, partial=True)
    assert [row[0] for row in rows(made)] == opens
    assert made["close"].iloc[0] == (10 if closed == "left" else 12)
    assert made.attrs.get("closed", "left") == closed
    assert BarColumns.from_frame(load_bars(made, timeframe="1m")).closed == closed


@pytest.mark.parametrize(
    ("last", "closed", "count"), [(119, "left", 1), (120, "left", 2), (119, "right", 1), (120, "right", 2)]
)
def test_the_last_bar_is_given_once_its_end_is_reached(last: int, closed: Any, count: int) -> None:
    made = bars_from_quotes(quotes((1, 1, 1), (61, 1, 1), (last, 1, 1)), "1m", closed=closed)
    assert len(made) == count


@pytest.mark.parametrize(("side", "price"), [("bid", 10.0), ("ask", 11.0), ("mid", 10.5)])
def test_quotes_make_bars_of_bid_ask_or_their_middle(side: Any, price: float) -> None:
    made = bars_from_quotes(quotes((1, 10, 11), (70, 20, 21)), "1m", side=side)
    assert rows(made, "open", "high", "low", "close", "volume", "quotes") == [(0, *[price] * 4, 0, 1)]


def test_a_hole_may_be_filled_with_bars_that_stand_at_the_last_close() -> None:
    made = bars_from_quotes(
        quotes((1, 10, 11), (2, 12, 13), (200, 20, 21)), "1m", side="bid", carry=True, partial=True
    )
    assert rows(made, "open", "high", "low", "close", "quotes") == [
        (0, 10, 12, 10, 12, 2), (60, 12, 12, 12, 12, 0), (120, 12, 12, 12, 12, 0), (180, 20, 20, 20, 20, 1),
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(0, 2000), st.floats(1, 1e6), st.floats(0, 1e6), st.sampled_from([-1, 0, 1]))
    )
)
@law(50)
def test_trades_make_the_bars_that_pandas_makes(made: list[tuple[float, float, float, int]]) -> None:
    ticks = trades(*sorted(made, key=lambda row: row[0])) if made else trades((0, 1, 1, 1))
    frame = pd.DataFrame({"price": ticks.price, "size": ticks.size}, index=pd.to_datetime(ticks.ts, utc=True))
    bins = frame.resample("1min", closed="left", label="left", origin="epoch")
    expected = bins["price"].ohlc().assign(volume=bins["size"].sum(), trades=bins["size"].size())
    got = bars_from_trades(ticks, "1m", partial=True)[list(expected.columns)]
    pd.testing.assert_frame_equal(
        got, expected.dropna(), check_freq=False, check_names=False, check_dtype=False, check_index_type=False,
        rtol=1e-12,
    )  # fmt: skip


@given(st.lists(st.integers(0, 2000), min_size=1), st.sampled_from(["left", "right"]))
@law(50)
def test_bars_of_bars_are_the_bars_of_the_ticks(seconds: list[int], closed: Any) -> None:
    rng = np.random.default_rng(len(seconds))
    ticks = quotes(
        *((second, price, price) for second, price in zip(sorted(seconds), rng.random(2001), strict=False))
    )
    minutes = bars_from_quotes(ticks, "1m", closed=closed, partial=True)
    names = ["open", "high", "low", "close"]
    direct = bars_from_quotes(ticks, "5m", closed=closed, partial=True)[names]
    minutes.attrs["timeframe"] = "1m"
    pd.testing.assert_frame_equal(resample(minutes, "5m", partial=True)[names], direct)


def test_no_ticks_make_no_bars() -> None:
    none = np.empty(0)
    ticks = QuoteColumns(X, ts=none.astype(np.int64), bid=none, ask=none)
    assert len(bars_from_quotes(ticks, "1m", carry=True)) == 0


def test_words_that_are_not_understood_are_refused() -> None:
    ticks = quotes((1, 10, 11))
    with pytest.raises(DataError, match="side is 'last'"):
        bars_from_quotes(ticks, "1m", side="last")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="closed is 'both'"):
        bars_from_quotes(ticks, "1m", closed="both")  # type: ignore[arg-type]
