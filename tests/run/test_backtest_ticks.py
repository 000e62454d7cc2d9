"""A backtest that decides on ticks."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.builders import BTC, MINUTE, START, columns, flat
from tradekit.core.codec import encode_event
from tradekit.data.load_ticks import load_quotes
from tradekit.data.ticks import QuoteColumns, TradeColumns
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.run.backtest import backtest
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy

SECOND = 1_000_000_000
BARS = columns([flat(n, 100.0 + n) for n in range(3)])


def quotes(count: int = 12, spec: Instrument = BTC) -> QuoteColumns:
    """One each ten seconds from half a second after START."""
    ts = START + np.arange(count) * 10 * SECOND + SECOND // 2
    middle = 100.0 + np.arange(count)
    return QuoteColumns(spec, ts=ts, bid=middle - 0.5, ask=middle + 0.5)


def trades(*at: int) -> TradeColumns:
    ones = np.ones(len(at))
    return TradeColumns(BTC, ts=np.array(at), price=ones * 99, size=ones, aggressor=ones.astype(np.int8))


class Ear(Strategy):
    """Writes down when it heard what, and says so."""

    def on_start(self) -> None:
        self.heard: list[str] = []

    def on_bar(self, bar: Bar) -> None:
        self.heard.append("bar")

    def on_quote(self, quote: Quote) -> None:
        self.heard.append("quote")
        self.signal("middle", 0, note=str((quote.bid + quote.ask) / 2))

    def on_trade(self, trade: TradeTick) -> None:
        self.heard.append("trade")


def test_ticks_and_bars_are_heard_in_the_order_of_time() -> None:
    ear = Ear()
    backtest(ear, BARS, ticks=[quotes(), trades(START + 1, START + MINUTE + 1)])
    assert ear.heard == ["trade", *["quote"] * 6, "bar", "trade", *["quote"] * 6, "bar", "bar"]


def test_the_events_are_dense_and_their_fold_is_the_last_state() -> None:
    result = backtest(Ear(), BARS, ticks=[quotes(), trades(START + 1)])
    state = State()
    for number, event in enumerate(result.events(), start=1):
        assert event.seq == number
        apply(state, event)
    assert state == result.final
    assert [event.type for event in result.events()].count("quote.received") == 12
    assert len(result.signals) == 12


def test_the_same_ticks_twice_give_the_same_story() -> None:
    stories = [
        [encode_event(event) for event in backtest(Ear(), BARS, ticks=quotes()).events()] for _ in range(2)
    ]
    assert stories[0] == stories[1]


def test_a_frame_made_by_the_loader_is_taken() -> None:
    frame = pd.DataFrame({"bid": [99.0], "ask": [101.0]}, index=[pd.Timestamp(START + SECOND, tz="UTC")])
    ear = Ear()
    backtest(ear, BARS, ticks=load_quotes(frame, instrument="BTC"))
    assert ear.heard == ["quote", "bar", "bar", "bar"]


def test_a_session_begins_with_its_first_input() -> None:
    early = trades(START - MINUTE)
    assert next(iter(backtest(Ear(), BARS, ticks=early).events())).ts == START - MINUTE


def test_progress_counts_every_input() -> None:
    seen: list[int] = []
    ts = START + np.arange(9000) * 1000
    many = QuoteColumns(BTC, ts=ts, bid=np.ones(9000), ask=np.ones(9000))
    backtest(Ear(), BARS, ticks=many, progress=seen.append)
    assert seen == [8192]


@pytest.mark.parametrize(
    ("ticks", "words"),
    [
        (quotes(spec=Instrument(id="ETH")), "there are ticks of ETH and no bars"),
        (BARS.frame(), "the ticks have not been checked yet"),
    ],
)
def test_ticks_that_cannot_be_heard_are_refused(ticks: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        backtest(Ear(), BARS, ticks=ticks)
