"""What one day of a session brings: counts, curve, and what a human should know of, event by event.

Knows the state after each event; nothing of the days before.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from tradekit.core.event import Event
from tradekit.model.account import MarginCalled
from tradekit.model.doubt import FillBusted, OrderDoubted
from tradekit.model.market import Bar, MarketOpened, MarkUpdated
from tradekit.model.order import (
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    Status,
)
from tradekit.model.reconciliation import AlertRaised, DifferenceFound
from tradekit.model.session import HandlerFailed, RiskChanged, StrategyFailed
from tradekit.report.day import Moment, Point
from tradekit.report.words import in_words, plain
from tradekit.state.exposure import gross_exposure
from tradekit.state.shape import State

__all__ = ["Diary"]

_POINTS = 400  # of the curve, at least half of it once there are so many
_DAY_NS = 86_400_000_000_000
_COUNTED: dict[type, str] = {
    OrderSubmitted: "sent", OrderCanceled: "canceled", OrderExpired: "expired", OrderRejected: "rejected",
    OrderDenied: "denied", OrderDoubted: "in doubt",
}  # fmt: skip


class Diary:
    """One day, from its first event on; `take` is called after each event has been folded."""

    def __init__(self, day: str, state: State, first: Event) -> None:
        self.day = day
        self.since = first.seq
        self.begins = first.ts
        self.orders: Counter[str] = Counter()
        self.curve: list[Point] = []
        self.deepest = 0.0
        self.gross_peak = gross_exposure(state)
        self.refused: list[Moment] = []
        self.alerts: list[Moment] = []
        self.risk: list[Moment] = []
        self.found: list[Moment] = []
        self.failures: list[Moment] = []
        self.busts = 0
        self._high = state.account.equity
        self._every = self._seen = 0
        self._opens: list[tuple[int, int]] = []

    def take(self, state: State, event: Event) -> None:
        """Note what the event brings."""
        data: Any = event.data
        kind = type(data)
        if kind is Bar or kind is MarkUpdated:
            if not event.cause:
                self._value(state)
            return
        if kind in _COUNTED:
            self.orders[_COUNTED[kind]] += 1
        if kind is OrderFilled:
            self.orders["fills"] += 1
            order = state.orders.get(data.id)
            self.orders["filled"] += order is not None and order.status is Status.FILLED
            self._value(state)
        elif kind is OrderRejected:
            order = state.orders.get(data.id)
            what = f"{order.side} {plain(order.qty)} {order.instrument}: " if order is not None else ""
            self._note(self.refused, event, "rejected", f"{what}{data.reason}", data.id)
        elif kind is OrderDenied:
            self._note(self.refused, event, "denied", in_words(event), data.id)
        else:
            self._rest(event, data)

    def _rest(self, event: Event, data: Any) -> None:
        if isinstance(data, AlertRaised):
            self._note(self.alerts, event, data.kind, data.text, data.order)
        elif isinstance(data, MarginCalled):
            self._note(self.alerts, event, "margin call", data.note or f"equity {plain(data.equity)}")
        elif isinstance(data, RiskChanged):
            word = next((word for word in ("killed", "halted", "armed") if getattr(data, word)), "disarmed")
            self._note(
                self.risk, event, word, f"by {data.user}: {data.reason}" if data.reason else f"by {data.user}"
            )
        elif isinstance(data, DifferenceFound):
            if data.reported:
                self._note(self.found, event, data.kind, data.text, data.id)
        elif isinstance(data, StrategyFailed):
            self._note(self.failures, event, "strategy", f"{data.where}: {data.error}")
        elif isinstance(data, HandlerFailed):
            self._note(self.failures, event, "handler", f"{data.handler} on {data.subject}: {data.error}")
        elif isinstance(data, FillBusted):
            self.busts += 1
        elif isinstance(data, MarketOpened):
            self._opens.append((event.ts, data.closes))

    def hours(self, state: State, *, over: bool) -> tuple[int, int]:
        """When the day begins and ends [UTC ns]: at midnight, or with the trading session; now, if it is not over."""
        now = state.time
        if not state.pnl.around_the_clock and self._opens:
            opens, closes = min(one for one, _ in self._opens), max(two for _, two in self._opens)
            return opens, closes if over else max(min(closes, now), opens)
        midnight = int(datetime.fromisoformat(f"{self.day}T00:00:00+00:00").timestamp()) * 1_000_000_000
        return max(midnight, min(state.session.started, now)), midnight + _DAY_NS if over else max(
            now, self.begins
        )

    def _note(self, into: list[Moment], event: Event, kind: str, text: str, order: str = "") -> None:
        instrument = getattr(event.data, "instrument", "")
        into.append(Moment(event.ts, event.seq, kind, text, instrument, order))

    def _value(self, state: State) -> None:
        """Equity and exposure have moved."""
        equity = state.account.equity
        self._high = max(self._high, equity)
        if self._high > 0:
            self.deepest = min(self.deepest, equity / self._high - 1)
        gross = gross_exposure(state)
        if gross is not None:
            self.gross_peak = max(self.gross_peak or 0.0, gross)
        self._seen += 1
        if self._seen > self._every:
            self._seen = 0
            self.curve.append(Point(state.time, equity))
            if len(self.curve) >= _POINTS:
                del self.curve[1::2]
                self._every = 2 * self._every + 1
