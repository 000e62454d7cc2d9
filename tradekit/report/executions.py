"""Executions: the fills of a record of facts, each with the words of the order it belongs to.

Knows the facts of orders, no state and no engine.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tradekit.core.event import Event
from tradekit.model.order import OrderFilled, OrderSubmitted

__all__ = ["Execution", "executions"]


class Execution(msgspec.Struct, frozen=True, gc=False):
    """A fill, as round trips and equity read it.

    order                the order's id
    side                 "buy" or "sell"
    qty                  [base units], positive; price [quote currency]; fee [fee currency], positive is paid
    ts                   [UTC ns]
    position             of a hedging account, "" where positions are netted
    rule                 the fill rule, or the venue's word for it
    tag, reason          the order's
    """

    order: str
    instrument: str
    side: str
    qty: Decimal
    price: Decimal
    fee: Decimal
    ts: int
    strategy: str = ""
    position: str = ""
    rule: str = ""
    tag: str = ""
    reason: str = ""


def executions(events: Iterable[Event]) -> list[Execution]:
    """The fills among events, in their order; an order that was submitted before the first event has no words."""
    words: dict[str, tuple[str, str]] = {}
    found = []
    for event in events:
        data = event.data
        if isinstance(data, OrderSubmitted):
            if data.tag or data.reason:
                words[data.id] = (data.tag, data.reason)
        elif isinstance(data, OrderFilled):
            tag, reason = words.get(data.id, ("", ""))
            found.append(
                Execution(
                    data.id, data.instrument, data.side.value, data.qty, data.price, data.fee, event.ts,
                    data.strategy, data.position, data.rule, tag, reason,
                )
            )  # fmt: skip
    return found
