"""What a venue's id says of an order: that it has arrived, that its replacement has, whose a trade was all along.

Pure: (state, order, id) -> facts. Knows neither quantities that are missing nor trades that contradict.
"""

from decimal import Decimal

from tradekit.core.event import Fact
from tradekit.model.doubt import EXTERNAL, About, FillBusted
from tradekit.model.order import OrderAccepted, OrderCanceled, OrderFilled, OrderReplaced, OrderType
from tradekit.model.reconciliation import AlertRaised
from tradekit.model.said import FillSaid
from tradekit.state.shape import Fill, Order, State
from tradekit.trading.matching import VOID, booked, execution_id, external_name

__all__ = ["is_next", "known_as", "most_of", "named_now", "reclaimed", "replacement", "taken_back"]

_SET_OFF_ANEW = frozenset(OrderType) - {OrderType.MARKET, OrderType.LIMIT}


def known_as(order: Order, venue_id: str) -> list[Fact]:
    """What an id says that a trade or an acknowledgement of an order of ours names, where it is news."""
    if not venue_id or order.strategy == EXTERNAL or venue_id in (order.venue_id, *order.earlier):
        return []
    if not order.venue_id:
        return [OrderAccepted(order.id, order.instrument, venue_id)]
    if not order.working:
        return []
    if is_next(order, venue_id):
        return [replacement(order, venue_id=venue_id)]
    text = f"{order.id} is at the venue twice, as {order.venue_id} and as {venue_id}"
    return [
        OrderAccepted(order.id, order.instrument, venue_id),
        AlertRaised("duplicate", text, order.instrument, order.id),
    ]


def is_next(order: Order, venue_id: str) -> bool:
    """Whether an id must be that of the order's replacement; a stop may have another one once it is set off."""
    if not order.venue_id or venue_id in ("", order.venue_id, *order.earlier):
        return False
    leg = order.doubt is not None and order.doubt.about is About.LEG
    return leg or order.replace_requested or order.type in _SET_OFF_ANEW


def replacement(
    order: Order,
    *,
    venue_id: str = "",
    qty: Decimal | None = None,
    limit: Decimal | None = None,
    stop: Decimal | None = None,
) -> OrderReplaced:
    """An order's new terms: those that are told; the others are those asked for, or as they were."""
    wants = order.wants or {}
    trail, trail_pct = order.trail, order.trail_pct
    if "trail" in wants or "trail_pct" in wants:
        trail, trail_pct = wants.get("trail"), wants.get("trail_pct")
    return OrderReplaced(
        order.id,
        order.instrument,
        next(one for one in (qty, order.wanted, order.qty) if one is not None),
        limit if limit is not None else wants.get("limit", order.limit),
        stop if stop is not None else wants.get("stop", order.stop),
        trail,
        trail_pct,
        venue_id,
    )


def most_of(order: Order) -> Decimal:
    """The most that may fill of an order in all: under any terms that it has, had, or is to have."""
    return max(order.qty, order.largest, order.wanted or order.qty)


def named_now(state: State, order: Order, said: FillSaid) -> list[Fact]:
    """The end of a trade that was booked for somebody else while it named no order."""
    if not said.exec_id or order.strategy == EXTERNAL:
        return []
    void = {one.exec_id for one in state.fills if one.exec_id.startswith(VOID)}
    return [
        taken_back(one, f"it is a trade of {order.id}", "")
        for one in state.fills
        if one.exec_id == said.exec_id
        and one.strategy == EXTERNAL
        and one.order == external_name(state, said.exec_id, order.instrument, order.side)
        and (one.instrument, one.side, one.qty, one.price)
        == (order.instrument, order.side, said.qty, said.price)
        and f"{VOID}{one.exec_id}" not in void
    ]


def reclaimed(state: State, order: Order, venue_id: str) -> list[Fact]:
    """Trades that were taken for somebody else's: they named an id of the venue that turns out to be our order's."""
    other = external_name(state, venue_id, order.instrument, order.side)
    if not venue_id or order.strategy == EXTERNAL or venue_id in (order.venue_id, *order.earlier):
        return []
    theirs = [fill for fill in state.fills if fill.order == other]
    total = order.filled
    void = {fill.exec_id for fill in theirs if fill.exec_id.startswith(VOID)}
    facts: list[Fact] = []
    for fill in theirs:
        if fill.exec_id.startswith(VOID) or f"{VOID}{fill.exec_id}" in void:
            continue
        name = execution_id(order, venue_id, fill.exec_id)
        twin = booked(state, order, name)
        if twin is not None and (twin.qty, twin.price) == (fill.qty, fill.price):
            facts.append(taken_back(fill, f"it is booked for {order.id}", ""))
            continue
        total += fill.qty
        fits = (fill.instrument, fill.side) == (order.instrument, order.side) and total <= most_of(order)
        if not fits or name in order.executions:
            text = f"trade {fill.exec_id} of {venue_id} cannot be one of {order.id}: it stays somebody else's"
            return [AlertRaised("external", text, order.instrument, order.id)]
        facts.append(taken_back(fill, f"it is a trade of {order.id}", ""))
        facts.append(
            OrderFilled(
                order.id, order.instrument, order.strategy, order.account, name, fill.side, fill.qty, fill.price,
                fill.fee, fill.fee_currency, fill.rule, order.position,
            )
        )  # fmt: skip
    adopted = state.orders.get(other)
    if adopted is not None and adopted.working:
        facts.append(OrderCanceled(other, order.instrument, f"it is {order.id}"))
    return facts


def taken_back(fill: Fill, reason: str, position: str) -> FillBusted:
    """The fact that a booked trade is void."""
    return FillBusted(
        fill.order, fill.instrument, fill.strategy, fill.account, fill.exec_id, fill.side, fill.qty, fill.price,
        fill.fee, fill.fee_currency, reason, position,
    )  # fmt: skip
