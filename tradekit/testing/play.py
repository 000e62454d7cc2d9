"""A play for the stage: real bars with their coarser ones, forming ticks, and a bracket trade now and then.

No strategy: trades come at fixed bars, so that a screen has something of each kind to show.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tradekit.core.event import Fact
from tradekit.model.market import Bar, FeedStarted
from tradekit.model.order import OrderAccepted, OrderCanceled, OrderFilled, OrderSubmitted, OrderType, Side
from tradekit.model.session import SignalRaised
from tradekit.testing.stage import StageSession

__all__ = ["Play"]

_MINUTE = 60_000_000_000


class Play:
    """Plays one-minute bars [open, high, low, close, volume] into a session, one a `step`.

    every  bars from one entry to the next; the exit follows when the bracket is touched
    """

    def __init__(
        self, session: StageSession, rows: list[tuple[float, ...]], *, start: int, every: int = 23
    ) -> None:
        self.session = session
        self._rows = rows
        self._start = start
        self._every = every
        self._at = 0
        self._trades = 0
        self._open: tuple[str, Side, float, float] | None = None
        session.replica.fold(FeedStarted("replay", "sample:BTCUSDT-1m"), ts=start)

    def step(self) -> None:
        """The next bar closes, with what follows from it."""
        at, row = self._at, self._rows[self._at % len(self._rows)]
        opened = self._start + at * _MINUTE
        closed = opened + _MINUTE
        replica = self.session.replica
        seq = replica.fold(Bar("BTCUSDT", "1m", opened, *row), ts=closed)
        for frame, length in (("15m", 15), ("1h", 60)):
            if (closed // _MINUTE) % length == 0:
                replica.fold(self._coarse(frame, closed - length * _MINUTE), ts=closed, cause=seq)
        if self._open is not None:
            self._maybe_exit(row, closed)
        elif at % self._every == self._every - 1:
            replica.fold(*self._enter(row[3], rising=row[3] >= row[0]), ts=closed, cause=seq)
        self._at += 1

    def ticks(self, parts: int = 6) -> Iterator[None]:
        """The next bar forms: one display tick a step on its way from open through low and high to close."""
        row = self._rows[self._at % len(self._rows)]
        first, high, low, last, volume = row
        corners = [first, low, high, last] if last >= first else [first, high, low, last]
        path = [a + (b - a) * i / parts for a, b in pairwise(corners) for i in range(parts)]
        top = bottom = first
        for i, price in enumerate(path):
            top, bottom = max(top, price), min(bottom, price)
            ts = self._start + self._at * _MINUTE
            bar = {"timeframe": "1m", "ts": ts, "open": first, "high": top, "low": bottom, "close": price}
            bar["volume"] = volume * i / len(path)
            self.session.replica.tick({"key": "BTCUSDT", "ts": ts, "last": price, "bar": bar})
            yield

    def _coarse(self, frame: str, since: int) -> Bar:
        rows = [row for row in self.session.replica.state.bars["BTCUSDT"]["1m"] if row.ts >= since]
        return Bar(
            "BTCUSDT",
            frame,
            since,
            rows[0].open,
            max(row.high for row in rows),
            min(row.low for row in rows),
            rows[-1].close,
            sum(row.volume for row in rows),
        )

    def _enter(self, price: float, *, rising: bool) -> list[Fact]:
        self._trades += 1
        name = f"breakout-{3 * self._trades - 2}"
        side = Side.BUY if rising else Side.SELL
        stop, target = price - side.sign * 14.5, price + side.sign * 26.0
        self._open = (name, side, stop, target)
        why = f"close {'above' if rising else 'below'} the inside bar's range"
        order = ("BTCUSDT", "breakout", "paper")
        qty = Decimal("0.75")
        back: dict[str, Any] = {"reduce_only": True, "parent": name, "group": name}
        ends = [
            (OrderType.STOP, None, _exact(stop), "stop"),
            (OrderType.LIMIT, _exact(target), None, "target"),
        ]
        exits = [
            OrderSubmitted(f"{name}-{tag}", *order, side.opposite, kind, qty, limit, level, tag=tag, **back)
            for kind, limit, level, tag in ends
        ]
        return [
            SignalRaised("breakout", "BTCUSDT", "inside bar breakout", float(side.sign), price, why),
            OrderSubmitted(name, *order, side, OrderType.MARKET, qty, tag="entry", reason=why),
            *exits,
            *(
                OrderAccepted(wish, "BTCUSDT", f"v-{wish}")
                for wish in (name, f"{name}-stop", f"{name}-target")
            ),
            self._fill(name, side, price, "next open"),
        ]

    def _maybe_exit(self, row: tuple[float, ...], closed: int) -> None:
        if self._open is None:
            return
        name, side, stop, target = self._open
        _, high, low, _, _ = row
        stopped = low <= stop if side is Side.BUY else high >= stop
        reached = high >= target if side is Side.BUY else low <= target
        if not stopped and not reached:
            return
        filled, other = (f"{name}-stop", f"{name}-target") if stopped else (f"{name}-target", f"{name}-stop")
        level = stop if stopped else target
        fill = self._fill(filled, side.opposite, level, "stop" if stopped else "limit")
        self.session.replica.fold(fill, OrderCanceled(other, "BTCUSDT", "the other leg filled"), ts=closed)
        self._open = None

    def _fill(self, order: str, side: Side, price: float, rule: str) -> OrderFilled:
        qty = Decimal("0.75")
        fee = _exact(price) * qty * Decimal("0.0004")
        return OrderFilled(
            order, "BTCUSDT", "breakout", "paper", f"x-{order}", side, qty, _exact(price), fee, "USDT", rule
        )


def _exact(price: float) -> Decimal:
    return Decimal(f"{price:.2f}")
