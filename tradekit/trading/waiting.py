"""Orders that wait here for another one's fill, and reduce-only orders that must not outgrow what is left to reduce.

Pure. For venues that hold no orders back and keep none within a position by themselves.
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import takewhile

import msgspec

from tradekit.core.event import Fact
from tradekit.model.doubt import EXTERNAL
from tradekit.model.money import ZERO, floor_to
from tradekit.model.order import (
    OrderCanceled,
    OrderCancelRequested,
    OrderReplaced,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderType,
    Side,
    Status,
)
from tradekit.state.exposure import leg_of, still_held
from tradekit.state.monitors import is_kept
from tradekit.state.shape import Order, State

__all__ = [
    "as_sent",
    "done_here",
    "one_cancels_other",
    "orphaned",
    "others_left",
    "rechecked",
    "replaced_here",
    "room_for",
    "shrunk",
    "waits_here",
]

_AT_MARKET = frozenset({OrderType.STOP, OrderType.TRAILING_STOP, OrderType.MARKET_IF_TOUCHED})


def waits_here(state: State, order: Order) -> bool:
    """Whether an order has not been sent yet: it waits for its parent, or is kept here until its price comes."""
    return is_kept(order) or _waits_for_parent(state, order)


def _waits_for_parent(state: State, order: Order) -> bool:
    """Whether an order waits here for the first fill of what it is an exit for, or for a close to be whole."""
    if not order.parent or order.status is not Status.SUBMITTED:
        return False
    parent = state.orders.get(order.parent)
    if parent is None:
        return False
    return parent.status is not Status.FILLED if parent.reduce_only else not _part_of(state, parent, order)[0]


def orphaned(state: State) -> list[Fact]:
    """The ends of what waits here for a parent that has ended without what it was waited for."""
    facts: list[Fact] = []
    for order in state.orders.values():
        parent = state.orders.get(order.parent) if order.parent else None
        if parent is not None and not parent.working and _waits_for_parent(state, order):
            facts.append(OrderCanceled(order.id, order.instrument, f"{parent.id} was {parent.status}"))
    return facts


def as_sent(order: Order) -> OrderSubmitted:
    """The intent of an order that is sent now; one whose price has come goes out as what it has become."""
    sent = OrderSubmitted(
        order.id, order.instrument, order.strategy, order.account, order.side, order.type, order.qty, order.limit,
        order.stop, order.tif, order.reduce_only, order.parent, order.group, order.tag, order.reason, order.trail,
        order.trail_pct, order.expires, order.post_only, order.share, order.position,
    )  # fmt: skip
    if order.status is not Status.TRIGGERED:
        return sent
    kind = OrderType.MARKET if order.type in _AT_MARKET else OrderType.LIMIT
    return msgspec.structs.replace(sent, type=kind, stop=None, trail=None, trail_pct=None)


def done_here(order: Order, asked: OrderCancelRequested | OrderReplaceRequested) -> list[Fact]:
    """What is asked of an order that waits here, done: nobody else has to be asked."""
    if isinstance(asked, OrderCancelRequested):
        return [OrderCanceled(order.id, order.instrument, asked.reason or "not sent yet")]
    return list(replaced_here(order, asked))


def replaced_here(order: Order, request: OrderReplaceRequested) -> list[Fact]:
    """The new terms of an order that nobody else has seen."""
    trails = request.trail is not None or request.trail_pct is not None
    return [
        OrderReplaced(
            order.id,
            order.instrument,
            order.qty if request.qty is None else request.qty,
            order.limit if request.limit is None else request.limit,
            order.stop if request.stop is None else request.stop,
            request.trail if trails else order.trail,
            request.trail_pct if trails else order.trail_pct,
        )
    ]


def room_for(state: State, order: Order) -> Decimal:
    """How much a reduce-only order may still trade: what is held against it, for an exit at most what its entry has.

    In whole lots: a fee in what was bought leaves less than one, and no venue takes an order of that. What the entry's
    other exits have taken off it is gone.
    """
    spec = state.instruments.get(order.instrument)
    held = _left(state, order)
    room = floor_to(held, None if spec is None else spec.lot)
    parent = state.orders.get(order.parent) if order.parent else None
    if parent is None or not room:
        return room
    entered, left = _part_of(state, parent, order)
    return min(room, max(ZERO, entered - left))


def _left(state: State, order: Order) -> Decimal:
    """What there is to reduce of the position that an order closes."""
    held = leg_of(state, as_sent(order))
    if held * order.side.sign >= 0:
        return others_left(state, order)
    return still_held(state, order.strategy, order.instrument, held)


def others_left(state: State, order: Order) -> Decimal:
    """What there is to reduce of the account's position where the order's strategy holds nothing to be reduced.

    A venue that nets knows one position. An order that had something of its own to reduce when it was made, or whose
    strategy has traded beside it since, was not meant for what others hold.
    """
    own = leg_of(state, as_sent(order)) - order.filled * order.side.sign
    since = takewhile(lambda one: one.seq > order.intent, reversed(state.fills))
    beside = any(
        (one.strategy, one.instrument) == (order.strategy, order.instrument) and one.order != order.id
        for one in since
    )
    if state.account.hedging or order.parent or beside or own * order.side.sign < 0:
        return ZERO
    net = sum((state.positions[key].qty for key in state.held.get(order.instrument, ())), start=ZERO)
    return max(ZERO, -net * order.side.sign)


def shrunk(state: State, order: Order) -> list[Fact]:
    """What becomes of a reduce-only order that is to go out to a venue that keeps none within the position.

    It is as large as what there is to reduce, once whatever is under way on the other side has filled. An exit of an
    entry is sized when that fills.
    """
    if not order.reduce_only or order.parent or state.account.hedging:
        return []
    coming = (
        one.most
        for one in state.orders.values()
        if one.working
        and not one.reduce_only
        and (one.strategy, one.instrument) == (order.strategy, order.instrument)
        and one.side is not order.side
    )
    most = room_for(state, order) + sum(coming, start=ZERO)
    if order.leaves <= most:
        return []
    if not most:
        return [OrderCanceled(order.id, order.instrument, "reduce-only: nothing is left to reduce")]
    return list(replaced_here(order, OrderReplaceRequested(order.id, order.instrument, most)))


def _part_of(state: State, parent: Order, order: Order) -> tuple[Decimal, Decimal]:
    """How much of an entry has filled that an exit is for, and has been left; parts fill one after the other."""
    known = state.monitors.get(parent.id)
    if known is None:
        mates = (one for one in state.orders.values() if one.parent == parent.id and one.reduce_only)
        return parent.filled, sum((one.filled for one in mates), ZERO)
    before = ZERO
    for part in known.parts:
        if order.id in (part.stop, part.target):
            return min(max(ZERO, known.entered - before), part.qty), part.left
        before += part.qty
    return known.entered, known.left


def one_cancels_other(state: State, filled: Order, working: Iterable[Order]) -> list[Fact]:
    """The ends of an order's group once it has traded; while an exit has filled in part, others stay for the rest."""
    whole = filled.status is Status.FILLED
    return [
        OrderCancelRequested(other.id, other.instrument, f"one cancels other: {filled.id} filled")
        for other in working
        if filled.group
        and other.group == filled.group
        and other.id != filled.id
        and not other.cancel_requested
        and (whole or not other.reduce_only)
    ]


def rechecked(state: State, instrument: str, *, kept: bool) -> list[Fact]:
    """Keep the reduce-only orders of an instrument at what is left to reduce, end those with nothing left.

    The exits of an entry that still fills grow with it; no other order is ever made larger. All exits together are no
    more than what is held, those that exclude each other counted once. `kept`: only those that are kept here, for the
    venue sees to its own.
    """
    facts: list[Fact] = []
    given: dict[
        tuple[str, Side], dict[str, Decimal]
    ] = {}  # by leg and side: what exits may trade, by their group
    for order in state.orders.values():
        if (
            order.instrument != instrument
            or not order.reduce_only
            or not order.working
            or order.cancel_requested
        ):
            continue
        if order.strategy == EXTERNAL or _waits_for_parent(state, order) or (kept and not is_kept(order)):
            continue
        room = room_for(state, order)
        if order.parent in state.orders:
            shares = given.setdefault((f"{order.strategy}/{order.position}", order.side), {})
            held = _left(state, order)
            others = sum((qty for name, qty in shares.items() if name != (order.group or order.id)), ZERO)
            room = min(room, max(ZERO, held - others))
            shares[order.group or order.id] = max(room, shares.get(order.group or order.id, ZERO))
        wrong = order.leaves > room or (order.parent in state.orders and order.leaves < room)
        if not room and order.leaves:
            facts.append(OrderCancelRequested(order.id, instrument, "reduce-only: nothing is left to reduce"))
        elif wrong and not order.replace_requested:
            text = f"reduce-only: {room:f} are left to reduce"
            facts.append(OrderReplaceRequested(order.id, instrument, order.filled + room, reason=text))
    return facts
