"""A venue's live bars as a session's feed: timers by the wall clock, and no new risk on what has fallen silent.

An instrument is held back from the start until something of this moment is told of it, and again whenever that stops.
Knows no venue and no engine.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from tradekit.core.event import Fact
from tradekit.model.instrument import duration
from tradekit.model.market import Bar, TimerFired
from tradekit.model.reconciliation import AlertRaised, HoldChanged
from tradekit.run.live_hours import LiveHours
from tradekit.run.now import Now

__all__ = ["HELD_BY", "Key", "LiveFeed", "MarketStream"]

Key: TypeAlias = tuple[str, str]  # instrument, timeframe
Told: TypeAlias = tuple[int, Fact]  # when it became known [UTC ns], and what

HELD_BY = "feed"  # what holds an instrument back while nothing is told of it
_LOOK_S = 1.0  # from one look for silent series to the next
_FRESH_NS = 15_000_000_000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_log = logging.getLogger("tradekit.session")


class MarketStream(Protocol):
    """What a venue's package offers of the market: bars of several series as they close, over lost connections.

    name    what the feed is called in the state; `source` where its bars come from, in words
    """

    name: str
    source: str

    def facts(self, after: Mapping[Key, int]) -> AsyncIterator[Told]:
        """Closed bars from behind the opens in `after` [UTC ns] on, each once and in order, and marks between them."""

    def stale(self) -> list[Key]:
        """The series of which nothing has been heard for longer than there is nothing to hear."""

    async def close(self) -> None:
        """End the connection and the stream."""


class LiveFeed:
    """Delivers what a venue tells, for `async for`.

    series  what the stream was asked for: one timeframe of each instrument
    time    wall time
    fresh   what became known longer ago is the past that is caught up with, by instrument [ns]; 15 s unless it is given
    calendars  those of the exchanges, by instrument; none for one that never rests
    """

    ended = "the venue's stream was closed"

    def __init__(
        self,
        stream: MarketStream,
        series: Sequence[Key],
        *,
        time: Now,
        fresh: Mapping[str, int] | None = None,
        calendars: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.source = stream.name, stream.source
        self._stream, self._series, self._time = stream, dict(series), time
        self._fresh = dict(fresh or {})
        self._hours = LiveHours(calendars or {})
        self._told: asyncio.Queue[Told | None] = asyncio.Queue()
        self._held: dict[str, str] = {}  # by instrument: since when it is held back, in words
        self._broken = ""  # why nothing is told at all
        self._closing = False

    async def inputs(
        self, after: Mapping[str, int], due: Callable[[], tuple[int, str] | None]
    ) -> AsyncGenerator[Told, None]:
        """Bars and marks with the moment they became known [UTC ns], timers, and who is held back.

        after  each instrument's last bar that was taken, by its open [UTC ns]
        due    says which timer is next
        """
        behind = {(one, self._series[one]): ts for one, ts in after.items() if one in self._series}
        self._hours.begin(after, self._time.now())
        pump = asyncio.create_task(self._pump(behind), name="market")
        try:
            for instrument in self._series:
                yield self._hold(instrument, "no price since the start")
            while True:
                for fact in (*self._hours.by_clock(self._time.now()), *self._silence()):
                    yield fact
                told = await self._next(due())
                if told is None:
                    timer = due()
                    if timer is not None and timer[0] <= self._time.now():
                        yield timer[0], TimerFired(timer[1])
                    elif pump.done() and self._told.empty():
                        for instrument in self._series:
                            yield self._hold(instrument, self.ended)
                        return
                    continue
                for fact in self._hours.before(told[0]) if isinstance(told[1], Bar) else ():
                    yield fact
                while (timer := due()) is not None and timer[0] <= told[0]:
                    yield timer[0], TimerFired(timer[1])
                for fact in self._freshness(*told):
                    yield fact
                yield told
        finally:
            self._closing = True
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            await self._stream.close()

    async def _pump(self, behind: dict[Key, int]) -> None:
        """Take what the stream tells; one that breaks is asked again, from behind what it has told."""
        pause = _FIRST_PAUSE_S
        while True:
            try:
                async for ts, fact in self._stream.facts(behind):
                    if isinstance(fact, Bar):
                        behind[fact.instrument, fact.timeframe] = fact.ts
                    self._told.put_nowait((ts, fact))
                    pause, self._broken = _FIRST_PAUSE_S, ""
                self._told.put_nowait(None)
                return
            except (Exception, asyncio.CancelledError) as error:  # whatever an adapter or its library raises
                if self._closing:
                    raise
                _log.exception("the feed %s broke off", self.name)
                self._broken = f"it broke off: {type(error).__name__}: {error}"
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _next(self, timer: tuple[int, str] | None) -> Told | None:
        """What is told next, or None when a timer comes due or it is time to look for silence."""
        left = _LOOK_S if timer is None else min(_LOOK_S, (timer[0] - self._time.now()) / 1e9)
        if left <= 0 and self._told.empty():
            return None
        try:
            async with asyncio.timeout(max(left, 0.001)):
                return await self._told.get()
        except TimeoutError:
            return None

    # --- silence --------------------------------------------------------------------------------------------

    def _silence(self) -> list[Told]:
        """Hold back what has fallen silent, and say so once."""
        stale = list(self._series.items()) if self._broken else self._stream.stale()
        facts: list[Told] = []
        for instrument, timeframe in stale:
            quiet = not self._broken and self._hours.quiet(instrument, duration(timeframe), self._time.now())
            if instrument not in self._held and not quiet:
                reason = self._broken or f"nothing is told of its {timeframe} bars any more"
                text = f"{instrument}: {reason}; orders that add risk are held back"
                facts += [
                    self._hold(instrument, reason),
                    (self._time.now(), AlertRaised("feed", text, instrument)),
                ]
        return facts

    def _freshness(self, ts: int, fact: Fact) -> list[Told]:
        """Hold an instrument back while the past is caught up with; let it go with the first fact of this moment."""
        instrument = getattr(fact, "instrument", "")
        if instrument not in self._series:
            return []
        now = self._time.now()
        if now - ts > self._fresh.get(instrument, _FRESH_NS):
            return [] if instrument in self._held else [self._hold(instrument, "the past is caught up with")]
        if instrument in self._held and (instrument, self._series[instrument]) not in self._stream.stale():
            del self._held[instrument]
            return [(now, HoldChanged(instrument, HELD_BY, ""))]
        return []

    def _hold(self, instrument: str, reason: str) -> Told:
        self._held[instrument] = reason
        return self._time.now(), HoldChanged(instrument, HELD_BY, f"feed: {reason}")
