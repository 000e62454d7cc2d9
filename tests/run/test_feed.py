import asyncio
import selectors
from collections.abc import Iterable
from typing import Any

import pytest

from tests.builders import DAY, MINUTE, START, bar, columns, event, flat, opened
from tradekit.core.clock import ManualClock
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, MarketClosed, MarketOpened
from tradekit.run.feed import ReplayFeed, position_of
from tradekit.state.reducer import apply
from tradekit.state.shape import State

HOUR = 60 * MINUTE


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer: what sleeps a day takes no time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        loop = self

        class Jump(selectors.DefaultSelector):  # type: ignore[valid-type, misc]
            def select(self, timeout: float | None = None) -> Any:
                loop.seconds += timeout or 0.0
                return super().select(0)

        super().__init__(Jump())

    def time(self) -> float:
        return self.seconds


class LoopClock(ManualClock):
    """The running loop's time."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def played(feed: ReplayFeed, after: dict[str, int] | None = None) -> list[tuple[float, int, Bar]]:
    """Each bar with the second at which it came."""

    async def take() -> list[tuple[float, int, Bar]]:
        clock = asyncio.get_running_loop()
        return [(clock.time(), ts, bar) async for ts, bar in feed.inputs(after or {}, lambda: None)]

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(take())


def minutes(count: int, instrument: str = "BTC", *, first: int = 0) -> list[Bar]:
    return [flat(n, 100 + n, instrument=instrument) for n in range(first, first + count)]


def feed(*series: Iterable[Bar], **options: Any) -> ReplayFeed:
    return ReplayFeed([columns(list(one)) for one in series], clock=LoopClock(), **options)


def test_the_position_is_the_last_bar_of_the_finest_series() -> None:
    state = State()
    facts = [
        opened(),
        *minutes(3),
        flat(0, 100, timeframe="15m"),
        flat(2, 5, instrument="ETH", timeframe="1h"),
    ]
    for seq, fact in enumerate(facts, start=1):
        apply(state, event(fact, seq=seq))
    assert position_of(state) == {"BTC": START + 2 * MINUTE, "ETH": START + 2 * HOUR}
    assert position_of(State()) == {}


@pytest.mark.parametrize("speed", [1.0, 60.0, 3600.0])
def test_a_bar_comes_when_it_closes_at_the_chosen_multiple_of_time(speed: float) -> None:
    times = [at for at, _, _ in played(feed(minutes(3), speed=speed))]
    assert times == pytest.approx([60 / speed, 120 / speed, 180 / speed])


def test_a_hole_in_the_data_takes_its_time() -> None:
    bars = [*minutes(1), *minutes(1, first=10)]
    assert [at for at, _, _ in played(feed(bars, speed=60))] == pytest.approx([1.0, 11.0])


def test_no_speed_waits_for_nothing() -> None:
    taken = played(feed(minutes(500), speed=None))
    assert len(taken) == 500
    assert taken[-1][0] == 0.0


@pytest.mark.parametrize(("known", "quick"), [(0, 3), (2, 1), (4, 0)])
def test_the_first_bars_of_a_journal_come_at_once_and_only_those(known: int, quick: int) -> None:
    after = {"BTC": START + (known - 1) * MINUTE} if known else {}
    times = [at for at, _, _ in played(feed(minutes(8), speed=60, quick=3), after)]
    assert times == pytest.approx([0.0] * quick + [float(n + 1) for n in range(8 - known - quick)])


def test_display_ticks_walk_from_open_over_both_extremes_to_the_close() -> None:
    seen: list[dict[str, Any]] = []
    one = bar(0, (100, 110, 95, 108), volume=8)
    played(feed([one], speed=60, ticks=seen.extend))
    assert [tick["last"] for tick in seen] == [100, 95, 110, 108]
    assert [(tick["bar"]["high"], tick["bar"]["low"]) for tick in seen] == [
        (100, 100), (100, 95), (110, 95), (110, 95),
    ]  # fmt: skip
    assert [tick["ts"] for tick in seen] == [START + n * MINUTE // 4 for n in range(4)]
    assert all(tick["key"] == "BTC" and tick["bar"]["volume"] <= 8 for tick in seen)


def test_a_feed_says_what_it_plays_and_when_that_begins() -> None:
    later = [flat(n, 5, instrument="ETH", start=START + DAY) for n in range(2)]
    made = feed(minutes(2), later)
    assert made.source == "BTC 1m, ETH 1m"
    assert made.start == START


def test_a_feed_can_be_left_in_the_middle() -> None:
    async def some(count: int) -> int:
        async for _, _ in feed(minutes(100), speed=None).inputs({}, lambda: None):
            count -= 1
            if count == 0:
                break
        return count

    assert asyncio.run(some(7)) == 0


def test_market_hours_and_timers_come_at_their_moments() -> None:
    opens = 1_669_386_600_000_000_000  # 2022-11-25 14:30 UTC, which closes at 18:00
    bars = columns(
        [flat(n, 5, instrument="ACME", start=opens, timeframe="1h") for n in range(4)],
        Instrument(id="ACME", calendar="XNYS"),
    )
    timers = {opens + HOUR // 2: "half", opens + HOUR: "hour"}

    async def take() -> list[tuple[float, str]]:
        clock, made = asyncio.get_running_loop(), ReplayFeed([bars], clock=LoopClock(), speed=3600)
        found = []
        async for ts, fact in made.inputs({}, lambda: min(timers.items(), default=None)):
            if fact.TYPE == "timer.fired":
                del timers[ts]
            found.append((clock.time(), fact.TYPE))
        return found

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        taken = runner.run(take())
    assert [name for _, name in taken] == [
        "market.opened", "timer.fired", "bar.closed", "timer.fired", "bar.closed", "bar.closed", "bar.closed",
        "market.closed",
    ]  # fmt: skip
    assert [at for at, _ in taken] == pytest.approx([0, 0.5, 1, 1, 2, 3, 3.5, 3.5])


def test_the_position_in_market_hours_is_the_last_opening_and_the_last_closing() -> None:
    state = State()
    apply(state, event(MarketOpened("XNYS", "2022-12-13", START + 9), ts=START))
    assert position_of(state) == {"XNYS.opened": START, "XNYS.closed": START}
    apply(state, event(MarketClosed("XNYS", "2022-12-13"), seq=2, ts=START + 9))
    assert position_of(state) == {"XNYS.opened": START, "XNYS.closed": START + 9}
