"""Minutes of stocks as they close: subscribed, watched by subscription, and without a gap over lost connections.

Only closed bars are told, each once and in order. Where one may be missing, after a lost connection, behind a hole or
in a silence, the history is asked before anything later is told. Knows no session and no account.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.client import Access
from tradekit.brokers.alpaca.errors import Unreadable
from tradekit.brokers.alpaca.history import MINUTE, TIMEFRAME, History
from tradekit.brokers.alpaca.line import KeyRefused, Line, Lost, opened
from tradekit.brokers.alpaca.names import Names
from tradekit.brokers.alpaca.stream import no_key
from tradekit.brokers.stream import Pauses
from tradekit.core.clock import Clock, SystemClock
from tradekit.core.redact import secrets
from tradekit.errors import BrokerError, ConfigError, TradekitError
from tradekit.model.market import Bar, MarkUpdated

__all__ = ["AlpacaFeed", "Told"]

Told: TypeAlias = tuple[int, Bar | MarkUpdated]  # when it became known [UTC ns], and what
Key: TypeAlias = tuple[str, str]  # instrument, timeframe

_OPEN_S = 20.0
_LATE_S = 70.0  # a minute's bar comes right after it: so long without one, and the history is asked if there was one
_STALE_S = 90.0  # and after so long without an answer nobody knows
_KEY_ERRORS = (401, 402, 409)  # not authenticated, refused, not subscribed to this tape
_log = logging.getLogger(__name__)


class _Series(msgspec.Struct):
    """One subscription.

    last   its last bar's open [UTC ns]; None until the first connection
    sure   when a bar was told, or the history had none, last [s]
    """

    last: int | None = None
    sure: float = float("-inf")


class AlpacaFeed:
    """Closed minutes of several stocks.

    series  (instrument, "1m") pairs, by the session's names
    mark_s  a mark of each stock at most so often, out of its trades; 0 tells none
    """

    name = "alpaca"

    def __init__(
        self, access: Access, series: Iterable[Key], *, mark_s: float = 1.0, clock: Clock | None = None
    ) -> None:
        self._series = {key: _Series() for key in series}
        other = sorted({timeframe for _, timeframe in self._series} - {TIMEFRAME})
        if other:
            raise ConfigError(
                f"alpaca tells minutes, and no {', '.join(other)} bars: add 1m to market_data.timeframes, and the "
                f"longer ones are made of it"
            )
        self._names = Names(dict.fromkeys(instrument for instrument, _ in self._series))
        self._clock = clock or SystemClock()
        self._access, self._mark_s = access, mark_s
        self._marked: dict[str, float] = {}
        self._told: asyncio.Queue[Told | TradekitError | None] = asyncio.Queue()
        self._closed = False
        self._history = History(access, self._names, self._clock)
        shown = ", ".join(instrument for instrument, _ in self._series)
        self.source = f"alpaca {access.tape}: {shown} {TIMEFRAME}"

    async def facts(self, after: Mapping[Key, int]) -> AsyncIterator[Told]:
        """Bars from behind the opens in `after` [UTC ns] on, marks between them, until it is closed.

        A series that is not in `after` begins with the bar that closes next. Raises BrokerError for a key that is
        refused.
        """
        if self._closed:
            return
        for key, series in self._series.items():
            series.last = after.get(key)
        self._told = asyncio.Queue()
        keeping = asyncio.create_task(self._keep())
        try:
            while (told := await self._told.get()) is not None:
                if isinstance(told, TradekitError):
                    raise told
                yield told
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    def stale(self) -> list[Key]:
        """The series of which neither a bar nor the word that there was none has come for too long."""
        now = self._clock.monotonic()
        return [key for key, series in self._series.items() if now - series.sure > _STALE_S]

    async def close(self) -> None:
        """End the connection and the stream."""
        self._closed = True
        self._told.put_nowait(None)
        self._history.close()

    # --- one connection -----------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Connect, catch up, follow; again after a pause."""
        pauses = Pauses()
        while True:
            began = self._clock.monotonic()
            try:
                async with opened(self._access.market_stream, own=bool(self._access.url)) as line:
                    async with asyncio.timeout(_OPEN_S):
                        await self._sign_in(line)
                    await self._begin()
                    await self._follow(line)
            except KeyRefused as error:
                self._told.put_nowait(_refused(error, self._access))
                return
            except (Lost, Unreadable, TradekitError, TimeoutError) as error:
                reason = str(error) or "the venue does not answer"
            except Exception as error:  # nothing may end the feed unsaid
                _log.exception("the feed failed")
                reason = f"{type(error).__name__}: {error}"
            _log.warning("%s: %s; it is made again", self.source, secrets.clean(reason))
            await pauses.wait(self._clock.monotonic() - began)

    async def _sign_in(self, line: Line) -> None:
        """Say who we are, subscribe, and know that it stands."""
        await self._awaited(line, "connected")
        key, secret = self._access.key.reveal(), self._access.secret.reveal()
        await line.send({"action": "auth", "key": key, "secret": secret})
        await self._awaited(line, "authenticated")
        symbols = sorted(self._names.here)
        wanted = {"bars": symbols} | ({"trades": symbols} if self._mark_s else {})
        await line.send({"action": "subscribe", **wanted})
        told = await self._awaited(line, "subscription")
        missing = set(symbols) - set(told.get("bars") or ())
        if missing:
            raise Lost(f"the venue does not tell bars of {', '.join(sorted(missing))}")

    async def _awaited(self, line: Line, what: str) -> words.Message:
        """The word that was waited for; raises KeyRefused where it is a refusal of the key."""
        for one in words.rows(await line.read()):
            if what in (one.get("msg"), one.get("T")):
                return one
            _raise_error(one)
        raise Unreadable(f"{what!r} was awaited")

    async def _begin(self) -> None:
        """Tell what was missed; what comes meanwhile waits on the line."""
        now, _ = await self._history.clock()
        for series in self._series.values():
            if series.last is None:
                series.last = now // MINUTE * MINUTE - MINUTE
        await self._look(list(self._series))

    async def _follow(self, line: Line) -> None:
        """Take what comes, and look into silences, until the connection ends."""
        while True:
            now = self._clock.monotonic()
            silent = [key for key, series in self._series.items() if now - series.sure > _LATE_S]
            if silent and (missed := await self._look(silent)):
                raise Lost(f"bars of {', '.join(missed)} have closed and were not told")
            try:
                async with asyncio.timeout(1.0):
                    messages = await line.read()
            except TimeoutError:
                continue
            await self._heard(words.rows(messages))

    async def _heard(self, messages: Iterable[words.Message]) -> None:
        """Bars that have closed, with those before them that are missing; trades as marks."""
        bars: dict[Key, Bar] = {}
        for one in messages:
            kind, key = one.get("T"), (self._names.ours(str(one.get("S"))), TIMEFRAME)
            _raise_error(one)
            if key not in self._series:
                continue
            if kind == "t":
                self._mark(key[0], one)
            elif kind == "b":
                bar = words.bar(one, *key)
                if key in bars:  # two minutes of one stock at once: one after the other
                    await self._close(bars)
                    bars = {}
                bars[key] = bar
        if bars:
            await self._close(bars)

    async def _close(self, bars: dict[Key, Bar]) -> None:
        """Tell bars; where there is a hole before one, a minute without a trade or one that was lost, ask first."""
        now = self._clock.monotonic()
        holes = [key for key, bar in bars.items() if bar.ts > (self._series[key].last or 0) + MINUTE]
        if holes:
            await self._look(holes, {key: bars[key].ts for key in holes})
        for key, bar in bars.items():
            self._series[key].sure = now
            self._tell(key, bar)

    async def _look(self, keys: list[Key], until: Mapping[Key, int] | None = None) -> list[str]:
        """Ask the history for bars behind the last ones, tell them; gives whose there were."""
        since = min((self._series[key].last or 0) + MINUTE for key in keys)
        end = None if until is None else max(until.values())
        found = await self._history.bars((instrument for instrument, _ in keys), since, end)
        now, missed = self._clock.monotonic(), []
        for key in keys:
            bars = [bar for bar in found.get(key[0], ()) if until is None or bar.ts < until[key]]
            if any([self._tell(key, bar) for bar in bars]):  # each is told, not just the first
                missed.append(key[0])
            self._series[key].sure = now
        return missed

    def _tell(self, key: Key, bar: Bar) -> bool:
        """Tell a bar, unless it or a later one was told."""
        series = self._series[key]
        if series.last is not None and bar.ts <= series.last:
            return False
        series.last = bar.ts
        self._told.put_nowait((bar.ts + MINUTE, bar))
        return True

    def _mark(self, instrument: str, trade: words.Message) -> None:
        now = self._clock.monotonic()
        if not self._mark_s or now - self._marked.get(instrument, float("-inf")) < self._mark_s:
            return
        self._marked[instrument] = now
        price = float(words.number(trade, "p"))
        self._told.put_nowait((self._clock.now(), MarkUpdated(instrument, price)))


def _raise_error(one: Mapping[str, Any]) -> None:
    """An error that the venue tells ends the connection."""
    if one.get("T") == "error":
        said = f"{one.get('msg')} ({one.get('code')})"
        raise KeyRefused(said) if one.get("code") in _KEY_ERRORS else Lost(f"the venue says {said}")


def _refused(error: KeyRefused, access: Access) -> BrokerError:
    if "subscription" in str(error):
        return BrokerError(
            f"alpaca does not tell {access.tape} to this key: {error}. Subscribe to it, or write "
            f"market_data.tape: iex"
        )
    return no_key(str(error), paper=access.paper)
