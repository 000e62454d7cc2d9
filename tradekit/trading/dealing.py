"""Wishes into facts: the order's terms are made, risk is asked, and the intent, or our refusal, is told.

Pure. Knows the state and the engine's way to tell facts, no venue. What makes an order is `trading.terms`, what is
under way `trading.exposure`.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tradekit.core.event import Event, Fact
from tradekit.errors import OrderError
from tradekit.model.doubt import EXTERNAL
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, exact, floor_to
from tradekit.model.monitor import MonitorSet, Part
from tradekit.model.order import (
    OrderCancelRequested,
    OrderDenied,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderType,
    Side,
)
from tradekit.state.shape import Order, State
from tradekit.trading import amend, exposure, risk
from tradekit.trading.bracket import Exits, exits_of
from tradekit.trading.flip import through_zero
from tradekit.trading.monitors import distance_of, span_of
from tradekit.trading.terms import Terms, check_size, part_of, terms_of, too_small
from tradekit.trading.working import Working

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
    flips    whether the venue takes an order through zero; otherwise it is split into a close and an opening
    name     what the next order is called, where that is not the strategy's id with the intent's number
    """

    def __init__(self, state: State, tell: Tell) -> None:
        self.state = state
        self.working = Working()
        self.goals: dict[str, float] = {}
        self.refused: dict[str, tuple[object, str]] = {}
        self.flips = True
        self.name = ""
        self._tell = tell

    # --- wishes ---------------------------------------------------------------------------------------------

    def order(
        self,
        side: Side,
        qty: object = None,
        *,
        instrument: str,
        price: float | None,
        stop_loss: object = None,
        stop_loss_trail: object = None,
        stop_loss_trail_pct: object = None,
        take_profit: object = None,
        break_even: object = None,
        exit_after: object = None,
        position: str = "",
        group: str = "",
        after: str = "",
        tag: str = "",
        reason: str = "",
        **asked: Any,
    ) -> str:
        """An order and, with `stop_loss` or `take_profit`, the orders that protect it; returns the order's id.

        `asked` is what `terms_of` takes; see `Strategy.buy` for all words. Raises OrderError and tells nothing for
        terms that make no sense; what a rule refuses is told as denied.
        """
        spec = self.instrument(instrument)
        terms = terms_of(spec, side, qty, now=self.state.time, price=price, **asked)
        exits = exits_of(
            spec, side, terms, price, stop_loss=stop_loss, stop_loss_trail=stop_loss_trail,
            stop_loss_trail_pct=stop_loss_trail_pct, take_profit=take_profit,
        )  # fmt: skip
        shared: dict[str, Any] = {"position": position, "tag": tag}
        even, span = distance_of(spec, break_even, stop_loss=stop_loss), span_of(exit_after)
        parent, denial = _after(self.state, after)
        name = f"{self.state.strategy.id}:{group}" if group else ""
        first = self._submit(
            spec, side, terms, price, parent=parent, group=name, reason=reason, denial=denial, **shared
        )
        if first in self.working:
            parts = tuple(
                self._protect(spec, side, first, n, part, price, **shared) for n, part in enumerate(exits)
            )
            if len(parts) > 1 or even is not None or span:
                self._tell(MonitorSet(first, spec.id, self.state.strategy.id, parts, even, span))
        return first

    def _protect(
        self,
        spec: Instrument,
        side: Side,
        entry: str,
        number: int,
        exits: Exits,
        price: float | None,
        **shared: Any,
    ) -> Part:
        """The exits of one part of an entry, which exclude each other; no pause keeps them from their entry."""
        group = f"{entry}/exit{number or ''}" if len(exits.orders) > 1 else ""
        made = {
            why: self._submit(
                spec, side.opposite, terms, price, False, parent=entry, group=group, reason=why, **shared
            )
            for why, terms in exits.orders
        }
        return Part(exits.qty, made.get("stop loss", ""), made.get("take profit", ""))

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

        A gap that is worth less than the instrument's smallest order, or is less than a lot (a fee in what was bought
        leaves such crumbs), is left open. `asked` is what the strategy asked
        for, where that is not `qty` itself.
        """
        spec = self.instrument(instrument)
        wanted = exact(qty, name="the target position")
        if not wanted and self.state.account.hedging:
            return self.leave("", instrument=instrument, tag=tag, reason=reason)
        wanted = floor_to(wanted, spec.lot)
        gap = floor_to(wanted - self.expected(instrument), spec.lot)
        if gap == 0:
            self.goals[instrument] = number(wanted)
            return None
        if too_small(spec, abs(gap), price):
            return None
        check_size(spec, abs(gap), price)
        side, terms = Side.BUY if gap > 0 else Side.SELL, Terms(type=OrderType.MARKET, qty=abs(gap))
        order, denial = self._order(spec, side, terms, price, tag=tag, reason=reason)
        refused = None if denial is None else (wanted if asked is None else asked, denial.rule)
        if refused is not None and refused == self.refused.get(instrument):
            return None  # told already, and nothing has changed since
        self._tell_or_deny(order, denial)
        if refused is not None:
            self.refused[instrument] = refused
        return order.id

    def leave(
        self, position: str, *, instrument: str, portion: object = 1, tag: str = "", reason: str = ""
    ) -> str | None:
        """The market order that closes a position, or `portion` of it; None when there is nothing to close.

        In a hedging account each of an instrument's positions is left by an order of its own unless one is named; the
        last order's id is returned then. A portion is of what is held, whatever orders are under way.
        """
        spec = self.instrument(instrument)
        share = exact(portion, name="portion")
        if not 0 < share <= 1:
            raise OrderError(f"portion is {portion}: give a fraction above 0 up to 1")
        placed = None
        for known in [p for p in self.state.positions.values() if p.instrument == instrument and p.qty]:
            if known.strategy != self.state.strategy.id or position not in ("", known.position):
                continue
            left = known.qty + exposure.leaving(self.working.of(instrument), known)
            if share < 1 or floor_to(left, spec.lot):
                size = part_of(known.qty, share, spec.lot)
                placed = self.close(instrument, size, position=known.position, tag=tag, reason=reason)
        return placed

    def units_worth(self, percent: float, instrument: str, price: float | None) -> Decimal:
        """How many units are worth `percent` % of equity at `price`, floored to the lot (1e-8 without one)."""
        if price is None or price <= 0:
            raise OrderError(f"target_percent needs a price of {instrument}; wait for its first bar")
        spec = self.instrument(instrument)
        share = exact(self.state.account.equity) * exact(percent, name="percent") / 100
        return floor_to(share / exposure.unit_worth(self.state, spec, price), spec.lot or CENT)

    def replace(self, order_id: str, *, price: float | None, reason: str = "", **asked: object) -> bool:
        """Ask for other terms of a working order, once at a time; whether that was sent.

        Nothing is sent for an order that has ended or is to end, that is being replaced, or that has these terms. A
        change that risk refuses is told as rejected. The exits of an entry follow its quantity, those of one that is
        watched once it is confirmed.
        """
        order = self.working.get(order_id)
        if order is None or order.cancel_requested or order.replace_requested:
            return False
        request = amend.request_of(self.instrument(order.instrument), order, reason=reason, **asked)
        if request is None:
            return False
        denial = self._denial(exposure.changed(order, request), price)
        if denial is not None and not exposure.less(order, request):
            words = f"{denial.rule}: {denial.value}" + (f" against {denial.bound}" if denial.bound else "")
            self._tell(OrderReplaceRejected(order.id, order.instrument, words))
            return False
        before = order.qty
        self._tell(request)
        if request.qty is not None and order_id not in self.state.monitors:
            for other in list(self.working.values()):
                if other.parent == order_id and other.reduce_only and other.qty == before:
                    self.replace(other.id, price=price, qty=request.qty, reason=reason)
        return True

    def cancel(self, order_id: str, reason: str = "") -> None:
        """Ask for the end of a working order, once."""
        order = self.working.get(order_id)
        if order is not None and not order.cancel_requested:
            self._tell(OrderCancelRequested(order_id, order.instrument, reason))

    def close(self, instrument: str, held: Decimal, *, urgent: bool = False, **words: Any) -> str | None:
        """Leave so much that is held, signed, at the market; None where less than a lot is left of it at the venue.

        urgent  whether it goes out now, whatever the venue has refused
        """
        spec, side = self.instrument(instrument), Side.SELL if held > 0 else Side.BUY
        terms = Terms(type=OrderType.MARKET, qty=exposure.closing(self.state, spec, held), reduce_only=True)
        return self._submit(spec, side, terms, None, not urgent, **words) if terms.qty else None

    def cancel_all(self, instrument: str | None, reason: str = "") -> None:
        """Ask for the end of all working orders (of one instrument); of somebody else's only those that are claimed."""
        for order in list(self.working.values()):
            ours = order.strategy != EXTERNAL or order.claimed
            if ours and instrument in (None, order.instrument):
                self.cancel(order.id, reason)

    def flatten(self, instrument: str | None, reason: str) -> None:
        """Cancel everything and leave every position (or that of one instrument) at the market."""
        self.cancel_all(instrument, reason)
        for position in list(self.state.positions.values()):
            if position.qty and position.strategy != EXTERNAL and instrument in (None, position.instrument):
                words = {"position": position.position, "reason": reason}
                self.close(position.instrument, position.qty, urgent=True, **words)

    # --- what is expected -----------------------------------------------------------------------------------

    def goal(self, instrument: str) -> float | None:
        """The position once the working market orders have filled; None in a hedging account.

        Where positions are kept apart they may come to nothing and yet be open.
        """
        return None if self.state.account.hedging else self.goals.get(instrument, 0)

    def expected(self, instrument: str) -> Decimal:
        """The position once the orders that trade at any price have filled [base units]."""
        return exposure.expected(self.state, self.working.of(instrument), instrument)

    def under_way(self, order: OrderSubmitted) -> Decimal:
        """What working orders of the same side may still add to (or take from) the position, `order` left out."""
        return exposure.under_way(self.state, self.working.of(order.instrument), order)

    def reduces(self, order: OrderSubmitted | OrderReplaceRequested) -> bool:
        """Whether an order, or the change of one, can only make the position smaller, with all that is under way."""
        if isinstance(order, OrderReplaceRequested):
            known = self.state.orders.get(order.id)
            if known is None or exposure.less(known, order):
                return known is not None
            order = exposure.changed(known, order)
        mark = self.state.marks.get(order.instrument)
        seen = exposure.weighed(self.state, order, None if mark is None else mark.last)
        return risk.reduces(self.state, seen, self.under_way(order))

    def follow(self, order: Order, *, moved: bool = True) -> None:
        """Take note of an order that a fact has just changed; `moved` says whether that may change what is expected."""
        known = order.id in self.working
        self.working.follow(order)
        if order.working and known and not moved:
            return
        self.refused.pop(order.instrument, None)
        self.goals[order.instrument] = number(self.expected(order.instrument))

    def take_over(self, state: State) -> None:
        """Go on with another state, and with the orders that work in it."""
        self.state, self.working = state, Working(state.orders.values())

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
        self,
        spec: Instrument,
        side: Side,
        terms: Terms,
        price: float | None,
        wait: bool = True,
        *,
        denial: risk.Denial | None = None,
        **words: Any,
    ) -> str:
        """Tell the intent or the denial; returns the order's id."""
        order, refused = self._order(spec, side, terms, price, wait, **words)
        self._tell_or_deny(order, denial or refused)
        return order.id

    def _order(
        self, spec: Instrument, side: Side, terms: Terms, price: float | None, wait: bool = True, **words: Any
    ) -> tuple[OrderSubmitted, risk.Denial | None]:
        """The next order, not yet told, and why it may not go out."""
        info = self.state.strategy
        name, self.name = self.name or f"{info.id}-{info.intents + 1}", ""
        account = self.state.session.account
        order = OrderSubmitted(name, spec.id, info.id, account, side, **terms.fields(), **words)
        return order, self._denial(order, price, wait)

    def _denial(self, order: OrderSubmitted, price: float | None, patient: bool = True) -> risk.Denial | None:
        seen = exposure.weighed(self.state, order, price)
        under_way, working = self.under_way(order), self.working.values()
        return risk.check(self.state, seen, price, under_way, working, patient=patient)

    def _tell_or_deny(self, order: OrderSubmitted, denial: risk.Denial | None) -> None:
        parts = denial or ((order,) if self.flips else through_zero(self.state, order))
        for fact in parts if isinstance(parts, tuple) else (_denied(order, parts),):
            self._tell(fact)


def _denied(order: OrderSubmitted, denial: risk.Denial) -> OrderDenied:
    return OrderDenied(
        order.id, order.instrument, order.strategy, order.account, order.side, order.type, order.qty, denial.rule,
        denial.bound, denial.value,
    )  # fmt: skip


def _after(state: State, parent: str) -> tuple[str, risk.Denial | None]:
    """The order that another is to wait for: itself, or "" when it has filled, or why it never will."""
    if not parent:
        return "", None
    order = state.orders.get(parent)
    if order is None:
        raise OrderError(f"after={parent!r} is no order that this session knows")
    if order.filled:
        return "", None
    if order.working:
        return parent, None
    return "", risk.Denial("after", "", f"{parent} was {order.status} without a fill")
