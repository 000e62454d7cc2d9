"""A local TWS with bars, a clock that can be put forward, and a feed or a history at it.

Knows no test.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from tests.brokers.ib.bench import WORDS, access_to
from tradekit.brokers.feed import Told
from tradekit.brokers.ib.contracts import Contracts, terms_of
from tradekit.brokers.ib.feed import IbFeed
from tradekit.brokers.ib.history import History
from tradekit.brokers.ib.line import Line
from tradekit.brokers.ib.lookup import fill_in
from tradekit.core.clock import SystemClock
from tradekit.model.market import Bar
from tradekit.testing.ib.account import AAPL
from tradekit.testing.ib.gateway import Gateway
from tradekit.testing.ib.market import BarTold

__all__ = ["MINUTE", "Forward", "Heard", "closed_bars", "feed_at", "history_at", "told_bar"]

MINUTE = 60
TERMS = {name: terms_of(text) for name, text in WORDS.items()}


class Forward(SystemClock):
    """The machine's clock, put forward at will [s]; when it is made it is ten seconds past a minute."""

    def __init__(self) -> None:
        self.ahead_s = 10.0 - super().now() / 1e9 % MINUTE

    def now(self) -> int:
        return super().now() + int(self.ahead_s * 1e9)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


class Heard(msgspec.Struct):
    """What a feed has told, and what it is told by."""

    feed: IbFeed
    gateway: Gateway
    clock: Forward
    told: list[Told] = []

    @property
    def bars(self) -> list[Bar]:
        """The bars among it."""
        return [one for _, one in self.told if isinstance(one, Bar)]

    def minute(self, back: int = 0) -> int:
        """The open of the minute that forms [s], or of one before it."""
        return (self.clock.now() // 1_000_000_000 // MINUTE - back) * MINUTE

    def forms(self, time: int, close: float = 190.0) -> None:
        """A minute's bar of the share is so now."""
        self.gateway.market.forms(AAPL.id, MINUTE, told_bar(time, close))


def told_bar(time: int, close: float = 190.0) -> BarTold:
    """A bar that ends at a price."""
    return BarTold(time, close - 1, close + 1, close - 2, close, 100.0)


def closed_bars(clock: Forward, count: int) -> list[BarTold]:
    """So many minutes up to the one that forms, that one included."""
    now = clock.now() // 1_000_000_000 // MINUTE * MINUTE
    return [told_bar(now - back * MINUTE, 100.0 + back) for back in range(count, -1, -1)]


def feed_at(
    script: Callable[[Heard], Awaitable[None]],
    *,
    after: dict[tuple[str, str], int] | None = None,
    series: Iterable[tuple[str, str]] = (("AAPL", "1m"),),
    prepare: Callable[[Gateway, Forward], Any] = lambda gateway, clock: None,
    **terms: Any,
) -> Heard:
    """Play a script with a feed of the share's minutes."""

    async def whole() -> Heard:
        clock = Forward()
        gateway = Gateway(clock=clock)
        gateway.market.bars[AAPL.id, MINUTE] = closed_bars(clock, 5)
        prepare(gateway, clock)
        await gateway.open()
        feed = IbFeed(access_to(gateway, client_id=2), TERMS, series, clock=clock, **terms)
        heard = Heard(feed, gateway, clock, [])

        async def listen() -> None:
            async for told in feed.facts(after or {}):
                heard.told.append(told)

        listening = asyncio.create_task(listen())
        try:
            async with asyncio.timeout(30):
                await script(heard)
        finally:
            await feed.close()
            await asyncio.gather(listening)
            await gateway.close()
        return heard

    return asyncio.run(whole())


def history_at(
    script: Callable[[History, Gateway], Awaitable[Any]],
    *,
    prepare: Callable[[Gateway, Forward], Any] = lambda gateway, clock: None,
) -> Any:
    """Ask a history; gives what the script gives."""

    async def whole() -> Any:
        clock = Forward()
        gateway = Gateway(clock=clock)
        prepare(gateway, clock)
        await gateway.open()
        line = Line(access_to(gateway), clock, lambda *_: None)
        try:
            async with asyncio.timeout(30):
                await line.open()
                contracts = Contracts(TERMS)
                await fill_in(line, contracts)
                return await script(History(line, contracts, clock), gateway)
        finally:
            await line.close()
            await gateway.close()

    return asyncio.run(whole())
