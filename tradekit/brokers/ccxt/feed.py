"""Bars of a venue as they close: subscribed, watched by subscription, and without a gap over lost connections.

Only closed bars are told, each once and in order; what a connection has missed is asked of the history before anything
later is told. Knows no session and no account.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from tradekit.brokers.ccxt.client import Access, calling, make_client
from tradekit.brokers.ccxt.dialect import dialect_of
from tradekit.brokers.ccxt.errors import Unreadable, judge, words
from tradekit.brokers.ccxt.history import History
from tradekit.brokers.ccxt.names import Names
from tradekit.brokers.feed import BarFeed, Key, Series, Told
from tradekit.core.clock import Clock, SystemClock
from tradekit.errors import ConnectionLostError
from tradekit.model.instrument import duration
from tradekit.model.market import Bar

__all__ = ["CcxtFeed"]

_OPEN_S = 20.0
_LOOK_S = 2.0  # from one look into the past to the next while a bar that closed is missing
_LATE_S = 70.0  # the venue tells a forming bar every second or two while it trades, and each bar's close


class _Series(Series):
    """When it was heard of, and looked up, last [s]."""

    heard: float = 0.0
    looked: float = float("-inf")


class CcxtFeed(BarFeed[_Series]):
    """Closed bars of several series of one market.

    series  (instrument, timeframe) pairs, by the session's names
    mark_s  a mark of each instrument at most so often, out of the forming bar; 0 tells none
    """

    name = "ccxt"
    lost = (*BarFeed.lost, Unreadable)

    def __init__(
        self,
        access: Access,
        market: str,
        series: Iterable[Key],
        *,
        mark_s: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        self._dialect = dialect_of(access.venue, market)
        self._access = access
        self._client: Any = None
        self._frames: asyncio.Queue[tuple[Bar, bool] | None] = asyncio.Queue()
        wanted = {key: _Series() for key in series}
        self._names = Names(dict.fromkeys(instrument for instrument, _ in wanted))
        shown = ", ".join(f"{instrument} {timeframe}" for instrument, timeframe in wanted)
        super().__init__(
            f"{access.venue} {market}: {shown}", wanted, mark_s=mark_s, clock=clock or SystemClock()
        )

    def stale(self) -> list[Key]:
        """The series of which nothing has been heard for longer than there is nothing to hear."""
        now = self._clock.monotonic()
        return [key for key, series in self._series.items() if now - series.heard > _LATE_S]

    async def close(self) -> None:
        """End the connection and the stream."""
        await super().close()
        self._frames.put_nowait(None)
        if self._client is not None:
            await self._client.close()

    def _why(self, error: Exception) -> str:
        return words(error) or type(error).__name__

    # --- one connection -----------------------------------------------------------------------------------------

    async def _connected(self) -> AsyncGenerator[Told, None]:
        client = self._client = self._client or self._made()
        try:
            lost = await self._opened()
            async for told in self._lasting(lost):
                yield told
        finally:
            await client.close_ws_clients()

    def _made(self) -> Any:
        """Ccxt's client, on the loop that uses it."""
        made = make_client(
            self._access, self._dialect.options, quota=self._dialect.quota(), unit=self._dialect.unit,
            clock=self._clock,
        )  # fmt: skip
        made.tap = self._tap
        return made

    async def _opened(self) -> Any:
        """Subscribe, and know that it stands; frames wait in the queue from then on."""
        self._frames = asyncio.Queue()
        with calling(urgent=True) as call:
            try:
                async with asyncio.timeout(_OPEN_S):
                    lost = await self._dialect.subscribe(self._client, list(self._series), self._names)
            except Exception as error:
                raise ConnectionLostError(judge(error, call).reason) from error
        frames = self._frames

        def over(ended: asyncio.Future[Any]) -> None:
            if not ended.cancelled():
                ended.exception()
            frames.put_nowait(None)

        lost.add_done_callback(over)
        now = self._clock.monotonic()
        for series in self._series.values():
            series.heard = now
        return lost

    async def _lasting(self, lost: Any) -> AsyncGenerator[Told, None]:
        """What was missed, then what comes, until the connection ends or a series falls silent."""
        for key, series in self._series.items():
            if series.last is not None:
                for told in await self._missed(key, None):
                    yield told
        while not lost.done():
            silent = self.stale()  # one series may be silent while another is lively
            if silent:
                raise ConnectionLostError(f"nothing of {', '.join(map('/'.join, silent))}")
            try:
                async with asyncio.timeout(1.0):
                    frame = await self._frames.get()
            except TimeoutError:
                continue
            if frame is None:
                return
            for told in await self._heard(*frame):
                yield told

    async def _heard(self, bar: Bar, closed: bool) -> list[Told]:
        """A mark while its bar forms; when it has closed the bar, with those before it that are missing."""
        key = (bar.instrument, bar.timeframe)
        series, length, missed = self._series[key], duration(bar.timeframe), []
        if series.last is not None and bar.ts > series.last + length and (closed or self._may_look(series)):
            missed = await self._missed(key, bar.ts)  # a later bar is here: what is before it has closed
        if not closed:
            return [*missed, *self._mark(bar.instrument, bar.close)]
        if series.last is not None and bar.ts <= series.last:
            return []
        series.last = bar.ts
        return [*missed, (bar.ts + length, bar)]

    def _may_look(self, series: "_Series") -> bool:
        """Whether the history may be asked again: not at each frame of a bar that forms."""
        now = self._clock.monotonic()
        if now - series.looked < _LOOK_S:
            return False
        series.looked = now
        return True

    async def _missed(self, key: Key, until: int | None) -> list[Told]:
        """The closed bars behind the last one, from the history."""
        series, length = self._series[key], duration(key[1])
        if series.last is None:
            return []
        history = History(self._client, self._dialect, self._names, self._clock)
        found = await history.bars(*key, series.last + length, until)
        if found:
            series.last = found[-1].ts
        return [(bar.ts + length, bar) for bar in found]

    def _tap(self, connection: Any, message: Any) -> bool:
        """Take the frames of our series before the library caches them."""
        try:
            frame = self._dialect.bar(message, self._names)
        except Unreadable as error:
            connection.on_error(ConnectionError(f"a bar cannot be read: {error}"))
            return True
        if frame is None:
            return False
        series = self._series.get((frame[0].instrument, frame[0].timeframe))
        if series is not None:
            series.heard = self._clock.monotonic()
            self._frames.put_nowait(frame)
        return True
