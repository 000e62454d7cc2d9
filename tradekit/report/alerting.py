"""Facts that a human should know of at once: each as one message, with its grade. docs/alerts.md has the table.

Pure: knows facts and words, neither a channel nor who is told.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from tradekit.core.event import Event
from tradekit.model.account import MarginCalled
from tradekit.model.market import FeedEnded, TradingHalted, TradingResumed
from tradekit.model.order import OrderDenied, OrderRejected
from tradekit.model.reconciliation import AlertRaised, LinkChanged
from tradekit.model.session import HandlerFailed, RiskChanged, SessionClosed, SessionOpened, StrategyFailed
from tradekit.report.words import plain

__all__ = ["TYPES", "Alert", "AlertGrade", "alert_of"]


class AlertGrade(StrEnum):
    """How much a message matters, rising."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place in the order."""
        return list(AlertGrade).index(self)


INFO, WARNING, CRITICAL = AlertGrade


class Alert(msgspec.Struct, frozen=True):
    """A message: when [UTC ns], the event behind it (0 for none), its grade, one word for it, and a sentence."""

    ts: int
    seq: int
    grade: AlertGrade
    kind: str
    text: str


# What an alert.raised of these kinds is worth; any other is a warning.
_RAISED = {
    **dict.fromkeys((
        "dead_man", "difference", "emergency", "given_up", "hold", "link", "quarantine", "revived", "turned",
        "unprotected",
    ), CRITICAL),
    "drill": INFO,
}  # fmt: skip
_MACHINES = frozenset(
    {"dead man", "engine", "order management", "reconciliation", "risk", "start", "watchdog"}
)


def alert_of(event: Event) -> Alert | None:
    """The message that a fact is worth, or None: whatever `TYPES` does not name, and what another fact tells better."""
    write = _WRITERS.get(type(event.data))
    told = None if write is None else write(event.data)
    if told is None:
        return None
    grade, kind, text = told
    return Alert(event.ts, event.seq, grade, kind, text)


Told = tuple[AlertGrade, str, str]


def _raised(data: AlertRaised) -> Told:
    return _RAISED.get(data.kind, WARNING), data.kind, data.text


def _risk(data: RiskChanged) -> Told:
    """Who may trade has changed; by the program itself it is worth more than by a human, who knows."""
    by_itself = data.user in _MACHINES
    told = f"by {data.user}"
    if data.reason and not data.reason.endswith(f"ed {told}"):  # one that was given none says just this
        told = f"{told}: {data.reason}"
    if data.killed:
        return CRITICAL, "killed", f"killed {told}"
    if data.halted:
        return CRITICAL if by_itself else WARNING, "halted", f"halted {told}"
    if data.armed:
        return INFO, "armed", f"armed {told}"
    return WARNING if by_itself else INFO, "disarmed", f"disarmed {told}"


def _opened(data: SessionOpened) -> Told:
    return INFO, "started", f"started with {data.strategy_class.partition(':')[2]}, account {data.account}"


def _denied(data: OrderDenied) -> Told:
    said = f"{data.side.value} {plain(data.qty)} {data.instrument} refused by our rule {data.rule}"
    limit = f" against a limit of {data.bound}" if data.bound else ""
    return INFO, "denied", f"{said}: {data.value}{limit}"


def _link(data: LinkChanged) -> Told | None:
    """That it was lost is an alert of its own."""
    return (WARNING, "link", "the link to the venue is up") if data.up else None


def _trading(data: TradingHalted) -> Told:
    return (
        WARNING,
        "trading",
        f"the venue has halted {data.instrument}" + (f": {data.reason}" if data.reason else ""),
    )


def _margin(data: MarginCalled) -> Told:
    told = f"equity {plain(data.equity)} is below the maintenance margin {plain(data.maintenance)}"
    return CRITICAL, "margin_call", told + (f": {data.note}" if data.note else "")


_WRITERS: dict[Any, Callable[[Any], Told | None]] = {
    AlertRaised: _raised,
    RiskChanged: _risk,
    SessionOpened: _opened,
    SessionClosed: lambda data: (WARNING, "stopped", f"stopped: {data.reason}"),
    StrategyFailed: lambda data: (
        CRITICAL,
        "strategy",
        f"{data.strategy} failed in {data.where}: {data.error}",
    ),
    HandlerFailed: lambda data: (
        WARNING,
        "handler",
        f"{data.handler} failed on {data.subject}: {data.error}",
    ),
    OrderRejected: lambda data: (
        WARNING,
        "rejected",
        f"the venue refused {data.id} ({data.instrument}): {data.reason}",
    ),
    OrderDenied: _denied,
    LinkChanged: _link,
    FeedEnded: lambda data: (WARNING, "feed", f"feed {data.feed} has ended: {data.reason}"),
    TradingHalted: _trading,
    TradingResumed: lambda data: (INFO, "trading", f"the venue trades {data.instrument} again"),
    MarginCalled: _margin,
}
TYPES: tuple[str, ...] = tuple(sorted(one.TYPE for one in _WRITERS))
