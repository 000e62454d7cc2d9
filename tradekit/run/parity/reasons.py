"""The reason that an order itself gives for having gone another way than its twin, where it gives one.

Knows orders' lives and no other difference: what follows from an earlier one is `explain`'s.
"""

import msgspec

from tradekit.model.doubt import EXTERNAL
from tradekit.report.words import plain
from tradekit.run.parity.lives import Change, Deal
from tradekit.run.parity.split import Parts
from tradekit.run.parity.told import price_of, said_by

__all__ = ["Reason", "apart_at", "changed", "only_here", "otherwise"]

_GATE = ("halted: ", "kill switch: ")  # how the gate's words begin
_POWER = {
    "armed": "the session was not armed",
    "halted": "the session was halted",
    "killed": "the kill switch was on",
}
_CATCHING_UP = ("feed: the past is caught up with", "feed: no price since the start")


class Reason(msgspec.Struct, frozen=True):
    """A kind, why in words, and the event of the difference that it follows from (0: from none).

    follows  whether it may follow from an earlier difference: a limit refuses what another position would have allowed
    """

    kind: str
    why: str
    after: int = 0
    follows: bool = False

    def then(self, cause: "Reason") -> "Reason":
        """The same reason, as what follows from `cause`."""
        if not cause.after:
            return self
        return msgspec.structs.replace(self, why=f"{self.why}; {cause.why}", after=cause.after)


def only_here(deal: Deal) -> Reason | None:
    """Why the session has an order that its backtest has not."""
    if deal.strategy == EXTERNAL:
        return Reason("external", deal.reason or "it was not sent here")
    if deal.root[:1] == ("command",) and deal.root[1] != "set_param":
        return Reason("command", said_by(deal.root))
    if deal.root[:1] in (("reconciliation.completed",), ("difference.resolved",)) or (
        deal.root == ("order", deal.id) and deal.fills and deal.fills[0].seq == deal.seq
    ):
        return Reason("external", "it was booked from the venue's books")
    refused = None if deal.denied is None else _refused(deal.denied)
    return refused if refused is not None and not refused.follows else None


def changed(ours: Deal, theirs: Deal) -> Change | None:
    """The first change that was wished for of one of them alone, or otherwise; None where there is none."""
    for n, terms in enumerate(ours.changes):
        if n >= len(theirs.asked) or theirs.asked[n].terms != terms:
            return ours.asked[n]
    return theirs.asked[len(ours.asked)] if len(theirs.asked) > len(ours.asked) else None


def apart_at(ours: Deal, theirs: Deal) -> int:
    """The place at which the two were first wished otherwise."""
    change = None if ours.terms != theirs.terms else changed(ours, theirs)
    if change is not None:
        return change.place
    if ours.terms == theirs.terms and ours.ended != theirs.ended:
        return ours.ended_place or theirs.ended_place
    return ours.place


def otherwise(ours: Deal, theirs: Deal, parts: Parts, *, last: int) -> Reason | None:
    """Why an order went another way than its twin; None where the two were not the same order to begin with.

    last  the place of the instrument's last bar
    """
    if ours.denied is not None and ours.denied[0] != (theirs.denied or ("",))[0]:
        return _refused(ours.denied)
    if ours.end == "rejected" and theirs.end != "rejected":
        gate = ours.note.startswith(_GATE)
        return Reason(
            "refused" if gate else "rejected", f"{'the gate' if gate else 'the venue'} said: {ours.note}"
        )
    if theirs.denied is not None or ours.terms != theirs.terms:
        return None
    change = changed(ours, theirs)
    if change is not None:
        return Reason("command", said_by(change.root)) if change.root[:1] == ("command",) else None
    if ours.end in ("canceled", "expired") and (ours.end, ours.ended) != (theirs.end, theirs.ended):
        if ours.ended is not None and ours.ended[:1] == ("command",):
            return Reason("command", said_by(ours.ended))
        if ours.ended is None and parts.more < 0:
            return Reason("canceled", f"the venue {ours.end} it: {ours.note}")
        if ours.ended != theirs.ended:
            return None
    if theirs.end in ("canceled", "expired") and not ours.end and ours.filled < ours.qty:
        return Reason("canceled", "the venue has not ended it") if ours.ended == theirs.ended else None
    if ours.end == "given up":
        return Reason("unknown", ours.note)
    if not parts.more:
        return None
    if ours.doubt and parts.more < 0 and not ours.end:
        return Reason("unknown", ours.doubt)
    if ours.fills and theirs.fills:
        return Reason("partial", f"{plain(ours.filled)} filled here, {plain(theirs.filled)} in the backtest")
    if parts.more < 0:
        return Reason("missed fill", f"the simulated exchange fills it at {price_of(theirs)}")
    if not theirs.end and theirs.place >= last:
        return Reason("end of record", "no bar follows that it could fill at")
    return Reason("extra fill", "no price of the backtest reaches it")


def _refused(denied: tuple[str, str, str]) -> Reason:
    rule, bound, value = denied
    if rule == "hold" and value.startswith(_CATCHING_UP):
        return Reason("restart gap", value)
    if rule in _POWER:
        return Reason("refused", f"{_POWER[rule]}: {value}")
    told = f"{rule}: {value}" + (f" against {bound}" if bound else "")
    return Reason("refused", told, follows=rule not in ("hold", "pause"))
