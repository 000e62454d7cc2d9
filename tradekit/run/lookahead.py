"""Does a strategy decide on what it could not know yet? Its decisions on a part of the bars against those on the whole.

Finds what shows on the bars it is given; it proves nothing about others. Knows no statistics.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.errors import DataError, StrategyError
from tradekit.model.order import OrderCancelRequested, OrderDenied, OrderSubmitted
from tradekit.model.session import SignalRaised
from tradekit.run.backtest import backtest, columns_of_bars
from tradekit.run.vector import bars_of, follows
from tradekit.strategy.base import Strategy
from tradekit.strategy.load import load_strategy
from tradekit.strategy.memo import Memo
from tradekit.strategy.own_data import own_data
from tradekit.strategy.vector import VectorStrategy, decided, decides_alone, window_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LookaheadReport", "Peek", "check_lookahead"]

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]
Maker: TypeAlias = Callable[[list[BarColumns]], Strategy]

_UNCUT = (
    "It reads that besides the bars, and no part was without it. Give a function from bars to a strategy that is made "
    "of those bars alone"
)
_DECISIONS = (OrderSubmitted, OrderDenied, OrderCancelRequested, SignalRaised)


class Peek(msgspec.Struct, frozen=True):
    """A decision that was another one with fewer bars.

    how    "prefix": without the bars after it; "window": without those before the last `window` bars
    ts     open time of the bar that it was made on [UTC ns]; `bar` is that bar's number from 0
    whole  what was decided with all bars; `part` with fewer
    """

    how: str
    instrument: str
    bar: int
    ts: int
    whole: str
    part: str

    def __str__(self) -> str:
        when = np.datetime64(self.ts, "ns").astype("datetime64[s]").item()
        fewer = "the bars up to it" if self.how == "prefix" else "the last `window` bars"
        return (
            f"{self.instrument} bar {self.bar} ({when:%Y-%m-%d %H:%M:%S} UTC): {self.whole} with all bars, {self.part} "
            f"with {fewer}"
        )


class LookaheadReport:
    """What `tk.check_lookahead` found: `ok`, the counts of what was compared, and one `Peek` for each that differed.

    unchecked  data that the strategy reads besides the bars: no part was without it, so it may hold the future
    """

    def __init__(
        self,
        strategy: str,
        *,
        bars: int,
        prefixes: int,
        windows: int,
        peeks: Sequence[Peek],
        unchecked: Sequence[str] = (),
    ) -> None:
        self.strategy, self.bars = strategy, bars
        self.prefixes, self.windows = prefixes, windows
        self.peeks = list(peeks)
        self.unchecked = list(unchecked)

    @property
    def ok(self) -> bool:
        """Whether every decision on a part was the one on the whole."""
        return not self.peeks

    @property
    def frame(self) -> "pd.DataFrame":
        """The peeks as a table, one row each, times in UTC."""
        import pandas as pd

        made = pd.DataFrame(
            [msgspec.structs.asdict(peek) for peek in self.peeks], columns=Peek.__struct_fields__
        )
        made["ts"] = pd.to_datetime(made["ts"].astype("int64"), utc=True, unit="ns")
        return made

    def __str__(self) -> str:
        parts = f"{self.prefixes} prefixes" + (f" and {self.windows} windows" if self.windows else "")
        if self.ok:
            said = (
                f"{self.strategy}: no lookahead found; {parts} of {self.bars:,} bars decide as the whole does"
            )
            return f"{said}\n  Not checked: {', '.join(self.unchecked)}. {_UNCUT}" if self.unchecked else said
        lines = [f"{self.strategy} does not decide as it could live: {len(self.peeks)} of {parts} differ"]
        lines += [f"  {said}" for said in list(dict.fromkeys(map(str, self.peeks)))[:5]]
        if any(peek.how == "prefix" for peek in self.peeks):
            lines.append(
                "  It looks at later bars: at a shift(-1), a mean or a scale of all the data, or data of its own."
            )
        else:
            lines.append(
                "  It looks back over more than `window` bars: make `window` longer, or the memory shorter."
            )
        return "\n".join(lines)

    __repr__ = __str__


def check_lookahead(
    strategy: "Strategy | type[Strategy] | str | Callable[[Any], Strategy]",
    bars: Any,
    *,
    cuts: int = 20,
    windows: int = 200,
    tolerance: float = 1e-9,
    instrument: str | None = None,
    timeframe: str | None = None,
    **options: Any,
) -> LookaheadReport:
    """Compare what a strategy decides on parts of the bars with what it decides on the whole; returns a report.

    strategy   as for `backtest`; or a function from bars (a frame, or a list of frames) to a strategy, for one that
               is made from data: it is then given the part alone
    bars       as for `backtest`
    cuts       so many prefixes at most: half of them evenly spaced, half ending where something is decided
    windows    for a VectorStrategy, so many windows at most, chosen alike
    tolerance  relative, for targets: sums over a window may be rounded otherwise than those over the whole
    options    as for `backtest`: cash, fee, limits, ...; but no ticks

    Every order, denial, cancel and signal up to the cut must be equal; for a VectorStrategy every target. What
    `on_stop` wishes for at the end of a part is left out.

    Raises what `backtest` raises.
    """
    if "ticks" in options:
        raise DataError("check_lookahead cuts bars only: leave `ticks` out")
    columns = columns_of_bars(bars, instrument, timeframe)
    make = _maker(strategy)
    from_data = callable(strategy) and not isinstance(strategy, type | Strategy)
    first = make(columns)
    count = sum(map(len, columns))
    name = type(first).__name__
    prefixes = looked = 0
    peeks: list[Peek] = []
    if isinstance(first, VectorStrategy):
        for series in columns:
            if not follows(first, series):
                continue
            check = _Targets(make, series, tolerance)
            ends = check.places(cuts)
            peeks += filter(None, map(check.prefix, ends))
            prefixes += len(ends)
            if first.timeframes in ((), (series.timeframe,)):
                ends = check.places(windows)
                peeks += filter(None, map(check.window, ends))
                looked += len(ends)
    if not decides_alone(first):
        found = list(_events(make, columns, cuts, options))
        prefixes += len(found)
        peeks += filter(None, found)
    unchecked = [] if from_data else own_data(type(first))
    return LookaheadReport(
        name, bars=count, prefixes=prefixes, windows=looked, peeks=peeks, unchecked=unchecked
    )


def _maker(strategy: Any) -> Maker:
    """How to make a fresh strategy for a part of the bars."""
    if callable(strategy) and not isinstance(strategy, type | Strategy):

        def from_data(columns: list[BarColumns]) -> Strategy:
            frames = [one.frame() for one in columns]
            made = strategy(frames[0] if len(frames) == 1 else frames)
            if not isinstance(made, Strategy):
                raise StrategyError(f"the function gave {type(made).__name__}: let it return a strategy")
            return made

        return from_data
    kept = load_strategy(strategy)
    return lambda columns: copy.deepcopy(kept)


def _chosen(first: int, last: int, told: Places, count: int) -> list[int]:
    """Places from `first` to `last`: half of `count` evenly spaced, the other half where something was told."""
    if last < first or count < 1:
        return []
    told = told[(told >= first) & (told <= last)]
    marked = (
        told[np.linspace(0, len(told) - 1, min(len(told), count // 2)).astype(int)] if len(told) else told
    )
    even = np.linspace(first, last, min(count - len(marked), last - first + 1)).astype(int)
    return sorted({*marked.tolist(), *even.tolist()})


# --- targets ------------------------------------------------------------------------------------------------


class _Targets:
    """The targets of one series: on the whole, and on parts that end at a bar."""

    def __init__(self, make: Maker, series: BarColumns, tolerance: float) -> None:
        self._make, self._series, self._tolerance = make, series, tolerance
        self._whole = self._decide(series)
        self._window = window_of(self._strategy(series))

    def _strategy(self, series: BarColumns) -> VectorStrategy:
        made = self._make([series])
        if not isinstance(made, VectorStrategy):
            raise StrategyError(
                f"the function gave {type(made).__name__} for a part, and a VectorStrategy before"
            )
        return made

    def _decide(self, series: BarColumns) -> Floats:
        return decided(self._strategy(series), bars_of(series), Memo())

    def places(self, count: int) -> list[int]:
        """Bars to end a part at."""
        steps = self._whole[1:] != self._whole[:-1]
        steps &= ~(np.isnan(self._whole[1:]) & np.isnan(self._whole[:-1]))
        return _chosen(self._window - 1, len(self._whole) - 1, np.flatnonzero(steps) + 1, count)

    def prefix(self, last: int) -> Peek | None:
        """The first decision that is another without the bars after `last`."""
        part = self._decide(self._series.part(0, last + 1))
        differs = np.flatnonzero(~self._same(self._whole[: last + 1], part))
        return self._peek("prefix", int(differs[0]), part.item(int(differs[0]))) if len(differs) else None

    def window(self, last: int) -> Peek | None:
        """The decision on bar `last`, if it is another one on the last `window` bars alone."""
        part = self._decide(self._series.part(last + 1 - self._window, last + 1))
        same = self._same(self._whole[last : last + 1], part[-1:])
        return None if same[0] else self._peek("window", last, part.item(-1))

    def _same(self, whole: Floats, part: Floats) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = np.isclose(whole, part, rtol=self._tolerance, atol=0, equal_nan=True)
        return same

    def _peek(self, how: str, at: int, part: float) -> Peek:
        series = self._series
        return Peek(
            how, series.instrument, at, series.ts.item(at), _position(self._whole.item(at)), _position(part)
        )


def _position(wanted: float) -> str:
    return "no wish" if wanted != wanted else f"position {wanted:g}"


# --- events -------------------------------------------------------------------------------------------------


def _events(
    make: Maker, columns: list[BarColumns], cuts: int, options: dict[str, Any]
) -> Iterator[Peek | None]:
    """For each cut the first decision that is another one without the later bars, or None."""
    whole = _told(make, columns, options)
    closes = [one.closes for one in columns]
    moments = np.unique(np.concatenate(closes))
    since = max(ts.item(0) for ts in closes)  # a part has a bar of each instrument
    first = int(np.searchsorted(moments, since))
    times = [event.ts for event in whole if isinstance(event.data, _DECISIONS)]
    told = np.searchsorted(moments, np.array(times, dtype=np.int64))
    for at in _chosen(first, len(moments) - 2, told, cuts):
        until = moments.item(at)
        ends = [int(np.searchsorted(ts, until, side="right")) for ts in closes]
        part = _told(make, [one.part(0, end) for one, end in zip(columns, ends, strict=True)], options)
        yield _difference(columns, whole, part, until, last=len(part) + sum(ends))


def _told(make: Maker, columns: list[BarColumns], options: dict[str, Any]) -> list[Event]:
    """Every event but the bars."""
    strategy: Any = make(columns)
    strategy.on_stop = lambda: None  # the end of a part is not the end of the whole
    given: Any = columns
    return [event for _, event in backtest(strategy, given, **options).told]


def _difference(
    columns: list[BarColumns], whole: list[Event], part: list[Event], until: int, *, last: int
) -> Peek | None:
    """The first event that differs; `last` is the part's last seq. What the whole tells after it is another story,
    but for a decision on the same close.
    """
    one: Event | None
    other: Event | None
    for one, other in zip_longest(whole[1 : len(part)], part[1:]):
        if one != other:
            return _peek(columns, one, other)
    if len(whole) > len(part):
        one = whole[len(part)]
        if isinstance(one.data, _DECISIONS) and one.ts <= until and one.cause <= last:
            return _peek(columns, one, None)
    return None


def _peek(columns: list[BarColumns], one: Event | None, other: Event | None) -> Peek:
    decisions = [event for event in (one, other) if event is not None and isinstance(event.data, _DECISIONS)]
    first = min(decisions or filter(None, (one, other)), key=lambda event: event.ts)
    about: Any = first.data
    series = next(c for c in columns if c.instrument == about.instrument)
    bar = max(int(np.searchsorted(series.closes, first.ts, side="right")) - 1, 0)
    return Peek(
        "prefix", series.instrument, bar, series.ts.item(bar), _words(one, first.ts), _words(other, first.ts)
    )


def _words(event: Event | None, at: int) -> str:
    """A decision in words, or "nothing" where there was none at this time."""
    data: Any = None if event is None or event.ts != at else event.data
    match data:
        case SignalRaised():
            return f"signal {data.name} {data.direction:g}"
        case OrderCancelRequested():
            return f"cancel {data.id}"
        case OrderDenied():
            return f"{data.type} {data.side} {data.qty:f}, denied by {data.rule}"
        case OrderSubmitted():
            levels = [level for level in (data.limit, data.stop) if level is not None]
            return f"{data.type} {data.side} {data.qty:f}" + "".join(f" at {level:f}" for level in levels)
    return "nothing"
