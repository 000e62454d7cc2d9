"""Minutes of stocks as they close: subscribed, watched by subscription, and without a gap over lost connections.

Only closed bars are told, each once and in order. Where one may be missing, after a lost connection, behind a hole or
in a silence, the history is asked before anything later is told. Knows no session and no account.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.client import Access
from tradekit.brokers.alpaca.errors import Unreadable
from tradekit.brokers.alpaca.history import MINUTE, TIMEFRAME, History
from tradekit.brokers.alpaca.line import KeyRefused, Line, Lost, opened
from tradekit.brokers.alpaca.names import Names
from tradekit.brokers.alpaca.stream import no_key
from tradekit.brokers.feed import BarFeed, Key, Series, Told
from tradekit.core.clock import Clock, SystemClock
from tradekit.errors import BrokerError, ConfigError, DataError
from tradekit.model.market import Bar

__all__ = ["AlpacaFeed"]

_OPEN_S = 20.0
_LATE_S = 70.0  # a minute's bar comes right after it: so long without one, and the history is asked if there was one
_STALE_S = 90.0  # and after so long without an answer nobody knows
_KEY_ERRORS = (401, 402, 409)  # not authenticated, refused, not subscribed to this tape


class _Series(Series):
    """When a bar was told, or the history had none, last [s]."""

    sure: float = float("-inf")


class AlpacaFeed(BarFeed[_Series]):
    """Closed minutes of several stocks.

    series  (instrument, "1m") pairs, by the session's names
    mark_s  a mark of each stock at most so often, out of its trades; 0 tells none
    """

    name = "alpaca"
    lost = (*BarFeed.lost, DataError, Lost, Unreadable)

    def __init__(
        self, access: Access, series: Iterable[Key], *, mark_s: float = 1.0, clock: Clock | None = None
    ) -> None:
        made = {key: _Series() for key in series}
        other = sorted({timeframe for _, timeframe in made} - {TIMEFRAME})
        if other:
            raise ConfigError(
                f"alpaca tells minutes, and no {', '.join(other)} bars: add 1m to market_data.timeframes, and the "
                f"longer ones are made of it"
            )
        shown = ", ".join(instrument for instrument, _ in made)
        source = f"alpaca {access.tape}: {shown} {TIMEFRAME}"
        super().__init__(source, made, mark_s=mark_s, clock=clock or SystemClock())
        self._names = Names(dict.fromkeys(instrument for instrument, _ in made))
        self._access = access
        self._line: Line | None = None
        self._history = History(access, self._names, self._clock)

    def stale(self) -> list[Key]:
        """The series of which neither a bar nor the word that there was none has come for too long."""
        now = self._clock.monotonic()
        return [key for key, series in self._series.items() if now - series.sure > _STALE_S]

    async def close(self) -> None:
        """End the connection and the stream."""
        await super().close()
        if self._line is not None:
            self._line.drop()
        self._history.close()

    # --- one connection -----------------------------------------------------------------------------------------

    async def _connected(self) -> AsyncGenerator[Told, None]:
        try:
            async with opened(self._access.market_stream, own=bool(self._access.url)) as line:
                self._line = line
                if self._over():
                    return
                async with asyncio.timeout(_OPEN_S):
                    await self._sign_in(line)
                for told in await self._begin():
                    yield told
                async for told in self._lasting(line):
                    yield told
        except KeyRefused as error:
            raise _refused(error, self._access) from error

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

    async def _begin(self) -> list[Told]:
        """What was missed; what comes meanwhile waits on the line."""
        now, _ = await self._history.clock()
        for series in self._series.values():
            if series.last is None:
                series.last = now // MINUTE * MINUTE - MINUTE
        return await self._look(list(self._series))

    async def _lasting(self, line: Line) -> AsyncGenerator[Told, None]:
        """What comes, and what has closed in a silence, until the connection ends."""
        while True:
            now = self._clock.monotonic()
            silent = [key for key, series in self._series.items() if now - series.sure > _LATE_S]
            missed = await self._look(silent) if silent else []
            for told in missed:
                yield told
            if missed:
                raise Lost(
                    f"bars of {', '.join(sorted({bar.instrument for _, bar in missed}))} have closed untold"
                )
            try:
                async with asyncio.timeout(1.0):
                    messages = await line.read()
            except TimeoutError:
                continue
            for told in await self._heard(words.rows(messages)):
                yield told

    async def _heard(self, messages: Iterable[words.Message]) -> list[Told]:
        """Bars that have closed, with those before them that are missing; trades as marks."""
        told: list[Told] = []
        bars: dict[Key, Bar] = {}
        for one in messages:
            kind, key = one.get("T"), (self._names.ours(str(one.get("S"))), TIMEFRAME)
            _raise_error(one)
            if key not in self._series:
                continue
            if kind == "t":
                told += self._mark(key[0], float(words.number(one, "p")))
            elif kind == "b":
                bar = words.bar(one, *key)
                if key in bars:  # two minutes of one stock at once: one after the other
                    told += await self._closed(bars)
                    bars = {}
                bars[key] = bar
        return told + await self._closed(bars)

    async def _closed(self, bars: Mapping[Key, Bar]) -> list[Told]:
        """Bars; where there is a hole before one, a minute without a trade or one that was lost, it is asked for."""
        now = self._clock.monotonic()
        holes = [key for key, bar in bars.items() if bar.ts > (self._series[key].last or 0) + MINUTE]
        told = await self._look(holes, {key: bars[key].ts for key in holes}) if holes else []
        for key, bar in bars.items():
            self._series[key].sure = now
            told += self._news(key, [bar])
        return told

    async def _look(self, keys: list[Key], until: Mapping[Key, int] | None = None) -> list[Told]:
        """Ask the history for bars behind the last ones."""
        since = min((self._series[key].last or 0) + MINUTE for key in keys)
        end = None if until is None else max(until.values())
        found = await self._history.bars((instrument for instrument, _ in keys), since, end)
        now, told = self._clock.monotonic(), list[Told]()
        for key in keys:
            bars = found.get(key[0], ())
            told += self._news(key, [bar for bar in bars if until is None or bar.ts < until[key]])
            self._series[key].sure = now
        return told

    def _news(self, key: Key, bars: Iterable[Bar]) -> list[Told]:
        """The bars of a series that are later than the last one that was told."""
        series, told = self._series[key], list[Told]()
        for bar in bars:
            if series.last is None or bar.ts > series.last:
                series.last = bar.ts
                told.append((bar.ts + MINUTE, bar))
        return told


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
