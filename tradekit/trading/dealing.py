"""Wishes into orders: sizes and prices made exact, the order's terms checked, risk asked, the intent told.

Pure. Knows the state and the engine's way to tell facts, no venue.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tradekit.core.event import Event, Fact
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, ZERO, exact, floor_to, nearest
from tradekit.model.order import OrderCancelRequested, OrderDenied, OrderSubmitted, OrderType, Side
from tradekit.state.shape import Order, State
from tradekit.trading import risk

__all__ = ["Dealing", "number"]

Tell = Callable[[Fact], Event]


def number(value: Decimal) -> float:
    """A Decimal as the number that a user would write: 1 is int, 0.1 is float."""
    whole = int(value)
    return whole if whole == value else float(value)


class Dealing:
    """Turns wishes into facts for one strategy.

    working  orders that may still trade, by id: the same records as in the state
    goals    by instrument: the position once the working market orders have filled, as plain numbers. A wish for a
             position that equals it is no wish.
    refused  by instrument: the last target that was denied, and the rule. While nothing changes, the same wish is
             tried again in silence: it goes out once the rule lets it, and is not denied on every bar.
    """

    def __init__(self, state: State, tell: Tell) -> None:
        self.state = state
        self.working: dict[str, Order] = {}
        self.goals: dict[str, float] = {}
        self.refused: dict[str, tuple[object, str]] = {}
        self._tell = tell

    # --- wishes ---------------------------------------------------------------------------------------------

    def order(
        self,
        side: Side,
        qty: object,
        *,
        instrument: str,
        price: float | None,
        limit: object = None,
        stop: object = None,
        stop_loss: object = None,
        take_profit: object = None,
        reduce_only: bool = False,
        tag: str = "",
        reason: str = "",
    ) -> str:
        """An order and, with `stop_loss` or `take_profit`, the orders that protect it; returns the order's id."""
        spec = self.instrument(instrument)
        size = self._size(spec, qty)
        kind, limit_price, stop_price = self._kind(spec, limit, stop)
        self._check_protection(side, spec, limit_price or stop_price or price, stop_loss, take_profit)
        first = self._submit(
            spec, side, kind, size, price, limit=limit_price, stop=stop_price, reduce_only=reduce_only,
            tag=tag, reason=reason,
        )  # fmt: skip
        if first in self.working and (stop_loss is not None or take_profit is not None):
            self._protect(spec, side.opposite, size, first, stop_loss, take_profit, tag)
        return first

    def target(
        self,
        qty: object,
        *,
        instrument: str,
        price: float | None,
        tag: str = "",
        reason: str = "",
        asked: object = None,
    ) -> str | None:
        """The market order that leads to a position of `qty` units, or None when nothing is to be done.

        `asked` is what the strategy asked for, where that is not `qty` itself.
        """
        spec = self.instrument(instrument)
        wanted = exact(qty, name="the target position")
        wanted = floor_to(wanted, spec.lot)
        gap = wanted - self.expected(instrument)
        if gap == 0:
            self.goals[instrument] = number(wanted)
            return None
        side = Side.BUY if gap > 0 else Side.SELL
        order, denial = self._order(spec, side, OrderType.MARKET, abs(gap), price, tag=tag, reason=reason)
        refused = None if denial is None else (wanted if asked is None else asked, denial.rule)
        if refused is not None and refused == self.refused.get(instrument):
            return None  # told already, and nothing has changed since
        self._tell_or_deny(order, denial)
        if refused is not None:
            self.refused[instrument] = refused
        return order.id

    def units_worth(self, percent: float, instrument: str, price: float | None) -> Decimal:
        """How many units are worth `percent` % of equity at `price`, floored to the lot (1e-8 without one)."""
        if price is None or price <= 0:
            raise OrderError(f"target_percent needs a price of {instrument}; wait for its first bar")
        spec = self.instrument(instrument)
        share = exact(self.state.account.equity) * exact(percent, name="percent") / 100
        return floor_to(share / (exact(price) * spec.multiplier), spec.lot or CENT)

    def cancel(self, order_id: str, reason: str = "") -> None:
        """Ask for the end of a working order, once."""
        order = self.working.get(order_id)
        if order is not None and not order.cancel_requested:
            self._tell(OrderCancelRequested(order_id, order.instrument, reason))

    def cancel_all(self, instrument: str | None, reason: str = "") -> None:
        """Ask for the end of all working orders (of one instrument)."""
        for order in list(self.working.values()):
            if instrument is None or order.instrument == instrument:
                self.cancel(order.id, reason)

    def flatten(self, instrument: str | None, reason: str) -> None:
        """Cancel everything and leave every position (or that of one instrument) at the market."""
        self.cancel_all(instrument, reason)
        for position in list(self.state.positions.values()):
            if position.qty and instrument in (None, position.instrument):
                side = Side.SELL if position.qty > 0 else Side.BUY
                spec = self.instrument(position.instrument)
                self._submit(
                    spec, side, OrderType.MARKET, abs(position.qty), None, reduce_only=True, reason=reason
                )

    # --- what is expected -----------------------------------------------------------------------------------

    def expected(self, instrument: str) -> Decimal:
        """The position once the working market orders have filled [base units]."""
        state = self.state
        total = state.position(state.strategy.id, instrument)
        for order in self.working.values():
            if (
                order.instrument == instrument
                and order.type is OrderType.MARKET
                and not order.cancel_requested
            ):
                total += order.leaves * order.side.sign
        return total

    def under_way(self, order: OrderSubmitted) -> Decimal:
        """What working orders of the same side may still add to (or take from) the position, `order` left out."""
        total = ZERO
        for other in self.working.values():
            same = other.instrument == order.instrument and other.side is order.side
            if same and not other.reduce_only and other.id != order.id:
                total += other.leaves
        return total

    def reduces(self, order: OrderSubmitted) -> bool:
        """Whether an order can only make the position smaller, with all that is under way."""
        return risk.reduces(self.state, order, self.under_way(order))

    def follow(self, order: Order) -> None:
        """Take note of an order that a fact has just changed."""
        if order.status.working:
            if order.filled == 0 and order.id in self.working and not order.cancel_requested:
                return  # accepted: nothing that is expected has changed
            self.working[order.id] = order
        else:
            self.working.pop(order.id, None)
        self.refused.pop(order.instrument, None)
        self.goals[order.instrument] = number(self.expected(order.instrument))

    def instrument(self, name: str) -> Instrument:
        """The instrument's definition; raises OrderError for one that the session does not have."""
        spec = self.state.instruments.get(name)
        if spec is None:
            raise OrderError(
                f"no instrument {name!r} in this session; it has {', '.join(self.state.instruments)}"
            )
        return spec

    # --- making orders --------------------------------------------------------------------------------------

    def _submit(
        self, spec: Instrument, side: Side, kind: OrderType, qty: Decimal, price: float | None, **terms: Any
    ) -> str:
        """Tell the intent or the denial; returns the order's id."""
        order, denial = self._order(spec, side, kind, qty, price, **terms)
        self._tell_or_deny(order, denial)
        return order.id

    def _order(
        self, spec: Instrument, side: Side, kind: OrderType, qty: Decimal, price: float | None, **terms: Any
    ) -> tuple[OrderSubmitted, risk.Denial | None]:
        """The next order, not yet told, and why it may not go out."""
        info = self.state.strategy
        order = OrderSubmitted(
            f"{info.id}-{info.intents + 1}",
            spec.id,
            info.id,
            self.state.session.account,
            side,
            kind,
            qty,
            **terms,
        )
        return order, risk.check(self.state, order, price, self.under_way(order))

    def _tell_or_deny(self, order: OrderSubmitted, denial: risk.Denial | None) -> None:
        if denial is None:
            self._tell(order)
        else:
            self._tell(
                OrderDenied(
                    order.id, order.instrument, order.strategy, order.account, order.side, order.type, order.qty,
                    denial.rule, denial.bound, denial.value,
                )
            )  # fmt: skip

    def _protect(
        self, spec: Instrument, side: Side, qty: Decimal, parent: str, loss: object, profit: object, tag: str
    ) -> None:
        """The stop and the target of an entry: they wake with its fill, and one cancels the other."""
        group = f"{parent}/exit" if loss is not None and profit is not None else ""
        shared = {"reduce_only": True, "parent": parent, "group": group, "tag": tag}
        if loss is not None:
            price = nearest(exact(loss, name="stop_loss"), spec.tick)
            self._submit(spec, side, OrderType.STOP, qty, None, stop=price, reason="stop loss", **shared)
        if profit is not None:
            price = nearest(exact(profit, name="take_profit"), spec.tick)
            self._submit(spec, side, OrderType.LIMIT, qty, None, limit=price, reason="take profit", **shared)

    def _size(self, spec: Instrument, qty: object) -> Decimal:
        size = floor_to(exact(qty, name="quantity"), spec.lot)
        if size <= 0:
            lot = f" (smallest step {spec.lot})" if spec.lot else ""
            raise OrderError(f"quantity is {qty}: give a number above zero{lot}; the side says which way")
        return size

    def _kind(
        self, spec: Instrument, limit: object, stop: object
    ) -> tuple[OrderType, Decimal | None, Decimal | None]:
        if limit is not None and stop is not None:
            raise OrderError("an order has a limit or a stop, not both")
        level = limit if limit is not None else stop
        if level is None:
            return OrderType.MARKET, None, None
        price = nearest(exact(level, name="limit" if stop is None else "stop"), spec.tick)
        if price <= ZERO:
            raise OrderError(f"the order's price is {level}: give a price above zero")
        return (OrderType.LIMIT, price, None) if stop is None else (OrderType.STOP, None, price)

    def _check_protection(
        self, side: Side, spec: Instrument, entry: object, loss: object, profit: object
    ) -> None:
        if entry is None:
            return
        at = exact(entry)
        for name, level, should_lie in (("stop_loss", loss, -side.sign), ("take_profit", profit, side.sign)):
            if level is not None and (exact(level, name=name) - at) * should_lie <= 0:
                where = "above" if should_lie > 0 else "below"
                raise OrderError(
                    f"{name} {level} of a {side} {spec.id} must lie {where} the entry price {at.normalize():f}"
                )
