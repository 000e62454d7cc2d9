"""What Interactive Brokers keeps of the market: closed bars of any span, trades and quotes.

Its rule of sixty requests in ten minutes is lifted for bars of a minute and more; what is asked here is paced all the
same. Knows no account and no subscription.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any, Literal

from tradekit.brokers.ib.bars import bar_of, page_s, quote_of, size_of, span, trade_of
from tradekit.brokers.ib.contracts import Contracts
from tradekit.brokers.ib.errors import Refused, Unanswered
from tradekit.brokers.ib.line import Line
from tradekit.core.clock import Clock
from tradekit.errors import ConnectionLostError
from tradekit.model.instrument import duration
from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.trading.quota import Quota

__all__ = ["PACE", "History"]

PACE = 240.0  # requests in ten minutes
_COST_OF_FINER = 4.0  # a request for ticks, or for bars that are shorter than a minute: sixty in ten minutes
_NS = 1_000_000_000
_SETTLED_S = 3  # a bar that has closed so lately may still be on its way
_MOST_TICKS = 1000  # in one answer, and all of its last second
_NO_DATA = (162, "no data")


class History:
    """Questions about the past over one line."""

    def __init__(self, line: Line, contracts: Contracts, clock: Clock, *, quota: Quota | None = None) -> None:
        self._line, self._contracts, self._clock = line, contracts, clock
        self._quota = quota or Quota(PACE, 600.0, kept=0.0)

    async def bars(self, instrument: str, timeframe: str, since: int, until: int | None = None) -> list[Bar]:
        """Closed bars whose open lies in [since, until) [UTC ns], oldest first; `until` None is all that have closed.

        By the clock of TWS. Raises DataError for a timeframe or an answer that makes no sense, ConnectionLostError
        where there is none.
        """
        size_of(timeframe)  # or it is none that is taken
        length = duration(timeframe) // _NS
        try:
            (now,) = await self._line.ask("currentTime", self._line.client.reqCurrentTime)
            closed = (int(now) - _SETTLED_S) // length * length
            first = -(-since // _NS)
            end = closed if until is None else min(-(-until // _NS), closed)
            rows: list[Any] = []
            for start in range(first, end, page_s(timeframe)):
                rows += await self._page(instrument, timeframe, start, min(start + page_s(timeframe), end))
        except (Unanswered, Refused) as error:
            raise ConnectionLostError(f"no bars of {instrument} {timeframe}: {error}") from error
        found = {bar.ts: bar for bar in (bar_of(instrument, timeframe, row) for row in rows)}
        return [found[ts] for ts in sorted(found) if first * _NS <= ts < end * _NS]

    async def trades(self, instrument: str, since: int, until: int) -> list[tuple[int, TradeTick]]:
        """Trades in [since, until) with their time [UTC ns], which TWS tells in whole seconds."""
        return [trade_of(instrument, tick) for tick in await self._ticks(instrument, "TRADES", since, until)]

    async def quotes(self, instrument: str, since: int, until: int) -> list[tuple[int, Quote]]:
        """Changes of the best bid and ask in [since, until), likewise."""
        return [quote_of(instrument, tick) for tick in await self._ticks(instrument, "BID_ASK", since, until)]

    async def pace(self, timeframe: str = "") -> None:
        """Wait until another request may go out, for bars of a timeframe, or for ticks."""
        cost = 1.0 if timeframe and duration(timeframe) >= duration("1m") else _COST_OF_FINER
        wait = self._quota.wait(cost, self._clock.monotonic())
        while wait > 0:
            await asyncio.sleep(wait)
            wait = self._quota.wait(cost, self._clock.monotonic())

    async def _page(self, instrument: str, timeframe: str, start: int, end: int) -> list[Any]:
        """The bars between two moments [s], and perhaps some from before: a day is one of trading there."""
        await self.pace(timeframe)
        number, contract = self._line.new_id(), self._contracts.there(instrument)
        size, shown = size_of(timeframe), self._contracts.terms[instrument].shown

        def send() -> None:
            self._line.client.reqHistoricalData(
                number, contract, _moment(end), span(end - start), size, shown, False, 2, False, []
            )

        try:
            return await self._line.ask(number, send)
        except Refused as no:
            if _no_data(no):
                return []
            raise
        except Unanswered:
            if not self._line.lost.done():  # TWS would keep it open, and so many of them only
                self._line.client.cancelHistoricalData(number)
            raise

    async def _ticks(
        self, instrument: str, kind: Literal["TRADES", "BID_ASK"], since: int, until: int
    ) -> list[Any]:
        found: list[Any] = []
        start, end = -(-since // _NS), -(-until // _NS)
        contract = self._contracts.there(instrument)
        try:
            while start < end:
                await self.pace()
                number = self._line.new_id()

                def send(number: int = number, start: int = start) -> None:
                    self._line.client.reqHistoricalTicks(
                        number, contract, _moment(start), "", _MOST_TICKS, kind, 0, False, []
                    )

                page = await self._line.ask(number, send)
                found += [tick for tick in page if start <= tick.time.timestamp() < end]
                if len(page) < _MOST_TICKS:
                    break
                start = int(page[-1].time.timestamp()) + 1
        except (Unanswered, Refused) as error:
            raise ConnectionLostError(f"no ticks of {instrument}: {error}") from error
        return found


def _no_data(no: Refused) -> bool:
    """Whether TWS says that there was nothing, and not that it will not tell."""
    code, words = _NO_DATA
    return no.code == code and words in str(no).lower()


def _moment(seconds: int) -> str:
    """A moment as requests have it, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d-%H:%M:%S}"
