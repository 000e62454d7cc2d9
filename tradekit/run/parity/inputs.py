"""What of a session's journal its backtest takes too: the market and its hours, parameters set, starts and stops.

Each has a place: its seq in the journal. Knows no order and no strategy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from tradekit.core.event import Event, Fact
from tradekit.model.account import (
    CashKind,
    CashMoved,
    DividendWentEx,
    FundingPublished,
    RatePublished,
    SplitEffected,
)
from tradekit.model.instrument import duration
from tradekit.model.market import (
    Bar,
    MarketClosed,
    MarketOpened,
    MarkUpdated,
    Quote,
    TimerFired,
    TradeTick,
    TradingHalted,
    TradingResumed,
)
from tradekit.model.session import CommandReceived, SessionClosed, SessionOpened

__all__ = ["MARKET", "OUTSIDE", "Item", "Key", "Market", "Shared", "items", "key_of", "placed"]

Key: TypeAlias = tuple[str, str, int]  # which bar: instrument, timeframe, open [UTC ns]

OUTSIDE = frozenset({CashKind.DEPOSIT, CashKind.WITHDRAWAL, CashKind.ADJUSTMENT})
"""Cash that nothing has earned."""
_COMMANDS = frozenset({"set_param", "arm"})  # how it decides, and to go on after a halt that both had
MARKET = (
    Bar, MarkUpdated, Quote, TradeTick, MarketOpened, MarketClosed, TradingHalted, TradingResumed, TimerFired,
    SplitEffected, DividendWentEx, FundingPublished, RatePublished, SessionOpened, SessionClosed,
)  # fmt: skip


class Item(NamedTuple):
    """A fact for the backtest that happened at `ts` [UTC ns].

    place  its seq in the session's journal; negative where the session does not have it
    """

    ts: int
    fact: Fact
    place: int


def key_of(bar: Bar) -> Key:
    """Which bar it is."""
    return bar.instrument, bar.timeframe, bar.ts


class Shared:
    """Tells an input that the backtest takes too from one that is the session's own, event by event.

    late     bars that came after a later one of their series: passed over by the session
    repeated bars that came again, whatever their prices
    """

    def __init__(self) -> None:
        self.late: list[Event] = []
        self.repeated: list[Event] = []
        self._last: dict[tuple[str, str], int] = {}
        self._holes: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def takes(self, event: Event) -> bool:
        """Whether it is one; ask in the order of seq."""
        data = event.data
        if event.cause:
            return False
        if isinstance(data, Bar):
            return self._takes(event, data)
        if isinstance(data, CommandReceived):
            return data.name in _COMMANDS
        if isinstance(data, CashMoved):
            return data.kind in OUTSIDE
        return isinstance(data, MARKET)

    def _takes(self, event: Event, bar: Bar) -> bool:
        series = (bar.instrument, bar.timeframe)
        last = self._last.get(series)
        if last is not None and bar.ts <= last:
            missed = any(begins < bar.ts < ends for begins, ends in self._holes.get(series, ()))
            known = any(key_of(one.data) == key_of(bar) for one in self.late if isinstance(one.data, Bar))
            (self.late if missed and not known else self.repeated).append(event)
            return False
        if last is not None and bar.ts - last > duration(bar.timeframe):
            self._holes.setdefault(series, []).append((last, bar.ts))
        self._last[series] = bar.ts
        return True


class Market(NamedTuple):
    """Bars that the backtest has and the session did not see in time, in the order of their ends.

    bars    each with its place
    instead whether they take the place of all bars of the journal
    """

    bars: Sequence[Item] = ()
    instead: bool = False


def items(events: Iterable[Event], market: Market) -> Iterator[Item]:
    """What a backtest takes of a journal, in its order, with the bars of `market` where they belong."""
    shared = Shared()
    told = (Item(event.ts, event.data, event.seq) for event in events if shared.takes(event))
    return _with_bars(told, market)


def _with_bars(told: Iterable[Item], market: Market) -> Iterator[Item]:
    """The same with other bars among them: each before the first bar that ends later, its own twin's place kept."""
    waiting = {key_of(item.fact): item for item in market.bars if isinstance(item.fact, Bar)}
    ends = [(_ends(item.fact), item) for item in waiting.values() if isinstance(item.fact, Bar)]
    taken = 0
    for item in told:
        if isinstance(item.fact, Bar):
            own = key_of(item.fact)
            while taken < len(ends) and ends[taken][0] < _ends(item.fact):
                yield from _waits(waiting, ends[taken][1])
                taken += 1
            if market.instead:
                mine = waiting.pop(own, None)
                if mine is not None:
                    yield mine
                continue
        yield item
    for _, left in ends[taken:]:
        yield from _waits(waiting, left)


def _waits(waiting: dict[Key, Item], item: Item) -> Iterator[Item]:
    if isinstance(item.fact, Bar) and waiting.pop(key_of(item.fact), None) is not None:
        yield item


def _ends(bar: Bar) -> int:
    return bar.ts + duration(bar.timeframe)


def placed(bars: Iterable[Bar], known: Mapping[Key, int]) -> list[Item]:
    """Bars as items at their ends; `known` has the places of those that the session saw."""
    found = []
    for number, bar in enumerate(sorted(bars, key=_ends), start=1):
        found.append(Item(_ends(bar), bar, known.get(key_of(bar), -number)))
    return found
