"""The replay feed: recorded bars delivered as they close, at a chosen multiple of real time.

Where it stands is a fold of the journal (the bars taken), so it goes on where a session stopped. Knows no engine.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tradekit.core.clock import Clock
from tradekit.core.event import Fact
from tradekit.data.calendar import in_sessions
from tradekit.data.columns import BarColumns
from tradekit.model.instrument import duration
from tradekit.model.market import Bar
from tradekit.run.timeline import Input, hours_of, merged, with_timers
from tradekit.state.shape import State

__all__ = ["ReplayFeed", "hours_taken", "position_of"]

Ticks = Callable[[list[dict[str, Any]]], None]
_PATH = 4  # display ticks a bar: its open, the two extremes, its close


def position_of(state: State) -> dict[str, int]:
    """The open time [UTC ns] of the last bar taken of each instrument, from a session's state.

    For each calendar also when its last session began ("XNYS.opened") and when the last one ended ("XNYS.closed").
    """
    found: dict[str, int] = {}
    for instrument, series in state.bars.items():
        if series:
            finest = min(series, key=duration)
            if series[finest]:
                found[instrument] = series[finest][-1].ts
    return found | hours_taken(state)


def hours_taken(state: State) -> dict[str, int]:
    """When each calendar's last session began ("XNYS.opened") and when the last one ended ("XNYS.closed") [UTC ns]."""
    found: dict[str, int] = {}
    for calendar, market in state.markets.items():
        found[f"{calendar}.opened"] = market.opens
        found[f"{calendar}.closed"] = market.opens if market.open else market.closes
    return found


class ReplayFeed:
    """Delivers bars for `async for`; the next one is not asked for before the last has been taken in full.

    speed    how many times faster than they happened; None is as fast as they are taken
    quick    so many bars at the very start of a journal come at once, so that a chart is full
    ticks    told the forming bar's price a few times a bar, for display only
    """

    name = "replay"
    ended = "the recorded data has come to its end"

    def __init__(
        self,
        columns: Sequence[BarColumns],
        *,
        clock: Clock,
        speed: float | None = 60.0,
        quick: int = 0,
        ticks: Ticks | None = None,
    ) -> None:
        self.columns = [in_sessions(one) for one in columns]
        self._hours = hours_of(self.columns)
        self.source = ", ".join(f"{c.instrument} {c.timeframe}" for c in columns)
        self.start = min((int(c.ts[0]) for c in self.columns if len(c)), default=0)  # [UTC ns]
        self._clock = clock
        self._speed = speed
        self._quick = quick
        self._ticks = ticks

    async def inputs(
        self, after: Mapping[str, int], due: Callable[[], tuple[int, str] | None]
    ) -> AsyncGenerator[Input, None]:
        """Bars with the time of their close [UTC ns], market hours and timers, from behind the positions in `after`.

        due  says which timer is next
        """
        skipped = sum(
            int(np.searchsorted(c.ts, after[c.instrument], side="right"))
            for c in self.columns
            if c.instrument in after
        )
        quick = max(0, self._quick - skipped)
        begun_at = begun = None
        for ts, fact in with_timers(merged(self.columns, after, hours=self._hours), due):
            if self._speed is None or quick > 0:
                quick -= isinstance(fact, Bar)
                await asyncio.sleep(0)  # let commands in between
            else:
                if begun_at is None or begun is None:
                    begun_at, begun = self._clock.monotonic(), fact.ts if isinstance(fact, Bar) else ts
                await self._play(fact, ts, begun_at, begun)
            yield ts, fact

    async def _play(self, fact: Fact, ts: int, begun_at: float, begun: int) -> None:
        """Wait for the moment at which a fact is known, and show a bar's path on the way."""
        speed = self._speed or 1.0
        if isinstance(fact, Bar):
            await self._show(fact, ts - fact.ts, begun_at, begun)
        due = begun_at + (ts - begun) / 1e9 / speed
        await asyncio.sleep(max(0.0, due - self._clock.monotonic()))

    async def _show(self, bar: Bar, length: int, begun_at: float, begun: int) -> None:
        speed = self._speed or 1.0
        for step, (price, high, low) in enumerate(_path(bar)):
            due = begun_at + (bar.ts + length * step / _PATH - begun) / 1e9 / speed
            await asyncio.sleep(max(0.0, due - self._clock.monotonic()))
            if self._ticks is not None:
                shown = {
                    "timeframe": bar.timeframe, "ts": bar.ts, "open": bar.open, "high": high, "low": low,
                    "close": price, "volume": bar.volume * step / _PATH,
                }  # fmt: skip
                at = bar.ts + length * step // _PATH
                self._ticks([{"key": bar.instrument, "ts": at, "last": price, "bar": shown}])


def _path(bar: Bar) -> list[tuple[float, float, float]]:
    """Price, high and low so far along a bar: open, the nearer extreme, the other one, close (for display)."""
    down_first = bar.open - bar.low <= bar.high - bar.open
    first, second = (bar.low, bar.high) if down_first else (bar.high, bar.low)
    path, high, low = [], bar.open, bar.open
    for price in (bar.open, first, second, bar.close):
        high, low = max(high, price), min(low, price)
        path.append((price, high, low))
    return path
