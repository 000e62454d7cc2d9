"""The past: whole, closed, in order, in pages; what is not there is told from what is not told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.brokers.ib.market import MINUTE, Forward, closed_bars, history_at
from tests.brokers.ib.play import until
from tradekit.brokers.ib.bars import bar_of, quote_of, trade_of
from tradekit.brokers.ib.client import load_library
from tradekit.brokers.ib.history import History
from tradekit.errors import ConnectionLostError, DataError
from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.testing.ib.account import AAPL
from tradekit.testing.ib.gateway import Gateway
from tradekit.testing.ib.market import QuoteTold, TradeTold

NS = 1_000_000_000
IB = load_library()


def three_days(gateway: Gateway, clock: Forward) -> None:
    """Minutes of three days, and the one that forms."""
    gateway.market.bars[AAPL.id, MINUTE] = closed_bars(clock, 3 * 1440)


def test_bars_of_several_pages_are_whole_and_end_with_the_last_that_has_closed() -> None:
    async def script(history: History, gateway: Gateway) -> Any:
        kept = gateway.market.bars[AAPL.id, MINUTE]
        found = await history.bars("AAPL", "1m", kept[0].time * NS)
        return found, kept, len([sent for sent in gateway.requests if sent[0] == "20"])

    found, kept, pages = history_at(script, prepare=three_days)
    assert pages == 3
    assert [bar.ts for bar in found] == [one.time * NS for one in kept[: len(found)]]
    assert len(kept) - len(found) == 1  # the one that forms


def test_a_span_is_half_open() -> None:
    async def script(history: History, gateway: Gateway) -> Any:
        kept = gateway.market.bars[AAPL.id, MINUTE]
        return await history.bars("AAPL", "1m", kept[5].time * NS, kept[8].time * NS), kept

    found, kept = history_at(script, prepare=three_days)
    assert [bar.ts for bar in found] == [one.time * NS for one in kept[5:8]]


def test_a_time_without_bars_is_empty_and_a_refusal_is_not() -> None:
    async def empty(history: History, gateway: Gateway) -> Any:
        return await history.bars("AAPL", "1m", 0, 3600 * NS)

    assert history_at(empty, prepare=three_days) == []

    async def refused(history: History, gateway: Gateway) -> Any:
        gateway.market.refuses[AAPL.id] = (
            162,
            "Historical Market Data Service error message:No market data permissions",
        )
        with pytest.raises(ConnectionLostError, match="No market data permissions"):
            await history.bars("AAPL", "1m", 0, 3600 * NS)

    history_at(refused)


def test_a_page_that_is_not_answered_is_not_left_open_at_tws(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(history: History, gateway: Gateway) -> Any:
        monkeypatch.setattr(gateway.market, "asked", lambda client_id, sent: [])
        with pytest.raises(ConnectionLostError, match="has not answered"):
            await history.bars("AAPL", "1m", 0, 3600 * NS)
        await until(lambda: gateway.requests[-1][0] == "25")
        asked, ended = gateway.requests[-2:]
        return asked[0], asked[1] == ended[2]

    assert history_at(script, prepare=three_days) == ("20", True)


@pytest.mark.parametrize("timeframe", ["1D", "4h", "7m"])
def test_a_timeframe_that_is_not_taken_says_which_are(timeframe: str) -> None:
    async def script(history: History, gateway: Gateway) -> Any:
        with pytest.raises(DataError, match="take one of 5s, 10s"):
            await history.bars("AAPL", timeframe, 0)

    history_at(script)


def test_a_bar_that_begins_at_no_such_bars_begin_is_refused() -> None:
    row = IB.objects.BarData(date="1704465030", open=1.0, high=1.0, low=1.0, close=1.0, volume=-1.0)
    with pytest.raises(DataError, match="begins at 1704465030"):
        bar_of("AAPL", "1m", row)
    row.date = "1704465000"
    assert bar_of("AAPL", "1m", row) == Bar("AAPL", "1m", 1704465000 * NS, 1.0, 1.0, 1.0, 1.0, 0.0)


@pytest.mark.parametrize("text", ["20240105 09:30:00 US/Eastern", "1704465000"])
def test_a_bars_begin_is_seconds_or_a_moment_with_its_zone(text: str) -> None:
    row = IB.objects.BarData(date=text, open=1.0, high=1.0, low=1.0, close=1.0, volume=2.0)
    assert bar_of("AAPL", "1m", row).ts == 1704465000 * NS


@pytest.mark.parametrize("text", ["20240105", "20240105  09:30:00"])
def test_a_begin_that_is_no_moment_is_not_guessed(text: str) -> None:
    row = IB.objects.BarData(date=text, open=1.0, high=1.0, low=1.0, close=1.0, volume=2.0)
    with pytest.raises(DataError, match="says no moment"):
        bar_of("AAPL", "1m", row)


def test_ticks_of_several_pages_are_whole_where_a_second_has_many() -> None:
    def prepare(gateway: Gateway, clock: Forward) -> None:
        gateway.market.trades[AAPL.id] = [TradeTold(100 + at // 700, 10.0 + at, 1.0) for at in range(2500)]

    async def script(history: History, gateway: Gateway) -> Any:
        return await history.trades("AAPL", 100 * NS, 103 * NS)

    found = history_at(script, prepare=prepare)
    assert [tick.price for _, tick in found] == [10.0 + at for at in range(2100)]


def test_quotes_have_both_sides() -> None:
    def prepare(gateway: Gateway, clock: Forward) -> None:
        gateway.market.quotes[AAPL.id] = [QuoteTold(100, 9.5, 9.7, 50.0, 30.0)]

    async def script(history: History, gateway: Gateway) -> Any:
        return await history.quotes("AAPL", 0, 200 * NS)

    assert history_at(script, prepare=prepare) == [(100 * NS, Quote("AAPL", 9.5, 9.7, 50.0, 30.0))]


def test_recorded_ticks_are_read() -> None:
    at = datetime(2022, 3, 2, 1, 30, 31, tzinfo=UTC)
    quote = IB.objects.HistoricalTickBidAsk(at, IB.objects.TickAttribBidAsk(), 5.95, 7.2, 50.0, 50.0)
    trade = IB.objects.HistoricalTickLast(at, IB.objects.TickAttribLast(), 6.2, 30.0, "", "")
    assert quote_of("X", quote) == (1646184631 * NS, Quote("X", 5.95, 7.2, 50.0, 50.0))
    assert trade_of("X", trade) == (1646184631 * NS, TradeTick("X", 6.2, 30.0))
