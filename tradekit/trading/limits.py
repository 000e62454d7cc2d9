"""The risk rules: what in an order breaks each of them, said in words, or nothing.

Pure, and the same in a backtest, on paper and live. A rule that cannot be judged is broken: without a price, or with
one that is no number. Knows the state and the order; who may send at all is `trading.risk`.
"""

import math
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal

import msgspec

from tradekit.errors import ConfigError, did_you_mean
from tradekit.model.doubt import EXTERNAL
from tradekit.model.money import ZERO, exact
from tradekit.model.order import OrderSubmitted, OrderType, Side, Status, TimeInForce
from tradekit.state import exposure
from tradekit.state.pacing import MINUTE
from tradekit.state.shape import Order, State

__all__ = ["BREAKERS", "LIMITS", "Asked", "Rule", "check_limits"]

_SECOND = 1_000_000_000
_WAKES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP,
                    OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED})  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """An order that wants to go out, and what is known of its surroundings.

    price      the last price known [quote currency], or None
    under_way  quantity that working orders of the same side may still add in this instrument [base units]
    working    the orders of all instruments that may still trade
    """

    state: State
    order: OrderSubmitted
    price: float | None
    under_way: Decimal
    working: Collection[Order]

    @property
    def reached(self) -> Decimal:
        """The position once the order and all of its side that is under way have filled [base units]."""
        order = self.order
        held = self.state.position(order.strategy, order.instrument)
        others = self.state.positions.get(f"{EXTERNAL}/{order.instrument}")
        if others is not None and order.strategy != EXTERNAL:
            held += others.qty
        return held + (order.qty + self.under_way) * order.side.sign

    @property
    def last(self) -> Decimal | None:
        """The last price, None where there is none or where it is no number."""
        return None if self.price is None or not math.isfinite(self.price) else exact(self.price)

    @property
    def dearest(self) -> Decimal | None:
        """The price that the order is weighed with: of the last and its own the one that makes it worth the most."""
        last = self.last
        if last is None:
            return None
        levels = [abs(level) for level in (last, self.order.limit, self.order.stop) if level]
        most = min if self.state.instruments[self.order.instrument].inverse else max
        return most(levels, default=None)

    @property
    def lacks(self) -> str:
        """Why there is no price to judge by."""
        return "no price is known yet" if self.price is None else f"the last price is {self.price}"


Broken = str | None  # the value that breaks a rule, or None


# --- size ---------------------------------------------------------------------------------------------------


def _max_order_qty(asked: Asked, bound: Decimal) -> Broken:
    return f"{asked.order.qty:f}" if asked.order.qty > bound else None


def _max_order_notional(asked: Asked, bound: Decimal) -> Broken:
    price = asked.dearest
    if price is None:
        return asked.lacks
    spec = asked.state.instruments[asked.order.instrument]
    notional = asked.order.qty * spec.multiplier * (1 if spec.inverse else price)
    return f"{notional:f}" if notional > bound else None


def _max_position(asked: Asked, bound: Decimal) -> Broken:
    return f"{asked.reached:f}" if abs(asked.reached) > bound else None


def _gross(asked: Asked) -> float | str:
    """All that is held and may still be, long and short alike, once the order has filled [account's currency].

    Or why that cannot be said.
    """
    state, order, price = asked.state, asked.order, asked.dearest
    if price is None:
        return asked.lacks
    parts = [
        exposure.gross_exposure(state, leaving_out=order.instrument),
        exposure.notional(state, order.instrument, asked.reached, float(price)),
    ]
    for other in asked.working:
        if not other.reduce_only and other.instrument != order.instrument:
            mark = state.marks.get(other.instrument)
            if mark is None:
                return f"no price of {other.instrument} is known yet, and {other.id} is under way"
            parts.append(exposure.notional(state, other.instrument, other.most, mark.last))
    gross = 0.0
    for part in parts:
        if part is None:
            return "the rate of a currency is not known yet"
        gross += abs(part)
    return gross


def _max_gross_exposure(asked: Asked, bound: Decimal) -> Broken:
    gross = _gross(asked)
    if isinstance(gross, str):
        return gross
    return None if gross <= float(bound) else f"{gross:.2f}"


def _leverage(asked: Asked, bound: Decimal) -> Broken:
    gross, equity = _gross(asked), asked.state.account.equity
    if isinstance(gross, str):
        return gross
    return None if gross <= float(bound) * equity else f"{gross:.2f} on equity {equity:.2f}"


# --- price --------------------------------------------------------------------------------------------------


def _price_collar_pct(asked: Asked, bound: Decimal) -> Broken:
    last = asked.last
    if last is None:
        return asked.lacks
    for name, level in (("limit", asked.order.limit), ("stop", asked.order.stop)):
        if level is not None and abs(level - last) * 100 > bound * abs(last):
            return f"{name} {level:f} against a last price of {last:f}"
    return None


def _max_price_age_s(asked: Asked, bound: Decimal) -> Broken:
    mark = asked.state.marks.get(asked.order.instrument)
    if mark is None:
        return "no price is known yet"
    age = asked.state.time - mark.ts
    return f"{age / _SECOND:g}" if age > bound * _SECOND else None


# --- pace ---------------------------------------------------------------------------------------------------


def _max_orders_per_minute(asked: Asked, bound: Decimal) -> Broken:
    sent, most = asked.state.risk.sent, int(bound)
    if len(sent) < most or asked.state.time - sent[-most] >= MINUTE:
        return None
    return f"{most + 1}"


def _duplicate_window_s(asked: Asked, bound: Decimal) -> Broken:
    order, now = asked.order, asked.state.time
    for other in reversed(asked.state.orders.values()):
        if other.id != order.id and other.status is not Status.DENIED and _same(order, other):
            age = now - other.created
            if age < bound * _SECOND:
                return f"{other.id} said the same {age / _SECOND:g} s before"
            if other.working:
                return f"{other.id} says the same, and is working"
    return None


def _same(order: OrderSubmitted | Order, other: Order) -> bool:
    names = (
        "instrument",
        "side",
        "type",
        "qty",
        "limit",
        "stop",
        "trail",
        "trail_pct",
        "reduce_only",
        "position",
    )
    return all(getattr(order, name) == getattr(other, name) for name in names)


def _session_hours(asked: Asked, bound: Decimal) -> Broken:
    """The instrument's exchange is closed. An order for the next open is sent before it, so that one may go out."""
    calendar = asked.state.instruments[asked.order.instrument].calendar
    if calendar == "24/7" or asked.order.tif is TimeInForce.AT_OPEN:
        return None
    market = asked.state.markets.get(calendar)
    if market is None:
        return f"{calendar} has told no session yet"
    return None if market.open else f"{calendar} is closed"


# --- self-cross ---------------------------------------------------------------------------------------------


def _self_cross(asked: Asked, bound: Decimal) -> Broken:
    """An own order on the other side that this one would trade with: answered by the venue or not yet.

    A limit trades up (down) to its price, a market order at the best price known. What waits for a trigger or for its
    parent is in nobody's book.
    """
    order = asked.order
    for other in _opposite(asked.state, order):
        mine, theirs = _reach(asked, order.side, order), _reach(asked, other.side, other)
        if mine is None or theirs is None:
            return f"{other.id} is on the other side, and {asked.lacks}"
        if (mine >= theirs) if order.side is Side.BUY else (mine <= theirs):
            return f"{other.id} would be its counterparty"
    return None


def _opposite(state: State, order: OrderSubmitted) -> Iterator[Order]:
    if order.type in _WAKES:
        return
    for other in state.orders.values():
        if other.working and other.instrument == order.instrument and other.side is not order.side:
            asleep = other.type in _WAKES and other.status is not Status.TRIGGERED
            waits = other.status is Status.HELD or (other.parent and other.status is Status.SUBMITTED)
            if not asleep and not waits:
                yield other


def _reach(asked: Asked, side: Side, order: OrderSubmitted | Order) -> Decimal | None:
    """How far an order goes for a trade: its limit, or the best price that it would meet."""
    if order.limit is not None:
        return order.limit
    mark = asked.state.marks.get(order.instrument)
    best = None if mark is None else mark.ask if side is Side.BUY else mark.bid
    if best is not None and math.isfinite(best):
        return exact(best)
    return asked.last


# --- breakers: of the state alone, they halt the session ----------------------------------------------------


def _max_daily_loss(state: State, bound: Decimal) -> Broken:
    if not state.pnl.days:
        return None
    day = next(reversed(state.pnl.days.values()))
    loss = day.start - day.end
    return None if loss <= float(bound) else f"{loss:.2f}"


def _max_rejects_in_a_row(state: State, bound: Decimal) -> Broken:
    return f"{state.risk.rejects}" if state.risk.rejects >= bound else None


def _max_repeated_orders(state: State, bound: Decimal) -> Broken:
    """The same order over and over within a minute: a loop that does not see what it has sent."""
    newest: Order | None = None
    count = 0
    for order in reversed(state.orders.values()):
        if order.status is Status.DENIED or order.strategy == EXTERNAL:
            continue
        if newest is None:
            newest = order
        if state.time - order.created >= MINUTE or order.filled or not _same(order, newest):
            break
        count += 1
    return None if count < bound else f"{count}"


BREAKERS: dict[str, Callable[[State, Decimal], Broken]] = {
    "max_daily_loss": _max_daily_loss,
    "max_rejects_in_a_row": _max_rejects_in_a_row,
    "max_repeated_orders": _max_repeated_orders,
}


# --- the rules by name --------------------------------------------------------------------------------------


class Rule(msgspec.Struct, frozen=True):
    """One rule: how it is judged, and whether its bound is a whole number, or no number but the word `deny`."""

    check: Callable[[Asked, Decimal], Broken]
    whole: bool = False
    switch: bool = False


LIMITS: dict[str, Rule] = {
    "max_order_qty": Rule(_max_order_qty),
    "max_order_notional": Rule(_max_order_notional),
    "max_position": Rule(_max_position),
    "max_gross_exposure": Rule(_max_gross_exposure),
    "leverage": Rule(_leverage),
    "price_collar_pct": Rule(_price_collar_pct),
    "max_price_age_s": Rule(_max_price_age_s),
    "max_orders_per_minute": Rule(_max_orders_per_minute, whole=True),
    "duplicate_window_s": Rule(_duplicate_window_s),
    "self_cross": Rule(_self_cross, switch=True),
    "session_hours": Rule(_session_hours, switch=True),
    "max_daily_loss": Rule(lambda asked, bound: _max_daily_loss(asked.state, bound)),
    "max_rejects_in_a_row": Rule(lambda asked, bound: _max_rejects_in_a_row(asked.state, bound), whole=True),
    "max_repeated_orders": Rule(lambda asked, bound: _max_repeated_orders(asked.state, bound), whole=True),
}


def check_limits(limits: dict[str, object]) -> dict[str, str]:
    """Limits from a configuration as plain text; raises ConfigError for an unknown rule or a bad bound."""
    made: dict[str, str] = {}
    for rule, bound in limits.items():
        if rule not in LIMITS:
            near = did_you_mean(rule, LIMITS)
            raise ConfigError(f"risk rule {rule!r} is unknown{near}; known rules: {', '.join(LIMITS)}")
        made[rule] = _bound(rule, LIMITS[rule], bound)
    return made


def _bound(name: str, rule: Rule, bound: object) -> str:
    if rule.switch:
        if bound != "deny":
            raise ConfigError(f"risk.{name} is {bound!r}: say deny, or leave the rule out")
        return "deny"
    number = exact(bound, name=f"risk.{name}")
    if number <= ZERO:
        raise ConfigError(f"risk.{name} is {bound}: give a number above zero, or leave the rule out")
    if rule.whole and number != int(number):
        raise ConfigError(f"risk.{name} is {bound}: give a whole number")
    return f"{number:f}"
