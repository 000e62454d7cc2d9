"""The simulated exchange: a book of resting orders that bars are matched against, by documented rules.

Pure: no clock, no I/O, no chance. Its book is itself a fold of the facts it reports, so a journal rebuilds
it. The fill rules are explained, each with its test, in docs/fills.md.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from tradekit.core.event import Event, Fact
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.money import ZERO
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderType,
    Side,
)
from tradekit.sim.costs import Costs
from tradekit.sim.intrabar import at_open, inside

__all__ = ["Exchange", "Report", "Resting"]

Report = tuple[int, Fact]  # (ts UTC ns, an order's fact)


class Resting(msgspec.Struct):
    """An order in the book. `held` waits for its parent; `fills` counts its executions."""

    order: OrderSubmitted
    leaves: Decimal
    held: bool
    fills: int = 0


class Exchange:
    """Takes orders, matches them with bars, answers with reports; it knows positions only to reduce them."""

    def __init__(self, instruments: list[Instrument], costs: Costs | None = None) -> None:
        self.book: dict[str, Resting] = {}  # by order id, in the order of acceptance
        self._instruments = {i.id: i for i in instruments}
        self._costs = costs if costs is not None else Costs()
        self._positions: dict[tuple[str, str], Decimal] = {}
        self._submitted: dict[str, OrderSubmitted] = {}  # seen on replay, not yet answered
        self._folds: dict[type[Fact], Callable[[Any], None]] = {
            OrderSubmitted: self._fold_submitted,
            OrderAccepted: self._fold_accepted,
            OrderFilled: self._fold_filled,
            OrderCanceled: self._fold_ended,
            OrderRejected: self._fold_ended,
            OrderExpired: self._fold_ended,
        }

    # --- what a broker asks ---------------------------------------------------------------------------------

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        """Take an order into the book, or refuse it with the reason."""
        reason = self._why_not(order)
        if reason:
            return [(ts, OrderRejected(order.id, order.instrument, reason))]
        self._submitted.pop(order.id, None)
        self.book[order.id] = Resting(order, order.qty, held=bool(order.parent))
        return [(ts, _accepted(order, held=bool(order.parent)))]

    def cancel(self, order_id: str, ts: int, reason: str = "requested") -> list[Report]:
        """Take an order out of the book, and its children with it; nothing happens for an unknown one."""
        reports: list[Report] = []
        self._drop(order_id, reason, ts, reports)
        return reports

    def bar(self, bar: Bar) -> list[Report]:
        """Match the book with a bar: at its open, then within it, stops before limits (the pessimistic way).

        At the open market orders come first, then the others in the order of acceptance. Children follow
        their parents there, so that one woken by a fill at the open is tried at the open too.
        """
        if not self.book:
            return []
        reports: list[Report] = []
        mine = [r for r in self.book.values() if r.order.instrument == bar.instrument]
        for resting in sorted(mine, key=_behind_markets):
            if not resting.held and resting.order.id in self.book:
                self._try_open(resting, bar, reports)
        if not self.book:
            return reports
        entered: dict[str, Decimal] = {}  # orders that filled inside this bar, and at what price
        for wanted in (OrderType.STOP, OrderType.LIMIT):
            for resting in list(self.book.values()):
                if resting.order.type is wanted and resting.order.instrument == bar.instrument:
                    self._try_inside(resting, bar, entered, reports)
            if wanted is OrderType.STOP:
                self._stops_after_entry(bar, entered, reports)
        self._stops_after_entry(bar, entered, reports)
        return reports

    # --- matching -------------------------------------------------------------------------------------------

    def _try_open(self, resting: Resting, bar: Bar, reports: list[Report]) -> None:
        found = at_open(resting.order, bar.open)
        if found is not None:
            self._fill(resting, found[0], found[1], bar.ts, reports)

    def _try_inside(
        self, resting: Resting, bar: Bar, entered: dict[str, Decimal], reports: list[Report]
    ) -> None:
        order = resting.order
        if resting.held or order.id not in self.book or order.parent in entered:
            return
        found = inside(order, bar.high, bar.low)
        if found is not None:
            self._fill(resting, found[0], found[1], bar.ts, reports)
            entered[order.id] = found[0]

    def _stops_after_entry(self, bar: Bar, entered: dict[str, Decimal], reports: list[Report]) -> None:
        """An entry inside the bar may be stopped in that bar, if its stop lies in it; its target waits.

        A stop that the entry's own price has passed already fills there, as at a gap.
        """
        for resting in list(self.book.values()):
            order = resting.order
            if order.type is OrderType.STOP and order.parent in entered and order.id in self.book:
                found = inside(order, bar.high, bar.low)
                if found is not None:
                    worse = max if order.side is Side.BUY else min
                    price = worse(found[0], entered[order.parent])
                    self._fill(resting, price, "stop.entry_bar", bar.ts, reports)

    def _fill(self, resting: Resting, price: Decimal, rule: str, ts: int, reports: list[Report]) -> None:
        order = resting.order
        qty = resting.leaves
        if order.reduce_only:
            held = self._positions.get((order.strategy, order.instrument), ZERO)
            room = -held if order.side is Side.BUY else held
            if room <= 0:
                self._drop(order.id, "reduce only, and nothing is held to reduce", ts, reports)
                return
            qty = min(qty, room)
        instrument = self._instruments[order.instrument]
        if order.type is not OrderType.LIMIT:
            price = self._costs.slip(instrument, order.side, price)
        fill = OrderFilled(
            order.id,
            order.instrument,
            order.strategy,
            order.account,
            f"{order.id}.{resting.fills + 1}",
            order.side,
            qty,
            price,
            self._costs.charge(instrument, qty, price),
            instrument.quote,
            rule,
        )
        reports.append((ts, fill))
        woken = [r.order for r in self.book.values() if r.held and r.order.parent == order.id]
        self._fold_filled(fill)
        reports += [(ts, _accepted(child, held=False)) for child in woken]
        if order.id in self.book:  # reduce-only, and the position was smaller than the order
            self._drop(order.id, "reduce only, and nothing more is held", ts, reports)
        if self.book:
            self._cancel_siblings(order, ts, reports)
            self._cancel_reducers(order, ts, reports)

    def _cancel_siblings(self, order: OrderSubmitted, ts: int, reports: list[Report]) -> None:
        if not order.group:
            return
        for other in list(self.book.values()):
            if other.order.group == order.group and other.order.id != order.id:
                self._drop(other.order.id, f"one cancels other: {order.id} filled", ts, reports)

    def _cancel_reducers(self, order: OrderSubmitted, ts: int, reports: list[Report]) -> None:
        """Protective orders leave the book with the position that they protect: closed, or turned around."""
        position = self._positions.get((order.strategy, order.instrument), ZERO)
        for other in list(self.book.values()):
            o = other.order
            same = o.strategy == order.strategy and o.instrument == order.instrument
            if same and o.reduce_only and not other.held and position * o.side.sign >= 0:
                self._drop(o.id, "position closed", ts, reports)

    def _drop(self, order_id: str, reason: str, ts: int, reports: list[Report]) -> None:
        resting = self.book.get(order_id)
        if resting is None:
            return
        canceled = OrderCanceled(order_id, resting.order.instrument, reason)
        reports.append((ts, canceled))
        self._fold_ended(canceled)
        if not resting.fills:
            for child in list(self.book.values()):
                if child.order.parent == order_id:
                    self._drop(child.order.id, f"parent {order_id} ended", ts, reports)

    def _why_not(self, order: OrderSubmitted) -> str:
        if order.instrument not in self._instruments:
            return f"no instrument {order.instrument!r} here; known: {', '.join(self._instruments)}"
        if order.id in self.book:
            return f"an order {order.id} is in the book already"
        if order.parent and order.parent not in self.book:
            return f"its parent {order.parent} is not in the book"
        return ""

    # --- the book as a fold ---------------------------------------------------------------------------------

    def replay(self, event: Event) -> None:
        """Fold one journaled fact into the book, as if it had happened here just now."""
        fold = self._folds.get(type(event.data))
        if fold is not None:
            fold(event.data)

    def _fold_submitted(self, data: OrderSubmitted) -> None:
        self._submitted[data.id] = data

    def _fold_accepted(self, data: OrderAccepted) -> None:
        order = self._submitted.pop(data.id, None)
        if order is not None:
            self.book[data.id] = Resting(order, order.qty, data.held)

    def _fold_filled(self, data: OrderFilled) -> None:
        name = (data.strategy, data.instrument)
        self._positions[name] = self._positions.get(name, ZERO) + data.qty * data.side.sign
        resting = self.book.get(data.id)
        if resting is None:
            return
        resting.leaves -= data.qty
        resting.fills += 1
        if resting.leaves <= 0:
            del self.book[data.id]
        for child in self.book.values():
            if child.held and child.order.parent == data.id:
                child.held = False

    def _fold_ended(self, data: OrderFact) -> None:
        self.book.pop(data.id, None)
        self._submitted.pop(data.id, None)


def _behind_markets(resting: Resting) -> bool:
    return resting.order.type is not OrderType.MARKET


def _accepted(order: OrderSubmitted, *, held: bool) -> OrderAccepted:
    return OrderAccepted(order.id, order.instrument, f"sim-{order.id}", held)
