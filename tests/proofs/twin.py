"""The session that was never killed, and how a killed one is held against it.

A twin takes the same bars through the same parts in one go, and keeps what it remembered and had at work after each
group of events. What a restart gives must be one of these moments: the one that the journal's length names.
"""

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.sessions import Project
from tradekit.config.load import load_config
from tradekit.core.clock import SystemClock
from tradekit.core.event import Event
from tradekit.core.open import open_journal
from tradekit.core.verify import verify_file
from tradekit.model.order import OrderAccepted, OrderRejected, OrderSubmitted
from tradekit.report.executions import executions
from tradekit.report.trades import Trade, round_trips
from tradekit.run.timeline import merged
from tradekit.state.shape import fingerprint
from tradekit.strategy.base import Strategy
from tradekit.wiring.build import Parts, build
from tradekit.wiring.journals import fold_until

SHELL = (
    "session.",
    "feed.",
    "command.",
    "reconciliation.",
)  # of a process's start and stop


def trading(events: Iterable[Event]) -> list[Event]:
    """The events that bars and orders lead to, without those of the shell around them."""
    return [event for event in events if not event.type.startswith(SHELL)]


def told(events: Iterable[Event]) -> list[tuple[Any, ...]]:
    """The trading events, numbered as if there were no others: number, ts, type, v, cause, key, data."""
    numbers = {0: 0}
    found = []
    for number, event in enumerate(trading(events), start=1):
        numbers[event.seq] = number
        cause = numbers.get(event.cause, 0)  # 0 too where a session's opening is the cause
        found.append((number, event.ts, event.type, event.v, cause, event.key, event.data))
    return found


@dataclass(frozen=True)
class Moment:
    """The strategy's memory and the venue's book, as hashes."""

    memory: str
    book: str

    @classmethod
    def of(cls, parts: Parts) -> "Moment":
        book = {
            name: (order.leaves, order.held)
            for name, order in parts.execution.cycle.venue._exchange.book.items()
        }
        return cls(_hash(memory(parts.execution.engine.strategy)), _hash(book))


@dataclass
class Twin:
    """Moments by the number of trading events before them, and all events."""

    moments: dict[int, Moment] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    @classmethod
    def of(cls, project: Project) -> "Twin":
        """Run the project's configuration to the end of its bars, without a journal."""
        parts = build(
            load_config(project.config, overrides={"event_bus.persist_events": False}), clock=SystemClock()
        )
        twin = cls()
        cycle, start = parts.execution.cycle, int(parts.columns[0].ts[0])
        try:
            twin._settle(parts, cycle.take(parts.opened, start))
            for ts, bar in merged(parts.columns):
                twin._settle(parts, cycle.take(bar, ts))
        finally:
            parts.journal.close()
        return twin

    def _settle(self, parts: Parts, group: list[Event]) -> None:
        while group:
            self.events += trading(group)
            self.moments[len(self.events)] = Moment.of(parts)
            reports = parts.execution.cycle.act(group)
            group = parts.execution.cycle.report(reports) if reports else []


def check_restored(project: Project, twin: Twin, copy: Path) -> int:
    """Restore a copy of what a killed session left, and hold it against the journal and the twin; the last seq."""
    verdict = verify_file(project.journal)
    assert verdict.ok, verdict.problems
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project.root / "logs", copy / "logs")
    if (project.root / "data").exists():
        shutil.copytree(project.root / "data", copy / "data")
    places = {
        "event_bus.event_log_file": str(copy / "logs" / project.journal.name),
        "state_store.snapshot_dir": str(copy / "data" / "state"),
    }
    parts = build(load_config(project.config, overrides=places), clock=SystemClock())
    try:
        events = list(parts.journal.events())
        state = parts.execution.engine.state
        folded = fold_until(parts.journal, len(events))
        assert fingerprint(state) == parts.store.hash() == fingerprint(folded)
        assert parts.execution.engine.doubt == ""
        working = {order.id for order in state.orders.values() if order.working}
        assert working == {*parts.execution.cycle.venue._exchange.book, *_unanswered(events)}
        if events:
            done = trading(events)
            assert len(done) in twin.moments, f"the journal ends in the middle of a step, at #{len(events)}"
            assert Moment.of(parts) == twin.moments[len(done)], f"another memory or book at #{len(events)}"
        return len(events)
    finally:
        parts.journal.close()


def _unanswered(events: Iterable[Event]) -> set[str]:
    """Orders that were sent and to which no answer is journaled."""
    waiting: set[str] = set()
    for event in events:
        if isinstance(event.data, OrderSubmitted):
            waiting.add(event.data.id)
        elif isinstance(event.data, OrderAccepted | OrderRejected):
            waiting.discard(event.data.id)
    return waiting


def check_kept(project: Project, seen: dict[int, bytes]) -> None:
    """Everything that a client was told is in the journal, byte for byte."""
    with open_journal(project.journal) as journal:
        kept = dict(journal.payloads())
    assert {seq: kept.get(seq) for seq in seen} == seen


def trades(events: Iterable[Event]) -> list[Trade]:
    """The round trips of the fills among events."""
    return round_trips(executions(events))


def memory(strategy: Strategy) -> dict[str, Any]:
    """What a strategy knows: its attributes, indicators laid open."""
    return {name: _plain(value) for name, value in sorted(vars(strategy).items()) if not _is_kit(name)}


def _is_kit(name: str) -> bool:
    return name.startswith("_")  # param's and the engine's own


def _plain(value: Any) -> Any:
    if type(value).__module__.startswith("tradekit.indicators"):
        slots = [slot for cls in type(value).__mro__ for slot in getattr(cls, "__slots__", ())]
        return {slot: _plain(getattr(value, slot)) for slot in slots if hasattr(value, slot)}
    return value


def _hash(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def same(one: Sequence[Any], other: Sequence[Any]) -> None:
    """Equal, or the first place where they are not."""
    for n, (a, b) in enumerate(zip(one, other, strict=False)):
        assert a == b, f"different at {n}"
    assert len(one) == len(other)
