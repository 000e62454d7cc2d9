"""What must hold between a session and its venue, whatever went wrong on the way: each law with its verdict.

Pure. It compares a state with what the venue knows, and knows neither of the two's makers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from tradekit.model.doubt import EXTERNAL
from tradekit.model.money import ZERO
from tradekit.state.shape import State
from tradekit.trading.matching import LEG
from tradekit.trading.reconcile.cash import owned
from tradekit.trading.reconcile.positions import held

__all__ = ["AtVenueNow", "Verdict", "verdicts"]


class Verdict(msgspec.Struct, frozen=True):
    """Whether a law held; `detail` says what broke it."""

    law: str
    held: bool
    detail: str = ""


class AtVenueNow(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue knows, by our names.

    sent      what was handed to it, orders and their legs, with the time [UTC ns], oldest first
    working   our orders, and their legs, that are in its book
    traded    what has filled of each of our orders [base units]
    busted    whether it has cancelled trades: then an order may have filled less than it was told
    positions, cash  what the account holds, by instrument and by currency
    """

    sent: list[tuple[str, int]]
    working: list[str]
    traded: dict[str, Decimal]
    busted: bool
    positions: dict[str, Decimal]
    cash: dict[str, Decimal]


def verdicts(
    state: State, venue: AtVenueNow, *, killed_at: int | None = None, tolerance: Decimal = Decimal("0.01")
) -> list[Verdict]:
    """Every law, once the line is good again and the books have been compared.

    killed_at  when the kill switch was thrown [UTC ns]; tolerance is for cash, in its currency
    """
    books = state.health.reconciliation
    late = [] if killed_at is None else [name for name, at in venue.sent if at > killed_at]
    ours = {name: one for name, one in state.orders.items() if one.strategy != EXTERNAL}
    doubts = [name for name, one in ours.items() if one.doubt is not None or one.told is not None]
    filled = {name: one.filled for name, one in ours.items() if one.filled}
    traded = {name: qty for name, qty in venue.traded.items() if name in ours}
    # a changed order of somebody else's has a leg of ours
    there = [name.partition(LEG)[0] for name in venue.working]
    known = {name: one for name, one in state.orders.items() if name in ours or name in there}
    working = {name for name, one in known.items() if one.working and one.venue_id}
    names = {*venue.positions, *(one.instrument for one in state.positions.values())}
    held_here = {name: held(state, name) for name in names}
    cash = owned(state)
    return [
        _law("an order was sent once at most", _twice(name for name, _ in venue.sent)),
        _law("an intent has one live order at the venue at most", _twice(there)),
        _law("nothing was sent after the kill switch", late),
        _law("no order is in doubt", doubts),
        _law(
            "the books were compared, and agree", [] if books.status == "green" else [books.status or "never"]
        ),
        _law("our working orders are the venue's", sorted(working ^ set(there))),
        _law("no fill was lost or counted twice", [] if venue.busted else _unlike(filled, traded)),
        _law("our positions are the venue's", _unlike(held_here, venue.positions)),
        _law("our cash is the venue's", _unlike(cash, venue.cash, tolerance)),
    ]


def _law(law: str, broken: Iterable[str]) -> Verdict:
    told = list(broken)
    return Verdict(law, not told, ", ".join(told))


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _unlike(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal], by: Decimal = ZERO) -> list[str]:
    pairs = {name: (ours.get(name, ZERO), theirs.get(name, ZERO)) for name in {**ours, **theirs}}
    return [f"{name}: {a:f} here, {b:f} there" for name, (a, b) in pairs.items() if abs(a - b) > by]
