"""The exchange's book: resting orders, positions and market, as a pure fold of the facts that a journal holds.

The exchange changes it by folding what it reports, and in no other way; so a journal rebuilds it at any point. Knows
how orders fill from their facts only.
"""

from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tradekit.core.event import Fact
from tradekit.model.account import SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, MarketOpened, Quote, TradeTick, TradingHalted, TradingResumed
from tradekit.model.money import ZERO
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTrailed,
    OrderTriggered,
    OrderType,
)
from tradekit.sim.board import Board, Tick
from tradekit.sim.fees import notional
from tradekit.sim.prices import marketable, works_as
from tradekit.sim.rules import Rules

__all__ = ["REQUESTED", "Asked", "Book", "Resting"]

REQUESTED = "requested"  # why an order is canceled when the wish gives no reason
_NONE: dict[str, "Resting"] = {}
Request = OrderSubmitted | OrderCancelRequested | OrderReplaceRequested


class Resting(msgspec.Struct):
    """An order in the book, with the terms it has now.

    leaves     what has not filled yet [base units]
    held       waits for its parent
    fills      its executions so far
    sent       when it began to work [UTC ns]; since: from when on it may trade
    triggered  its trigger was reached: it works as a market or a limit order now
    takes      it came at a price that trades at once, and nothing has been seen since: it takes liquidity
    """

    order: OrderSubmitted
    leaves: Decimal
    held: bool
    fills: int = 0
    sent: int = 0
    since: int = 0
    triggered: bool = False
    takes: bool = False

    @property
    def kind(self) -> OrderType:
        """What it works as now: market and limit for what was triggered, else its own type."""
        return works_as(self.order.type, triggered=self.triggered)


class Asked(msgspec.Struct, frozen=True):
    """What was sent and not answered yet; it acts at `due` [UTC ns]."""

    request: Request
    due: int


class Book:
    """What the exchange knows.

    resting    orders by id, in the order of acceptance
    positions  by strategy, instrument and position id: signed quantity [base units]
    asked      what was sent and not answered, in the order of sending
    entered    orders that filled since the market was last seen, with their price: their children may still come
    moves      grows with each fact but the market's prices: while it stays, so do the orders
    """

    def __init__(self, instruments: list[Instrument], rules: Rules) -> None:
        self.resting: dict[str, Resting] = {}
        self._of: dict[str, dict[str, Resting]] = {}  # the same by instrument, by parent and by group
        self._children: dict[str, dict[str, Resting]] = {}
        self._groups: dict[str, dict[str, Resting]] = {}
        self.positions: dict[tuple[str, str, str], Decimal] = {}
        self.asked: list[Asked] = []
        self.entered: dict[str, Decimal] = {}
        self.moves = 0
        self.boards = {one.id: Board() for one in instruments}
        self.instruments = {one.id: one for one in instruments}
        self._rules = rules
        self._window = rules.fees.window_ns
        self._traded: deque[tuple[int, Decimal]] = deque()  # (ts, value) within the fee model's window
        self._turnover = ZERO
        self._folds: dict[type[Fact], Callable[[Any, int], None]] = {
            OrderSubmitted: self._asked,
            OrderCancelRequested: self._asked,
            OrderReplaceRequested: self._asked,
            OrderAccepted: self._accepted,
            OrderFilled: self._filled,
            OrderTriggered: self._triggered,
            OrderTrailed: self._trailed,
            OrderReplaced: self._replaced,
            OrderReplaceRejected: self._answered(OrderReplaceRequested),
            OrderCancelRejected: self._answered(OrderCancelRequested),
            OrderCanceled: self._canceled,
            OrderRejected: self._rejected,
            OrderExpired: self._ended,
            Bar: self._seen,
            Quote: self._seen,
            TradeTick: self._seen,
            MarketOpened: self._opened,
            TradingHalted: self._halted,
            TradingResumed: self._halted,
            SplitEffected: self._split,
        }

    def fold(self, fact: Fact, ts: int) -> None:
        """Take note of a fact that happened at `ts` [UTC ns]; what is not the exchange's changes nothing."""
        fold = self._folds.get(type(fact))
        if fold is not None:
            if not isinstance(fact, Tick):
                self.moves += 1
            fold(fact, ts)

    def waiting(self, instrument: str) -> Mapping[str, Resting]:
        """The orders of an instrument by id, in the order of acceptance, now and later."""
        return self._of.setdefault(instrument, {})

    def of(self, instrument: str) -> list[Resting]:
        """The orders of an instrument, in the order of acceptance."""
        return list(self._of.get(instrument, _NONE).values())

    def children(self, parent: str) -> list[Resting]:
        """The orders that follow another, in the order of acceptance."""
        return list(self._children.get(parent, _NONE).values())

    def group(self, name: str) -> list[Resting]:
        """The orders of a group, in the order of acceptance."""
        return list(self._groups.get(name, _NONE).values())

    def position(self, order: OrderSubmitted) -> Decimal:
        """What is held of the position that an order belongs to [base units]."""
        return self.positions.get((order.strategy, order.instrument, order.position), ZERO)

    def turnover(self, ts: int) -> Decimal:
        """The value traded within the fee model's window before `ts` [quote currency]."""
        if self._window:
            while self._traded and self._traded[0][0] <= ts - self._window:
                self._turnover -= self._traded.popleft()[1]
        return self._turnover

    # --- orders ---------------------------------------------------------------------------------------------

    def _asked(self, data: Request, ts: int) -> None:
        latency = 0 if isinstance(data, OrderSubmitted) else self._rules.cancel_latency
        self.asked.append(Asked(data, ts + latency))

    def _answer(self, kind: type[Request], order_id: str, reason: str | None = None) -> Request | None:
        """Strike the oldest open request of a kind off; a cancel is answered by an end with its own reason."""
        for n, one in enumerate(self.asked):
            request = one.request
            if isinstance(request, kind) and request.id == order_id:
                if reason is not None and (request.reason or REQUESTED) != reason:
                    continue
                del self.asked[n]
                return request
        return None

    def _answered(self, kind: type[Request]) -> Callable[[Any, int], None]:
        def answered(data: Any, ts: int) -> None:
            self._answer(kind, data.id)

        return answered

    def _accepted(self, data: OrderAccepted, ts: int) -> None:
        resting = self.resting.get(data.id)
        if resting is not None:  # a child that its parent's fill has woken
            resting.held = False
            resting.sent = resting.since = ts
            return
        order = self._answer(OrderSubmitted, data.id)
        if isinstance(order, OrderSubmitted):
            board, latency = self.boards.get(data.instrument, Board()), self._rules.submit_latency
            since = ts + latency if latency else board.since(ts)
            takes = marketable(order, board.price(order.side))
            self._put(Resting(order, order.qty, data.held, sent=ts, since=since, takes=takes))

    def _put(self, resting: Resting) -> None:
        """Take an order in, behind all others."""
        order = resting.order
        self.resting[order.id] = resting
        self._of.setdefault(order.instrument, {})[order.id] = resting
        if order.parent:
            self._children.setdefault(order.parent, {})[order.id] = resting
        if order.group:
            self._groups.setdefault(order.group, {})[order.id] = resting

    def _drop(self, order_id: str) -> Resting | None:
        """Let go of an order, if it is here."""
        resting = self.resting.pop(order_id, None)
        if resting is not None:
            order = resting.order
            del self._of[order.instrument][order_id]  # what is empty stays: somebody may look at it
            _leave(self._children, order.parent, order_id)
            _leave(self._groups, order.group, order_id)
        return resting

    def _filled(self, data: OrderFilled, ts: int) -> None:
        name = (data.strategy, data.instrument, data.position)
        self.positions[name] = self.positions.get(name, ZERO) + data.qty * data.side.sign
        board = self.boards.get(data.instrument)
        if board is not None:
            board.take(data.side, data.qty, at_hand=data.rule.endswith("close"))
            if self._window != 0:
                value = notional(self.instruments[data.instrument], data.qty, data.price)
                self._turnover += value
                if self._window is not None:
                    self._traded.append((ts, value))
        resting = self.resting.get(data.id)
        if resting is None:
            return
        resting.leaves -= data.qty
        resting.fills += 1
        self.entered[data.id] = data.price
        if resting.kind is not OrderType.LIMIT:
            resting.triggered = True  # what is left of it trades on as a market order
        if resting.leaves <= 0:
            self._drop(data.id)

    def _triggered(self, data: OrderTriggered, ts: int) -> None:
        resting = self.resting.get(data.id)
        if resting is not None:
            resting.triggered = True

    def _trailed(self, data: OrderTrailed, ts: int) -> None:
        resting = self.resting.get(data.id)
        if resting is not None:
            resting.order = msgspec.structs.replace(resting.order, stop=data.stop)

    def _replaced(self, data: OrderReplaced, ts: int) -> None:
        """New terms. An order keeps its place in the book only where nothing but its quantity shrank."""
        self._answer(OrderReplaceRequested, data.id)
        resting = self.resting.get(data.id)
        if resting is None:
            return
        before = resting.order
        terms = {"limit": data.limit, "stop": data.stop, "trail": data.trail, "trail_pct": data.trail_pct}
        resting.order = msgspec.structs.replace(before, qty=data.qty, **terms)
        resting.leaves += data.qty - before.qty
        resting.takes = marketable(resting.order, self.boards[data.instrument].price(before.side))
        same = all(getattr(before, name) == value for name, value in terms.items())
        if not (same and data.qty <= before.qty):
            for name in (data.id, *(one.order.id for one in self.children(data.id))):
                moved = self._drop(name)
                if moved is not None:  # children stay behind their parent
                    self._put(moved)

    def _canceled(self, data: OrderCanceled, ts: int) -> None:
        self._answer(OrderCancelRequested, data.id, data.reason)
        self._ended(data, ts)

    def _rejected(self, data: OrderRejected, ts: int) -> None:
        if (
            self._answer(OrderSubmitted, data.id) is None
        ):  # one of this id may be in the book already, and stays
            self._drop(data.id)

    def _ended(self, data: OrderCanceled | OrderExpired, ts: int) -> None:
        self._drop(data.id)
        self._answer(OrderSubmitted, data.id)

    # --- the market -----------------------------------------------------------------------------------------

    def _seen(self, data: Tick, ts: int) -> None:
        board = self.boards.get(data.instrument)
        if board is not None and not board.passes_over(data):
            self.see(board, data, ts)

    def see(self, board: Board, data: Tick, ts: int) -> None:
        """Take a market fact as the one at hand of its instrument's board; `ts` is when it was told [UTC ns]."""
        board.see(data, ts)
        if self.entered:
            self.entered.clear()
        if self.resting:
            opened = data.ts if isinstance(data, Bar) else ts
            for one in self._of.get(data.instrument, _NONE).values():
                if one.takes and one.since <= opened:
                    one.takes = False

    def _opened(self, data: MarketOpened, ts: int) -> None:
        for name, board in self.boards.items():
            if self.instruments[name].calendar == data.calendar:
                board.opening = True

    def _halted(self, data: TradingHalted | TradingResumed, ts: int) -> None:
        board = self.boards.get(data.instrument)
        if board is not None:
            board.halted = isinstance(data, TradingHalted)

    def _split(self, data: SplitEffected, ts: int) -> None:
        """Positions change as the ledger's do; what was seen before is of another price."""
        spec = self.instruments.get(data.instrument)
        if spec is None or not data.concerns(spec):
            return
        for name, held in self.positions.items():
            if name[1] == data.instrument:
                self.positions[name] = data.units(held, spec.lot)
        self.boards[data.instrument].at_hand = None


def _leave(index: dict[str, dict[str, Resting]], name: str, order_id: str) -> None:
    """Take an order out of an index that it may be in."""
    if name:
        orders = index[name]
        del orders[order_id]
        if not orders:
            del index[name]
