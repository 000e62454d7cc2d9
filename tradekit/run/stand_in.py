"""The dealer that a strategy wishes to while a loop runs ahead of the engine: the tape's, where it knows the wish.

Anything else brings the engine up to date first and is the engine's. Knows no bar but the last ones.
"""

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

from tradekit.data.columns import BarColumns
from tradekit.model.market import Bar
from tradekit.model.order import Side
from tradekit.run.tape import Tape
from tradekit.state.reducer import BARS_KEPT
from tradekit.state.shape import State
from tradekit.trading.engine import Engine

__all__ = ["StandIn"]


class StandIn(ABC):
    """Stands in for the engine. What a loop over `columns` has: `n` bars taken, the tape while it is on one."""

    engine: Engine
    columns: BarColumns
    n: int
    _tape: Tape | None
    _state: State

    @abstractmethod
    def _engine_on(self) -> Engine:
        """The engine, standing at the bar under way: for wishes that the tape does not know."""

    @abstractmethod
    def _mark(self) -> None:
        """Bring equity up to the last close."""

    def position(self, instrument: str | None) -> Decimal:
        """What is held: fills are always folded, or the tape knows it."""
        name = self.columns.instrument
        return self._state.position(self._state.strategy.id, name if instrument is None else instrument)

    def order(self, side: Side, qty: object, **terms: Any) -> str:
        """Wish for an order."""
        return self._engine_on().order(side, qty, **terms)

    def target(
        self, qty: object, *, instrument: str | None = None, tag: str = "", reason: str = ""
    ) -> str | None:
        """Wish for a position."""
        tape = self._tape
        if tape is None or instrument is not None:
            return self._engine_on().target(qty, instrument=instrument, tag=tag, reason=reason)
        placed = tape.target(qty, self.n, tag, reason)
        self.engine.strategy._goal = tape.goal
        return placed

    def target_percent(self, percent: float, **terms: Any) -> str | None:
        """Wish for a position worth a share of equity."""
        self._mark()
        return self.engine.target_percent(percent, **terms)

    def leave(self, position: str, **words: Any) -> str | None:
        """Wish for the end of one position of a hedging account."""
        return self._engine_on().leave(position, **words)

    def replace(self, order_id: str, **terms: Any) -> bool:
        """Wish for other terms of an order."""
        return self._engine_on().replace(order_id, **terms)

    def cancel(self, order_id: str, reason: str) -> None:
        """Wish for an order's end."""
        self._engine_on().cancel(order_id, reason)

    def cancel_all(self, instrument: str | None, reason: str) -> None:
        """Wish for the end of all working orders."""
        self._engine_on().cancel_all(instrument, reason)

    def signal(self, name: str, direction: float, *, instrument: str | None = None, note: str = "") -> None:
        """Tell an opinion."""
        tape = self._tape
        if tape is None or instrument is not None:
            self._engine_on().signal(name, direction, instrument=instrument, note=note)
        else:
            tape.signal(name, direction, self.n, note)

    def set_timer(self, name: str, at: int | None, every: int) -> None:
        """Wish to be called later; `fits` leaves those who listen to `step`."""
        self._engine_on().set_timer(name, at, every)

    def clear_timer(self, name: str) -> None:
        """Wish not to be."""
        self._engine_on().clear_timer(name)

    def bars(self, instrument: str | None, timeframe: str | None, count: int) -> list[Bar]:
        """The last closed bars."""
        frame = timeframe or next(iter(self.engine.strategy.timeframes), self.columns.timeframe)
        if frame != self.columns.timeframe:
            return self.engine.bars(instrument, frame, count)
        return list(self.columns.bars(max(0, self.n - min(count, BARS_KEPT)), self.n))

    def add_indicator(
        self, indicator: Any, on: str | None, instrument: str | None, timeframe: str | None
    ) -> None:
        """Only in on_start, which is over."""
        self.engine.add_indicator(indicator, on, instrument, timeframe)
