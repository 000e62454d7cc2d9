"""How time folds into the state: market hours, timers, and how regularly each series' bars come.

Pure. Knows no account and no order.
"""

from typing import Any

from tradekit.core.event import Event
from tradekit.model.instrument import duration
from tradekit.model.market import Bar, MarketClosed, MarketOpened, TimerCleared, TimerFired, TimerSet
from tradekit.state.seen import Market, SeriesHealth, Timer
from tradekit.state.shape import State

__all__ = ["HANDLERS", "came", "late", "opened"]

Touched = tuple[tuple[str, ...], ...]


def late(state: State, bar: Bar) -> bool:
    """Whether a bar from outside opens no later than one of its series that was taken already: it changes nothing."""
    series = state.bars.get(bar.instrument)
    if series is None:
        return False
    rows = series.get(bar.timeframe)
    return rows is not None and len(rows) > 0 and bar.ts <= rows[-1].ts


def came(state: State, bar: Bar, key: str) -> None:
    """Count the bars that should have come before this one of the series `key` and have not."""
    length = duration(bar.timeframe)
    series = state.health.series.get(key)
    if series is None:
        series = state.health.series[key] = SeriesHealth()
    elif 0 < series.expected < bar.ts:
        series.missing += (bar.ts - series.expected) // length
    series.expected = bar.ts + length


def opened(state: State, event: Event, data: MarketOpened) -> Touched:
    """A trading session has begun: its first bars are expected from now on."""
    state.markets[data.calendar] = Market(True, data.session, event.ts, data.closes)
    for series, _ in _series_of(state, data.calendar):
        series.expected = event.ts
    return (("markets", data.calendar), ("health",))


def _closed(state: State, event: Event, data: MarketClosed) -> Touched:
    known = state.markets.get(data.calendar)
    since = known.opens if known is not None else 0
    state.markets[data.calendar] = Market(False, data.session, since, event.ts, data.opens)
    for series, length in _series_of(state, data.calendar):
        if 0 < series.expected < event.ts:
            series.missing += -((series.expected - event.ts) // length)
        series.expected = 0  # nothing is expected before the next session opens
    return (("markets", data.calendar), ("health",))


def _series_of(state: State, calendar: str) -> list[tuple[SeriesHealth, int]]:
    """The series of instruments that trade by a calendar, with the length of their bars [ns]."""
    found = []
    for key, series in state.health.series.items():
        name, _, timeframe = key.rpartition(".")
        if name in state.instruments and state.instruments[name].calendar == calendar:
            found.append((series, duration(timeframe)))
    return found


def _timer_set(state: State, event: Event, data: TimerSet) -> Touched:
    state.timers[data.name] = Timer(data.due, data.every)
    return (("timers",),)


def _timer_cleared(state: State, event: Event, data: TimerCleared) -> Touched:
    state.timers.pop(data.name, None)
    return (("timers",),)


def _timer_fired(state: State, event: Event, data: TimerFired) -> Touched:
    timer = state.timers.get(data.name)
    if timer is not None and timer.every:
        timer.due += timer.every
    else:
        state.timers.pop(data.name, None)
    return (("timers",),)


HANDLERS: dict[str, Any] = {
    "market.closed": _closed,
    "timer.set": _timer_set,
    "timer.cleared": _timer_cleared,
    "timer.fired": _timer_fired,
}
