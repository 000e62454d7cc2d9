"""Ticks as columns: the same numbers out as in, as facts."""

import numpy as np
import pandas as pd
import pytest

from tradekit.data.load import load_bars
from tradekit.data.load_ticks import load_quotes, load_trades
from tradekit.data.ticks import QuoteColumns, TradeColumns, ticks_of
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Quote, TradeTick

TIMES = pd.date_range("2021-01-08", periods=3, freq="s", tz="UTC", name="ts")
TRADES = pd.DataFrame({"price": [1.0, 2.0, 3.0], "size": 5.0, "side": ["buy", "", "sell"]}, index=TIMES)
QUOTES = pd.DataFrame({"bid": [1.0, 2.0, 3.0], "ask": [1.5, 2.5, 3.5], "bid_size": 7.0}, index=TIMES)


@pytest.mark.parametrize("chunk", [1, 2, 8192])
def test_trades_are_delivered_as_facts_in_their_order(chunk: int) -> None:
    trades = ticks_of(load_trades(TRADES, instrument="X"))
    assert isinstance(trades, TradeColumns)
    assert trades.ts.tolist() == [stamp.value for stamp in TIMES]
    expected = [
        TradeTick("X", 1.0, 5.0, "buy"),
        TradeTick("X", 2.0, 5.0, ""),
        TradeTick("X", 3.0, 5.0, "sell"),
    ]
    assert list(trades.ticks(chunk=chunk)) == expected
    assert list(trades.ticks(1, 2)) == expected[1:2]


@pytest.mark.parametrize("chunk", [1, 2, 8192])
def test_quotes_are_delivered_as_facts_in_their_order(chunk: int) -> None:
    quotes = ticks_of(load_quotes(QUOTES, instrument="X"))
    assert isinstance(quotes, QuoteColumns)
    expected = [Quote("X", price, price + 0.5, 7.0, 0.0) for price in (1.0, 2.0, 3.0)]
    assert list(quotes.ticks(chunk=chunk)) == expected
    assert list(quotes.ticks(1, 2)) == expected[1:2]


def test_columns_pass_through_and_cannot_be_written() -> None:
    quotes = QuoteColumns(Instrument(id="X"), ts=np.arange(2), bid=np.ones(2), ask=np.ones(2))
    assert ticks_of(quotes) is quotes
    assert quotes.bid_size.tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        quotes.bid[0] = 2.0


def test_columns_say_what_they_hold() -> None:
    assert repr(ticks_of(load_trades(TRADES, instrument="X"))) == "TradeColumns(X, 3 trades)"
    assert repr(ticks_of(load_quotes(QUOTES, instrument="X"))) == "QuoteColumns(X, 3 quotes)"


@pytest.mark.parametrize("kind", [TradeColumns, QuoteColumns])
def test_a_frame_that_was_not_checked_is_refused(kind: type[TradeColumns | QuoteColumns]) -> None:
    with pytest.raises(DataError, match="have not been checked yet; pass them through load_trades"):
        kind.from_frame(load_bars("sample:BTCUSDT-1m"))
    with pytest.raises(DataError, match="have not been checked yet"):
        ticks_of(TRADES)
