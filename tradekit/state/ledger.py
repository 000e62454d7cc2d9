"""The ledger: how fills and marks move cash, positions and profit. Exact where money is kept.

Costs are kept as totals; what a division leaves over stays in the position, so sums are exact. Linear
instruments: cash pays quantity x price x multiplier in full, so that equity = cash + value held. Knows no venue.
"""

import functools
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from tradekit.core.event import Event
from tradekit.model.money import CENT, ZERO
from tradekit.model.order import OrderFilled
from tradekit.state.shape import DayPnl, EquityPoint, Fill, Position, State

__all__ = ["CURVE_KEPT", "FILLS_KEPT", "add_point", "fill", "mark", "open_account", "revalue"]

FILLS_KEPT = 500
CURVE_KEPT = 1500
_DAYS_KEPT = 400
_DAY_NS = 86_400_000_000_000
_EXACT = Context(prec=100)  # no sum or product of prices and quantities needs more digits: nothing is rounded


def open_account(state: State, currency: str, cash: Decimal) -> None:
    """Set the opening balance."""
    account = state.account
    account.currency, account.opening = currency, cash
    account.cash = {currency: cash}
    account.equity = account.peak = float(cash)


def fill(state: State, event: Event, data: OrderFilled, tag: str = "") -> None:
    """Book one execution: position, cash, realised profit, fees, the day, the fills list."""
    with localcontext(_EXACT):
        realised = _book(state, event, data)
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


def _book(state: State, event: Event, data: OrderFilled) -> Decimal:
    """Move position, cash and the totals; returns the profit this realises, before the fee."""
    instrument = state.instruments.get(data.instrument)
    multiplier = instrument.multiplier if instrument is not None else Decimal(1)
    quote = instrument.quote if instrument is not None else state.account.currency
    name = f"{data.strategy}/{data.instrument}"
    position = state.positions.get(name)
    if position is None:
        position = state.positions[name] = Position(data.strategy, data.account, data.instrument)
    signed = data.qty if data.side == "buy" else -data.qty
    unit = data.price * multiplier
    value = signed * unit
    realised = _move(position, signed, unit, event.ts)
    position.realised += realised
    position.fees += data.fee
    position.updated = event.ts

    account = state.account
    cash = account.cash
    cash[quote] = cash.get(quote, ZERO) - value
    cash[data.fee_currency] = cash.get(data.fee_currency, ZERO) - data.fee
    account.realised += realised
    account.fees += data.fee
    day = _day(state, event.ts)
    day.realised += realised
    day.fees += data.fee
    position.mark = float(data.price)
    _revalue_position(state, position)
    return realised


def _move(position: Position, signed: Decimal, unit: Decimal, ts: int) -> Decimal:
    """Move a position by a signed quantity at `unit` money a unit; returns the profit this realises."""
    held, cost, value = position.qty, position.cost, signed * unit
    if held == 0 or (held > 0) == (signed > 0):
        if held == 0:
            position.opened = ts
        position.qty, position.cost = held + signed, cost + value
        return ZERO
    if abs(signed) < abs(held):  # part close: the share of the cost, rounded; the rest stays in the position
        closed = (cost * -signed / held).quantize(CENT, ROUND_HALF_EVEN)
        position.qty, position.cost = held + signed, cost - closed
        return -value - closed
    if signed == -held:
        position.qty, position.cost = ZERO, ZERO
        return -value - cost
    over = held + signed  # flip: close all that is held, open the rest at the same price
    opened = over * unit
    position.qty, position.cost, position.opened = over, opened, ts
    return -(value - opened) - cost


def mark(state: State, instrument: str, price: float) -> None:
    """A new price for an instrument: unrealised profit and equity follow."""
    for position in state.positions.values():
        if position.instrument == instrument:
            position.mark = price
            if position.qty:
                _revalue_position(state, position)
    revalue(state, state.time - 1)  # what closes at midnight belongs to the day that ends


def _revalue_position(state: State, position: Position) -> None:
    instrument = state.instruments.get(position.instrument)
    multiplier = float(instrument.multiplier) if instrument is not None else 1.0
    if position.qty:
        position.unrealised = float(position.qty) * position.mark * multiplier - float(position.cost)
    else:
        position.unrealised = 0.0


def revalue(state: State, ts: int) -> None:
    """Equity from cash and what is held at its marks; the peak and the end of the day of `ts` [UTC ns] follow."""
    account = state.account
    unrealised = value = 0.0
    for position in state.positions.values():
        if position.qty:
            unrealised += position.unrealised
            value += float(position.cost) + position.unrealised
    account.unrealised = unrealised
    account.equity = float(account.cash.get(account.currency, ZERO)) + value
    account.peak = max(account.peak, account.equity)
    _day(state, ts).end = account.equity


def add_point(state: State, ts: int) -> None:
    """One point of the equity curve; a later one at the same moment takes its place."""
    curve = state.pnl.curve
    point = EquityPoint(ts, state.account.equity)
    if curve and curve[-1].ts == ts:
        curve[-1] = point
        return
    curve.append(point)
    if len(curve) > CURVE_KEPT:
        del curve[0]


def _day(state: State, ts: int) -> DayPnl:
    """The UTC day of `ts`, or the latest one: a day that has ended stays as it was.

    A new day starts where the one before it ended, so that the days' results add up.
    """
    days = state.pnl.days
    name = _day_name(ts // _DAY_NS)
    latest = next(reversed(days), "")
    if name <= latest:
        return days[latest]
    equity = days[latest].end if latest else state.account.equity
    day = days[name] = DayPnl(equity, equity)
    if len(days) > _DAYS_KEPT:
        del days[next(iter(days))]
    return day


@functools.lru_cache(maxsize=1024)
def _day_name(number: int) -> str:
    """The ISO date of a day counted from 1970-01-01."""
    return datetime.fromtimestamp(number * 86_400, UTC).strftime("%Y-%m-%d")
