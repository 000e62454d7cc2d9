"""An order asked of one risk rule in one line: what the tests of the rules are made of.

Knows no rule.
"""

from decimal import Decimal
from typing import Any

from tests.trading.desk import Desk
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderSubmitted
from tradekit.state.shape import State
from tradekit.trading.limits import check_limits
from tradekit.trading.risk import check


def state(
    *facts: Any, specs: list[Instrument] | None = None, first: dict[str, Any] | None = None, **limits: Any
) -> State:
    """The state after these facts, with these limits; `first` changes how the session opened."""
    made = Desk(specs=specs, limits=check_limits(limits), **(first or {}))
    for fact in facts:
        made.engine.step(fact, made.state.time)
    return made.state


def broken(
    made: State, asked: OrderSubmitted, price: float | None = 100.0, under_way: object = 0
) -> str | None:
    """What the one rule of this state says of an order."""
    denial = check(made, asked, price, Decimal(str(under_way)))
    if denial is None:
        return None
    assert (denial.rule, denial.bound) == next(iter(made.risk.limits.items()))
    return denial.value
