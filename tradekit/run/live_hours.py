"""When exchanges open and close, for a live market: told by the clock, or by the bars of a past that is caught up with.

Knows calendars and moments, no venue and no strategy; docs/time.md has the order of what happens at one moment.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from tradekit.core.event import Fact
from tradekit.data.calendar import sessions
from tradekit.data.sessions import ROUND_THE_CLOCK
from tradekit.model.market import MarketClosed, MarketOpened

__all__ = ["LiveHours"]

_CLOSED, _OPENED = 0, 1  # at one moment a session ends before the next begins
_LAST_BAR_NS = 15_000_000_000  # what the bar that ends with a session may take to be told
_FIRST_BAR_NS = 60_000_000_000  # what the first one of a session may take, beside its length
Told: TypeAlias = tuple[int, Fact]
_Moment: TypeAlias = tuple[int, int]  # when [UTC ns], and whether a session ends or begins then
_Due: TypeAlias = Callable[[int, int], bool]


class LiveHours:
    """The hours of the exchanges that instruments trade at; nothing for those that never rest.

    calendars  by instrument
    """

    def __init__(self, calendars: Mapping[str, str]) -> None:
        self._calendars = {one: name for one, name in calendars.items() if name != ROUND_THE_CLOCK}
        self._told: dict[str, _Moment] = {}  # by calendar: the last that was told

    def begin(self, after: Mapping[str, int], now: int) -> None:
        """Go on behind what was taken: instruments' bars, and sessions as "XNYS.opened" and "XNYS.closed" [UTC ns]."""
        for calendar in dict.fromkeys(self._calendars.values()):
            opened, closed = after.get(f"{calendar}.opened", 0), after.get(f"{calendar}.closed", 0)
            if opened or closed:
                self._told[calendar] = (opened, _OPENED) if opened >= closed else (closed, _CLOSED)
                continue
            mine = [ts for one, ts in after.items() if self._calendars.get(one) == calendar]
            first = min(mine, default=now)
            opens = sessions(calendar, first, now).opens
            at = int(np.searchsorted(opens, first, side="right")) - 1
            self._told[calendar] = (int(opens[at]) if at >= 0 else first, _CLOSED)

    def before(self, ts: int) -> list[Told]:
        """What happened before a bar that closed at `ts` [UTC ns]."""
        return self._until(lambda moment, _: moment < ts, ts)

    def by_clock(self, now: int) -> list[Told]:
        """What has happened by now; a session's end once its last bar has had the time to be told."""
        return self._until(lambda at, kind: at + (_LAST_BAR_NS if kind == _CLOSED else 0) <= now, now)

    def quiet(self, instrument: str, length: int, now: int) -> bool:
        """Whether nothing need be told of an instrument now: its exchange rests, or its first bar [ns] is not due."""
        calendar = self._calendars.get(instrument)
        if calendar is None:
            return False
        table = sessions(calendar, now, now)
        at = int(table.of(np.array([now]))[0])
        return at < 0 or now < int(table.opens[at]) + length + _FIRST_BAR_NS

    def _until(self, due: _Due, now: int) -> list[Told]:
        found: list[tuple[_Moment, Told]] = []
        for calendar in self._told:
            while (following := self._next(calendar, now)) is not None and due(*following[0]):
                found.append(following)
                self._told[calendar] = following[0]
        return [told for _, told in sorted(found, key=lambda one: one[0])]

    def _next(self, calendar: str, now: int) -> tuple[_Moment, Told] | None:
        """What comes behind the last that was told."""
        told = self._told[calendar]
        table = sessions(calendar, told[0], max(now, told[0]))
        closed = int(np.searchsorted(table.closes, told[0], side="right"))
        opened = int(np.searchsorted(table.opens, told[0], side="left" if told[1] == _CLOSED else "right"))
        moments = []
        if closed < len(table):
            moments.append(((int(table.closes[closed]), _CLOSED), closed))
        if opened < len(table):
            moments.append(((int(table.opens[opened]), _OPENED), opened))
        if not moments:
            return None
        moment, at = min(moments)
        day = str(table.days[at])
        more = at + 1 < len(table)
        fact: Fact
        if moment[1] == _OPENED:
            fact = MarketOpened(calendar, day, int(table.closes[at]), str(table.days[at + 1]) if more else "")
        else:
            fact = MarketClosed(calendar, day, int(table.opens[at + 1]) if more else 0)
        return moment, (moment[0], fact)
