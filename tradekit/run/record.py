"""The record of a run, kept small: market orders of the tape stand in rows and become events when somebody reads them.

Any other event is held as it is. Knows the facts of an order, no engine and no exchange.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias, overload

import msgspec

from tradekit.core.event import Event, Fact
from tradekit.data.columns import BarColumns
from tradekit.model.instrument import duration
from tradekit.model.order import OrderAccepted, OrderFilled, OrderSubmitted, OrderType, Side

__all__ = ["Answer", "Record", "Told", "Trade", "Wish"]

Told: TypeAlias = tuple[int, Event]  # inputs taken before it, and the event


class Wish(msgspec.Struct, frozen=True, gc=False):
    """A market order as it was sent.

    taken   bars taken before it
    behind  how many numbers after the event that it follows from it was told
    number  of the strategy's intent
    qty     [base units], positive
    """

    taken: int
    behind: int
    number: int
    side: Side
    qty: Decimal
    tag: str
    reason: str


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The venue has taken an order, at the moment at which it was sent."""

    wish: Wish


class Trade(msgspec.Struct, frozen=True, gc=False):
    """An order has filled at the open of the bar after it: price and fee [quote currency]."""

    wish: Wish
    price: Decimal
    fee: Decimal


class Record(Sequence[Told]):
    """Every event of a run but the inputs, in the order of `seq`, each with the number of inputs taken before it.

    An event's place gives its `seq`: as many events and inputs came before it.
    """

    def __init__(self, columns: BarColumns, *, strategy: str, account: str) -> None:
        self._columns = columns
        self._length = duration(columns.timeframe)
        self._strategy, self._account = strategy, account
        self._rows: list[Told | Wish | Answer | Trade] = []
        self.add = self._rows.append

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Told]:
        read = self._read
        for place, row in enumerate(self._rows, 1):
            yield row if type(row) is tuple else read(place, row)

    @overload
    def __getitem__(self, at: int) -> Told: ...
    @overload
    def __getitem__(self, at: slice) -> list[Told]: ...
    def __getitem__(self, at: int | slice) -> Told | list[Told]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        return self._read(range(len(self))[at] + 1, self._rows[at])

    def take_back(self, since: int, taken: int) -> list[Event]:
        """The events from place `since` on that were told after `taken` inputs; the record is without them then."""
        told = self[since:]
        back = [event for n, event in told if n == taken]
        del self._rows[len(self) - len(back) :]
        return back

    def submitted(self, wish: Wish) -> OrderSubmitted:
        """The fact that an order was sent."""
        return OrderSubmitted(
            self.order_id(wish), self._columns.instrument, self._strategy, self._account, wish.side,
            OrderType.MARKET, wish.qty, tag=wish.tag, reason=wish.reason,
        )  # fmt: skip

    def order_id(self, wish: Wish) -> str:
        """The order's id: the strategy and the number of its intent."""
        return f"{self._strategy}-{wish.number}"

    def _read(self, place: int, row: Told | Wish | Answer | Trade) -> Told:
        """A row as the event that it stands for."""
        if isinstance(row, tuple):
            return row
        columns = self._columns
        if isinstance(row, Wish):
            return self._told(place, row.taken, self._sent(row), self.submitted(row), row.behind)
        wish = row.wish
        order, name = self.order_id(wish), columns.instrument
        if isinstance(row, Answer):
            return self._told(place, wish.taken, self._sent(wish), OrderAccepted(order, name, f"sim-{order}"))
        fill = OrderFilled(
            order, name, self._strategy, self._account, f"{order}.1", wish.side, wish.qty, row.price, row.fee,
            columns.spec.quote, "market.open",
        )  # fmt: skip
        return self._told(place, wish.taken, columns.ts.item(wish.taken), fill)

    def _sent(self, wish: Wish) -> int:
        """When an order was sent: at the close of the last bar before it [UTC ns]."""
        return self._columns.ts.item(wish.taken - 1) + self._length

    def _told(self, place: int, taken: int, ts: int, fact: Fact, behind: int = 0) -> Told:
        seq = place + taken
        cause = seq - behind if behind else 0
        return taken, Event(seq, 0, ts, 0, fact.TYPE, fact.V, cause, self._columns.instrument, fact)
