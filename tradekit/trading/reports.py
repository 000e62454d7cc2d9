"""A venue's statements into facts: `facts_of(state, said, now)`; what says nothing new gives none.

Pure. Statuses never go back, an answer about a cancel never touches a fill, and no failure is taken for a refusal: it
leaves doubt. Books that were asked for are `trading.reconcile`'s.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from tradekit.core.event import Fact
from tradekit.model.doubt import EXTERNAL, About, OrderAdopted, OrderDoubted, OrderRevived
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaceRejected,
    OrderType,
    Status,
)
from tradekit.model.reconciliation import AlertRaised, LinkChanged
from tradekit.model.said import BustSaid, Failed, FillSaid, LinkSaid, OrderSaid, Said, What
from tradekit.state.orders import refused_with
from tradekit.state.shape import Order, State
from tradekit.trading.counts import whole
from tradekit.trading.fills import busted, filled, halted, miscounted
from tradekit.trading.identity import is_next, known_as, most_of, reclaimed, replacement
from tradekit.trading.matching import external_name, order_of
from tradekit.trading.waiting import waits_here

__all__ = ["adopted", "awaited", "doubted", "facts_of", "in_flight", "revived"]


def facts_of(state: State, said: Said, now: int) -> list[Fact]:
    """What follows from one statement, by the state before it; `now` is session time [UTC ns]."""
    if isinstance(said, FillSaid):
        return filled(state, said)
    if isinstance(said, OrderSaid):
        return _order(state, said)
    if isinstance(said, BustSaid):
        return busted(state, said)
    if isinstance(said, Failed):
        return _failed(state, said)
    if isinstance(said, LinkSaid):
        return _link(state, said)
    return []


_NO_REASON = "no reason given"
_TAKEN = ("duplicate", "already exist", "already been used", "already used", "must be unique")
"""How venues say that they have an order under a client id already."""


# --- orders -------------------------------------------------------------------------------------------------


def _order(state: State, said: OrderSaid) -> list[Fact]:
    order = order_of(state, said.order, said.venue_id, said.instrument, said.side)
    order = order or order_of(state, "", said.earlier, said.instrument)
    if order is None:
        return adopted(state, said)
    said = whole(state, order, said)
    if order.given_up and said.what in (What.NEW, What.REPLACED):
        return revived(order, said)
    if _lives_on(order, said):
        return _moved_on(order, said)
    ours = reclaimed(state, order, said.venue_id)
    have = sum((one.qty for one in ours if isinstance(one, OrderFilled)), start=order.filled)
    told = _TOLD[said.what](order, said) + ours + _counted(order, said, have)
    return told + miscounted(state, order, said.cum, said.qty)


def _lives_on(order: Order, said: OrderSaid) -> bool:
    """Whether an order that has ended here works under another id of the venue: a replacement told to have failed."""
    works = said.what in (What.NEW, What.REPLACED) and said.qty is not None and order.venue_id
    return (
        bool(works) and order.end == "canceled" and said.venue_id not in ("", order.venue_id, *order.earlier)
    )


def _moved_on(order: Order, said: OrderSaid) -> list[Fact]:
    """It works again, with what is left of the new id beside what had filled before."""
    left = (said.qty or Decimal(0)) - (said.cum or Decimal(0))
    terms = msgspec.structs.replace(said, qty=order.filled + left, cum=None)
    return revived(order, msgspec.structs.replace(said, venue_id="")) + _replaced(order, terms)


def adopted(state: State, said: OrderSaid) -> list[Fact]:
    """Take an order in that was not sent here, if it works; what has ended already is of no concern."""
    known = said.instrument in state.instruments and said.side is not None and said.qty is not None
    if said.what not in (What.NEW, What.REPLACED):
        return []
    if not known or said.side is None or said.qty is None:
        text = f"somebody else's order {said.venue_id or said.order} of {said.instrument or 'an unnamed instrument'}"
        missing = "its instrument is not this session's, or side and quantity were not told"
        if any(alert.order == said.venue_id for alert in state.health.alerts):
            return []
        return [AlertRaised("external", f"{text}: {missing}", said.instrument, said.venue_id)]
    kind = said.type or (OrderType.MARKET if said.limit is None and said.stop is None else OrderType.LIMIT)
    name = external_name(state, said.venue_id or said.order, said.instrument, said.side)
    text = f"somebody else's order on this account: {said.side} {said.qty:f} {said.instrument}"
    facts: list[Fact] = [
        OrderAdopted(
            name, said.instrument, state.session.account, said.side, kind, said.qty, said.venue_id, said.limit,
            said.stop, said.reason,
        ),
        AlertRaised("external", text, said.instrument, name),
    ]  # fmt: skip
    return facts + _gap(name, said.instrument, said.qty, said.cum, Decimal(0), average=said.price)


def _counted(order: Order, said: OrderSaid, have: Decimal) -> list[Fact]:
    """A statement counts more than our fills add up to: some were not told."""
    cum = order.qty if said.what is What.FILLED and said.cum is None else said.cum
    return _gap(order.id, order.instrument, most_of(order), cum, have, order.told, said.price)


def _gap(
    name: str,
    instrument: str,
    qty: Decimal,
    cum: Decimal | None,
    have: Decimal,
    told: Decimal | None = None,
    average: Decimal | None = None,
) -> list[Fact]:
    if cum is None or cum <= have or (told is not None and cum <= told):
        return []
    text = f"the venue counts {cum:f} of {name} as filled, its reports add up to {have:f}"
    return [OrderDoubted(name, instrument, About.FILLS, text, min(cum, qty), average)]


def _new(order: Order, said: OrderSaid) -> list[Fact]:
    told = order.status in (Status.SUBMITTED, Status.UNKNOWN) or (
        order.status is Status.HELD and order.parent == ""
    )
    known_ids = ("", order.venue_id, *order.earlier)
    follows = said.earlier == order.venue_id != "" and said.venue_id not in known_ids
    if order.working and (follows or is_next(order, said.venue_id)):  # the new leg, told as an order
        leg = order.doubt is not None and order.doubt.about is About.LEG
        return _replaced(order, msgspec.structs.replace(said, qty=None) if leg else said)
    news = known_as(order, said.venue_id)
    if order.venue_id and not order.working:
        return []
    lost = order.doubt is not None and order.doubt.about is About.SUBMIT
    if news or not (told or lost):
        return news
    return [OrderAccepted(order.id, order.instrument, said.venue_id or order.venue_id)]


def _canceled(order: Order, said: OrderSaid) -> list[Fact]:
    """The end of an id that was replaced is the end of that id; while that is not known, it is a doubt."""
    if said.venue_id in order.earlier:
        return []
    if order.replace_requested and not order.cancel_requested and said.venue_id in ("", order.venue_id):
        if order.doubt is not None and order.doubt.about is About.LEG:
            return []
        return doubted(order, About.LEG, "canceled while a replacement is under way: it may be there, or not")
    end = OrderCanceled(order.id, order.instrument, said.reason or "canceled by the venue")
    return _arrived(order, said) + _ended(order, end)


def _expired(order: Order, said: OrderSaid) -> list[Fact]:
    return _arrived(order, said) + _ended(order, OrderExpired(order.id, order.instrument, said.reason))


def _arrived(order: Order, said: OrderSaid) -> list[Fact]:
    """The id of an order whose end is told before its beginning: trades may be told by it."""
    return known_as(order, said.venue_id) if order.working and not order.venue_id else []


def _rejected(order: Order, said: OrderSaid) -> list[Fact]:
    """The refusal of an order that the venue had taken already is one of what is asked of it: a change, or its end."""
    taken = order.status not in (Status.SUBMITTED, Status.UNKNOWN)
    if taken and order.replace_requested:
        return _replace_rejected(order, said)
    if taken and order.cancel_requested:
        return _cancel_rejected(order, said)
    if taken and order.working and refused_with(order, said.reason or _NO_REASON):
        return []  # the same, told again
    if _of_a_copy(order, said):
        return []
    return _ended(order, OrderRejected(order.id, order.instrument, said.reason or _NO_REASON))


def _of_a_copy(order: Order, said: OrderSaid) -> bool:
    """Whether a copy of the order was refused, which came to the venue a second time: then it has the first."""
    sent_again = order.doubt is not None or order.status not in (Status.SUBMITTED, Status.DENIED)
    told = said.reason.lower()
    return sent_again and order.working and any(word in told for word in _TAKEN)


def _ended(order: Order, end: OrderCanceled | OrderExpired | OrderRejected) -> list[Fact]:
    return [] if order.end == end.TYPE.removeprefix("order.") else [end]


def _replaced(order: Order, said: OrderSaid) -> list[Fact]:
    """The order's terms are those that are told; the others are those asked for, or as they were."""
    qty = said.qty  # no less than what it says has filled already
    if qty is not None and said.cum is not None:
        qty = max(qty, said.cum)
    same = all(
        theirs is None or theirs == ours
        for theirs, ours in ((qty, order.qty), (said.limit, order.limit), (said.stop, order.stop))
    )
    if not order.replace_requested and same and said.venue_id in (order.venue_id, *order.earlier):
        return []
    facts: list[Fact] = []
    if said.earlier and not order.venue_id:  # it was replaced before its acknowledgement came
        facts.append(OrderAccepted(order.id, order.instrument, said.earlier))
    new = replacement(order, venue_id=said.venue_id, qty=qty, limit=said.limit, stop=said.stop)
    facts.append(new)
    in_doubt = order.doubt is not None and order.doubt.about is About.LEG
    if not (order.replace_requested or in_doubt or same) and order.strategy != EXTERNAL:
        text = f"{order.id} was changed at the venue, and no change was under way here"
        facts.append(AlertRaised("changed", text, order.instrument, order.id))
    return facts


def _cancel_rejected(order: Order, said: OrderSaid) -> list[Fact]:
    """About the cancel alone: an order that has ended is as it was."""
    if order.doubt is not None and order.doubt.about is About.LEG:
        return []  # the old leg has ended all the same, and the new one may be on its way
    if not order.cancel_requested:
        return _replace_rejected(order, said)  # of a change that is a cancel and a new order
    return [OrderCancelRejected(order.id, order.instrument, said.reason or _NO_REASON)]


def _replace_rejected(order: Order, said: OrderSaid) -> list[Fact]:
    if not order.replace_requested:
        return []
    facts: list[Fact] = [OrderReplaceRejected(order.id, order.instrument, said.reason or _NO_REASON)]
    if order.doubt is not None and order.doubt.about is About.LEG:
        facts.append(OrderCanceled(order.id, order.instrument, "canceled by the venue"))
    return facts


def _nothing(order: Order, said: OrderSaid) -> list[Fact]:
    return []  # the trades themselves come as fills; what is missing of them is counted


_TOLD: dict[What, Callable[[Order, OrderSaid], list[Fact]]] = {
    What.NEW: _new,
    What.CANCELED: _canceled,
    What.EXPIRED: _expired,
    What.REJECTED: _rejected,
    What.REPLACED: _replaced,
    What.CANCEL_REJECTED: _cancel_rejected,
    What.REPLACE_REJECTED: _replace_rejected,
    What.FILLED: _nothing,
}


# --- failures -----------------------------------------------------------------------------------------------


def in_flight(order: Order) -> About | None:
    """What of an order was sent and has no answer yet."""
    if not order.working or order.doubt is not None:
        return None
    if order.status is Status.SUBMITTED or (order.status is Status.TRIGGERED and not order.venue_id):
        return About.SUBMIT
    if order.replace_requested:
        return About.REPLACE
    return About.CANCEL if order.cancel_requested else None


def awaited(
    state: State, working: Iterable[Order], handed: Mapping[str, int], wait: int
) -> list[tuple[Order, About, int]]:
    """What was sent of these orders and has no answer yet, and until when one is waited for [UTC ns].

    An answer is waited for `wait` [ns] long from when its request came to be sent, `handed` by order: the bar that it
    follows from may have closed a while before.
    """
    found = []
    for order in working:
        about = in_flight(order)
        if about is not None and not waits_here(state, order):
            parent = state.orders.get(order.parent) if order.parent else None
            sent = order.asked
            if about is About.SUBMIT:
                sent = max(order.created, parent.updated if parent else 0)
            found.append((order, about, max(sent, handed.get(order.id, 0)) + wait))
    return found


def _failed(state: State, said: Failed) -> list[Fact]:
    """No answer is no refusal: what was under way is in doubt, and nothing is sent again."""
    facts: list[Fact] = halted(state, f"the venue has banned us: {said.reason}") if said.banned else []
    named = order_of(state, said.order, said.order) if said.order else None
    for order in state.orders.values() if not said.order else (named,):
        about = None if order is None else _lost(order, said.call)
        if order is not None and about is not None and not waits_here(state, order):
            facts += doubted(order, about, said.reason or "no answer")
    return facts


def _lost(order: Order, call: str) -> About | None:
    """What is in doubt once a call has no answer; "" is any call."""
    if call == About.CANCEL and order.working and order.cancel_requested and order.doubt is None:
        return About.CANCEL
    if call == About.REPLACE and order.working and order.replace_requested and order.doubt is None:
        return About.REPLACE
    about = in_flight(order)
    return about if call in ("", about) else None


def doubted(order: Order, about: About, reason: str) -> list[Fact]:
    """The doubt, and the word of it to a human."""
    return [
        OrderDoubted(order.id, order.instrument, about, reason),
        AlertRaised(
            "unknown", f"{order.id}: the answer to {about} is unknown ({reason})", order.instrument, order.id
        ),
    ]


def _link(state: State, said: LinkSaid) -> list[Fact]:
    status = "up" if said.up else "down"
    if state.health.link.status == status:
        return []
    facts: list[Fact] = [LinkChanged(said.up, said.reason)]
    if not said.up:
        facts.append(AlertRaised("link", f"the link to the venue is down: {said.reason or 'lost'}"))
        facts += _failed(state, Failed(reason=f"the link was lost: {said.reason or 'disconnected'}"))
    return facts


def revived(order: Order, said: OrderSaid) -> list[Fact]:
    """An order that was taken for ended works at the venue."""
    text = f"{order.id} was taken for {order.status}, and the venue has it"
    return [
        OrderRevived(order.id, order.instrument, text, said.venue_id),
        AlertRaised("revived", text, order.instrument, order.id),
    ]
