"""Minutes as they close: only closed ones, each once, in order, and none missing over lost connections."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.brokers.alpaca.bench import access_to
from tradekit.brokers.alpaca.feed import AlpacaFeed
from tradekit.brokers.alpaca.history import MINUTE
from tradekit.brokers.alpaca.line import Line
from tradekit.brokers.feed import Told
from tradekit.core.secret import Secret
from tradekit.errors import BrokerError, ConfigError
from tradekit.model.market import Bar, MarkUpdated
from tradekit.testing.alpaca import shapes
from tradekit.testing.alpaca.account import Stock
from tradekit.testing.alpaca.venue import Venue

KEY = ("AAPL", "1m")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


class Floor:
    """A venue, a feed on it, and what the feed has told."""

    def __init__(self, **given: Any) -> None:
        self.venue = Venue(stocks=[Stock(), Stock(symbol="BRK.B")])
        self.told: list[Told] = []
        self.start = self.venue.now() // MINUTE * MINUTE - 20 * MINUTE  # long closed
        self._news = asyncio.Event()
        self._given = given

    async def open(self) -> None:
        await self.venue.open()
        self.feed = AlpacaFeed(access_to(self.venue), [KEY], **self._given)

    async def listen(self, after: dict[tuple[str, str], int]) -> None:
        async for told in self.feed.facts(after):
            self.told.append(told)
            self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._news.clear()
            try:
                async with asyncio.timeout(0.02):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def subscribed(self) -> None:
        await self.until(lambda: ("bars", "AAPL") in self.venue.streams.followed and self.feed.stale() == [])

    @property
    def bars(self) -> list[int]:
        """The minutes, from the start, of the bars that were told."""
        return [(one.ts - self.start) // MINUTE for _, one in self.told if isinstance(one, Bar)]

    def row(self, minute: int, close: float = 100.0) -> dict[str, Any]:
        return shapes.bar(self.start + minute * MINUTE, (99, 101, 98, close), 3)

    def keep(self, minute: int) -> None:
        """The venue's history has this bar from now on."""
        self.venue.bars.setdefault(("AAPL", "1Min"), []).append(self.row(minute))

    async def tell(self, minute: int, close: float = 100.0) -> None:
        """The market's stream tells a bar."""
        self.keep(minute)
        await self.venue.streams.tell_market("bars", {"T": "b", "S": "AAPL"} | self.row(minute, close))

    async def trade(self, price: float, symbol: str = "AAPL") -> None:
        """The market's stream tells a trade."""
        await self.venue.streams.tell_market("trades", {"T": "t", "S": symbol, "p": price, "s": 1})


def play(
    script: Callable[[Floor], Awaitable[None]], *, after: int = -1, kept: int = 0, **given: Any
) -> Floor:
    """Let a script play; the feed goes on from behind minute `after`, the history has the first `kept` minutes."""

    async def whole() -> Floor:
        floor = Floor(**({"mark_s": 0} | given))
        for minute in range(kept):
            floor.keep(minute)
        await floor.open()
        listening = asyncio.create_task(floor.listen({KEY: floor.start + after * MINUTE}))
        try:
            async with asyncio.timeout(30):
                await floor.subscribed()
                await script(floor)
        finally:
            await floor.feed.close()
            await listening
            await floor.venue.close()
        return floor

    return asyncio.run(whole())


def test_closed_bars_are_told_with_the_time_of_their_close() -> None:
    async def script(floor: Floor) -> None:
        await floor.tell(0, close=100.5)
        await floor.until(lambda: floor.bars == [0])

    ((ts, bar),) = play(script).told
    assert isinstance(bar, Bar)
    assert (bar.instrument, bar.timeframe, bar.close, bar.volume) == ("AAPL", "1m", 100.5, 3.0)
    assert ts == bar.ts + MINUTE


def test_trades_are_marks_and_not_more_than_one_in_a_while() -> None:
    async def script(floor: Floor) -> None:
        for price in (100.0, 101.0, 102.0):
            await floor.trade(price)
        await floor.tell(0)
        await floor.until(lambda: floor.bars == [0])

    marks = [one for _, one in play(script, mark_s=60).told if isinstance(one, MarkUpdated)]
    assert marks == [MarkUpdated("AAPL", 100.0)]


def test_a_start_fills_what_has_closed_since() -> None:
    async def script(floor: Floor) -> None:
        await floor.until(lambda: floor.bars == [3, 4, 5])

    play(script, after=2, kept=6)


def test_without_a_last_bar_it_begins_with_the_one_that_closes_next() -> None:
    async def whole() -> list[int | None]:
        floor = Floor(mark_s=0)
        floor.keep(0)
        await floor.open()
        listening = asyncio.create_task(floor.listen({}))
        await floor.subscribed()
        last = [series.last for series in floor.feed._series.values()]
        await floor.feed.close()
        await listening
        assert floor.told == []
        await floor.venue.close()
        return [None if one is None else (floor.venue.now() - one) // MINUTE for one in last]

    assert asyncio.run(whole()) in ([1], [2])


def test_a_bar_told_twice_counts_once() -> None:
    async def script(floor: Floor) -> None:
        for minute in (0, 0, 1):
            await floor.tell(minute)
        await floor.until(lambda: floor.bars[-1:] == [1])
        assert floor.bars == [0, 1]

    play(script)


def test_a_minute_without_a_trade_is_no_gap_and_a_lost_bar_is_filled_before_anything_later() -> None:
    async def script(floor: Floor) -> None:
        await floor.tell(0)
        floor.keep(2)  # closed, and never told; of minute 1 there is none
        await floor.tell(3)
        await floor.until(lambda: len(floor.bars) == 3)
        assert floor.bars == [0, 2, 3]

    play(script)


def test_several_bars_in_one_message_are_told_in_order() -> None:
    async def script(floor: Floor) -> None:
        rows = [{"T": "b", "S": "AAPL"} | floor.row(minute) for minute in (0, 1, 2)]
        await floor.venue.streams.tell_market("bars", *rows)
        await floor.until(lambda: floor.bars == [0, 1, 2])

    play(script)


def test_what_closed_while_the_line_was_down_is_told_first_and_once() -> None:
    async def script(floor: Floor) -> None:
        await floor.tell(0)
        await floor.until(lambda: floor.bars == [0])
        await floor.venue.cut()
        for minute in (1, 2):
            floor.keep(minute)
        await floor.venue.heal()
        await floor.until(lambda: floor.bars == [0, 1, 2])
        await floor.tell(2)
        await floor.tell(3)
        await floor.until(lambda: floor.bars[-1:] == [3])
        assert floor.bars == [0, 1, 2, 3]

    play(script)


def test_a_subscription_that_has_died_on_a_line_that_stands_is_found_out_and_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(floor: Floor) -> None:
        await floor.tell(0)
        await floor.until(lambda: floor.bars == [0])
        floor.venue.streams.deafen()
        floor.keep(1)  # closed, and not told: the line is alive and the subscription is not
        monkeypatch.setattr("tradekit.brokers.alpaca.feed._LATE_S", 0.0)
        await floor.until(lambda: floor.bars == [0, 1])
        monkeypatch.setattr("tradekit.brokers.alpaca.feed._LATE_S", 70.0)
        await floor.subscribed()
        await floor.tell(2)
        await floor.until(lambda: floor.bars == [0, 1, 2])

    play(script)


def test_a_silence_without_a_trade_is_a_quiet_market(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(floor: Floor) -> None:
        asked = len(floor.venue.requests)
        floor.feed._series[KEY].sure -= 71
        await floor.until(lambda: len(floor.venue.requests) > asked)
        await floor.tell(0)
        await floor.until(lambda: floor.bars == [0])
        assert floor.venue.streams.followed == {("bars", "AAPL")}

    floor = play(script)
    assert [one for one in floor.venue.requests if one[1].endswith("/bars")]


def test_what_nobody_knows_for_too_long_is_told_by_series() -> None:
    async def script(floor: Floor) -> None:
        assert floor.feed.stale() == []
        floor.feed._series[KEY].sure -= 91
        assert floor.feed.stale() == [KEY]

    play(script)


def test_a_history_that_cannot_be_read_lets_no_later_bar_through() -> None:
    async def script(floor: Floor) -> None:
        await floor.tell(0)
        await floor.until(lambda: floor.bars == [0])
        for minute in (1, 2):
            floor.keep(minute)
        floor.venue.answer_next(503)
        await floor.tell(3)
        await floor.until(lambda: len(floor.bars) == 4)
        assert floor.bars == [0, 1, 2, 3]

    play(script)


def test_an_error_that_the_venue_tells_is_a_line_that_was_lost(caplog: pytest.LogCaptureFixture) -> None:
    async def script(floor: Floor) -> None:
        await floor.venue.streams.tell_market(
            "bars", {"T": "error", "S": "AAPL", "code": 407, "msg": "slow client"}
        )
        await floor.until(lambda: "slow client (407)" in caplog.text)
        await floor.subscribed()
        await floor.tell(0)
        await floor.until(lambda: floor.bars == [0])

    play(script)


def test_a_stock_whose_bars_are_not_confirmed_is_no_subscription(caplog: pytest.LogCaptureFixture) -> None:
    async def script(floor: Floor) -> None:
        floor.venue.streams.untold = {"AAPL"}
        await floor.venue.streams.drop()
        await floor.until(lambda: "does not tell bars of AAPL" in caplog.text)
        floor.venue.streams.untold = set()
        await floor.tell(0)  # lost, or told: the history has it
        await floor.until(lambda: floor.bars == [0])

    play(script)


def refused(code: int, words: str) -> str:
    """What a feed raises whose key is turned away so."""

    async def whole() -> str:
        venue = Venue()
        await venue.open()
        venue.streams.refuse(code, words)
        feed = AlpacaFeed(access_to(venue, tape="sip", secret=Secret("not-the-secret")), [KEY])
        try:
            with pytest.raises(BrokerError) as raised:
                async with asyncio.timeout(30):
                    _ = [told async for told in feed.facts({})]
        finally:
            await feed.close()
            await venue.close()
        return str(raised.value)

    return asyncio.run(whole())


def test_a_key_that_is_refused_is_said_to_be_hopeless() -> None:
    assert "does not accept the key: auth failed (402)" in refused(402, "auth failed")


def test_a_tape_that_the_key_may_not_see_is_said_with_what_to_do() -> None:
    assert "market_data.tape: iex" in refused(409, "insufficient subscription")


def test_a_connection_that_is_canceled_under_it_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def canceled(line: Line) -> Any:
        raise asyncio.CancelledError

    async def whole() -> None:
        floor = Floor(mark_s=0)
        await floor.open()
        monkeypatch.setattr(Line, "read", canceled)
        try:
            with pytest.raises(asyncio.CancelledError):
                async with asyncio.timeout(30):
                    await floor.listen({})
        finally:
            await floor.feed.close()
            await floor.venue.close()

    asyncio.run(whole())


def test_bars_longer_than_a_minute_are_not_told() -> None:
    venue = Venue()
    venue.url = "http://127.0.0.1:1"
    with pytest.raises(ConfigError, match=r"no 15m bars: add 1m to market_data\.timeframes"):
        AlpacaFeed(access_to(venue), [("AAPL", "15m")])


def test_once_closed_it_tells_nothing() -> None:
    async def whole() -> list[Told]:
        venue = Venue()
        venue.url = "http://127.0.0.1:1"
        feed = AlpacaFeed(access_to(venue), [KEY])
        await feed.close()
        return [told async for told in feed.facts({})]

    assert asyncio.run(whole()) == []
