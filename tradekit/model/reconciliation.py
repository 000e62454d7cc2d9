"""Facts of the link to a venue and of the comparison of its books with ours: differences, holds, alerts.

Knows no venue and no query; what is compared with what is `tradekit.trading.reconcile`'s.
"""

from typing import Any

import msgspec

from tradekit.core.event import Fact, fact

__all__ = [
    "AlertRaised",
    "DifferenceFound",
    "DifferenceResolved",
    "HoldChanged",
    "LinkChanged",
    "Proposal",
    "ReconciliationCompleted",
]


class Proposal(msgspec.Struct, frozen=True):
    """A fact that would settle a difference: its type tag, version and fields."""

    type: str
    v: int
    data: dict[str, Any]


@fact("link.changed", critical=True)
class LinkChanged(Fact, frozen=True, gc=False):
    """The connection to the venue came or went. While it is away nothing that adds risk goes out."""

    up: bool
    reason: str = ""


@fact("reconciliation.completed", critical=True)
class ReconciliationCompleted(Fact, frozen=True, gc=False):
    """A round of comparison is over.

    ok      whether every book that the venue keeps was answered and could be read
    failed  the books that were not, each with the reason
    differences  how many are open after it
    """

    ok: bool
    failed: dict[str, str]
    differences: int


@fact("difference.found", critical=True)
class DifferenceFound(Fact, frozen=True, gc=False):
    """The venue's books and ours say different things.

    id         kind and subject: the same difference has the same id in every round
    kind       what sort it is ("position.quantity"), which decides who may accept it
    ours, theirs  both values in words
    text       what it is, and how it may have come about
    proposed   the facts that would make our books agree; none where only a human can say
    reported   whether it has outlived the tolerance, so that it is no report on its way
    """

    id: str
    kind: str
    instrument: str
    ours: str
    theirs: str
    text: str
    proposed: tuple[Proposal, ...] = ()
    reported: bool = False

    @property
    def key(self) -> str:
        """The instrument, or "" for one of the account's cash."""
        return self.instrument


@fact("difference.resolved", critical=True)
class DifferenceResolved(Fact, frozen=True, gc=False):
    """A difference is settled: gone by itself, accepted (its proposed facts follow or precede it), or refused.

    how  "gone", "accepted" or "refused"; a refused one is not told again while both values stay as they are
    """

    id: str
    instrument: str
    how: str
    user: str = ""

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("hold.changed", critical=True)
class HoldChanged(Fact, frozen=True, gc=False):
    """An instrument (or "*": all of them) takes only orders that reduce a position, or takes all again.

    by      what holds it back; several may at a time
    reason  in words; "" ends it
    """

    instrument: str
    by: str
    reason: str

    @property
    def key(self) -> str:
        """The instrument."""
        return "all" if self.instrument == "*" else self.instrument


@fact("alert.raised", critical=True)
class AlertRaised(Fact, frozen=True, gc=False):
    """Something that a human should know of.

    kind   one word for filters ("late_fill", "quarantine", "unknown", "difference")
    order  the order's id, "" where it is about none
    """

    kind: str
    text: str
    instrument: str = ""
    order: str = ""

    @property
    def key(self) -> str:
        """The kind: `alert.raised.late_fill`."""
        return self.kind
