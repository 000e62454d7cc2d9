"""After the kill switch: cancels that came to nothing are asked for again, until nothing of ours works any more.

Pure. Knows no venue; the switch itself is `run.gate`'s, and the risk rules'.
"""

from collections.abc import Iterator

from tradekit.core.event import Fact
from tradekit.model.doubt import EXTERNAL, About
from tradekit.model.order import OrderCancelRequested
from tradekit.state.shape import Order, State
from tradekit.trading.waiting import waits_here

__all__ = ["canceled_again", "left_by_kill"]


def left_by_kill(state: State) -> Iterator[Order]:
    """The orders of ours that may still trade after the kill switch, and of whose end no answer is waited for.

    One in doubt is among them: a cancel that comes twice does no harm, and no book has to be read for it. While the
    link is down none is: nothing would arrive.
    """
    if not state.risk.killed or state.health.link.status == "down":
        return
    for order in state.orders.values():
        ours = order.strategy != EXTERNAL or order.claimed
        waited = order.cancel_requested and order.doubt is None
        # nobody knows yet which there is to cancel
        leg = order.doubt is not None and order.doubt.about is About.LEG
        if ours and order.working and not waited and not leg and not waits_here(state, order):
            yield order


def canceled_again(state: State, now: int, wait: int) -> list[Fact]:
    """The cancels to be asked for at `now` [UTC ns]: those that were refused, or lost, once in `wait` [ns]."""
    return [
        OrderCancelRequested(order.id, order.instrument, "kill switch")
        for order in left_by_kill(state)
        if order.asked + wait <= now
    ]
