"""What moves an account without a trade: cash, splits and currency rates, as its facts tell them.

Exact like the ledger. Knows nobody who pays: a venue says what it has paid, and that is booked.
"""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from tradekit.core.event import Event
from tradekit.model.account import AccountAdopted, CashMoved, RatePublished, SplitEffected
from tradekit.model.money import CENT, EXACT, ZERO
from tradekit.state.days import day_of
from tradekit.state.shape import Mark, Position, State
from tradekit.state.valuation import OPENING, mark, refresh_rates, revalue, revalue_position, tally

__all__ = ["adopted", "cash_moved", "rate_published", "split_effected"]


def cash_moved(state: State, event: Event, data: CashMoved) -> None:
    """Book cash that came or went: the currency's cash, the flows of this kind, the day."""
    cash = state.account.cash
    with localcontext(EXACT):
        cash[data.currency] = cash.get(data.currency, ZERO) + data.amount
        tally(state, event.ts, data.kind, data.currency, data.amount)
    revalue(state, event.ts)


def adopted(state: State, event: Event, data: AccountAdopted) -> None:
    """Open the account with what there is, and let the day begin with what that is worth."""
    account = state.account
    for instrument, price in data.prices.items():
        state.marks[instrument] = Mark(event.ts, float(price))
        mark(state, instrument, float(price))
    with localcontext(EXACT):
        for currency, amount in data.cash.items():
            account.cash[currency] = account.cash.get(currency, ZERO) + amount
            tally(state, event.ts, OPENING, currency, amount)
    revalue(state, event.ts)
    account.adopted = event.ts
    account.peak = day_of(state, event.ts).start = account.equity


def rate_published(state: State, event: Event, data: RatePublished) -> None:
    """Take a currency's rate; one that is not above zero is none."""
    if data.rate > 0:
        state.rates[f"{data.base}/{data.quote}"] = data.rate
    if state.account.rates:
        refresh_rates(state, event.ts)


def split_effected(state: State, event: Event, data: SplitEffected) -> None:
    """Give the instrument's positions their new quantity, and its last price the old value.

    The fraction below a lot leaves the position with its share of the cost, as a loss; what is paid for it comes as
    cash in lieu. Value and cost of the rest stay as they are. An inverse contract is not split.
    """
    spec = state.instruments.get(data.instrument)
    if not data.concerns(spec):
        return
    ratio = float(data.old) / float(data.new)
    for key in state.held.get(data.instrument, ()):
        position = state.positions[key]
        if position.qty:
            _split(state, event.ts, position, data, None if spec is None else spec.lot)
        position.mark *= ratio
        revalue_position(state, key)
    known = state.marks.get(data.instrument)
    if known is not None:
        bid, ask = (None if price is None else price * ratio for price in (known.bid, known.ask))
        state.marks[data.instrument] = Mark(known.ts, known.last * ratio, bid, ask)
    revalue(state, event.ts)


def _split(state: State, ts: int, position: Position, data: SplitEffected, lot: Decimal | None) -> None:
    with localcontext(EXACT):
        whole = (
            position.qty * data.new
        )  # in `old`-ths of a new unit, so that nothing is divided before it must be
        qty = data.units(position.qty, lot)
        lost = (position.cost * (whole - qty * data.old) / whole).quantize(CENT, ROUND_HALF_EVEN)
        if not qty:
            lost = position.cost
        position.qty, position.cost = qty, position.cost - lost
        position.realised -= lost
        position.updated = ts
        if lost:
            tally(state, ts, "realised", position.currency, -lost)
        if position.margined:
            cash = state.account.cash
            cash[position.currency] = cash.get(position.currency, ZERO) - lost
