"""After the kill switch: cancels that came to nothing are asked for again, until nothing of ours works any more.

Pure. Knows no venue; the switch itself is `run.gate`'s, and the risk rules'.
"""

from collections.abc import Iterator

from tradekit.core.event import Fact
from tradekit.model.doubt import EXTERNAL
from tradekit.model.order import OrderCancelRequested
from tradekit.state.shape import Order, State
from tradekit.trading.waiting import waits_here

__all__ = ["canceled_again", "left_by_kill"]


def left_by_kill(state: State) -> Iterator[Order]:
    """The orders of ours that still work after the kill switch, and whose end nobody waits for."""
    if not state.risk.killed:
        return
    for order in state.orders.values():
        ours = order.strategy != EXTERNAL or order.claimed
        asked = order.cancel_requested or order.doubt is not None
        if ours and order.working and not asked and not waits_here(state, order):
            yield order


def canceled_again(state: State, now: int, wait: int) -> list[Fact]:
    """The cancels to be asked for at `now` [UTC ns]: those that were refused, once in `wait` [ns]."""
    return [
        OrderCancelRequested(order.id, order.instrument, "kill switch")
        for order in left_by_kill(state)
        if order.asked + wait <= now
    ]
