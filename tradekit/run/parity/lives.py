"""Orders' lives as a record tells them: what was decided when and from what, and all that became of it.

The same reading of a session's journal and of its backtest, so that the two can be held together. Knows no prices.
"""

from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from tradekit.core.event import Event
from tradekit.model.account import AccountAdopted, CashMoved, SplitEffected
from tradekit.model.doubt import (
    EXTERNAL,
    FillBusted,
    FillCharged,
    OrderAdopted,
    OrderDoubted,
    OrderGivenUp,
    OrderRevived,
)
from tradekit.model.instrument import Instrument
from tradekit.model.money import EXACT, ZERO
from tradekit.model.order import (
    OrderCanceled,
    OrderCancelRequested,
    OrderDenied,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderType,
    Side,
)
from tradekit.model.session import CommandReceived, SessionOpened, SignalRaised
from tradekit.run.parity.inputs import MARKET

__all__ = ["CALL", "INPUT", "Change", "Deal", "Lives", "Opinion", "Root", "Traded"]

Root: TypeAlias = tuple[str, ...]
"""What a decision followed from in the end: INPUT (of those that both have), ("order", ID), ("command", NAME, USER),
CALL (the margin), or the type of another fact from outside."""

INPUT: Root = ()
CALL: Root = ("call",)


class Traded(msgspec.Struct):
    """An execution.

    place  from where on a decision may know of it
    qty    as it was told; held what that is after splits since; moved by how much the position has changed, which a fee
           in what was traded makes another quantity [base units]
    """

    seq: int
    ts: int
    place: int
    exec_id: str
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    held: Decimal
    moved: Decimal


class Change(msgspec.Struct, frozen=True):
    """A wish for other terms: under which input, what it followed from, and the terms."""

    place: int
    root: Root
    terms: tuple[Decimal | None, ...]


class Deal(msgspec.Struct):
    """An order that was decided, and what became of it.

    place   the last input of both before it; `root` what it followed from
    asked   how it was to be changed since
    denied  our own refusal: rule, bound, value
    end     "canceled", "expired", "rejected", "given up" or "" while it works or has filled; `note` why
    ended   who asked for its end, where somebody did, and under which input
    """

    id: str
    strategy: str
    instrument: str
    side: Side
    type: OrderType
    qty: Decimal
    seq: int
    ts: int
    place: int
    root: Root
    limit: Decimal | None = None
    stop: Decimal | None = None
    tag: str = ""
    reason: str = ""
    position: str = ""
    parent: str = ""
    asked: list[Change] = msgspec.field(default_factory=list)
    denied: tuple[str, str, str] | None = None
    end: str = ""
    note: str = ""
    ended: Root | None = None
    ended_at: int = 0
    ended_place: int = 0
    doubt: str = ""
    fills: list[Traded] = msgspec.field(default_factory=list)

    @property
    def filled(self) -> Decimal:
        """What has traded of it [base units]."""
        total = ZERO
        for one in self.fills:
            total = EXACT.add(total, one.qty)
        return total

    @property
    def terms(self) -> tuple[Any, ...]:
        """What was wished for at first."""
        return self.type, self.qty, self.limit, self.stop

    @property
    def changes(self) -> tuple[tuple[Decimal | None, ...], ...]:
        """What was wished for since."""
        return tuple(one.terms for one in self.asked)

    @property
    def seqs(self) -> list[int]:
        """Its events that a reader wants to see: the decision, its executions, its end."""
        found = [self.seq, *(one.seq for one in self.fills), self.ended_at]
        return sorted({seq for seq in found if seq})


class Opinion(msgspec.Struct, frozen=True):
    """A signal that was raised at a place, and what it followed from."""

    seq: int
    ts: int
    place: int
    root: Root
    instrument: str
    name: str
    direction: float


class Lives:
    """The orders, signals and flows of cash of a record, taken event by event in the order of seq.

    own    whether it is the session's own record: what fills between two inputs is known at once
    deals  by order id, in the order in which they were decided
    flows  cash that moved without a trade, each with its seq
    """

    def __init__(self, *, own: bool = False) -> None:
        self._own = own
        self.deals: dict[str, Deal] = {}
        self.signals: list[Opinion] = []
        self.flows: list[tuple[Event, CashMoved]] = []
        self._instruments: dict[str, Instrument] = {}
        self._roots: dict[int, Root] = {}
        self._known: dict[tuple[str, str], Traded] = {}

    def take(self, event: Event, place: int) -> None:
        """Take the next event; `place` is the last input of both so far, this one included."""
        root = self._root(event)
        data: Any = event.data
        writes = _WRITERS.get(type(data))
        if writes is not None:
            writes(self, event, data, place, root)

    def _root(self, event: Event) -> Root:
        """What the event follows from in the end; kept where it is not an input of both."""
        data = event.data
        if event.cause:
            root = self._roots.get(event.cause, INPUT)
        elif isinstance(data, OrderSubmitted):
            root = CALL
        elif isinstance(data, OrderFact):
            root = ("order", data.id)
        elif isinstance(data, CommandReceived):
            root = ("command", data.name, data.user)
        elif isinstance(data, (*MARKET, CashMoved)):
            return INPUT
        else:
            root = (event.type,)
        if root != INPUT:
            self._roots[event.seq] = root
        return root

    # --- what is read ---------------------------------------------------------------------------------------

    def _submitted(self, event: Event, data: OrderSubmitted, place: int, root: Root) -> None:
        self.deals[data.id] = Deal(
            data.id, data.strategy, data.instrument, data.side, data.type, data.qty, event.seq, event.ts, place, root,
            data.limit, data.stop, data.tag, data.reason, data.position, data.parent,
        )  # fmt: skip

    def _denied(self, event: Event, data: OrderDenied, place: int, root: Root) -> None:
        self.deals[data.id] = Deal(
            data.id, data.strategy, data.instrument, data.side, data.type, data.qty, event.seq, event.ts, place, root,
            denied=(data.rule, data.bound, data.value),
        )  # fmt: skip

    def _adopted(self, event: Event, data: OrderAdopted, place: int, root: Root) -> None:
        self.deals[data.id] = Deal(
            data.id, EXTERNAL, data.instrument, data.side, data.type, data.qty, event.seq, event.ts, place, root,
            data.limit, data.stop, reason=data.reason,
        )  # fmt: skip

    def _filled(self, event: Event, data: OrderFilled, place: int, root: Root) -> None:
        key = (data.id, data.exec_id or f"#{event.seq}")
        if key in self._known or data.qty <= 0:
            return
        deal = self.deals.get(data.id)
        if deal is None:  # booked from the venue's books, for an order that nobody told of
            deal = self.deals[data.id] = Deal(
                data.id, data.strategy, data.instrument, data.side, OrderType.MARKET, data.qty, event.seq, event.ts,
                place, root, position=data.position,
            )  # fmt: skip
        since = event.seq if self._own else place
        traded = Traded(
            event.seq, event.ts, since, data.exec_id, data.qty, data.price, data.fee, data.fee_currency, data.qty,
            self._moved_by(data),
        )  # fmt: skip
        self._known[key] = traded
        deal.fills.append(traded)

    def _moved_by(self, data: OrderFilled | FillCharged) -> Decimal:
        spec = self._instruments.get(data.instrument)
        if spec is None or spec.margined or spec.base != data.fee_currency or spec.currency == spec.base:
            return data.qty
        return EXACT.subtract(data.qty, EXACT.multiply(data.fee, data.side.sign))

    def _opened(self, event: Event, data: SessionOpened, place: int, root: Root) -> None:
        self._instruments = {one.id: one for one in data.instruments}

    def _busted(self, event: Event, data: FillBusted, place: int, root: Root) -> None:
        gone = self._known.pop((data.id, data.exec_id), None)
        if gone is not None:
            self.deals[data.id].fills.remove(gone)

    def _charged(self, event: Event, data: FillCharged, place: int, root: Root) -> None:
        known = self._known.get((data.id, data.exec_id))
        if known is not None and not known.fee:
            known.fee, known.fee_currency, known.moved = data.fee, data.fee_currency, self._moved_by(data)

    def _asked(self, event: Event, data: OrderReplaceRequested, place: int, root: Root) -> None:
        deal = self.deals.get(data.id)
        if deal is not None:
            terms = (data.qty, data.limit, data.stop, data.trail, data.trail_pct)
            deal.asked.append(Change(place, root, terms))

    def _cancel(self, event: Event, data: OrderCancelRequested, place: int, root: Root) -> None:
        deal = self.deals.get(data.id)
        if deal is not None:
            deal.ended, deal.ended_at, deal.ended_place = root, event.seq, place

    def _over(self, event: Event, data: Any, place: int, root: Root) -> None:
        deal = self.deals.get(data.id)
        if deal is not None:
            deal.end, deal.note, deal.ended_at = _ENDS[type(data)], data.reason, event.seq

    def _revived(self, event: Event, data: OrderRevived, place: int, root: Root) -> None:
        deal = self.deals.get(data.id)
        if deal is not None:
            deal.end = deal.note = ""
            deal.ended_at = 0

    def _doubted(self, event: Event, data: OrderDoubted, place: int, root: Root) -> None:
        deal = self.deals.get(data.id)
        if deal is not None:
            deal.doubt = data.reason

    def _signal(self, event: Event, data: SignalRaised, place: int, root: Root) -> None:
        self.signals.append(
            Opinion(event.seq, event.ts, place, root, data.instrument, data.name, data.direction)
        )

    def _moved(self, event: Event, data: CashMoved, place: int, root: Root) -> None:
        self.flows.append((event, data))

    def _split(self, event: Event, data: SplitEffected, place: int, root: Root) -> None:
        if data.new <= 0 or data.old <= 0:
            return
        for deal in self.deals.values():
            if deal.instrument == data.instrument:
                for one in deal.fills:
                    one.held = EXACT.divide(EXACT.multiply(one.held, data.new), data.old)

    def _account(self, event: Event, data: AccountAdopted, place: int, root: Root) -> None:
        """What was there before is no profit: it counts from here on, at the prices of this moment."""
        for deal in self.deals.values():
            for one in deal.fills:
                one.price, one.fee = data.prices.get(deal.instrument, one.price), ZERO


_ENDS: dict[type, str] = {
    OrderCanceled: "canceled",
    OrderExpired: "expired",
    OrderRejected: "rejected",
    OrderGivenUp: "given up",
}
_WRITERS: dict[type, Any] = {
    OrderSubmitted: Lives._submitted,
    OrderDenied: Lives._denied,
    OrderAdopted: Lives._adopted,
    OrderFilled: Lives._filled,
    FillBusted: Lives._busted,
    FillCharged: Lives._charged,
    OrderReplaceRequested: Lives._asked,
    OrderCancelRequested: Lives._cancel,
    **dict.fromkeys(_ENDS, Lives._over),
    OrderRevived: Lives._revived,
    OrderDoubted: Lives._doubted,
    SignalRaised: Lives._signal,
    CashMoved: Lives._moved,
    SplitEffected: Lives._split,
    AccountAdopted: Lives._account,
    SessionOpened: Lives._opened,
}
