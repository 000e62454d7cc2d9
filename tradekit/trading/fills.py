"""A reported trade into facts: booked once, late or early, or set aside where it contradicts what is known.

Pure: (state, report) -> facts. Whatever is not booked leaves the session halted and says so.
"""

from decimal import Decimal

import msgspec

from tradekit.core.event import Fact
from tradekit.model.doubt import (
    EXTERNAL,
    SYNTHETIC,
    About,
    FillBusted,
    FillCharged,
    FillQuarantined,
    FillVoided,
    OrderDoubted,
    OrderRevived,
)
from tradekit.model.money import ZERO
from tradekit.model.order import OrderFilled, Side, Status
from tradekit.model.reconciliation import AlertRaised
from tradekit.model.said import BustSaid, FillSaid
from tradekit.model.session import RiskChanged
from tradekit.state.exposure import leg_of
from tradekit.state.shape import Order, State
from tradekit.trading.counts import alone
from tradekit.trading.identity import known_as, most_of, named_now, reclaimed, taken_back
from tradekit.trading.matching import (
    LEG,
    VOID,
    booked,
    execution_id,
    external_name,
    forgotten,
    order_of,
    synthetic_fills,
    traded,
)
from tradekit.trading.waiting import as_sent, others_left

__all__ = ["busted", "currency_of", "filled", "halted", "miscounted", "synthetic"]


def filled(state: State, said: FillSaid) -> list[Fact]:
    """What follows from a reported trade; nothing for one that is booked already."""
    order = traded(state, said)
    if LEG in said.order:  # what it counts is the leg's
        said = msgspec.structs.replace(said, cum=None)
    own = said if order is None or said.qty < 0 else alone(state, order, said)
    if own is None or not own.qty:
        return [] if order is None else _charged(state, order, said)
    wrong = _impossible(state, order, own)
    if wrong:
        return _quarantine(state, order, own, wrong)
    if order is None:
        return _foreign(state, own)
    name = _name(state, order, own)
    if name is None:
        return _charged(state, order, own)
    if name == "":
        return _conflict(state, order, own)
    return _told_in_total(state, order, said, own) + _book(state, order, own, name)


def _impossible(state: State, order: Order | None, said: FillSaid) -> str:
    """Why a trade cannot be what it says, "" where it can."""
    if said.qty < 0:
        return f"a trade of {said.qty:f}: quantities are positive, the side says which way"
    name = said.instrument if order is None else order.instrument
    spec = state.instruments.get(name)
    if not said.price or (said.price < 0 and (spec is None or spec.inverse or not spec.margined)):
        return f"a trade at a price of {said.price:f}"
    if order is None:
        return ""
    if said.side is not None and said.side is not order.side:
        return f"a {said.side} of {order.id}, which is a {order.side}"
    if said.instrument and said.instrument != order.instrument:
        return f"{said.instrument} traded for {order.id}, an order of {order.instrument}"
    return ""


def _told_in_total(state: State, order: Order, said: FillSaid, own: FillSaid) -> list[Fact]:
    """A word, once, of a venue that tells what has filled in all for what has traded."""
    if not said.qty or said.qty == own.qty:
        return []
    if any((alert.kind, alert.order) == ("count", order.id) for alert in state.health.alerts):
        return []
    text = f"trade {said.exec_id} of {order.id} is told as {said.qty:f}, all that has filled: it was one of {own.qty:f}"
    return [AlertRaised("count", text, order.instrument, order.id)]


def _name(state: State, order: Order, said: FillSaid) -> str | None:
    """The name to book a trade under; None for one that is booked, "" where it contradicts the one that is."""
    name = execution_id(order, said.venue_id, said.exec_id)
    if not said.exec_id:  # without an id only the cumulative quantity tells one trade from another
        name = _unnamed(said)
        counted = said.cum is not None and said.cum <= order.filled - _guessed(state, order)
        return None if counted or name in order.executions else name
    if not said.venue_id:
        name = next((one for one in order.executions if one == name or one.endswith(f":{name}")), name)
    known = order.executions.get(name)
    if known is None:
        return name
    fresh = said.cum is not None and (
        order.told is None or said.cum > order.told
    )  # a count that was not told yet
    grown = fresh and said.cum == order.filled + said.qty
    if grown and _after(name, said) not in order.executions:
        return _after(name, said)  # one id on several trades, and the venue counts on
    if _after(name, said) in order.executions:
        return None
    fill = booked(state, order, name)
    if known < 0 or fill is None or (fill.qty, fill.price) == (said.qty, said.price):
        return None
    in_total = said.qty == said.cum and fill.qty < said.qty <= order.filled
    return None if in_total else ""


def _charged(state: State, order: Order, said: FillSaid) -> list[Fact]:
    """Some venues tell what a trade has cost after the trade."""
    if not said.fee or not said.exec_id:
        return []
    names = (execution_id(order, said.venue_id, said.exec_id), said.exec_id)
    name = next((one for one in names if order.executions.get(one, 0) > 0), "")
    fill = booked(state, order, name)
    if fill is None or fill.fee or fill.qty != said.qty:
        return []
    return [
        FillCharged(
            order.id, order.instrument, order.strategy, order.account, fill.exec_id, fill.side, fill.qty, fill.price,
            said.fee, said.fee_currency or currency_of(state, order.instrument), order.position,
        )
    ]  # fmt: skip


def _unnamed(said: FillSaid) -> str:
    """What stands for the id of a trade that has none."""
    return f"@{said.ts}:{said.qty:f}:{said.price:f}" if said.cum is None else _after("", said)


def _after(name: str, said: FillSaid) -> str:
    """A trade's name with what has filled after it, where the name alone is not its own; 1 and 1.0 are one count."""
    return f"{name}@" if said.cum is None else f"{name}@{said.cum.normalize():f}"


def _guessed(state: State, order: Order) -> Decimal:
    return sum((fill.qty for fill in synthetic_fills(state, order)), start=ZERO)


def _book(state: State, order: Order, said: FillSaid, name: str) -> list[Fact]:
    facts = known_as(order, said.venue_id) + named_now(state, order, said)
    ours = reclaimed(state, order, said.venue_id)
    facts += ours
    if any(isinstance(one, OrderFilled) and one.exec_id == name for one in ours):
        return facts
    before = sum((one.qty for one in ours if isinstance(one, OrderFilled)), start=order.filled)
    replaced, left = _superseded(state, order, said)
    facts += replaced
    total = before - sum((one.qty for one in replaced), start=ZERO) + said.qty
    most = most_of(order)
    if total > most and order.share is None and order.strategy != EXTERNAL:
        return _quarantine(state, order, said, f"{total:f} would have filled of an order of {most:f}")
    if not order.working and order.status is not Status.FILLED:
        if order.given_up:
            facts.append(OrderRevived(order.id, order.instrument, "it has traded", said.venue_id))
        facts.append(
            AlertRaised(
                "late_fill",
                f"{said.qty:f} of {order.id} traded at {said.price:f} after it was {order.status}",
                order.instrument,
                order.id,
            )
        )
    facts += _beyond(state, order, said, total) + miscounted(state, order, said.cum)
    facts.append(_fill(state, order, said, name))
    if left is not None:
        facts.append(left)
        total += left.qty
    if said.cum is not None and said.cum > total:
        facts.append(
            OrderDoubted(
                order.id,
                order.instrument,
                About.FILLS,
                f"the venue counts {said.cum:f} of {order.id} as filled, its reports add up to {total:f}",
                min(said.cum, most),
                said.average,
            )
        )
    return facts


def _beyond(state: State, order: Order, said: FillSaid, total: Decimal) -> list[Fact]:
    """A word of a trade that goes further than the order was to go by now, which is booked all the same."""
    facts: list[Fact] = []
    if (
        total > max(order.qty, order.wanted or order.qty)
        and order.share is None
        and order.strategy != EXTERNAL
    ):
        text = f"{total:f} of {order.id} have filled, more than the {order.qty:f} that it was made smaller to"
        facts.append(AlertRaised("late_fill", text, order.instrument, order.id))
    if order.reduce_only:
        held = leg_of(state, as_sent(order))
        after = held + said.qty * order.side.sign
        theirs = held * order.side.sign >= 0 and said.qty <= others_left(state, order)
        if after * order.side.sign > 0 and not theirs:
            text = f"{order.id} was only to reduce, and its trade has turned {held:f} {order.instrument} into {after:f}"
            facts.append(AlertRaised("turned", text, order.instrument, order.id))
    return facts


def miscounted(state: State, order: Order, cum: Decimal | None, qty: Decimal | None = None) -> list[Fact]:
    """A stop where the venue counts more as filled than the order has, as we or the venue itself (`qty`) knows it."""
    most = max(most_of(order), qty or ZERO)
    if cum is None or cum <= most or order.share is not None or order.strategy == EXTERNAL:
        return []
    text = f"the venue counts {cum:f} of {order.id} as filled, which is an order of {most:f}"
    if any(alert.text == text for alert in state.health.alerts):
        return []
    return [AlertRaised("quarantine", text, order.instrument, order.id), *halted(state, text)]


def _fill(state: State, order: Order, said: FillSaid, name: str) -> OrderFilled:
    currency = said.fee_currency or currency_of(state, order.instrument)
    return OrderFilled(
        order.id, order.instrument, order.strategy, order.account, name, order.side, said.qty, said.price, said.fee,
        currency, said.liquidity, order.position,
    )  # fmt: skip


def currency_of(state: State, instrument: str) -> str:
    """What an instrument's fees are in, where nothing else is said."""
    known = state.instruments.get(instrument)
    return state.account.currency if known is None else known.currency


def _superseded(state: State, order: Order, said: FillSaid) -> tuple[list[FillBusted], OrderFilled | None]:
    """The synthetic fills whose place a real one takes, and the synthetic rest where it is smaller than they are.

    Where the venue counts, a trade beyond all that was guessed leaves the guesses alone.
    """
    guesses = synthetic_fills(state, order)
    if not guesses or (said.cum is not None and said.cum - said.qty >= order.filled):
        return [], None
    need, busts, rest = said.qty, [], None
    for guess in guesses:
        if need <= 0:
            break
        busts.append(taken_back(guess, f"superseded by {said.exec_id}", order.position))
        if guess.qty > need:
            rest = synthetic(
                order, guess.qty - need, guess.price, guess.fee_currency, f"{guess.exec_id}-{said.exec_id}"
            )
        need -= guess.qty
    return busts, rest


def synthetic(order: Order, qty: Decimal, price: Decimal, currency: str, name: str) -> OrderFilled:
    """A fill that the venue's quantities show and no report told. Its id is a function of what it stands for."""
    exec_id = name if name.startswith(SYNTHETIC) else f"{SYNTHETIC}{name}"
    return OrderFilled(
        order.id, order.instrument, order.strategy, order.account, exec_id, order.side, qty, price, ZERO, currency,
        "synthetic", order.position,
    )  # fmt: skip


# --- what is not ours, not right, not valid any more --------------------------------------------------------


def _foreign(state: State, said: FillSaid) -> list[Fact]:
    """A trade of an order that was not sent here: it is booked for EXTERNAL, and counted by risk."""
    if said.side is None or not said.instrument:
        return _quarantine(state, None, said, "it belongs to no order, and instrument or side cannot be told")
    if said.instrument not in state.instruments:
        return _elsewhere(state, said)
    if forgotten(state, said) or 0 < said.ts < state.session.started:
        return []  # what was before the session began is in what it began with
    account = state.session.account
    name = said.exec_id or _unnamed(said)
    order_id = external_name(state, said.venue_id or said.order or name, said.instrument, said.side)
    fill = OrderFilled(
        order_id, said.instrument, EXTERNAL, account, name, said.side, said.qty, said.price, said.fee,
        said.fee_currency or currency_of(state, said.instrument), said.liquidity,
        said.position if state.account.hedging else "",
    )  # fmt: skip
    if any(one.order == order_id and one.exec_id == name for one in reversed(state.fills)):
        return []
    text = (
        f"somebody else's trade on this account: {said.side} {said.qty:f} {said.instrument} at {said.price:f}"
    )
    held = state.position(state.strategy.id, said.instrument)
    if held * said.side.sign < 0 and not state.account.hedging:
        gone = min(abs(held), said.qty)
        text += f"; {gone:f} of the {held:f} that {state.strategy.id} holds are gone by that"
    return [AlertRaised("external", text, said.instrument, order_id), fill]


def _elsewhere(state: State, said: FillSaid) -> list[Fact]:
    """A trade of what this session does not trade: told once for each instrument, and none of its books' business."""
    if any((one.kind, one.instrument) == ("elsewhere", said.instrument) for one in state.health.alerts):
        return []
    text = f"somebody else trades {said.instrument} on this account, which this session does not: it is not booked"
    return [AlertRaised("elsewhere", text, said.instrument, said.venue_id or said.order)]


def _conflict(state: State, order: Order, said: FillSaid) -> list[Fact]:
    fill = booked(state, order, execution_id(order, said.venue_id, said.exec_id))
    numbers = "" if fill is None else f" as {fill.qty:f} at {fill.price:f}"
    return _quarantine(
        state, order, said, f"execution {said.exec_id} is booked{numbers}, and told again otherwise"
    )


def _quarantine(state: State, order: Order | None, said: FillSaid, why: str) -> list[Fact]:
    """Set a trade aside, once, and stop."""
    instrument = order.instrument if order is not None else said.instrument
    side = said.side or (order.side if order is not None else Side.BUY)
    name = order.id if order is not None else said.order
    kept = state.health.reconciliation.quarantine
    if any((k.order, k.exec_id, k.qty, k.price) == (name, said.exec_id, said.qty, said.price) for k in kept):
        return []
    text = f"trade {said.exec_id} of {name or said.venue_id or instrument} is set aside: {why}"
    return [
        FillQuarantined(
            name, instrument, said.venue_id, said.exec_id, side, said.qty, said.price, why, said.fee,
            said.fee_currency,
        ),
        AlertRaised("quarantine", text, instrument, name),
        *halted(state, text),
    ]  # fmt: skip


def halted(state: State, reason: str) -> list[Fact]:
    """A risk stop: nothing that adds risk goes out until a human arms the session again."""
    risk = state.risk
    return [] if risk.halted else [RiskChanged(risk.armed, True, risk.killed, reason, "order management")]


def busted(state: State, said: BustSaid) -> list[Fact]:
    """A trade that the venue has cancelled is taken back; one that was never booked is not."""
    order = order_of(state, said.order, said.venue_id)
    candidates = [order] if order is not None else list(state.orders.values())
    for one in candidates:
        name = execution_id(one, said.venue_id, said.exec_id)
        fill = booked(state, one, name)
        if fill is not None and one.executions[name] > 0:
            text = f"{fill.side} {fill.qty:f} {fill.instrument} at {fill.price:f} ({said.exec_id}) is void"
            reason = said.reason or "cancelled by the venue"
            return [
                taken_back(fill, reason, one.position),
                AlertRaised("bust", f"{text}: {reason}", fill.instrument, one.id),
            ]
    if f"{VOID}{said.exec_id}" in {fill.exec_id for fill in state.fills}:
        return []
    loose = [fill for fill in state.fills if fill.exec_id == said.exec_id and fill.order not in state.orders]
    if loose:
        return [taken_back(loose[-1], said.reason or "cancelled by the venue", "")]
    text = f"the venue has cancelled trade {said.exec_id}, which is not booked here"
    if any(alert.text == text for alert in state.health.alerts):
        return []
    told: Fact = AlertRaised("bust", text, "" if order is None else order.instrument, said.order)
    if order is None:
        return [told]
    name = execution_id(order, said.venue_id, said.exec_id)
    return [FillVoided(order.id, order.instrument, name, said.reason or "cancelled by the venue"), told]
