"""The orders that may still trade, by id and by instrument: so that a wish looks at those of its own instrument.

Knows no rule and no state.
"""

from collections.abc import Collection, Iterable

from tradekit.state.shape import Order

__all__ = ["Working"]


class Working(dict[str, Order]):
    """Working orders by id, in the order in which they came: the same records as in the state."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        super().__init__()
        self._of: dict[str, dict[str, Order]] = {}
        for order in orders:
            self.follow(order)

    def follow(self, order: Order) -> None:
        """Take an order in while it works, and let go of it when it does not."""
        mine = self._of.setdefault(order.instrument, {})
        if order.working:
            self[order.id] = mine[order.id] = order
        else:
            self.pop(order.id, None)
            mine.pop(order.id, None)

    def of(self, instrument: str) -> Collection[Order]:
        """Those of one instrument."""
        return self._of.get(instrument, {}).values()
