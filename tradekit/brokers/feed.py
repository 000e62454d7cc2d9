"""What the brokers' feeds have in common: bars of several series over as many connections as it takes, and marks.

A connection that is lost is made again after a pause, until the feed is closed; whatever else happens comes out of
`facts`, for nothing runs beside it that could end unseen. Knows no venue.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import ClassVar, Generic, TypeAlias, TypeVar

import msgspec

from tradekit.brokers.stream import Pauses
from tradekit.core.clock import Clock
from tradekit.core.redact import secrets
from tradekit.errors import ConnectionLostError
from tradekit.model.market import Bar, MarkUpdated

__all__ = ["BarFeed", "Key", "Series", "Told"]

Told: TypeAlias = tuple[int, Bar | MarkUpdated]  # when it became known [UTC ns], and what
Key: TypeAlias = tuple[str, str]  # instrument, timeframe
_log = logging.getLogger(__name__)


class Series(msgspec.Struct):
    """One subscription. `last` is the open of the last bar that was told [UTC ns], None while there is none."""

    last: int | None = None


S = TypeVar("S", bound=Series)


class BarFeed(ABC, Generic[S]):
    """Closed bars of several series, each once and in order; a broker's own has `_connected` and `stale`.

    source  where the bars come from, in words
    mark_s  a mark of each instrument at most so often; 0 tells none
    lost    what a connection's end is raised as
    """

    name: str
    lost: ClassVar[tuple[type[Exception], ...]] = (ConnectionLostError, OSError, TimeoutError)

    def __init__(self, source: str, series: dict[Key, S], *, mark_s: float, clock: Clock) -> None:
        self.source = source
        self._series = series
        self._mark_s, self._clock = mark_s, clock
        self._marked: dict[str, float] = {}
        self._end = asyncio.Event()

    @abstractmethod
    def _connected(self) -> AsyncGenerator[Told, None]:
        """One connection: made, caught up, followed until it is lost; however it is left, it leaves nothing behind."""

    @abstractmethod
    def stale(self) -> list[Key]:
        """The series of which nothing has been heard for longer than there is nothing to hear."""

    def _why(self, error: Exception) -> str:
        """Why a connection was lost, or not made, in words."""
        return str(error) or "the venue does not answer"

    async def facts(self, after: Mapping[Key, int]) -> AsyncIterator[Told]:
        """Bars from behind the opens in `after` [UTC ns] on, marks between them, until it is closed.

        A series that is not in `after` begins with the bar that closes next. Raises BrokerError for what no waiting
        mends.
        """
        for key, series in self._series.items():
            series.last = after.get(key)
        pauses = Pauses()
        while not self._over():
            began, reason = self._clock.monotonic(), "the connection has ended"
            try:
                async with aclosing(self._connected()) as connected:
                    async for told in connected:
                        yield told
            except self.lost as error:
                reason = secrets.clean(self._why(error))
            if self._over():
                return
            _log.warning("%s: %s; it is made again", self.source, reason)
            await pauses.wait(self._clock.monotonic() - began, self._end)

    async def close(self) -> None:
        """End the stream; a broker's own ends its connection too."""
        self._end.set()

    def _over(self) -> bool:
        return self._end.is_set()

    def _mark(self, instrument: str, price: float) -> list[Told]:
        """A price of this moment, unless the last one is younger than `mark_s`."""
        now = self._clock.monotonic()
        if not self._mark_s or now - self._marked.get(instrument, float("-inf")) < self._mark_s:
            return []
        self._marked[instrument] = now
        return [(self._clock.now(), MarkUpdated(instrument, price))]
