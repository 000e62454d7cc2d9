"""Risk before each order: a refusal is a value with the rule, its bound and the value that broke it.

Pure, and the same in a backtest, on paper and live. Knows who may send at all; the rules are `trading.limits`.
"""

from collections.abc import Collection
from decimal import Decimal

import msgspec

from tradekit.model.account import AccountType
from tradekit.model.money import ZERO
from tradekit.model.order import OrderSubmitted
from tradekit.model.session import RiskChanged
from tradekit.state.exposure import leg_of
from tradekit.state.shape import Order, State
from tradekit.trading.limits import BREAKERS, LIMITS, Asked
from tradekit.trading.margin import shortage

__all__ = ["Denial", "check", "halt_for", "pause_after", "reduces"]

_PATIENCE = 3  # refusals in a row after which an exit still goes out at once
_LONGEST_PAUSE_S = 60
_SECOND = 1_000_000_000


class Denial(msgspec.Struct, frozen=True):
    """Why an order may not go out."""

    rule: str
    bound: str
    value: str


def check(
    state: State,
    order: OrderSubmitted,
    price: float | None,
    under_way: Decimal = ZERO,
    working: Collection[Order] | None = None,
    *,
    patient: bool = True,
) -> Denial | None:
    """The first rule that refuses `order`, or None.

    An order that can only make a position smaller is held up by the kill switch alone, and where the venue keeps
    refusing by a pause, unless nobody has the patience. `price`, `under_way` and
    `working` are those of `limits.Asked`; who has no list of what works leaves it to be looked for in the state.
    """
    risk = state.risk
    if risk.killed:
        return Denial("killed", "", risk.reason or "the kill switch is on")
    if risk.holds and not reduces(state, order, under_way):
        for instrument in ("*", order.instrument):
            for reason in risk.holds.get(instrument, {}).values():
                return Denial("hold", "", reason)
    unlimited = state.account.type is AccountType.UNLIMITED
    if risk.armed and not risk.halted and not risk.limits and unlimited and not risk.rejects:
        return None
    if reduces(state, order, under_way):
        return _paused(state) if patient else None
    if not risk.armed:
        return Denial("armed", "", risk.reason or "the session is not armed")
    if risk.halted:
        return Denial("halted", "", risk.reason or "the session is halted")
    if working is None:
        working = [one for one in state.orders.values() if one.working]
    asked = Asked(state, order, price, under_way, working)
    for name, bound in risk.limits.items():
        rule = LIMITS[name]
        broken = rule.check(asked, ZERO if rule.switch else Decimal(bound))
        if broken is not None:
            return Denial(name, bound, broken)
    short_of = shortage(state, order, price, under_way, working)
    return None if short_of is None else Denial(*short_of)


def _paused(state: State) -> Denial | None:
    """Why an exit waits: no rule holds it up, so that one which its venue keeps refusing would go out at every price.

    What counts are refusals in a row, of whatever orders.
    """
    risk = state.risk
    pause = pause_after(risk.rejects)
    if state.time - risk.refused >= pause:
        return None
    return Denial("pause", f"{pause // _SECOND} s", f"the venue has refused {risk.rejects} orders in a row")


def pause_after(refusals: int) -> int:
    """How long an exit waits after so many refusals [ns]: after three 1 s, then twice as long, at most a minute."""
    if refusals < _PATIENCE:
        return 0
    return min(_LONGEST_PAUSE_S, 1 << min(refusals - _PATIENCE, 6)) * _SECOND


def halt_for(state: State) -> RiskChanged | None:
    """What halts the session when a breaker has tripped: a limit that not only refuses orders. None when none has."""
    risk = state.risk
    if not risk.limits or risk.halted or risk.killed:
        return None
    for name, breaker in BREAKERS.items():
        bound = risk.limits.get(name)
        broken = None if bound is None else breaker(state, Decimal(bound))
        if broken is not None:
            return RiskChanged(risk.armed, True, False, f"{name}: {broken} against {bound}", "risk")
    return None


def reduces(state: State, order: OrderSubmitted, under_way: Decimal = ZERO) -> bool:
    """Whether an order can only make the strategy's position smaller, whatever else is under way fills."""
    if order.reduce_only:
        return True
    held = leg_of(state, order)
    return held * order.side.sign < 0 and order.qty + under_way <= abs(held)
