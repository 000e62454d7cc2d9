"""Bars as they close: only closed ones, each once, in order, and none missing over lost connections."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.brokers.ccxt.bench import access_to
from tradekit.brokers.ccxt.feed import CcxtFeed
from tradekit.brokers.feed import Told
from tradekit.model.market import Bar, MarkUpdated
from tradekit.testing.binance.venue import Venue

MINUTE = 60_000  # [ms]
KEY = ("BTC-USDT", "1m")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


class Desk:
    """A venue, a feed on it, and what the feed has told."""

    def __init__(self, market: str) -> None:
        self.venue = Venue(market)
        self.told: list[Told] = []
        self.start = self.venue.now() // MINUTE * MINUTE - 20 * MINUTE  # long closed
        self._news = asyncio.Event()

    async def open(self, **given: Any) -> None:
        await self.venue.open()
        self.feed = CcxtFeed(
            access_to(self.venue, key=None, secret=None),
            "spot" if self.venue.spot else "linear",
            [KEY],
            **given,
        )

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

    @property
    def bars(self) -> list[int]:
        """The minutes, from the start, of the bars that were told."""
        return [(one.ts // 1_000_000 - self.start) // MINUTE for _, one in self.told if isinstance(one, Bar)]

    def keep(self, minute: int, close: float = 100.0) -> None:
        """The venue's history has this bar from now on."""
        ts = self.start + minute * MINUTE
        row = [ts, "99", "101", "98", str(close), "3", ts + MINUTE - 1, "300", 5, "1", "100", "0"]
        self.venue.klines.setdefault(("BTCUSDT", "1m"), []).append(row)

    async def frame(self, minute: int, *, closed: bool, close: float = 100.0) -> None:
        """The market's stream tells a bar."""
        ts = self.start + minute * MINUTE
        k = {"t": ts, "T": ts + MINUTE - 1, "s": "BTCUSDT", "i": "1m", "o": "99", "c": str(close), "h": "101",
             "l": "98", "v": "3", "x": closed}  # fmt: skip
        if closed:
            self.keep(minute, close)
        await self.venue.streams.tell_market(
            "btcusdt@kline_1m", {"e": "kline", "E": ts, "s": "BTCUSDT", "k": k}
        )


def play(
    script: Callable[[Desk], Awaitable[None]],
    market: str = "spot",
    after: int | None = None,
    kept: int = 0,
    **given: Any,
) -> Desk:
    """Let a script play; the feed goes on from behind minute `after`, the history has the first `kept` minutes."""

    async def whole() -> Desk:
        desk = Desk(market)
        for minute in range(kept):
            desk.keep(minute)
        await desk.open(**given)
        since = {} if after is None else {KEY: (desk.start + after * MINUTE) * 1_000_000}
        listening = asyncio.create_task(desk.listen(since))
        try:
            async with asyncio.timeout(60):
                await desk.until(lambda: "btcusdt@kline_1m" in desk.venue.streams.subscribed)
                await script(desk)
        finally:
            await desk.feed.close()
            await listening
            await desk.venue.close()
        return desk

    return asyncio.run(whole())


@pytest.mark.parametrize("market", ["spot", "linear"])
def test_only_closed_bars_are_told_with_the_time_of_their_close(market: str) -> None:
    async def script(desk: Desk) -> None:
        await desk.frame(0, closed=False)
        await desk.frame(0, closed=True, close=100.5)
        await desk.until(lambda: desk.bars == [0])

    desk = play(script, market, mark_s=0)
    ((ts, bar),) = desk.told
    assert isinstance(bar, Bar)
    assert (bar.instrument, bar.timeframe, bar.close, bar.volume) == ("BTC-USDT", "1m", 100.5, 3.0)
    assert ts == bar.ts + MINUTE * 1_000_000


def test_a_forming_bar_is_a_mark_and_not_more_than_one_in_a_while() -> None:
    async def script(desk: Desk) -> None:
        for close in (100.0, 101.0, 102.0):
            await desk.frame(0, closed=False, close=close)
        await desk.frame(0, closed=True)
        await desk.until(lambda: desk.bars == [0])

    marks = [one for _, one in play(script, mark_s=60).told if isinstance(one, MarkUpdated)]
    assert marks == [MarkUpdated("BTC-USDT", 100.0)]


def test_a_start_fills_what_has_closed_since() -> None:
    async def script(desk: Desk) -> None:
        await desk.until(lambda: desk.bars == [3, 4, 5])

    play(script, after=2, kept=6)


def test_a_bar_told_twice_counts_once() -> None:
    async def script(desk: Desk) -> None:
        for minute in (0, 0, 1):
            await desk.frame(minute, closed=True)
        await desk.until(lambda: desk.bars[-1:] == [1])
        assert desk.bars == [0, 1]

    play(script)


def test_a_gap_in_the_stream_is_filled_before_anything_later_is_told() -> None:
    async def script(desk: Desk) -> None:
        await desk.frame(0, closed=True)
        for minute in (1, 2):
            desk.keep(minute)  # closed, and never told
        await desk.frame(3, closed=True)
        await desk.until(lambda: len(desk.bars) == 4)
        assert desk.bars == [0, 1, 2, 3]

    play(script)


def test_a_bar_whose_close_was_never_told_comes_with_the_next_one_that_forms() -> None:
    async def script(desk: Desk) -> None:
        await desk.frame(0, closed=True)
        desk.keep(1)
        await desk.frame(2, closed=False)
        await desk.until(lambda: desk.bars == [0, 1])

    play(script)


def test_what_closed_while_the_line_was_down_is_told_first_and_once() -> None:
    async def script(desk: Desk) -> None:
        await desk.frame(0, closed=True)
        await desk.until(lambda: desk.bars == [0])
        await desk.venue.cut()
        for minute in (1, 2):
            desk.keep(minute)
        await desk.venue.heal()
        await desk.until(lambda: desk.bars == [0, 1, 2])
        await desk.frame(2, closed=True)
        await desk.frame(3, closed=True)
        await desk.until(lambda: desk.bars[-1:] == [3])
        assert desk.bars == [0, 1, 2, 3]

    play(script)


def test_a_series_that_falls_silent_on_a_line_that_stands_is_subscribed_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(desk: Desk) -> None:
        await desk.frame(0, closed=True)
        await desk.until(lambda: desk.bars == [0])
        desk.keep(1)  # closed, and not told: the line is alive and the subscription is not
        monkeypatch.setattr("tradekit.brokers.ccxt.feed._LATE_S", 0.0)
        await desk.until(lambda: desk.bars == [0, 1])
        monkeypatch.undo()

    play(script)


def test_silence_is_told_by_series() -> None:
    async def script(desk: Desk) -> None:
        assert desk.feed.stale() == []
        desk.feed._series[KEY].heard -= 71
        assert desk.feed.stale() == [KEY]

    play(script)


def test_a_history_that_cannot_be_read_lets_no_later_bar_through() -> None:
    async def script(desk: Desk) -> None:
        await desk.frame(0, closed=True)
        await desk.until(lambda: desk.bars == [0])
        for minute in (1, 2):
            desk.keep(minute)
        desk.venue.answer_next(503)  # the venue's time, which the history asks first
        await desk.frame(3, closed=True)
        await desk.until(lambda: len(desk.bars) == 4)
        assert desk.bars == [0, 1, 2, 3]

    play(script)


def test_it_is_closed_at_once_also_while_it_waits_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 1.0)
    monkeypatch.setattr("tradekit.brokers.stream._FIRST_PAUSE_S", 1000.0)

    async def script(desk: Desk) -> None:
        await desk.venue.cut()
        await asyncio.sleep(0.3)  # it has met the cut, and waits

    play(script)  # which closes the feed and waits for its end, 60 s at most
