"""A live market as a session's feed, in virtual time: order, timers, silence, and what is caught up with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from tests.builders import MINUTE, START, flat
from tests.virtual import VirtualClock, in_virtual_time
from tradekit.core.event import Fact
from tradekit.model.market import Bar, MarketClosed, MarketOpened, MarkUpdated, TimerFired
from tradekit.model.reconciliation import AlertRaised, HoldChanged
from tradekit.run.live_feed import Key, LiveFeed, Told
from tradekit.run.now import WallTime

KEY = ("BTC", "1m")


class HandStream:
    """Tells what a test says; `silent` is what it calls stale, and an exception in the queue is raised."""

    name, source = "hand", "the test"

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Told | BaseException | None] = asyncio.Queue()
        self.silent: list[Key] = []
        self.asked: list[dict[Key, int]] = []
        self.closed = False

    async def facts(self, after: Mapping[Key, int]) -> AsyncIterator[Told]:
        self.asked.append(dict(after))
        while (told := await self.queue.get()) is not None:
            if isinstance(told, BaseException):
                raise told
            yield told

    def stale(self) -> list[Key]:
        return self.silent

    async def close(self) -> None:
        self.closed = True


class Bench:
    """A feed that is listened to, and what it gave."""

    def __init__(self, start: int = START, calendars: dict[str, str] | None = None) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop(), start)
        self.stream = HandStream()
        self.feed = LiveFeed(self.stream, [KEY], time=WallTime(self.clock), calendars=calendars)
        self.given: list[Told] = []
        self.timers: dict[str, int] = {}

    async def listen(self, after: dict[str, int]) -> None:
        def due() -> tuple[int, str] | None:
            return min(((at, name) for name, at in self.timers.items()), default=None)

        async for ts, fact in self.feed.inputs(after, due):
            self.given.append((ts, fact))
            if isinstance(fact, TimerFired):
                del self.timers[fact.name]

    def tell(self, fact: Fact, *, ago_s: float = 0.0) -> None:
        self.stream.queue.put_nowait((self.clock.now() - int(ago_s * 1e9), fact))

    @property
    def facts(self) -> list[Fact]:
        return [fact for _, fact in self.given]

    @property
    def holds(self) -> list[str]:
        """The reasons for which BTC was held back, "" where it was let go."""
        return [one.reason for one in self.facts if isinstance(one, HoldChanged)]


def played(script: Callable[[Bench], Awaitable[None]], after: dict[str, int] | None = None) -> Bench:
    """Let a script play in virtual time."""

    async def whole() -> Bench:
        bench = Bench()
        listening = asyncio.create_task(bench.listen(after or {}))
        await script(bench)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        return bench

    return in_virtual_time(whole())


def bar(n: int) -> Bar:
    return flat(n, 100.0)


MARK = MarkUpdated("BTC", 100.0)


def test_it_is_held_back_from_the_start_until_something_of_this_moment_is_told() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(1)
        bench.tell(bar(0), ago_s=60)
        await asyncio.sleep(1)
        assert bench.holds == ["feed: no price since the start"]
        bench.tell(MARK)
        await asyncio.sleep(1)

    bench = played(script)
    assert bench.facts[1:] == [bar(0), HoldChanged("BTC", "feed", ""), MARK]


def test_what_falls_silent_is_held_back_and_alerted_once_and_let_go_when_it_is_told_again() -> None:
    async def script(bench: Bench) -> None:
        bench.tell(MARK)
        await asyncio.sleep(5)
        bench.stream.silent = [KEY]
        await asyncio.sleep(5)
        bench.tell(MARK)  # something else of it than the series is told, and that is not enough
        await asyncio.sleep(5)
        assert bench.holds[-1] == "feed: nothing is told of its 1m bars any more"
        bench.stream.silent = []
        bench.tell(MARK)
        await asyncio.sleep(5)

    bench = played(script)
    assert bench.holds[1:] == ["", "feed: nothing is told of its 1m bars any more", ""]
    (alert,) = (one for one in bench.facts if isinstance(one, AlertRaised))
    assert (alert.kind, alert.instrument) == ("feed", "BTC")
    assert "orders that add risk are held back" in alert.text


def test_no_risk_is_added_on_bars_of_the_past_that_an_outage_has_kept_back() -> None:
    async def script(bench: Bench) -> None:
        bench.tell(MARK)
        await asyncio.sleep(1)
        for n, ago in ((1, 180), (2, 120), (3, 60), (4, 0)):
            bench.tell(bar(n), ago_s=ago)
        await asyncio.sleep(1)

    bench = played(script)
    held, let_go = (
        HoldChanged("BTC", "feed", "feed: the past is caught up with"),
        HoldChanged("BTC", "feed", ""),
    )
    assert bench.facts[3:] == [held, bar(1), bar(2), bar(3), let_go, bar(4)]


def test_a_timer_fires_at_its_moment_and_before_what_became_known_later() -> None:
    async def script(bench: Bench) -> None:
        bench.tell(MARK)
        await asyncio.sleep(1)
        bench.timers = {"wall": bench.clock.now() + 3_500_000_000}
        await asyncio.sleep(3.6)
        assert bench.timers == {}
        bench.timers = {
            "first": bench.clock.now() + 1_000_000_000,
            "second": bench.clock.now() + 4_000_000_000,
        }
        bench.stream.queue.put_nowait((bench.clock.now() + 2_000_000_000, bar(0)))
        await asyncio.sleep(5)

    bench = played(script)
    assert bench.facts[3:] == [TimerFired("wall"), TimerFired("first"), bar(0), TimerFired("second")]


def test_a_stream_that_breaks_is_asked_again_from_behind_what_it_has_told() -> None:
    async def script(bench: Bench) -> None:
        bench.tell(bar(7))
        bench.stream.queue.put_nowait(ValueError("a frame of three legs"))
        await asyncio.sleep(10)
        bench.tell(bar(8))
        await asyncio.sleep(1)

    bench = played(script, after={"BTC": START})
    assert bench.stream.asked == [{KEY: START}, {KEY: bar(7).ts}]
    assert "it broke off: ValueError: a frame of three legs" in bench.holds[2]
    assert (bench.holds[-1], bench.facts[-1]) == ("", bar(8))


def test_a_stream_whose_library_cancels_itself_is_asked_again_too() -> None:
    async def script(bench: Bench) -> None:
        bench.stream.queue.put_nowait(asyncio.CancelledError())
        await asyncio.sleep(10)
        bench.tell(bar(8))
        await asyncio.sleep(1)

    assert played(script).facts[-1] == bar(8)


def test_a_stream_that_has_ended_ends_the_feed_after_the_last_of_its_facts() -> None:
    async def whole() -> Bench:
        bench = Bench()
        bench.tell(bar(0))
        bench.stream.queue.put_nowait(None)
        async with asyncio.timeout(60):
            await bench.listen({})
        return bench

    bench = in_virtual_time(whole())
    assert bench.facts[-2:] == [bar(0), HoldChanged("BTC", "feed", "feed: the venue's stream was closed")]
    assert bench.stream.closed


def test_positions_of_instruments_that_are_not_followed_any_more_are_left_out() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(1)

    bench = played(script, after={"BTC": START + MINUTE, "ETH": START})
    assert bench.stream.asked == [{KEY: START + MINUTE}]


def test_an_exchange_opens_and_closes_between_its_bars_and_its_rest_is_no_silence() -> None:
    minute = 870  # New York opens
    closes = START + 21 * 60 * MINUTE

    async def script() -> Bench:
        bench = Bench(closes - MINUTE, {"BTC": "XNYS"})
        listening = asyncio.create_task(bench.listen({}))
        await asyncio.sleep(61)
        bench.tell(bar(21 * 60 - 1), ago_s=1)
        await asyncio.sleep(30)
        bench.stream.silent = [KEY]
        await asyncio.sleep(3600)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        return bench

    bench = in_virtual_time(script())
    told = [fact for fact in bench.facts if isinstance(fact, MarketOpened | MarketClosed | Bar)]
    assert told == [
        MarketOpened("XNYS", "2022-12-13", closes, "2022-12-14"), bar(21 * 60 - 1),
        MarketClosed("XNYS", "2022-12-13", START + (24 * 60 + minute) * MINUTE),
    ]  # fmt: skip
    assert not [fact for fact in bench.facts if isinstance(fact, AlertRaised)]
