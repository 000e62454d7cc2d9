"""A record of events read as a trade log: a backtest's, a journal's, or a session's over the wire; the same for all.

Reads the market and the rates as the state does. Knows neither where the events come from nor how a log is shown.
"""

from array import array
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np

from tradekit.core.event import Event
from tradekit.model.account import RatePublished, SplitEffected
from tradekit.model.doubt import FillBusted, FillCharged, OrderAdopted
from tradekit.model.instrument import duration
from tradekit.model.market import Bar, MarkUpdated, Quote, TradeTick
from tradekit.model.money import EXACT, ZERO, exact
from tradekit.model.order import OrderFilled, OrderSubmitted
from tradekit.model.session import SessionOpened, SignalRaised
from tradekit.report.decision import Decision, Decisions
from tradekit.report.excursions import History
from tradekit.report.executions import Execution, Split
from tradekit.report.tradelog import LoggedFill, TradeLog, logged
from tradekit.report.trades import Method
from tradekit.report.words import plain
from tradekit.state.booking import booked
from tradekit.state.flows import rate_published, split_effected
from tradekit.state.shape import Mark, State

__all__ = ["Reading", "trade_log"]


def trade_log(
    events: Iterable[Event], *, method: Method = "fifo", histories: Mapping[str, History] | None = None
) -> TradeLog:
    """Every closed round trip among `events`, which are a record from its beginning on, in the order of `seq`.

    method     "fifo": a trade for each piece of a position that was closed, against its oldest entry; "average": one
               from flat to flat
    histories  bars by instrument for excursions, where they are at hand; None takes those among the events

    A fill that was busted is left out, as if it had never been. Raises DataError for another method.
    """
    reading = Reading(bars=histories is None)
    for event in events:
        reading.take(event)
    return reading.log(method, histories)


class Reading:
    """What of a record the log is made of, taken event by event."""

    def __init__(self, *, bars: bool) -> None:
        self.state = State()  # of which the market, the rates and the instruments are kept up
        self.known: dict[int, LoggedFill] = {}
        self._bars: dict[str, _Bars] | None = {} if bars else None
        self._fills: dict[tuple[str, str], Execution] = {}  # by order and execution, in their order
        self._splits: list[tuple[int, Split]] = []  # each with the seq of its event
        self._words: dict[str, tuple[str, str, int]] = {}  # by order: tag, reason, cause
        self._signals: dict[int, str] = {}
        self._unpriced: dict[str, Any] = {}
        self._decisions = Decisions(self._market)

    def take(self, event: Event) -> None:
        """Take the next event."""
        data: Any = event.data
        kind = type(data)
        if kind is Bar:
            if not event.cause:
                self._bar(event, data)
        elif kind is MarkUpdated:
            self._mark(event, data.instrument, data.last, data.bid, data.ask)
        elif kind is Quote:
            self._mark(event, data.instrument, (data.bid + data.ask) / 2, data.bid, data.ask)
        elif kind is TradeTick:
            known = self.state.marks.get(data.instrument)
            bid, ask = (known.bid, known.ask) if known else (None, None)
            self._mark(event, data.instrument, data.price, bid, ask)
        elif kind is OrderFilled:
            self._filled(event, data)
        else:
            self._rest(event, data)
        self._decisions.note(event)

    def _rest(self, event: Event, data: Any) -> None:
        if isinstance(data, OrderSubmitted):
            self._words[data.id] = (data.tag, data.reason, event.cause)
        elif isinstance(data, OrderAdopted):
            self._words[data.id] = ("", data.reason, 0)
        elif isinstance(data, SignalRaised):
            note = f": {data.note}" if data.note else ""
            self._signals[event.seq] = f"{data.name} {data.direction:+g}{note}"
        elif isinstance(data, FillBusted):
            self._fills.pop((data.id, data.exec_id), None)
        elif isinstance(data, FillCharged):
            self._charged(data)
        elif isinstance(data, SplitEffected):
            split_effected(self.state, event, data)
            if data.new > 0 and data.old > 0:
                self._splits.append((event.seq, Split(0, event.ts, data.instrument, data.new, data.old)))
        elif isinstance(data, RatePublished):
            rate_published(self.state, event, data)
        elif isinstance(data, SessionOpened):
            self.state.instruments.update({one.id: one for one in data.instruments})
            self.state.account.currency = data.currency

    def log(self, method: Method = "fifo", histories: Mapping[str, History] | None = None) -> TradeLog:
        """The trades so far; see `trade_log`."""
        fills, splits = self.standing()
        rows = logged(
            fills, self.known, method=method, instruments=self.state.instruments, splits=splits,
            histories=self.histories() if histories is None else histories,
        )  # fmt: skip
        return TradeLog(rows, self.warnings())

    def standing(self) -> tuple[list[Execution], list[Split]]:
        """The fills that were not busted, and the splits, each with how many of those came before it."""
        fills = list(self._fills.values())
        before = [fill.seq for fill in fills]
        splits = [
            msgspec.structs.replace(split, after=int(np.searchsorted(before, seq)))
            for seq, split in self._splits
        ]
        return fills, splits

    def histories(self) -> dict[str, History]:
        """The bars among the events, of each instrument's shortest timeframe."""
        return {name: bars.history() for name, bars in (self._bars or {}).items()}

    def warnings(self) -> list[str]:
        """What the numbers leave out."""
        return [
            f"fees of {plain(amount)} {currency} are left out: no rate of {currency} was known"
            for currency, amount in self._unpriced.items()
        ]

    def _filled(self, event: Event, data: OrderFilled) -> None:
        key = (data.id, data.exec_id or f"#{event.seq}")  # without an id each is one of its own
        if key in self._fills or data.qty <= 0:
            return
        qty, fee, rate = booked(self.state, data)
        if fee is None:
            self._unpriced[data.fee_currency] = self._unpriced.get(data.fee_currency, ZERO) + data.fee
        tag, reason, cause = self._words.get(data.id, ("", "", 0))
        self._fills[key] = Execution(
            data.id, data.instrument, str(data.side), qty, data.price, ZERO if fee is None else fee, event.ts,
            data.strategy, data.position, data.rule, tag, reason, rate, event.seq,
        )  # fmt: skip
        self.known[event.seq] = LoggedFill(
            data.exec_id, self._decisions.of(data.id), self._signals.get(cause, "")
        )

    def _charged(self, data: FillCharged) -> None:
        """The fee of a fill that was told without one."""
        key = (data.id, data.exec_id)
        if key not in self._fills:
            return
        qty, fee, rate = booked(self.state, data)
        if fee is None:
            self._unpriced[data.fee_currency] = self._unpriced.get(data.fee_currency, ZERO) + data.fee
        self._fills[key] = msgspec.structs.replace(
            self._fills[key], qty=qty, fee=ZERO if fee is None else fee, rate=rate
        )

    def _bar(self, event: Event, data: Bar) -> None:
        self.state.marks[data.instrument] = Mark(event.ts, data.close)
        if self._bars is not None:
            self._bars.setdefault(data.instrument, _Bars(data.timeframe)).add(data)

    def _mark(self, event: Event, name: str, last: float, bid: float | None, ask: float | None) -> None:
        self.state.marks[name] = Mark(event.ts, last, bid, ask)

    def _market(self, instrument: str) -> Decision | None:
        known = self.state.marks.get(instrument)
        if known is None:
            return None
        if known.bid and known.ask:
            return Decision(EXACT.divide(exact(known.bid) + exact(known.ask), 2), "mid")
        return Decision(exact(known.last), "last")


class _Bars:
    """The bars of an instrument's shortest timeframe so far, in rising order."""

    def __init__(self, timeframe: str) -> None:
        self._begin(timeframe)

    def _begin(self, timeframe: str) -> None:
        self._timeframe, self._length = timeframe, duration(timeframe)
        self._ts = array("q")
        self._prices = [array("d") for _ in range(4)]

    def add(self, bar: Bar) -> None:
        """Take a bar; one of a shorter timeframe begins anew, late and longer ones are left out."""
        if bar.timeframe != self._timeframe:
            if duration(bar.timeframe) > self._length:
                return
            self._begin(bar.timeframe)
        if self._ts and bar.ts <= self._ts[-1]:
            return
        self._ts.append(bar.ts)
        for column, price in zip(self._prices, (bar.open, bar.high, bar.low, bar.close), strict=True):
            column.append(price)

    def history(self) -> History:
        """The bars as columns."""
        names = ("open", "high", "low", "close")
        prices = {name: np.array(column) for name, column in zip(names, self._prices, strict=True)}
        return SimpleNamespace(ts=np.array(self._ts, dtype=np.int64), **prices)
