"""What a venue keeps of the market: closed bars of any span, and the instruments with their steps.

Knows no account and no stream.
"""

from itertools import pairwise
from typing import Any

from tradekit.brokers.ccxt.client import calling
from tradekit.brokers.ccxt.dialect import Dialect
from tradekit.brokers.ccxt.errors import judge
from tradekit.brokers.ccxt.names import Names
from tradekit.core.clock import Clock
from tradekit.errors import ConnectionLostError, DataError, TradekitError
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar

__all__ = ["History"]

_SETTLED_NS = 2_000_000_000  # a bar that has closed so lately may still be on its way into the venue's books


class History:
    """Questions about the past; `client` is ccxt's."""

    def __init__(self, client: Any, dialect: Dialect, names: Names, clock: Clock) -> None:
        self._client, self._dialect, self._names, self._clock = client, dialect, names, clock

    async def bars(self, instrument: str, timeframe: str, since: int, until: int | None = None) -> list[Bar]:
        """Closed bars whose open lies in [since, until) [UTC ns], oldest first; `until` None is all that have closed.

        By the venue's clock, so that a bar that still forms is never taken for a closed one. Raises DataError for a
        timeframe or an answer that makes no sense, ConnectionLostError where there is none.
        """
        length = duration(timeframe)
        with calling(urgent=True) as call:
            try:
                now = await self._dialect.time(self._client)
                closed = (now - _SETTLED_NS) // length * length
                end = closed if until is None else min(until, closed)
                if since >= end:
                    return []
                found = await self._dialect.bars(self._client, instrument, timeframe, since, end, self._names)
            except TradekitError:
                raise
            except Exception as error:
                reason = judge(error, call).reason
                raise ConnectionLostError(f"no bars of {instrument} {timeframe}: {reason}") from error
        found = [
            bar for bar in found if bar.ts + length <= now - _SETTLED_NS
        ]  # a week opens on Monday, not at the epoch
        if any(later.ts <= earlier.ts for earlier, later in pairwise(found)):
            raise DataError(f"the venue's bars of {instrument} {timeframe} are not in order")
        return found

    async def instruments(self) -> dict[str, Instrument]:
        """What is traded, by the session's name."""
        with calling(urgent=True) as call:
            try:
                return await self._dialect.instruments(self._client, self._names)
            except Exception as error:
                reason = judge(error, call).reason
                raise ConnectionLostError(f"the venue's instruments could not be read: {reason}") from error
