"""The record of a run, kept small: market orders of the tape stand in rows and become events when somebody reads them.

Any other event is held as it is. Knows the facts of an order, no engine and no exchange.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias, final, overload

import msgspec

from tradekit.core.event import Event, Fact
from tradekit.model.order import OrderAccepted, OrderFilled, OrderSubmitted, OrderType, Side
from tradekit.run.course import Course

__all__ = ["Answer", "Record", "Told", "Trade", "Wish"]

Told: TypeAlias = tuple[int, Event]  # inputs taken before it, and the event


@final
class Wish(msgspec.Struct, frozen=True, gc=False):
    """A market order as it was sent.

    since   from when on it may trade [UTC ns]
    taken   bars taken before it
    behind  how many numbers after the event that it follows from it was told
    number  of the strategy's intent
    qty     [base units], positive
    """

    instrument: str
    since: int
    taken: int
    behind: int
    number: int
    side: Side
    qty: Decimal
    tag: str
    reason: str


@final
class Answer(msgspec.Struct, frozen=True, gc=False):
    """The venue has taken an order, at the moment at which it was sent."""

    wish: Wish


@final
class Trade(msgspec.Struct, frozen=True, gc=False):
    """An order has filled at the open of the bar that came after `taken` others: price and fee [quote currency]."""

    wish: Wish
    taken: int
    price: Decimal
    fee: Decimal


class Record(Sequence[Told]):
    """Every event of a run but the inputs, in the order of `seq`, each with the number of inputs taken before it.

    An event's place gives its `seq`: as many events and inputs came before it.
    """

    def __init__(self, course: Course, *, strategy: str, account: str) -> None:
        self._course = course
        self._strategy, self._account = strategy, account
        self._rows: list[Told | Wish | Answer | Trade] = []
        self.add = self._rows.append

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Told]:
        return self._read(1, self._rows)

    @overload
    def __getitem__(self, at: int) -> Told: ...
    @overload
    def __getitem__(self, at: slice) -> list[Told]: ...
    def __getitem__(self, at: int | slice) -> Told | list[Told]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        place = range(len(self))[at]
        return next(self._read(place + 1, self._rows[place : place + 1]))

    def take_back(self, since: int, taken: int) -> list[Event]:
        """The events from place `since` on that were told after `taken` inputs; the record is without them then."""
        told = self[since:]
        back = [event for n, event in told if n == taken]
        del self._rows[len(self) - len(back) :]
        return back

    def submitted(self, wish: Wish) -> OrderSubmitted:
        """The fact that an order was sent."""
        return OrderSubmitted(
            self.order_id(wish), wish.instrument, self._strategy, self._account, wish.side,
            OrderType.MARKET, wish.qty, tag=wish.tag, reason=wish.reason,
        )  # fmt: skip

    def order_id(self, wish: Wish) -> str:
        """The order's id: the strategy and the number of its intent."""
        return f"{self._strategy}-{wish.number}"

    def _read(self, first: int, rows: list["Told | Wish | Answer | Trade"]) -> Iterator[Told]:
        """Rows as the events that they stand for; `first` is the place of the first of them, from 1 on."""
        strategy, account, course = self._strategy, self._account, self._course
        for place, row in enumerate(rows, first):
            if isinstance(row, tuple):
                yield row
                continue
            fact: Fact
            if type(row) is Wish:
                fact, taken, cause = self.submitted(row), row.taken, place + row.taken - row.behind
                name, ts = row.instrument, course.closes(taken)
            elif type(row) is Answer:
                order, taken, cause = self.order_id(row.wish), row.wish.taken, 0
                name, ts = row.wish.instrument, course.closes(taken)
                fact = OrderAccepted(order, name, f"sim-{order}")
            else:
                wish = row.wish
                order, taken, cause = self.order_id(wish), row.taken, 0
                name, ts = wish.instrument, course.opens(taken + 1)
                fact = OrderFilled(
                    order, name, strategy, account, f"{order}.1", wish.side, wish.qty, row.price, row.fee,
                    course.spec(name).quote, "market.open",
                )  # fmt: skip
            yield taken, Event(place + taken, 0, ts, 0, fact.TYPE, fact.V, cause, name, fact)
