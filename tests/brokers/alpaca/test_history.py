"""The past of a market: every page, only what has closed by the venue's clock, and the stocks that are traded."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

import pytest

from tests.brokers.alpaca.bench import access_to
from tradekit.brokers.alpaca import history as module
from tradekit.brokers.alpaca.history import MINUTE, History
from tradekit.brokers.alpaca.names import Names
from tradekit.core.clock import SystemClock
from tradekit.errors import ConnectionLostError, DataError
from tradekit.testing.alpaca import shapes
from tradekit.testing.alpaca.account import Stock
from tradekit.testing.alpaca.venue import Venue

T = TypeVar("T")


def asked(question: Callable[[History, Venue], Awaitable[T]], names: tuple[str, ...] = ("AAPL",)) -> T:
    """Ask a history of a local venue."""

    async def whole() -> T:
        venue = Venue(
            stocks=[Stock(), Stock(symbol="BRK.B", price=Decimal(400)), Stock(symbol="DEAD", tradable=False)]
        )
        await venue.open()
        history = History(access_to(venue), Names(names), SystemClock())
        try:
            return await question(history, venue)
        finally:
            history.close()
            await venue.close()

    return asyncio.run(whole())


def keep(venue: Venue, symbol: str, first: int, count: int) -> None:
    """The venue has so many minutes from `first` on [UTC ns]."""
    rows = [shapes.bar(first + i * MINUTE, (99.1, 101, 98, 100.25), 3) for i in range(count)]
    venue.bars[symbol, "1Min"] = rows


def test_bars_of_several_stocks_come_from_all_pages_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAGE", 7)

    async def question(history: History, venue: Venue) -> dict[str, list[int]]:
        first = venue.now() // MINUTE * MINUTE - 100 * MINUTE
        keep(venue, "AAPL", first, 20)
        keep(venue, "BRK.B", first, 30)
        found = await history.bars(["AAPL", "BRK_B"], first + MINUTE, first + 25 * MINUTE)
        assert {bar.instrument for bars in found.values() for bar in bars} == {"AAPL", "BRK_B"}
        return {name: [(bar.ts - first) // MINUTE for bar in bars] for name, bars in found.items()}

    assert asked(question, ("AAPL", "BRK_B")) == {"AAPL": list(range(1, 20)), "BRK_B": list(range(1, 25))}


def test_a_minute_that_still_forms_is_none_by_the_venues_clock() -> None:
    async def question(history: History, venue: Venue) -> list[int]:
        venue.skew_ns = 3600_000_000_000
        now = venue.now() // MINUTE * MINUTE
        keep(venue, "AAPL", now - 3 * MINUTE, 5)
        found = await history.bars(["AAPL"], now - 3 * MINUTE)
        return [(bar.ts - now) // MINUTE for bar in found["AAPL"]]

    assert asked(question) in ([-3, -2, -1], [-3, -2])  # the latter in the first seconds of a minute


def test_a_stock_without_a_trade_has_no_bar() -> None:
    async def question(history: History, venue: Venue) -> dict[str, object]:
        return {**await history.bars(["AAPL"], venue.now() - 10 * MINUTE)}

    assert asked(question) == {"AAPL": []}


def test_no_answer_is_no_empty_history() -> None:
    async def question(history: History, venue: Venue) -> None:
        for status, body in (
            (503, ""),
            (200, []),
            (403, {"code": 42210000, "message": "subscription does not permit"}),
        ):
            venue.answer_next(status, body)
            with pytest.raises(ConnectionLostError, match="no bars of AAPL"):
                await history.bars(["AAPL"], 0, venue.now())
        venue.answer_next(503)
        with pytest.raises(ConnectionLostError, match="does not tell its time"):
            await history.bars(["AAPL"], 0)

    asked(question)


def test_bars_out_of_order_make_no_sense() -> None:
    async def question(history: History, venue: Venue) -> None:
        keep(venue, "AAPL", MINUTE * 1000, 2)
        venue.bars["AAPL", "1Min"].reverse()
        with pytest.raises(DataError, match="AAPL are not in order"):
            await history.bars(["AAPL"], MINUTE * 900, MINUTE * 2000)

    asked(question)


def test_stocks_come_with_steps_and_those_that_are_not_traded_are_left_out() -> None:
    async def question(history: History, venue: Venue) -> list[tuple[str, str, str]]:
        found = await history.instruments()
        return [(one.id, str(one.tick), str(one.lot)) for one in found.values()]

    assert asked(question, ("AAPL", "BRK_B", "DEAD", "NONE")) == [
        ("AAPL", "0.01", "1"),
        ("BRK_B", "0.01", "1"),
    ]


def test_prices_of_bars_are_asked_for_raw_and_from_the_tape_that_was_named() -> None:
    async def question(history: History, venue: Venue) -> dict[str, str]:
        await history.bars(["AAPL"], MINUTE, 2 * MINUTE)
        return venue.requests[-1][2]

    sent = asked(question)
    assert (sent["adjustment"], sent["feed"], sent["start"], sent["timeframe"]) == (
        "raw", "iex", "1970-01-01T00:01:00.000000Z", "1Min",
    )  # fmt: skip
