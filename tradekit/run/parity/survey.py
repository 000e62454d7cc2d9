"""A session's journal read for its report: its starts, its orders' lives, its bars, and where it did not look.

Knows no backtest.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from tradekit.core.event import Event
from tradekit.model.instrument import duration
from tradekit.model.market import Bar, TimerFired
from tradekit.model.session import ParamsChanged, RiskChanged, SessionOpened
from tradekit.run.parity.inputs import Key, Shared, key_of
from tradekit.run.parity.lives import Lives

__all__ = ["Survey"]


class Survey:
    """What one pass through the journal shows.

    openings  every start of the session; events how many there are
    lives     its orders; shared its inputs, with the bars that came late
    places    of the bars that it took, by which bar it is, and those bars
    spans     first and last open of each series [UTC ns]
    lengths   of the shortest bars, by instrument [ns]; `last` the place of each instrument's last bar
    diverged  the last input before the event `before`
    fired     its timers, by name and moment; changed the parameters that were set, by place
    """

    def __init__(self, events: Iterable[Event], *, before: int = 0) -> None:
        self.openings: list[tuple[Event, SessionOpened]] = []
        self.events = self.diverged = 0
        self.lives, self.shared = Lives(own=True), Shared()
        self.places: dict[Key, int] = {}
        self.bars: dict[Key, Bar] = {}
        self.spans: dict[tuple[str, str], tuple[int, int]] = {}
        self.lengths: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.fired: list[tuple[str, int]] = []
        self.changed: list[tuple[int, Mapping[str, Any]]] = []
        self._power: list[tuple[int, str]] = []  # by event: why nothing that adds risk goes out from then on
        self._warm: list[
            tuple[int, int, int]
        ] = []  # a start's seq, since when it was away, until when it warms
        place = time = 0
        for event in events:
            self.events = event.seq
            if not event.cause and event.seq < before:
                self.diverged = event.seq
            if self.shared.takes(event):
                place = event.seq
                self._input(event, time)
            elif isinstance(event.data, RiskChanged):
                self._power.append((event.seq, _stopped(event.data)))
            elif isinstance(event.data, ParamsChanged):
                self.changed.append((event.seq, event.data.params))
            self.lives.take(event, place)
            time = max(time, event.ts)

    def _input(self, event: Event, time: int) -> None:
        data = event.data
        if isinstance(data, Bar):
            self._bar(event, data)
        elif isinstance(data, TimerFired):
            self.fired.append((data.name, event.ts))
        elif isinstance(data, SessionOpened):
            if not self.openings and not data.armed:
                self._power.append((event.seq, "the session was not armed"))
            self.openings.append((event, data))
            if time and data.warm_until:
                self._warm.append((event.seq, time, data.warm_until))

    def _bar(self, event: Event, bar: Bar) -> None:
        name = bar.instrument
        self.places[key_of(bar)] = event.seq
        self.bars[key_of(bar)] = bar
        first, _ = self.spans.get((name, bar.timeframe), (bar.ts, bar.ts))
        self.spans[name, bar.timeframe] = first, bar.ts
        length = duration(bar.timeframe)
        self.lengths[name] = min(self.lengths.get(name, length), length)
        self.last[name] = event.seq

    def gap(self, place: int, ts: int) -> str:
        """Why the strategy was not asked about an input told at `ts` [UTC ns], "" where it was."""
        for seq, away, warm_until in self._warm:
            if seq < place and away < ts <= warm_until:
                return f"the session was down; after its start at #{seq:,} this bar only warmed indicators up"
        return ""

    def stopped(self, place: int) -> str:
        """Why nothing that adds risk could go out at a place, "" where it could."""
        at = bisect_right(self._power, place, key=itemgetter(0))
        return self._power[at - 1][1] if at else ""


def _stopped(risk: RiskChanged) -> str:
    if risk.killed:
        return f"the kill switch was on: {risk.reason}"
    if risk.halted:
        return f"the session was halted: {risk.reason}"
    return "" if risk.armed else f"the session was not armed: {risk.reason}"
