"""Risk before each order: a refusal is a value with the rule, its bound and the value that broke it.

Pure, and the same in a backtest, on paper and live. Knows the state and the wish, no venue.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from tradekit.errors import ConfigError
from tradekit.model.money import ZERO, exact
from tradekit.model.order import OrderSubmitted
from tradekit.state.shape import State

__all__ = ["LIMITS", "Denial", "check", "check_limits", "reduces"]


class Denial(msgspec.Struct, frozen=True):
    """Why an order may not go out."""

    rule: str
    bound: str
    value: str


def check(
    state: State, order: OrderSubmitted, price: float | None, under_way: Decimal = ZERO
) -> Denial | None:
    """The first rule that refuses `order`, or None.

    price      the last price known [quote currency]
    under_way  quantity that working orders of the same side may still add in this instrument [base units]
    """
    risk = state.risk
    if risk.killed:
        return Denial("killed", "", risk.reason or "the kill switch is on")
    shrinks = reduces(state, order, under_way)
    if not risk.armed and not shrinks:
        return Denial("armed", "", risk.reason or "the session is not armed")
    if risk.halted and not shrinks:
        return Denial("halted", "", risk.reason or "the session is halted")
    if shrinks:
        return None
    for rule, bound in risk.limits.items():
        broken = LIMITS[rule](state, order, price, under_way, Decimal(bound))
        if broken is not None:
            return Denial(rule, bound, broken)
    return None


def reduces(state: State, order: OrderSubmitted, under_way: Decimal = ZERO) -> bool:
    """Whether an order can only make the strategy's position smaller, whatever else is under way fills."""
    if order.reduce_only:
        return True
    held = state.position(order.strategy, order.instrument)
    return held * order.side.sign < 0 and order.qty + under_way <= abs(held)


def _reached(state: State, order: OrderSubmitted, under_way: Decimal) -> Decimal:
    """The position once the order and all of its side that is under way have filled."""
    return state.position(order.strategy, order.instrument) + (order.qty + under_way) * order.side.sign


def _notional(state: State, order: OrderSubmitted, price: float) -> Decimal:
    instrument = state.instruments[order.instrument]
    return order.qty * exact(price) * instrument.multiplier


def _max_order_qty(
    state: State, order: OrderSubmitted, price: float | None, under_way: Decimal, bound: Decimal
) -> str | None:
    return str(order.qty) if order.qty > bound else None


def _max_order_notional(
    state: State, order: OrderSubmitted, price: float | None, under_way: Decimal, bound: Decimal
) -> str | None:
    if price is None:
        return "no price is known yet"
    notional = _notional(state, order, price)
    return f"{notional:f}" if notional > bound else None


def _max_position(
    state: State, order: OrderSubmitted, price: float | None, under_way: Decimal, bound: Decimal
) -> str | None:
    reached = _reached(state, order, under_way)
    return f"{reached:f}" if abs(reached) > bound else None


def _leverage(
    state: State, order: OrderSubmitted, price: float | None, under_way: Decimal, bound: Decimal
) -> str | None:
    """Gross exposure after the order against `bound` times equity."""
    if price is None:
        return "no price is known yet"
    gross = 0.0
    for position in state.positions.values():
        if position.qty and position.instrument != order.instrument:
            gross += abs(float(position.cost) + position.unrealised)
    reached = _reached(state, order, under_way)
    gross += abs(float(reached)) * price * float(state.instruments[order.instrument].multiplier)
    equity = state.account.equity
    return f"{gross:.2f} on equity {equity:.2f}" if gross > float(bound) * equity else None


def _max_daily_loss(
    state: State, order: OrderSubmitted, price: float | None, under_way: Decimal, bound: Decimal
) -> str | None:
    if not state.pnl.days:
        return None
    day = next(reversed(state.pnl.days.values()))
    loss = day.start - day.end
    return f"{loss:.2f}" if loss > float(bound) else None


Rule = Callable[[State, OrderSubmitted, float | None, Decimal, Decimal], str | None]
LIMITS: dict[str, Rule] = {
    "max_order_qty": _max_order_qty,
    "max_order_notional": _max_order_notional,
    "max_position": _max_position,
    "leverage": _leverage,
    "max_daily_loss": _max_daily_loss,
}


def check_limits(limits: dict[str, object]) -> dict[str, str]:
    """Limits from a configuration as plain text numbers; raises ConfigError for an unknown rule or a bad bound."""
    made: dict[str, str] = {}
    for rule, bound in limits.items():
        if rule not in LIMITS:
            raise ConfigError(f"risk rule {rule!r} is unknown; known rules: {', '.join(LIMITS)}")
        number = exact(bound, name=f"risk.{rule}")
        if number <= ZERO:
            raise ConfigError(f"risk.{rule} is {bound}: give a number above zero, or leave the rule out")
        made[rule] = f"{number:f}"
    return made
