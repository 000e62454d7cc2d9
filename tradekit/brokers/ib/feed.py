"""Bars of Interactive Brokers as they close: subscribed one by one, watched one by one, and without a gap.

Only closed bars are told, each once and in order; what a connection has missed is asked of the history before anything
later is told. Knows no session and no account.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping
from typing import Any

from tradekit.brokers.feed import BarFeed, Key, Series, Told
from tradekit.brokers.ib.bars import DAY_S, bar_of, page_s, size_of, span
from tradekit.brokers.ib.client import Access
from tradekit.brokers.ib.contracts import Contracts, Terms
from tradekit.brokers.ib.errors import DATA_LOST, Refused, Unanswered, Verdict, judge, reason
from tradekit.brokers.ib.history import PACE, History
from tradekit.brokers.ib.hours import Hours, hours_of
from tradekit.brokers.ib.line import Line, Taken
from tradekit.brokers.ib.lookup import fill_in
from tradekit.brokers.ib.stream import measured, why
from tradekit.core.clock import Clock, SystemClock
from tradekit.errors import ConnectionLostError, DataError
from tradekit.model.instrument import duration
from tradekit.model.market import Bar
from tradekit.trading.quota import Quota

__all__ = ["IbFeed"]

_NS = 1_000_000_000
_LOOK_S = 1.0  # from one look for what has closed, and for silence, to the next
_SETTLED_S = 3.0  # TWS makes bars of five-second ones: so long after its end a bar's last part is here
_LATE_S = 90.0  # while its exchange trades, a bar that forms is told every five seconds
_AGAIN_S = 30.0  # a subscription that was refused, or is silent, is made anew so often at most
_log = logging.getLogger(__name__)


class _Series(Series):
    """Besides the last bar, the bar of the moment and how it is subscribed.

    number  of its request, which is open at TWS; 0 while there is none
    due     it is to be subscribed anew: nothing is taken of it until it is
    heard, tried  when it was heard of, and subscribed, last [s, monotonic]
    """

    forms: Bar | None = None
    number: int = 0
    due: bool = True
    heard: float = float("-inf")
    tried: float = float("-inf")


class IbFeed(BarFeed[_Series]):
    """Closed bars of several series.

    access  like the broker's, but for its client id: each connection needs one of its own
    mark_s  a mark of each instrument at most so often, out of the forming bar; 0 tells none
    """

    name = "ib"
    lost = (*BarFeed.lost, DataError, Unanswered, Refused, Taken)

    def __init__(
        self,
        access: Access,
        contracts: Mapping[str, Terms],
        series: Iterable[Key],
        *,
        mark_s: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        made = {key: _Series() for key in series}
        for _, timeframe in made:
            size_of(timeframe)
        shown = ", ".join(f"{instrument} {timeframe}" for instrument, timeframe in made)
        super().__init__(f"Interactive Brokers: {shown}", made, mark_s=mark_s, clock=clock or SystemClock())
        self._access = access
        wanted = {instrument for instrument, _ in made}
        self._terms = {name: terms for name, terms in contracts.items() if name in wanted}
        self._contracts = Contracts(self._terms)
        self._hours: dict[str, Hours] = {}
        self._quota = Quota(PACE, 600.0, kept=0.0)
        self._heard: asyncio.Queue[tuple[int, Any] | None] = asyncio.Queue()
        self._skew_s = 0.0
        self._line: Line | None = None

    def stale(self) -> list[Key]:
        """The series of which nothing has been heard for longer than there is nothing to hear."""
        now, at = self._clock.monotonic(), self._clock.now() / _NS + self._skew_s
        return [
            key
            for key, one in self._series.items()
            if now - one.heard > _LATE_S and (key[0] not in self._hours or self._hours[key[0]].open(at))
        ]

    async def close(self) -> None:
        """End the connection and the stream."""
        await super().close()
        self._heard.put_nowait(None)
        if self._line is not None:
            await self._line.close()

    def _why(self, error: Exception) -> str:
        return why(error, self._access)

    # --- one connection -----------------------------------------------------------------------------------------

    async def _connected(self) -> AsyncGenerator[Told, None]:
        for key, one in self._series.items():
            self._series[key] = _Series(last=one.last)
        self._line = line = Line(self._access, self._clock, self._hears)
        try:
            await self._opened(line)
            async for told in self._lasting(line):
                yield told
            raise ConnectionLostError(line.lost.result() if line.lost.done() else "a day has passed")
        finally:
            await line.close()

    async def _opened(self, line: Line) -> None:
        """Let in, the contracts known; what comes waits in the queue from then on."""
        heard: asyncio.Queue[tuple[int, Any] | None] = asyncio.Queue()
        self._heard = heard
        line.lost.add_done_callback(lambda _: heard.put_nowait(None))
        await line.open()
        self._skew_s = await measured(line, self._clock)
        self._contracts = Contracts(self._terms)  # hours are told for a week: they are asked for anew
        await fill_in(line, self._contracts)
        for name, details in self._contracts.details.items():
            self._hours[name] = hours_of(details.liquidHours, details.timeZoneId)

    async def _lasting(self, line: Line) -> AsyncGenerator[Told, None]:
        """What was missed, then what comes, until the connection ends or has lasted a day."""
        history = History(line, self._contracts, self._clock, quota=self._quota)
        began, looked = self._clock.monotonic(), float("-inf")
        while not line.lost.done() and self._clock.monotonic() - began < DAY_S:
            if self._clock.monotonic() - looked >= _LOOK_S:
                looked = self._clock.monotonic()
                for key in self._unheard() if not line.away else ():
                    for told in await self._tried(line, key, self._subscribed(line, history, key)):
                        yield told
                for key in list(self._series):
                    for told in await self._tried(line, key, self._closes(history, key)):
                        yield told
            try:
                async with asyncio.timeout(_LOOK_S):
                    heard = await self._heard.get()
            except TimeoutError:
                continue
            if heard is None:
                return
            named = next((key for key, one in self._series.items() if one.number == heard[0]), None)
            if named is not None and not self._series[named].due:
                for told in await self._tried(line, named, self._takes(history, named, heard[1])):
                    yield told

    async def _tried(self, line: Line, key: Key, work: Awaitable[list[Told]]) -> list[Told]:
        """What a series has to tell; one that cannot go on is tried again later, and holds no other up."""
        try:
            return await work
        except (ConnectionLostError, DataError) as error:
            if line.lost.done():
                raise
            _log.warning("%s; it is subscribed anew", error)
            self._drop(key, tried=self._clock.monotonic())
            return []

    def _unheard(self) -> list[Key]:
        """Series that are to be subscribed: not yet, not any more, or silent while their exchange trades."""
        now, silent = self._clock.monotonic(), self.stale()
        waiting = [key for key, one in self._series.items() if one.due or key in silent]
        return [key for key in waiting if now - self._series[key].tried >= _AGAIN_S]

    async def _subscribed(self, line: Line, history: History, key: Key) -> list[Told]:
        """Subscribe a series anew, and tell what has closed since its last bar."""
        series, (instrument, timeframe) = self._series[key], key
        self._drop(key, tried=self._clock.monotonic())
        if series.number:  # TWS keeps a request open until it is told otherwise, and so many of them only
            line.client.cancelHistoricalData(series.number)
            series.number = 0
        await history.pace(timeframe)
        series.number = number = line.new_id()
        contract, shown = self._contracts.there(instrument), self._terms[instrument].shown
        length = span(page_s(timeframe))

        def send() -> None:
            line.client.reqHistoricalData(
                number, contract, "", length, size_of(timeframe), shown, False, 2, True, []
            )

        try:
            rows = await line.ask(number, send)
        except Refused as no:
            series.number = 0
            _log.warning("%s %s is not told: %s", instrument, timeframe, no)
            return []
        series.heard, series.due = self._clock.monotonic(), False
        known = [bar_of(instrument, timeframe, row) for row in rows]
        series.forms = known[-1] if known and not self._has_closed(known[-1]) else None
        if series.last is None:
            ended = [bar.ts for bar in known if self._has_closed(bar)]
            series.last = ended[-1] if ended else None
        return await self._missed(history, key, None)

    # --- bars -----------------------------------------------------------------------------------------------------

    async def _takes(self, history: History, key: Key, told: Any) -> list[Told]:
        """A bar that forms: a mark, and if it is a later one, the end of the one before."""
        series, bar = self._series[key], bar_of(*key, told)
        series.heard = self._clock.monotonic()
        if (series.last is not None and bar.ts <= series.last) or (series.forms and bar.ts < series.forms.ts):
            return []
        closed: list[Told] = []
        if series.forms is not None and bar.ts > series.forms.ts:
            closed = await self._tells(history, key, series.forms)
        series.forms = bar
        return [*closed, *self._mark(bar.instrument, bar.close)]

    async def _closes(self, history: History, key: Key) -> list[Told]:
        """The bar that forms, where its time is over and no later one has come."""
        forms = self._series[key].forms
        if forms is None or not self._has_closed(forms):
            return []
        self._series[key].forms = None
        return await self._tells(history, key, forms)

    async def _tells(self, history: History, key: Key, bar: Bar) -> list[Told]:
        """A closed bar, with those before it that are missing."""
        series, length = self._series[key], duration(key[1])
        missed: list[Told] = []
        if series.last is not None and bar.ts > series.last + length:
            missed = await self._missed(history, key, bar.ts)
        series.last = bar.ts
        return [*missed, (bar.ts + length, bar)]

    async def _missed(self, history: History, key: Key, until: int | None) -> list[Told]:
        """The closed bars behind the last one, from the history."""
        series, length = self._series[key], duration(key[1])
        if series.last is None:
            return []
        found = await history.bars(*key, series.last + length, until)
        if found:
            series.last = found[-1].ts
        if series.forms is not None and series.last >= series.forms.ts:
            series.forms = None
        return [(bar.ts + length, bar) for bar in found]

    def _has_closed(self, bar: Bar) -> bool:
        """Whether a bar is over and whole, by the clock of TWS."""
        return self._clock.now() / _NS + self._skew_s >= (bar.ts + duration(bar.timeframe)) / _NS + _SETTLED_S

    # --- what TWS says ----------------------------------------------------------------------------------------------

    def _hears(self, name: str, *told: Any) -> None:
        """Bars of the moment wait their turn; notices about the data are minded at once."""
        if name == "bar":
            self._heard.put_nowait((told[0], told[1]))
        elif name == "error":
            number, code, text = told
            if code == DATA_LOST or judge(code) is Verdict.DOWN:
                for key in self._series:
                    self._drop(key)
            elif number > 0 and judge(code) is not Verdict.NOTED:
                self._ended(number, reason(code, text))

    def _ended(self, number: int, why: str) -> None:
        for (instrument, timeframe), series in self._series.items():
            if series.number == number:
                _log.warning("%s %s is told no more: %s; it is subscribed anew", instrument, timeframe, why)
                series.number = 0
                self._drop((instrument, timeframe))

    def _drop(self, key: Key, *, tried: float = float("-inf")) -> None:
        """Count on a subscription no more: it is stale until it is made anew, which ends the request it had."""
        series = self._series[key]
        series.due, series.forms, series.heard, series.tried = True, None, float("-inf"), tried
