"""The ledger: how fills move cash, positions and profit. Exact where money is kept.

Costs are kept as totals; what a division leaves over stays in the position, so sums are exact. What is paid in full
takes its price from the cash, what is margined moves cash by its profit only: equity is the same either way. Knows no
venue.
"""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import msgspec

from tradekit.core.event import Event
from tradekit.model.doubt import FillCharged
from tradekit.model.instrument import INVERSE_QUANTUM, Instrument
from tradekit.model.money import CENT, EXACT, ZERO
from tradekit.model.order import OrderFilled
from tradekit.model.session import SessionOpened
from tradekit.state.days import day_of
from tradekit.state.shape import Fill, Position, State
from tradekit.state.valuation import revalue, revalue_position, tally

__all__ = ["FILLS_KEPT", "POSITIONS_KEPT", "charge", "fill", "open_account", "set_terms"]

FILLS_KEPT = 500
POSITIONS_KEPT = 500  # in a hedging account: beyond these, the oldest that is flat is forgotten


def open_account(state: State, data: SessionOpened) -> None:
    """Set the opening balance and the account's rules."""
    account = state.account
    account.currency, account.opening = data.currency, data.cash
    account.cash = {data.currency: data.cash}
    account.equity = account.peak = float(data.cash)
    account.type, account.hedging = data.account_type, data.hedging


def set_terms(position: Position, instrument: Instrument) -> None:
    """Give a flat position the instrument's terms, which hold for as long as it is open."""
    position.currency, position.multiplier = instrument.currency, instrument.multiplier
    position.inverse, position.margined = instrument.inverse, instrument.margined


def fill(state: State, event: Event, data: OrderFilled, tag: str = "") -> None:
    """Book one execution: position, cash, realised profit, fees, the day, the fills list."""
    with localcontext(EXACT):
        realised = _book(state, event.ts, data)
    state.fills.append(
        Fill(
            event.seq,
            event.ts,
            data.id,
            data.exec_id,
            data.strategy,
            data.account,
            data.instrument,
            data.side,
            data.qty,
            data.price,
            data.fee,
            data.fee_currency,
            realised,
            data.rule,
            tag,
        )
    )
    if len(state.fills) > FILLS_KEPT:
        del state.fills[0]
    revalue(state, event.ts)


def charge(state: State, event: Event, data: FillCharged, seq: int) -> bool:
    """Take the fee of the execution that was booked at `seq`; whether it was without one, and is still kept."""
    at = next((i for i in range(len(state.fills) - 1, -1, -1) if state.fills[i].seq == seq), None)
    if at is None or state.fills[at].fee:
        return False
    nothing = OrderFilled(
        data.id, data.instrument, data.strategy, data.account, data.exec_id, data.side, ZERO, data.price, data.fee,
        data.fee_currency, "", data.position,
    )  # fmt: skip
    with localcontext(EXACT):
        realised = _book(state, event.ts, nothing)
    state.fills[at] = msgspec.structs.replace(
        state.fills[at],
        fee=data.fee,
        fee_currency=data.fee_currency,
        realised=state.fills[at].realised + realised,
    )
    revalue(state, event.ts)
    return True


def _book(state: State, ts: int, data: OrderFilled) -> Decimal:
    """Move position, cash and the totals; returns the profit this realises, before the fee [position's currency]."""
    account = state.account
    key, position = _position(state, data)
    currency, fee, paid_in = position.currency, data.fee, data.fee_currency
    signed = data.qty if data.side == "buy" else -data.qty
    if fee and paid_in != currency and not position.margined and _base(state, data.instrument) == paid_in:
        signed -= fee  # taken out of what was traded: as if so much had been sold at this price to pay it
        fee, paid_in = fee * data.price * position.multiplier, currency
    cost = _cost(position, signed, data.price)
    realised = _move(position, signed, cost, data.price, ts) if signed else ZERO
    if position.position:
        _follow(state, position)
    position.realised += realised
    position.updated = ts
    if paid_in == currency:
        position.fees += fee

    cash = account.cash
    cash[currency] = cash.get(currency, ZERO) + (realised if position.margined else -cost)
    if fee:
        cash[paid_in] = cash.get(paid_in, ZERO) - fee
    if currency == account.currency == paid_in:
        account.realised += realised
        account.fees += fee
        day = day_of(state, ts)
        day.realised += realised
        day.fees += fee
    else:
        tally(state, ts, "realised", currency, realised)
        if fee:
            tally(state, ts, "fees", paid_in, fee)
    position.mark = float(data.price)
    revalue_position(state, key)
    return realised


def _position(state: State, data: OrderFilled) -> tuple[str, Position]:
    """The position that a fill changes, by its key: netted by strategy and instrument, or the one it names."""
    key = f"{data.strategy}/{data.instrument}"
    named = data.position if state.account.hedging else ""
    if named:
        key = f"{key}/{named}"
    position = state.positions.get(key)
    if position is not None:
        return key, position
    if named:
        _forget_flat(state)
    made = Position(
        data.strategy, data.account, data.instrument, position=named, currency=state.account.currency
    )
    instrument = state.instruments.get(data.instrument)
    if instrument is not None:
        set_terms(made, instrument)
    state.positions[key] = made
    if not named:
        state.held.setdefault(data.instrument, []).append(key)
    return key, made


def _base(state: State, instrument: str) -> str:
    known = state.instruments.get(instrument)
    return "" if known is None else known.base


def _follow(state: State, position: Position) -> None:
    """Of the named positions marks look at the open ones only: a run may have had hundreds that are flat."""
    keys = state.held.setdefault(position.instrument, [])
    key = f"{position.strategy}/{position.instrument}/{position.position}"
    if position.qty and key not in keys:
        keys.append(key)
    elif not position.qty and key in keys:
        keys.remove(key)


def _forget_flat(state: State) -> None:
    """Make room for a named position: the account's totals keep what a flat one has earned."""
    if len(state.positions) < POSITIONS_KEPT:
        return
    for key, position in state.positions.items():
        if position.position and not position.qty:
            del state.positions[key]
            return


def _cost(position: Position, signed: Decimal, price: Decimal) -> Decimal:
    """What a signed quantity costs [position's currency]; of an inverse contract its value, rounded and negated."""
    if position.inverse:
        return -(signed * position.multiplier / price).quantize(INVERSE_QUANTUM, ROUND_HALF_EVEN)
    return signed * price * position.multiplier


def _move(position: Position, signed: Decimal, cost: Decimal, price: Decimal, ts: int) -> Decimal:
    """Move a position by a signed quantity that costs `cost`; returns the profit this realises."""
    held, paid = position.qty, position.cost
    if held == 0 or (held > 0) == (signed > 0):
        if held == 0:
            position.opened = ts
        position.qty, position.cost = held + signed, paid + cost
        return ZERO
    if abs(signed) < abs(held):  # part close: the share of the cost, rounded; the rest stays in the position
        closed = (paid * -signed / held).quantize(CENT, ROUND_HALF_EVEN)
        position.qty, position.cost = held + signed, paid - closed
        return -cost - closed
    if signed == -held:
        position.qty, position.cost = ZERO, ZERO
        return -cost - paid
    over = held + signed  # flip: close all that is held, open the rest at the same price
    opened = _cost(position, over, price)
    position.qty, position.cost, position.opened = over, opened, ts
    return -(cost - opened) - paid
