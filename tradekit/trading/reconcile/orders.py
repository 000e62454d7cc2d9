"""Open orders compared: what is found, foreign, missing, revived, or has other terms than here.

Pure. An order that is not in the venue's book proves nothing by itself: it may have filled a moment ago.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from tradekit.core.event import Fact
from tradekit.model.doubt import About, OrderGivenUp, OrderMissed
from tradekit.model.order import (
    OrderAccepted,
    OrderCancelRejected,
    OrderReplaced,
    OrderReplaceRejected,
    Status,
)
from tradekit.model.reconciliation import AlertRaised
from tradekit.model.said import Answer, OrderSaid, Question, What
from tradekit.state.shape import Order, State
from tradekit.trading.counts import whole
from tradekit.trading.fills import miscounted
from tradekit.trading.identity import is_next
from tradekit.trading.matching import LEG, order_of
from tradekit.trading.reconcile.books import SECOND, Books, Found, Kind, Practice
from tradekit.trading.reconcile.positions import gap_of
from tradekit.trading.reports import adopted, facts_of, revived
from tradekit.trading.waiting import waits_here

__all__ = ["orders"]


def orders(state: State, books: Books, practice: Practice) -> Iterator[Found]:
    """The differences between the venue's open orders and ours."""
    answer = books.open_orders
    if answer is None:
        return
    seen: set[str] = set()
    for item in _latest(state, answer):
        order = _of(state, item)
        if order is None:
            yield from _foreign(state, item)
            continue
        if order.id in seen:
            if order.replace_requested or item.venue_id in ("", order.venue_id, *order.earlier):
                continue  # both legs of a replacement under way, or the same one again
            other = msgspec.structs.replace(
                item, order=""
            )  # one intent, two orders: this one counts as foreign
            order = _of(state, other)
            if order is None:
                yield from _foreign(state, other)
                continue
        seen.add(order.id)
        if item.what is not What.NEW:
            yield from _stated(state, order, item, books)
            continue
        yield from _listed(state, order, item, books, practice)
    if answer.complete and (books.executions is not None or Question.EXECUTIONS in books.unkept):
        for order in state.orders.values():
            if order.id not in seen and _expected(state, order):
                yield from _missing(state, order, books, practice)


def _of(state: State, item: OrderSaid) -> Order | None:
    return order_of(state, item.order, item.venue_id, item.instrument, item.side)


def _latest(state: State, answer: Answer) -> list[OrderSaid]:
    """The orders of a book, those under the id that we know first; of one that is listed twice what was said last."""
    found: dict[tuple[str, str], tuple[int, OrderSaid]] = {}
    for item in answer.items:
        if isinstance(item, OrderSaid):
            order = _of(state, item)
            if LEG in item.order:  # its quantities are those of a leg
                item = msgspec.structs.replace(item, qty=None, cum=None)
            name, known = ("", "") if order is None else (order.id, order.venue_id)
            rank = (
                0
                if item.venue_id == known
                else 1
                if order is not None and item.venue_id in order.earlier
                else 2
            )
            found[name or item.instrument, item.venue_id or item.order] = (rank, item)
    return [item for _, item in sorted(found.values(), key=lambda one: one[0])]


def _expected(state: State, order: Order) -> bool:
    """Whether the venue should show an order: it was sent, and works."""
    held = order.status is Status.HELD and not order.venue_id
    return order.working and not held and not waits_here(state, order)


def _foreign(state: State, item: OrderSaid) -> Iterator[Found]:
    facts = adopted(state, item)
    if facts:
        name = item.venue_id or item.order
        text = f"the venue has an order {name} that was not sent here"
        yield Found(
            kind=Kind.ORDER_FOREIGN, subject=name, instrument=item.instrument, ours="none", theirs=_words(item),
            text=text, proposed=tuple(facts), at_once=True,
        )  # fmt: skip


def _stated(state: State, order: Order, item: OrderSaid, books: Books) -> Iterator[Found]:
    """An order that the venue shows with its end."""
    facts = facts_of(state, item, books.at)
    if facts:
        yield Found(
            kind=Kind.ORDER_FOUND, subject=order.id, instrument=order.instrument, ours=order.status,
            theirs=str(item.what), text=f"{order.id} is {item.what} at the venue", proposed=tuple(facts), at_once=True,
        )  # fmt: skip


def _listed(state: State, order: Order, item: OrderSaid, books: Books, practice: Practice) -> Iterator[Found]:
    """An order that the venue has in its book."""

    def found(kind: Kind, ours: str, text: str, *facts: Fact, at_once: bool = False) -> Found:
        return Found(
            kind=kind, subject=order.id, instrument=order.instrument, ours=ours, theirs=_words(item), text=text,
            proposed=facts, at_once=at_once,
        )  # fmt: skip

    if not order.working:
        if order.status is not Status.FILLED and not _young(order, books, practice):
            text = f"{order.id} was taken for {order.status}, and works at the venue"
            yield found(Kind.ORDER_REVIVED, order.status, text, *revived(order, item))
        return
    item = whole(state, order, item)
    if is_next(order, item.venue_id):
        text = f"the replacement of {order.id} has arrived: the venue has it as {item.venue_id}"
        yield found(Kind.ORDER_FOUND, order.venue_id, text, *facts_of(state, item, books.at), at_once=True)
        return
    doubt = order.doubt.about if order.doubt is not None else None
    if order.status in (Status.SUBMITTED, Status.UNKNOWN) or doubt is About.SUBMIT or not order.venue_id:
        text = f"{order.id} has arrived: the venue has it as {item.venue_id}"
        accepted = OrderAccepted(order.id, order.instrument, item.venue_id or order.venue_id)
        yield found(Kind.ORDER_FOUND, order.status, text, accepted, at_once=True)
    elif doubt is About.CANCEL:
        text = f"{order.id} works at the venue: its cancel has not come through"
        refused = OrderCancelRejected(order.id, order.instrument, "it is still open")
        yield found(Kind.ORDER_UNCHANGED, "cancel in doubt", text, refused, at_once=True)
    elif not (order.replace_requested and doubt is None):
        yield from (found(*words) for words in _terms(order, item, doubt))
    gap = [fact for fact in facts_of(state, item, books.at) if getattr(fact, "about", None) is About.FILLS]
    gap += miscounted(state, order, item.cum, item.qty)
    if gap:
        text = f"{order.id}: the venue counts {item.cum} as filled, we have {order.filled:f}"
        yield found(Kind.ORDER_FILLED, f"{order.filled:f}", text, *gap, at_once=True)


def _terms(order: Order, item: OrderSaid, doubt: About | None) -> Iterator[tuple[Kind, str, str, Fact]]:
    """Whether the order has other terms at the venue: a replacement in doubt has happened, or one that is not ours."""
    same = all(
        theirs is None or theirs == ours
        for theirs, ours in ((item.qty, order.qty), (item.limit, order.limit), (item.stop, order.stop))
    )
    known = item.venue_id in ("", order.venue_id, *order.earlier)
    if same and known:
        if doubt is About.REPLACE:
            text = f"{order.id} has its old terms at the venue: its replacement has not come through"
            refused = OrderReplaceRejected(order.id, order.instrument, "it has its old terms")
            yield Kind.ORDER_UNCHANGED, "replacement in doubt", text, refused
        return
    asked = (
        {} if known else {"qty": order.wanted, **(order.wants or {})}
    )  # what is not told is as it was asked for
    qty, limit, stop = (
        next((one for one in (theirs, asked.get(name)) if one is not None), getattr(order, name))
        for name, theirs in (("qty", item.qty), ("limit", item.limit), ("stop", item.stop))
    )
    terms = OrderReplaced(
        order.id, order.instrument, qty, limit, stop, order.trail, order.trail_pct, item.venue_id
    )
    ours = _told(order.qty, order.limit, order.stop, order.filled)
    yield Kind.ORDER_TERMS, ours, f"{order.id} has other terms at the venue than here", terms


def _missing(state: State, order: Order, books: Books, practice: Practice) -> Iterator[Found]:
    """An order that the venue neither shows nor has told an end of: one trace less, or the last one needed."""
    doubt = order.doubt
    if doubt is None and _young(order, books, practice):
        return
    missed = 0 if doubt is None else doubt.missed
    first = books.at if doubt is None or not doubt.first else doubt.first
    ripe = missed + 1 >= practice.look_ups and books.at - first >= practice.span
    text = f"not found by {missed + 1} look-ups over {(books.at - first) // SECOND} s"
    if ripe and _forgotten(order, books) and not _held_as_here(state, order, first):
        yield _untold(order)
        return
    if doubt is not None and missed and books.at - doubt.last < practice.span // max(practice.look_ups, 1):
        return  # too soon after the last look-up to be another one
    facts: list[Fact] = [OrderMissed(order.id, order.instrument, "neither its orders nor its trades show it")]
    if ripe and not _held_by(state, order):
        facts += [
            OrderGivenUp(order.id, order.instrument, text),
            AlertRaised("given_up", f"{order.id} was {text}", order.instrument, order.id),
        ]
    yield Found(
        kind=Kind.ORDER_MISSING, subject=order.id, instrument=order.instrument, ours=order.status, theirs="none",
        text=f"the venue does not show {order.id} ({missed + 1} of {practice.look_ups} look-ups)",
        proposed=tuple(facts), at_once=True,
    )  # fmt: skip


def _held_by(state: State, order: Order) -> bool:
    """Whether the account holds what this order would have brought: then it is no order that nobody knows."""
    gaps = (
        gap_of(one)
        for one in state.health.reconciliation.open
        if (one.kind, one.instrument) == (Kind.POSITION_QUANTITY, order.instrument)
    )
    return any(gap is not None and 0 < gap * order.side.sign <= order.leaves for gap in gaps)


def _forgotten(order: Order, books: Books) -> bool:
    """Whether the order may have traded at a time of which the venue does not tell any more."""
    return books.executions is not None and order.created < books.executions.since


def _held_as_here(state: State, order: Order, since: int) -> bool:
    """Whether a whole comparison since then has found the position as it is here: then the order has not traded."""
    kept = state.health.reconciliation
    others = [one for one in kept.differences.values() if one.instrument == order.instrument]
    return kept.done > since and not any(one.kind.startswith("position.") for one in others)


def _untold(order: Order) -> Found:
    """An order that is not given up: the position says that it may have traded, and a human has to say whether."""
    text = (
        f"the venue does not show {order.id}, does not tell any more what has traded since it was sent, and no whole "
        f"comparison has found its position as here: it may have traded. Look it up there; settle the position first"
    )
    return Found(
        kind=Kind.ORDER_FORGOTTEN, subject=order.id, instrument=order.instrument, ours=order.status, theirs="none",
        text=text, proposed=(OrderGivenUp(order.id, order.instrument, "the venue tells no more of it"),),
    )  # fmt: skip


def _young(order: Order, books: Books, practice: Practice) -> bool:
    """Whether something of the order has happened so lately that the venue's answer may be older."""
    return books.at - max(order.asked, order.created, order.updated) < practice.tolerance


def _words(item: OrderSaid) -> str:
    return _told(item.qty, item.limit, item.stop, item.cum)


def _told(qty: Decimal | None, limit: Decimal | None, stop: Decimal | None, cum: Decimal | None) -> str:
    named = {"qty": qty, "limit": limit, "stop": stop, "filled": cum}
    return ", ".join(f"{name} {value:f}" for name, value in named.items() if value is not None) or "open"
