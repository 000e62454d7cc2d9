"""What becomes of differences: told once they are old enough, accepted where the policy says so, held against us else.

Pure. It proposes facts for our books; nothing is ever traded to repair a difference.
"""

from collections.abc import Iterable, Mapping

import msgspec

from tradekit.core.codec import decode_fact
from tradekit.core.event import Fact, Unknown
from tradekit.errors import TradekitError
from tradekit.model.money import ZERO
from tradekit.model.reconciliation import (
    AlertRaised,
    DifferenceFound,
    DifferenceResolved,
    HoldChanged,
    Proposal,
    ReconciliationCompleted,
)
from tradekit.state.seen import Difference, Reconciliation
from tradekit.state.shape import State
from tradekit.trading.reconcile.books import Books, Found, Kind, Practice, proposals
from tradekit.trading.reconcile.cash import owned
from tradekit.trading.reconcile.compare import covered
from tradekit.trading.reconcile.positions import held

__all__ = [
    "ACTION",
    "BY",
    "completed",
    "facts_from",
    "noted",
    "overdue",
    "released",
    "resolution",
    "unsettled",
]

BY = "reconciliation"  # what holds an instrument back while its books disagree
ACTION = "corporate action"


def noted(state: State, found: Iterable[Found], books: Books, practice: Practice) -> list[Fact]:
    """What is new, old enough to be told, accepted, or gone among the differences that the books could show."""
    facts: list[Fact] = []
    ids = set()
    for one in found:
        ids.add(one.id)
        facts += _noted(state.health.reconciliation.differences.get(one.id), one, books.at, practice)
    for known in state.health.reconciliation.differences.values():
        if known.id not in ids and covered(known.kind, books):
            facts.append(DifferenceResolved(known.id, known.instrument, "gone"))
            facts += released(state, known)
    return facts


def _noted(known: Difference | None, one: Found, now: int, practice: Practice) -> list[Fact]:
    same = known is not None and (known.ours, known.theirs) == (one.ours, one.theirs)
    if known is not None and known.refused and same:
        return []
    fresh = known is None or bool(known.refused)
    old = not fresh and known is not None and now - known.since >= practice.tolerance
    told = DifferenceFound(
        one.id, one.kind, one.instrument, one.ours, one.theirs, one.text, proposals(one.proposed), old
    )
    if known is None or fresh or not old:
        return [] if same and not fresh else [told]
    settles = practice.accepts(one.kind) and bool(one.proposed)
    if known.reported and not settles:
        return [] if same else [told]
    facts: list[Fact] = (
        [] if known.reported else [AlertRaised("difference", one.text, one.instrument, one.id)]
    )
    if settles:
        if any(isinstance(fact, AlertRaised) for fact in one.proposed):
            facts = []  # what is accepted says so itself
        return [*facts, *one.proposed, DifferenceResolved(one.id, one.instrument, "accepted", "policy")]
    facts.append(told)
    if one.kind is Kind.POSITION_RATIO:
        facts.append(HoldChanged(one.instrument, ACTION, one.text))
    return facts


def overdue(state: State, now: int, practice: Practice) -> list[Fact]:
    """What is told without the look that would have explained it, for that has failed: nothing of it is accepted yet.

    So are trades that an order's count shows and nobody has told.
    """
    facts: list[Fact] = []
    for known in state.health.reconciliation.open:
        if known.reported or now - known.since < practice.tolerance:
            continue
        facts += [
            AlertRaised("difference", known.text, known.instrument, known.id),
            DifferenceFound(
                known.id,
                known.kind,
                known.instrument,
                known.ours,
                known.theirs,
                known.text,
                known.proposed,
                True,
            ),
        ]
        if known.kind is Kind.POSITION_RATIO:
            facts.append(HoldChanged(known.instrument, ACTION, known.text))
    told = {(alert.kind, alert.order) for alert in state.health.alerts}
    for order in state.orders.values():
        if order.told is None or now - order.updated < practice.tolerance or ("difference", order.id) in told:
            continue
        if f"{Kind.FILL_UNEXPLAINED}:{order.id}" not in state.health.reconciliation.differences:
            text = (
                f"the venue counts {order.told:f} of {order.id} as filled, its reports add up to {order.filled:f}, "
                f"and its executions could not be read"
            )
            facts.append(AlertRaised("difference", text, order.instrument, order.id))
    return facts


def released(state: State, gone: Difference) -> list[Fact]:
    """The holds that end with a difference, where it is the last one of its instrument."""
    others = [
        one
        for one in state.health.reconciliation.open
        if one.instrument == gone.instrument and one.id != gone.id
    ]
    held = state.risk.holds.get(gone.instrument, {})
    if others:
        return []
    return [HoldChanged(gone.instrument, by, "") for by in (BY, ACTION) if by in held]


def completed(state: State, failed: Mapping[str, str], practice: Practice) -> list[Fact]:
    """The end of a round, and the holds that come with too many that failed or that a difference has outlived."""
    kept = state.health.reconciliation
    facts: list[Fact] = [ReconciliationCompleted(not failed, dict(failed), len(kept.open))]
    held = state.risk.holds.get("*", {})
    if not failed and BY in held:
        facts.append(HoldChanged("*", BY, ""))
    elif failed and kept.failed + 1 >= practice.rounds and BY not in held:
        text = f"{kept.failed + 1} rounds of reconciliation failed: " + "; ".join(
            f"{book}: {why}" for book, why in failed.items()
        )
        facts += [HoldChanged("*", BY, text), AlertRaised("hold", text)]
    for one in kept.open:
        lasting = one.rounds + 1 >= practice.rounds and one.instrument
        if lasting and BY not in state.risk.holds.get(one.instrument, {}):
            text = f"unresolved for {one.rounds + 1} rounds: {one.text}"
            facts += [
                HoldChanged(one.instrument, BY, text),
                AlertRaised("hold", text, one.instrument, one.id),
            ]
    return facts


def resolution(state: State, known: Difference, *, accept: bool, user: str) -> list[Fact]:
    """What a human's word on a difference comes to; raises TradekitError where it is too late, or nothing to accept."""
    if not accept:
        return [DifferenceResolved(known.id, known.instrument, "refused", user), *released(state, known)]
    facts = facts_from(known.proposed)
    if not facts:
        raise TradekitError(
            f"{known.id} proposes nothing that could be accepted: mend it at the venue, or refuse it"
        )
    now = ours(state, known)
    if now not in ("", known.ours):
        raise TradekitError(
            f"{known.id}: our books have moved from {known.ours} to {now} since; reconcile again"
        )
    return [*facts, DifferenceResolved(known.id, known.instrument, "accepted", user), *released(state, known)]


def ours(state: State, known: Difference) -> str:
    """What our books say now of a position or of cash; "" for a difference of another kind."""
    if known.kind == Kind.CASH:
        return f"{owned(state).get(known.id.removeprefix(f'{known.kind}:'), ZERO):f}"
    if known.kind.startswith("position."):
        return f"{held(state, known.instrument):f}"
    return ""


def unsettled(books: Reconciliation) -> str:
    """Why a session's books are not settled, in words."""
    if books.status == "failed":
        return "the venue's books could not be read: " + "; ".join(
            f"{b}: {why}" for b, why in books.reasons.items()
        )
    if books.status == "due":
        return "the venue's books have not been compared since the start"
    return "the venue's books say otherwise: " + "; ".join(one.text for one in books.open)


def facts_from(kept: Iterable[Proposal]) -> list[Fact]:
    """The facts that a journal holds as proposals; raises TradekitError for one that is not known here."""
    facts = []
    for one in kept:
        fact = decode_fact(one.type, one.v, msgspec.json.encode(one.data))
        if isinstance(fact, Unknown):
            raise TradekitError(f"the proposal {one.type} v{one.v} is not known to this program")
        facts.append(fact)
    return facts
