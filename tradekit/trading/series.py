"""What a strategy follows: which bars it wants, the indicators on each series, the longer bars made from shorter ones.

Pure. Knows bars and indicators, no orders.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import msgspec

from tradekit.data.aggregate import Aggregator, Closed
from tradekit.data.sessions import ROUND_THE_CLOCK
from tradekit.errors import StrategyError
from tradekit.indicators.study import described
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar, MarketOpened

__all__ = ["Feedline", "Heard", "Series"]

Key = tuple[str, str]  # instrument, timeframe


class Feedline(msgspec.Struct):
    """One indicator and the bar fields that it is fed with."""

    indicator: Any
    fields: tuple[str, ...]
    read: Callable[[Bar], Any]

    def feed(self, bar: Bar) -> None:
        """Give the indicator a bar."""
        if len(self.fields) == 1:
            self.indicator.update(self.read(bar))
        else:
            self.indicator.update(*self.read(bar))

    def bound(self) -> tuple[Callable[[Any], object], Callable[[Bar], Any]]:
        """`feed` with everything looked up: what takes the values, and what reads them from a bar."""
        update = self.indicator.update
        return (update if len(self.fields) == 1 else lambda values: update(*values)), self.read


class Heard(NamedTuple):
    """What a bar of one series leads to, looked up once: it holds until indicators or timeframes change.

    feeds    for each indicator in its order: what takes its values, and what reads them from a bar
    follows  whether the strategy is called
    """

    feeds: tuple[tuple[Callable[[Any], object], Callable[[Bar], Any]], ...]
    follows: bool


class Series:
    """The bars of a run: from the feed's own to the longest that the strategy or the session asks for."""

    def __init__(self, wanted: tuple[str, ...], instruments: tuple[str, ...]) -> None:
        self._wanted = wanted
        self._shown = tuple(dict.fromkeys(wanted))
        self._instruments = frozenset(instruments)
        self._makers: dict[Key, list[Aggregator]] = {}
        self._calendars: dict[str, str] = {}  # of the instruments that have sessions
        self._sessions: dict[str, tuple[int, MarketOpened]] = {}  # by calendar: the last one, and since when
        self._lines: dict[Key, list[Feedline]] = {}
        self._heard: dict[Key, Heard] = {}  # forgotten when anything that it was made of changes
        self._base = ""  # the feed's own timeframe, known with its first bar
        self._pending: list[tuple[Feedline, str, str | None]] = []

    # --- indicators -----------------------------------------------------------------------------------------

    def add(self, indicator: Any, on: str | None, instrument: str, timeframe: str | None) -> Feedline:
        """Feed `indicator` with the bars of a series; `timeframe` None is the strategy's first, or the feed's."""
        fields = (on,) if on is not None else tuple(getattr(indicator, "inputs", ("close",)))
        for name in fields:
            if name not in Bar.__struct_fields__:
                raise StrategyError(
                    f"indicator {type(indicator).__name__} wants the bar field {name!r}; a bar has "
                    f"{', '.join(Bar.__struct_fields__[3:])}"
                )
        if not hasattr(indicator, "update") or not hasattr(indicator, "ready"):
            raise StrategyError(
                f"{type(indicator).__name__} is no indicator: it needs `update`, `value` and `ready`"
            )
        line = Feedline(indicator, fields, attrgetter(*fields))
        timeframe = timeframe or (self._wanted[0] if self._wanted else self._base or None)
        if timeframe is None:
            self._pending.append((line, instrument, None))
        else:
            self._check_wanted(timeframe)
            self._lines.setdefault((instrument, timeframe), []).append(line)
        self._heard.clear()
        return line

    def clear_indicators(self) -> None:
        """Forget them all, before a strategy starts again with other parameters."""
        self._lines.clear()
        self._pending.clear()
        self._heard.clear()

    def lines(self, instrument: str, timeframe: str) -> list[Feedline]:
        """The indicators on one series, in the order they were made."""
        return self._lines.get((instrument, timeframe), [])

    def all_lines(self) -> list[tuple[Key, Feedline]]:
        """Every indicator with its series."""
        return [(key, line) for key, lines in self._lines.items() for line in lines]

    def studies(self) -> list[dict[str, Any]]:
        """Those indicators that a screen can draw, each with its series; see `indicators.study`. Any thread."""
        rows = []
        for (instrument, timeframe), lines in list(self._lines.items()):
            for line in list(lines):
                row = described(line.indicator, line.fields)
                if row is not None:
                    rows.append({"instrument": instrument, "timeframe": timeframe, **row})
        return rows

    def _check_wanted(self, timeframe: str) -> None:
        duration(timeframe)
        known = self._wanted or (self._base and (self._base,))  # else what the feed brings is not known yet
        if known and timeframe not in (*self._shown, self._base):
            raise StrategyError(
                f"an indicator is asked for on {timeframe} bars, which the strategy does not follow; "
                f"add {timeframe!r} to its `timeframes` {known}"
            )

    # --- bars -----------------------------------------------------------------------------------------------

    def start(self, timeframe: str) -> None:
        """Name the feed's own timeframe, once."""
        if self._base:
            return
        for wanted in self._wanted:
            if duration(wanted) % duration(timeframe):
                raise StrategyError(
                    f"the strategy follows {wanted} bars, which cannot be made from the feed's {timeframe} bars; "
                    f"feed it finer bars, or change its `timeframes`"
                )
        self._base = timeframe
        for _, followed in self._lines:
            self._check_wanted(followed)
        for line, instrument, _ in self._pending:
            self._lines.setdefault((instrument, timeframe), []).append(line)
        self._pending.clear()
        self._heard.clear()

    def trade(self, instruments: Iterable[Instrument]) -> None:
        """Take note of what is traded: bars of an instrument whose calendar has sessions count from their open."""
        self._calendars = {i.id: i.calendar for i in instruments if i.calendar != ROUND_THE_CLOCK}

    def market_opened(self, since: int, session: MarketOpened) -> list[Closed]:
        """A session has begun at `since` [UTC ns]; longer bars that this closes, as `made_by` gives them."""
        self._sessions[session.calendar] = (since, session)
        return _in_order(
            made for maker in self._of(session.calendar) for made in maker.opened(since, session)
        )

    def market_closed(self, calendar: str) -> list[Closed]:
        """A session is over; longer bars that end with it although their last bar is missing."""
        self._sessions.pop(calendar, None)
        return _in_order(made for maker in self._of(calendar) for made in maker.ended())

    def _of(self, calendar: str) -> Iterable[Aggregator]:
        named = (
            makers for (name, _), makers in self._makers.items() if self._calendars.get(name) == calendar
        )
        return (maker for makers in named for maker in makers)

    def made_by(self, bar: Bar) -> list[Closed]:
        """Longer bars that `bar` closes, with the time [UTC ns], in its order, the longest first at the same moment."""
        key = (bar.instrument, bar.timeframe)
        makers = self._makers.get(key)
        if makers is None:
            self.start(bar.timeframe)
            longer = self.beyond(bar.timeframe)
            makers = self._makers[key] = [self._maker(bar.instrument, bar.timeframe, t) for t in longer]
        if not makers:
            return []
        return _in_order(made for maker in makers for made in maker.update(bar))

    def _maker(self, instrument: str, base: str, timeframe: str) -> Aggregator:
        calendar = self._calendars.get(instrument)
        made = Aggregator(instrument, base, timeframe, by_session=calendar is not None)
        if calendar in self._sessions:
            made.opened(*self._sessions[calendar])
        return made

    def show(self, timeframes: Iterable[str], past: Callable[[str, str], list[Bar]]) -> None:
        """Make bars of these timeframes too, from now on; `past` gives a series' last bars, to begin them with."""
        before = self._shown
        self._shown = tuple(dict.fromkeys((*before, *timeframes)))
        for (instrument, base), makers in self._makers.items():
            known = dict(zip(_longest_first(self._longer(before, base)), makers, strict=True))
            for timeframe in self._longer(self._shown, base):
                if timeframe not in known:
                    known[timeframe] = maker = self._maker(instrument, base, timeframe)
                    for bar in past(instrument, base):
                        maker.update(bar)
            self._makers[instrument, base] = [known[one] for one in _longest_first(known)]

    def _longer(self, timeframes: Iterable[str], base: str) -> list[str]:
        return [one for one in timeframes if duration(one) > duration(base)]

    def beyond(self, timeframe: str) -> list[str]:
        """The timeframes longer than this one that are asked for, the longest first."""
        return _longest_first(self._longer(self._shown, timeframe))

    def heard(self, bar: Bar) -> Heard:
        """What a bar leads to, by its series."""
        key = (bar.instrument, bar.timeframe)
        heard = self._heard.get(key)
        if heard is None:
            feeds = tuple(line.bound() for line in self.lines(*key))
            heard = self._heard[key] = Heard(feeds, self.follows(bar))
        return heard

    def follows(self, bar: Bar) -> bool:
        """Whether the strategy is called with this bar."""
        return self.sees(bar.instrument) and self.wants(bar.timeframe)

    def wants(self, timeframe: str) -> bool:
        """Whether the strategy is called with bars of this timeframe."""
        return timeframe in self._wanted if self._wanted else timeframe == self._base

    def sees(self, instrument: str) -> bool:
        """Whether the strategy is called with what happens to this instrument."""
        return not self._instruments or instrument in self._instruments


def _in_order(closed: Iterable[Closed]) -> list[Closed]:
    """By the time of the close; the longest were made first and stay so at the same moment."""
    return sorted(closed, key=itemgetter(0))


def _longest_first(timeframes: Iterable[str]) -> list[str]:
    return sorted(timeframes, key=duration, reverse=True)
