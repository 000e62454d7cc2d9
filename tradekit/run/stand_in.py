"""The dealer that a strategy wishes to while a loop runs ahead of the engine: the tape's, where it knows the wish.

Anything else brings the engine up to date first and is the engine's. Knows no bar but the last ones.
"""

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

from tradekit.model.market import Bar
from tradekit.model.order import Side
from tradekit.run.course import Course
from tradekit.run.tape import Tape
from tradekit.state.reducer import BARS_KEPT
from tradekit.state.shape import State
from tradekit.trading.engine import Engine

__all__ = ["StandIn"]


class StandIn(ABC):
    """Stands in for the engine. What a loop over a course has: `n` bars taken, the tape while it is on one."""

    engine: Engine
    course: Course
    n: int
    _tape: Tape | None
    _state: State

    @abstractmethod
    def _engine_on(self, instrument: str | None = None) -> Engine:
        """The engine, standing at the bar under way and knowing the last price of an instrument (default: its own)."""

    @abstractmethod
    def _about(self) -> str:
        """The instrument under way: what a wish is about unless it says otherwise."""

    @abstractmethod
    def _mark(self) -> None:
        """Bring equity up to the last close."""

    def _on_tape(self, instrument: str | None) -> tuple[Tape, str] | None:
        """The tape and the instrument that a wish is about, where the tape is on and knows it."""
        tape, about = self._tape, instrument or self._about()
        return (tape, about) if tape is not None and about in tape.lanes else None

    def position(self, instrument: str | None) -> Decimal:
        """What is held: fills are always folded, or the tape knows it."""
        return self._state.position(self._state.strategy.id, instrument or self._about())

    def order(self, side: Side, qty: object, *, instrument: str | None = None, **terms: Any) -> str:
        """Wish for an order."""
        return self._engine_on(instrument).order(side, qty, instrument=instrument, **terms)

    def target(
        self, qty: object, *, instrument: str | None = None, tag: str = "", reason: str = ""
    ) -> str | None:
        """Wish for a position."""
        known = self._on_tape(instrument)
        if known is None:
            return self._engine_on(instrument).target(qty, instrument=instrument, tag=tag, reason=reason)
        tape, about = known
        placed = tape.target(about, qty, self.n, tag, reason)
        self.engine.strategy._goal = self.engine.dealing.goals[about if instrument is None else self._about()]
        return placed

    def target_percent(self, percent: float, *, instrument: str | None = None, **terms: Any) -> str | None:
        """Wish for a position worth a share of equity."""
        self._mark()
        return self._engine_on(instrument).target_percent(percent, instrument=instrument, **terms)

    def leave(self, position: str, *, instrument: str | None = None, **words: Any) -> str | None:
        """Wish for the end of a position, or of a part of it."""
        return self._engine_on(instrument).leave(position, instrument=instrument, **words)

    def replace(self, order_id: str, **terms: Any) -> bool:
        """Wish for other terms of an order."""
        order = self._engine_on().state.orders.get(order_id)
        return self._engine_on(None if order is None else order.instrument).replace(order_id, **terms)

    def cancel(self, order_id: str, reason: str) -> None:
        """Wish for an order's end."""
        self._engine_on().cancel(order_id, reason)

    def cancel_all(self, instrument: str | None, reason: str) -> None:
        """Wish for the end of all working orders."""
        self._engine_on().cancel_all(instrument, reason)

    def signal(self, name: str, direction: float, *, instrument: str | None = None, note: str = "") -> None:
        """Tell an opinion."""
        known = self._on_tape(instrument)
        if known is None:
            self._engine_on(instrument).signal(name, direction, instrument=instrument, note=note)
        else:
            tape, about = known
            tape.signal(about, name, direction, self.n, note)

    def set_timer(self, name: str, at: int | None, every: int) -> None:
        """Wish to be called later; `fits` leaves those who listen to `step`."""
        self._engine_on().set_timer(name, at, every)

    def clear_timer(self, name: str) -> None:
        """Wish not to be."""
        self._engine_on().clear_timer(name)

    def bars(self, instrument: str | None, timeframe: str | None, count: int) -> list[Bar]:
        """The last closed bars."""
        course, about = self.course, instrument or self._about()
        own = course.series[0].timeframe
        frame = timeframe or next(iter(self.engine.strategy.timeframes), own)
        if frame != own:
            return self.engine.bars(about, frame, count)
        if about not in course.names:
            return []
        seen = course.place(about, self.n) + 1
        return list(course.of(about).bars(max(0, seen - min(count, BARS_KEPT)), seen))

    def add_indicator(
        self, indicator: Any, on: str | None, instrument: str | None, timeframe: str | None
    ) -> None:
        """Only in on_start, which is over."""
        self.engine.add_indicator(indicator, on, instrument, timeframe)
