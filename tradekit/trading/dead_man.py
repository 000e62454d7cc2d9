"""The dead man's rules: a silent feed, nobody watching, or books not compared for too long, and what is done then.

Pure: it looks at the state and the time, and says what happens as holds, alerts and commands, which are journaled like
anybody's. Knows no timer, no client and no venue.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from tradekit.core.event import Fact
from tradekit.model.reconciliation import AlertRaised, HoldChanged
from tradekit.model.session import CommandReceived, Mode
from tradekit.state.shape import State

__all__ = ["NEVER", "USER", "DeadMan", "Rule", "Then", "due", "held_by", "kept_back", "next_due", "over"]

USER = "dead man"  # who gives the commands, and what holds an instrument back
NEVER = 1 << 62  # a moment that does not come [UTC ns]
_SECOND = 1_000_000_000
_AGREE = ("", "green")


class Then(StrEnum):
    """What is done: each does what the one before it does, too."""

    REDUCE_ONLY = "reduce_only"  # hold back what adds risk, until the cause is over
    CANCEL = "cancel"  # halt, and end every working order; only a human arms again
    FLATTEN = "flatten"  # halt, end every working order, leave every position at the market


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: how long is too long [s], and what is done then."""

    after_s: float
    then: Then = Then.REDUCE_ONLY


class DeadMan(msgspec.Struct, frozen=True, kw_only=True):
    """The rules; None is off.

    feed            nothing was told of an instrument whose market is open
    clients         no client (dashboard, notebook) was connected
    reconciliation  no comparison of the books had all its answers
    """

    feed: Rule | None = None
    clients: Rule | None = None
    reconciliation: Rule | None = None


class _Watched(msgspec.Struct, frozen=True):
    """What a rule looks at: its last sign of life [UTC ns], about which instrument ("*": all), in words."""

    name: str
    rule: Rule
    instrument: str
    last: int
    text: str

    @property
    def by(self) -> str:
        """What an instrument is held back by."""
        return f"{USER}: {self.name}"

    @property
    def moment(self) -> int:
        """When it has been too long [UTC ns]."""
        return self.last + int(self.rule.after_s * _SECOND)


def next_due(state: State, rules: DeadMan) -> int:
    """When a rule that has not tripped yet will have, if nothing is told before [UTC ns]."""
    return min((one.moment for one in _watched(state, rules) if not _tripped(state, one)), default=NEVER)


def due(state: State, rules: DeadMan, now: int) -> list[Fact]:
    """What follows at `now` [UTC ns] from each rule that has just been broken; once, until its cause is over."""
    facts: list[Fact] = []
    for one in _watched(state, rules):
        if one.moment > now or _tripped(state, one):
            continue
        reason = f"{one.text} for {(now - one.last) / _SECOND:.0f} s ({one.rule.after_s:g} s are allowed)"
        about = "" if one.instrument == "*" else one.instrument
        facts.append(HoldChanged(one.instrument, one.by, reason))
        facts.append(AlertRaised("dead_man", f"{reason}: {_WORDS[one.rule.then]}", about))
        facts += _commands(state, one, reason, now)
    return facts


def over(state: State, rules: DeadMan, now: int) -> list[Fact]:
    """What ends at `now`: holds whose cause is over, once the books agree. A halt stays until a human arms."""
    facts: list[Fact] = []
    if not held_by(state):
        return facts
    agree = state.health.reconciliation.status in _AGREE
    watched = {(one.instrument, one.by): one for one in _watched(state, rules)}
    for instrument, by in held_by(state):
        known = watched.get((instrument, by))
        if known is None or (known.moment > now and agree):
            facts.append(HoldChanged(instrument, by, ""))
            facts.append(AlertRaised("dead_man", f"{by.removeprefix(f'{USER}: ')}: all is well again"))
    return facts


def held_by(state: State) -> list[tuple[str, str]]:
    """The holds of these rules: instrument and rule."""
    holds = state.risk.holds
    return [(name, by) for name, reasons in holds.items() for by in reasons if by.startswith(USER)]


def kept_back(state: State, instrument: str) -> str:
    """Why an order that adds risk, and was wished for before, does not go out any more, or ""."""
    risk = state.risk
    if not risk.armed:
        return f"not armed: {risk.reason or 'the session was disarmed before it was sent'}"
    if risk.halted:
        return f"halted: {risk.reason or 'the session was halted before it was sent'}"
    held = {name: risk.holds[name][by] for name, by in held_by(state)}
    return held.get("*", "") or held.get(instrument, "")


# --- pieces -------------------------------------------------------------------------------------------------

_WORDS = {
    Then.REDUCE_ONLY: "only orders that make a position smaller go out",
    Then.CANCEL: "halted, and all working orders are canceled",
    Then.FLATTEN: "halted, all working orders are canceled and positions are left",
}


def _commands(state: State, one: _Watched, reason: str, now: int) -> Iterator[Fact]:
    """What a human would tell the session to do; nothing beyond the hold after the kill switch."""
    if one.rule.then is Then.REDUCE_ONLY or state.risk.killed:
        return
    name = f"{USER} {one.name} {one.instrument} {now}"
    if not state.risk.halted:
        yield CommandReceived(f"{name} halt", "halt", {"reason": reason}, USER)
    action = "cancel_all" if one.rule.then is Then.CANCEL else "flatten"
    args = {} if one.instrument == "*" else {"instrument": one.instrument}
    yield CommandReceived(f"{name} {action}", action, args, USER)


def _tripped(state: State, one: _Watched) -> bool:
    return one.by in state.risk.holds.get(one.instrument, ())


def _watched(state: State, rules: DeadMan) -> Iterator[_Watched]:
    session, health = state.session, state.health
    if rules.feed is not None:
        yield from _feeds(state, rules.feed)
    attended = health.attendance
    if rules.clients is not None and not attended.clients:
        since = max(session.opened, attended.since)
        yield _Watched("clients", rules.clients, "*", since, "no client was connected")
    if rules.reconciliation is not None and health.reconciliation.status:
        done = max(session.opened, health.reconciliation.done)
        yield _Watched("reconciliation", rules.reconciliation, "*", done, "the books were not compared")


def _feeds(state: State, rule: Rule) -> Iterator[_Watched]:
    """Every instrument that something should be heard of: a feed runs, and its market is open.

    Recorded data comes to an end; what comes from a venue does not, so that its end is silence.
    """
    live = state.session.mode is Mode.LIVE
    running = [one.since for one in state.health.feeds.values() if live or one.status == "running"]
    if not running:
        return
    began = max(state.session.opened, min(running))
    for name, spec in state.instruments.items():
        opens = 0
        if spec.calendar != "24/7":
            market = state.markets.get(spec.calendar)
            if market is None or not market.open:
                continue
            opens = market.opens
        mark = state.marks.get(name)
        last = max(began, opens, 0 if mark is None else mark.ts)
        yield _Watched("feed", rule, name, last, f"nothing was told of {name}")
