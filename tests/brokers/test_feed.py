"""A feed over several connections, whatever venue is behind it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator

import pytest

from tradekit.brokers.feed import BarFeed, Key, Series, Told
from tradekit.core.clock import SystemClock
from tradekit.errors import BrokerError, ConnectionLostError
from tradekit.model.market import Bar, MarkUpdated

KEY = ("BTC", "1m")


def bar(ts: int) -> Told:
    return ts, Bar("BTC", "1m", ts, 1.0, 1.0, 1.0, 1.0, 1.0)


class Scripted(BarFeed[Series]):
    """Each connection tells what the script says, and ends as it says."""

    name = "scripted"

    def __init__(self, *connections: tuple[list[Told], BaseException | None], mark_s: float = 0.0) -> None:
        super().__init__("a script", {KEY: Series()}, mark_s=mark_s, clock=SystemClock())
        self.connections: Iterator[tuple[list[Told], BaseException | None]] = iter(connections)
        self.begun: list[int | None] = []
        self.left = 0

    async def _connected(self) -> AsyncGenerator[Told, None]:
        told, end = next(self.connections)
        self.begun.append(self._series[KEY].last)
        try:
            for one in told:
                self._series[KEY].last = one[0]
                yield one
            if end is not None:
                raise end
        finally:
            self.left += 1

    def stale(self) -> list[Key]:
        return []


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


def heard(feed: Scripted, until: Callable[[list[Told]], bool] = lambda told: False) -> list[Told]:
    """What is told until it holds, when the feed is closed."""
    told: list[Told] = []

    async def listen() -> None:
        async with asyncio.timeout(30):
            async for one in feed.facts({KEY: 5}):
                told.append(one)
                if until(told):
                    await feed.close()

    asyncio.run(listen())
    return told


@pytest.mark.parametrize("end", [None, ConnectionLostError("cut"), OSError("cut"), TimeoutError()])
def test_a_connection_that_is_lost_is_made_again_and_goes_on_behind_what_was_told(
    end: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    feed = Scripted(([bar(6), bar(7)], end), ([bar(8)], None))
    assert [ts for ts, _ in heard(feed, lambda told: len(told) == 3)] == [6, 7, 8]
    assert (feed.begun, feed.left) == ([5, 7], 2)
    assert "a script: " in caplog.text


@pytest.mark.parametrize("end", [BrokerError("the key"), KeyError("a bug"), asyncio.CancelledError()])
def test_whatever_else_ends_a_connection_comes_out(end: BaseException) -> None:
    feed = Scripted(([bar(6)], end))
    with pytest.raises(type(end)):
        heard(feed)
    assert feed.left == 1


def test_who_stops_listening_leaves_no_connection_behind() -> None:
    feed = Scripted(([bar(6), bar(7)], None))

    async def first() -> Told:
        told = feed.facts({})
        try:
            return await anext(told)
        finally:
            await told.aclose()  # type: ignore[attr-defined]

    assert asyncio.run(first()) == bar(6)
    assert feed.left == 1


def test_closing_it_ends_the_wait_for_the_next_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 1.0)
    monkeypatch.setattr("tradekit.brokers.stream._FIRST_PAUSE_S", 1000.0)
    feed = Scripted(([], OSError("refused")))

    async def whole() -> list[Told]:
        listening = asyncio.create_task(_all(feed))
        while not feed.left:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)
        await feed.close()
        async with asyncio.timeout(30):
            return await listening

    assert asyncio.run(whole()) == []


async def _all(feed: Scripted) -> list[Told]:
    return [one async for one in feed.facts({})]


def test_a_price_is_a_mark_once_in_a_while() -> None:
    feed = Scripted(mark_s=60.0)
    told = [*feed._mark("BTC", 1.0), *feed._mark("BTC", 2.0), *feed._mark("ETH", 3.0)]
    assert [fact for _, fact in told] == [MarkUpdated("BTC", 1.0), MarkUpdated("ETH", 3.0)]
    assert Scripted()._mark("BTC", 1.0) == []
