"""Executions: the fills of a record of facts, each with the words of its order; and the splits between them.

Knows facts, no state and no engine.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tradekit.core.event import Event
from tradekit.model.account import SplitEffected
from tradekit.model.order import OrderFilled, OrderSubmitted

__all__ = ["Execution", "Split", "executions", "splits"]


class Execution(msgspec.Struct, frozen=True, gc=False):
    """A fill, as round trips and equity read it.

    order                the order's id
    side                 "buy" or "sell"
    qty                  [base units], positive; price [quote currency]
    fee                  [currency of the instrument], positive is paid
    ts                   [UTC ns]
    position             of a hedging account, "" where positions are netted
    rule                 the fill rule, or the venue's word for it
    tag, reason          the order's
    rate                 worth of one unit of the instrument's currency at the fill [account currency]
    seq                  number of its event in the record, 0 where that is not kept
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
    rate: float = 1.0
    seq: int = 0


class Split(msgspec.Struct, frozen=True, gc=False):
    """Every `old` units of an instrument became `new` ones at `ts` [UTC ns], after so many of the record's fills."""

    after: int
    ts: int
    instrument: str
    new: Decimal
    old: Decimal


def executions(events: Iterable[Event]) -> list[Execution]:
    """The fills among events, in their order; an order that was submitted before the first event has no words."""
    words: dict[str, tuple[str, str]] = {}
    found = []
    for event in events:
        data = event.data  # most are neither: a struct's class answers `is` much faster than `isinstance`
        if type(data) is OrderSubmitted:
            if data.tag or data.reason:
                words[data.id] = (data.tag, data.reason)
        elif type(data) is OrderFilled:
            tag, reason = words.get(data.id, ("", ""))
            found.append(
                Execution(
                    data.id, data.instrument, str(data.side), data.qty, data.price, data.fee, event.ts,
                    data.strategy, data.position, data.rule, tag, reason,
                )
            )  # fmt: skip
    return found


def splits(events: Iterable[Event]) -> list[Split]:
    """The splits among events, in their order."""
    found, fills = [], 0
    for event in events:
        data = event.data
        if isinstance(data, OrderFilled):
            fills += 1
        elif isinstance(data, SplitEffected) and data.new > 0 and data.old > 0:
            found.append(Split(fills, event.ts, data.instrument, data.new, data.old))
    return found
