"""The price that an order was decided at: what its trade is held against to say what carrying it out has cost.

Implementation shortfall (Perold 1988: "The Implementation Shortfall: Paper versus Reality"), order by order; the rules
are in docs/trade-log.md. Knows no fill and no state: the market is asked of whoever keeps it.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from tradekit.core.event import Event
from tradekit.model.order import (
    OrderFilled,
    OrderReplaced,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTrailed,
    OrderType,
    Side,
)

__all__ = ["Decision", "Decisions", "Market"]

Market: TypeAlias = Callable[[str], "Decision | None"]

_STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})


class Decision(NamedTuple):
    """A price [quote currency] and what it is: "mid" or "last" of the market then, or the order's "limit" or "stop"."""

    price: Decimal
    basis: str


class _Sent:
    """An order's terms in force, and the market when they were decided."""

    __slots__ = ("limit", "market", "side", "stop", "type")

    def __init__(self, data: OrderSubmitted, market: Decision | None) -> None:
        self.side, self.type, self.limit, self.stop = data.side, data.type, data.limit, data.stop
        self.market = market

    def decided(self) -> Decision | None:
        """The order's own price where it waits for one, else the market's."""
        waits = self.type is not OrderType.LIMIT
        own = self.stop if waits else self.limit
        if own is None:
            return self.market
        if self.market is not None:
            rises = (self.side is Side.BUY) is (self.type in _STOPS)  # reached at or above its price
            if self.market.price >= own if rises else self.market.price <= own:
                return self.market  # reached when it was decided: it could trade at once
        return Decision(own, "stop" if waits else "limit")


class Decisions:
    """What each order of a record was decided at; events are noted in the order of `seq`.

    market  the latest price of an instrument by the events noted so far
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._sent: dict[str, _Sent] = {}
        self._waiting: dict[str, list[str]] = {}  # orders that wait for another one's fill, by that one
        self._asked: dict[str, Decision | None] = {}  # the market when a replacement was asked for
        self._writers: dict[type, Callable[[Any], None]] = {
            OrderSubmitted: self._submitted,
            OrderReplaceRequested: self._replace_requested,
            OrderReplaced: self._replaced,
            OrderTrailed: self._trailed,
            OrderFilled: self._filled,
        }

    def note(self, event: Event) -> None:
        """Take note of a fact of an order; any other says nothing here."""
        write = self._writers.get(type(event.data))
        if write is not None:
            write(event.data)

    def of(self, order: str) -> Decision | None:
        """The decision behind an order as it stands; None for one that was not sent here, or into no market yet."""
        sent = self._sent.get(order)
        return None if sent is None else sent.decided()

    def _submitted(self, data: OrderSubmitted) -> None:
        self._sent[data.id] = _Sent(data, self._market(data.instrument))
        if data.parent:
            self._waiting.setdefault(data.parent, []).append(data.id)

    def _replace_requested(self, data: OrderReplaceRequested) -> None:
        self._asked[data.id] = self._market(data.instrument)

    def _replaced(self, data: OrderReplaced) -> None:
        sent = self._sent.get(data.id)
        if sent is not None:
            sent.limit, sent.stop = data.limit, data.stop
            sent.market = self._asked.pop(data.id, sent.market)

    def _trailed(self, data: OrderTrailed) -> None:
        sent = self._sent.get(data.id)
        if sent is not None:
            sent.stop, sent.market = (
                data.stop,
                None,
            )  # it follows behind the market: not reached where it moves

    def _filled(self, data: OrderFilled) -> None:
        """What waited for this fill is decided by it."""
        for order in self._waiting.pop(data.id, ()):
            self._sent[order].market = self._market(data.instrument)
