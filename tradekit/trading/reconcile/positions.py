"""Positions compared: another quantity than here, one that looks like a split, an instrument that is not ours.

Pure. What the account holds is compared with all that is booked here, somebody else's trades included.
"""

from collections.abc import Iterator
from decimal import Decimal

from tradekit.core.event import Fact
from tradekit.model.account import SplitEffected
from tradekit.model.doubt import EXTERNAL, SYNTHETIC
from tradekit.model.money import ZERO, exact
from tradekit.model.order import OrderFilled, Side
from tradekit.model.said import PositionSaid
from tradekit.state.seen import Difference
from tradekit.state.shape import State
from tradekit.trading.counts import price_of_rest
from tradekit.trading.fills import currency_of
from tradekit.trading.matching import external_id
from tradekit.trading.reconcile.books import Books, Found, Kind, Practice

__all__ = ["gap_of", "held", "positions", "ratio_of"]

_RATIOS = tuple(
    (Decimal(new), Decimal(old))
    for new, old in (
        *((n, 1) for n in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 50, 100)),
        *((1, n) for n in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 50, 100)),
        *((3, 2), (4, 3), (5, 4), (2, 3), (3, 4), (4, 5)),
    )
)
"""The splits that companies make: new for old."""
_SHORT = " short"
_NEAR = Decimal("0.02")  # how far the average price may be from the inverse of the ratio


def held(state: State, instrument: str) -> Decimal:
    """All that is booked of an instrument, whoever traded it [base units]."""
    return sum((one.qty for one in state.positions.values() if one.instrument == instrument), start=ZERO)


def gap_of(found: Difference) -> Decimal | None:
    """How much more the account holds than is booked [base units], None where only its sides differ."""
    return None if found.theirs.endswith(_SHORT) else Decimal(found.theirs) - Decimal(found.ours)


def positions(state: State, books: Books, practice: Practice) -> Iterator[Found]:
    """The differences between what the account holds and what is booked."""
    answer = books.positions
    if answer is None:
        return
    theirs: dict[str, Decimal] = {}
    prices: dict[str, Decimal] = {}
    legs: dict[str, list[Decimal]] = {}
    told = answer.items if state.account.hedging else dict.fromkeys(answer.items)  # one told twice is one
    for item in told:
        if isinstance(item, PositionSaid):  # a hedging account tells its legs one by one
            theirs[item.instrument] = theirs.get(item.instrument, ZERO) + item.qty
            legs.setdefault(item.instrument, []).append(item.qty)
            if item.price is not None:
                prices[item.instrument] = item.price
    names = list(theirs)
    if answer.complete:
        names += [name for name in _booked(state) if name not in theirs]
    for name in names:
        have, has = held(state, name), theirs.get(name, ZERO)
        spec = state.instruments.get(name)
        dust = ZERO if spec is None or spec.lot is None else spec.lot  # nobody can trade less than a lot
        if have != has and abs(have - has) >= dust and not _moving(state, name, books, practice):
            yield _difference(state, name, have, has, prices.get(name))
        elif state.account.hedging and not _moving(state, name, books, practice):
            yield from _hedged(state, name, legs.get(name, []), dust)


def _hedged(state: State, name: str, theirs: list[Decimal], dust: Decimal) -> Iterator[Found]:
    """The same in sum and not on each side: a venue that tells long and short apart is compared side by side."""
    booked = [one for one in state.positions.values() if one.instrument == name and one.qty]
    if any(one.strategy == EXTERNAL for one in booked):
        return  # nobody here can tell which side somebody else's trades were of
    ours = [one.qty for one in booked]
    long, short = (sum((max(ZERO, qty * sign) for qty in ours), start=ZERO) for sign in (1, -1))
    has_long, has_short = (sum((max(ZERO, qty * sign) for qty in theirs), start=ZERO) for sign in (1, -1))
    if len(theirs) < 2 or long == has_long or abs(long - has_long) < dust:
        return
    text = (
        f"the account holds {has_long:f} {name} long and {has_short:f} short "
        f"where {long:f} long and {short:f} short are booked"
    )
    yield Found(
        kind=Kind.POSITION_QUANTITY, subject=name, instrument=name, ours=f"{long:f} long, {short:f}{_SHORT}",
        theirs=f"{has_long:f} long, {has_short:f}{_SHORT}", text=text,
    )  # fmt: skip


def _booked(state: State) -> list[str]:
    return list(dict.fromkeys(one.instrument for one in state.positions.values() if one.qty))


def _moving(state: State, instrument: str, books: Books, practice: Practice) -> bool:
    """Whether the instrument has traded so lately that the venue's answer may be older."""
    lately = (one.updated for one in state.positions.values() if one.instrument == instrument)
    return books.at - max(lately, default=0) < practice.tolerance


def _difference(state: State, name: str, have: Decimal, has: Decimal, price: Decimal | None) -> Found:
    def found(kind: Kind, text: str, *facts: Fact) -> Found:
        return Found(
            kind=kind,
            subject=name,
            instrument=name,
            ours=f"{have:f}",
            theirs=f"{has:f}",
            text=text,
            proposed=facts,
        )

    if name not in state.instruments:
        return found(
            Kind.POSITION_FOREIGN, f"the account holds {has:f} {name}, which this session does not trade"
        )
    split = ratio_of(have, has, _entry(state, name), price)
    if split is not None:
        new, old = split
        text = (
            f"the account holds {has:f} {name} where {have:f} are booked, at {price} apiece: "
            f"that looks like a split of {new:f} for {old:f}"
        )
        return found(Kind.POSITION_RATIO, text, SplitEffected(name, new, old))
    return found(
        Kind.POSITION_QUANTITY,
        f"the account holds {has:f} {name} where {have:f} are booked{_why(state, name, has - have)}",
        *_trade(state, name, has - have, price),
    )


def ratio_of(
    have: Decimal, has: Decimal, entry: Decimal | None, price: Decimal | None
) -> tuple[Decimal, Decimal] | None:
    """The split (new, old) that makes `has` of `have` and the average price the inverse, or None."""
    if not have or not has or entry is None or price is None or price <= 0:
        return None
    for new, old in _RATIOS:
        if has * old == have * new and abs(price * new / old - entry) <= entry * _NEAR:
            return new, old
    return None


def _entry(state: State, name: str) -> Decimal | None:
    """The average price of all that is booked, None where it is flat or its cost says nothing."""
    qty = cost = ZERO
    for one in state.positions.values():
        if one.instrument == name and not one.inverse:
            qty += one.qty * one.multiplier
            cost += one.cost
    return cost / qty if qty and cost / qty > 0 else None


def _why(state: State, name: str, gap: Decimal) -> str:
    """What may explain a gap: an order in doubt, a trade that was set aside."""
    told = [
        f"{order.id}, which is in doubt, may have filled"
        for order in state.orders.values()
        if order.instrument == name
        and order.doubt is not None
        and order.side.sign * gap > 0
        and order.leaves >= abs(gap)
    ]
    told += [
        f"trade {one.exec_id} was set aside"
        for one in state.health.reconciliation.quarantine
        if one.instrument == name and one.qty * Side(one.side).sign == gap
    ]
    return f"; {', or '.join(told)}" if told else "; no order and no trade explains it"


def _at(state: State, name: str, gap: Decimal, price: Decimal | None) -> Decimal | None:
    """What a gap is booked at [quote currency]: so that the venue's average `price` comes out where it adds to what is
    held, else that, the last price or our average.

    A hedging account has an average a leg, and a gap that is not told by leg.
    """
    have, entry, mark = held(state, name), _entry(state, name), state.marks.get(name)
    if price and entry is not None and have * gap > 0 and not state.account.hedging:
        at = price_of_rest(price, have + gap, entry * have, gap)
        if at > 0:
            return at
    return price or (exact(mark.last) if mark is not None else entry)


def _trade(state: State, name: str, gap: Decimal, price: Decimal | None) -> tuple[Fact, ...]:
    """The trade that would explain a gap, booked for EXTERNAL: nobody here has sent it."""
    at = _at(state, name, gap, price)
    if at is None:
        return ()
    side = Side.BUY if gap > 0 else Side.SELL
    have = held(state, name)
    exec_id = f"{SYNTHETIC}{name}:{have:f}-{have + gap:f}@{state.fills[-1].seq if state.fills else 0}"
    fill = OrderFilled(
        external_id(name), name, EXTERNAL, state.session.account, exec_id, side, abs(gap), at, ZERO,
        currency_of(state, name), "synthetic",
    )  # fmt: skip
    return (fill,)
