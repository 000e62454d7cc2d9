"""The past of a market: every page, only what has closed by the venue's clock, and instruments with exact steps."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

import pytest

from tests.brokers.ccxt.bench import access_to
from tradekit.brokers.ccxt.client import make_client
from tradekit.brokers.ccxt.dialect import dialect_of
from tradekit.brokers.ccxt.history import History
from tradekit.brokers.ccxt.names import Names
from tradekit.core.clock import SystemClock
from tradekit.errors import ConnectionLostError, DataError
from tradekit.model.instrument import Kind
from tradekit.testing.binance.venue import Venue

T = TypeVar("T")
MINUTE = 60_000
NS = 1_000_000


def asked(question: Callable[[History, Venue], Awaitable[T]], market: str = "spot") -> T:
    """Ask a history of a local venue."""

    async def whole() -> T:
        venue, dialect, clock = Venue(market), dialect_of("binance", market), SystemClock()
        await venue.open()
        client = make_client(
            access_to(venue, key=None, secret=None), dialect.options, quota=dialect.quota(), unit=dialect.unit,
            clock=clock,
        )  # fmt: skip
        try:
            return await question(History(client, dialect, Names(["BTC-USDT"]), clock), venue)
        finally:
            await client.close()
            await venue.close()

    return asyncio.run(whole())


def keep(venue: Venue, first: int, count: int) -> None:
    """The venue has so many minutes from `first` on [ms]."""
    rows = [
        [first + i * MINUTE, "99", "101", "98", "100", "3", 0, "0", 0, "0", "0", "0"] for i in range(count)
    ]
    venue.klines["BTCUSDT", "1m"] = rows


@pytest.mark.parametrize("market", ["spot", "linear"])
def test_bars_come_from_all_pages_in_order(market: str) -> None:
    async def question(history: History, venue: Venue) -> list[int]:
        first = venue.now() // MINUTE * MINUTE - 3_000 * MINUTE
        keep(venue, first, 2_500)
        bars = await history.bars("BTC-USDT", "1m", first * NS, (first + 2_400 * MINUTE) * NS)
        return [(bar.ts // NS - first) // MINUTE for bar in bars]

    assert asked(question, market) == list(range(2_400))


def test_a_bar_that_still_forms_by_the_venues_clock_is_none() -> None:
    async def question(history: History, venue: Venue) -> int:
        venue.skew_ms = -10 * MINUTE  # our clock thinks that ten more have closed
        first = venue.now() // MINUTE * MINUTE - 5 * MINUTE
        keep(venue, first, 6)
        bars = await history.bars("BTC-USDT", "1m", first * NS)
        return max(bar.ts for bar in bars) // NS + MINUTE - venue.now()

    assert asked(question) <= 0


def test_a_week_that_still_forms_is_none_on_any_day_of_it() -> None:
    week = 7 * 24 * 60 * MINUTE

    async def question(history: History, venue: Venue) -> list[int]:
        opens = (
            venue.now() - week + MINUTE
        )  # closes in a minute; it opened on no boundary of the epoch's weeks
        venue.klines["BTCUSDT", "1w"] = [
            [at, "99", "101", "98", "100", "3", 0, "0", 0, "0", "0", "0"] for at in (opens - week, opens)
        ]
        bars = await history.bars("BTC-USDT", "1W", (opens - 2 * week) * NS)
        return [(bar.ts // NS - opens) // week for bar in bars]

    assert asked(question) == [-1]


def test_no_answer_is_no_empty_past() -> None:
    async def question(history: History, venue: Venue) -> None:
        for status, body in ((503, ""), (200, {"code": 0}), (200, "<html>")):
            venue.answer_next(status, body)
            with pytest.raises(ConnectionLostError):
                await history.bars("BTC-USDT", "1m", 0)

    asked(question)


def test_a_timeframe_that_the_venue_has_not_is_named() -> None:
    async def question(history: History, venue: Venue) -> None:
        with pytest.raises(DataError, match="no bars of 7m; it has 1s, 1m"):
            await history.bars("BTC-USDT", "7m", 0)

    asked(question)


@pytest.mark.parametrize(("market", "kind"), [("spot", Kind.SPOT), ("linear", Kind.PERPETUAL)])
def test_instruments_come_with_the_steps_that_the_venue_keeps(market: str, kind: Kind) -> None:
    async def question(history: History, venue: Venue) -> None:
        made = (await history.instruments())["BTC-USDT"]
        assert (made.tick, made.lot, made.min_notional) == (Decimal("0.01"), Decimal("0.00001"), Decimal(5))
        assert (made.base, made.quote, made.kind) == ("BTC", "USDT", kind)

    asked(question, market)
