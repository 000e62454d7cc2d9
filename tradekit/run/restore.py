"""Restart: the journaled inputs go through the engine again; what comes out is compared with the journal, never sent.

So the strategy's memory, the paper venue's book and the feed's position come from the same log as the state.
Knows no file: it is told how to read the events.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from tradekit.core.event import Event
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.trading.engine import Engine

__all__ = ["Difference", "Restored", "restore"]


_REMEDY = (
    "Was the strategy's source changed, or tradekit? Stop, start it as it was, or begin a new journal "
    "(state_store.restore_on_startup: false; tk.start(..., fresh=True))"
)


class Restored(Protocol):
    """An engine, and where its orders go: a cycle, or any execution."""

    engine: Engine

    def replay(self, event: Event) -> None:
        """Fold a journaled event, where the venue's book is a fold of the journal."""


class Difference(msgspec.Struct, frozen=True):
    """The first place where the replay gave something else than the journal holds."""

    seq: int
    journaled: str
    replayed: str

    def __str__(self) -> str:
        return f"at #{self.seq:,} the journal holds {self.journaled}, the replay gave {self.replayed}"


def restore(restored: Restored, read: Callable[[], Iterable[Event]]) -> Difference | None:
    """Bring engine and venue to where the journal ends; returns the first difference, or None.

    Inputs are the events without a cause. After a difference the engine has the journal's state and is in doubt: it
    leaves its strategy alone and refuses to be armed.
    """
    difference: Difference | None = None
    expected: list[Event] = []
    for event in read():
        restored.replay(event)
        if difference is None:
            difference = _next(restored, expected, event)
    if difference is None and expected:
        difference = Difference(expected[0].seq, "nothing", _words(expected[0]))
    if difference is not None:
        state = State()
        for event in read():
            apply(state, event)
        restored.engine.adopt(state, doubt=f"the journal cannot be replayed: {difference}. {_REMEDY}")
    return difference


def _next(restored: Restored, expected: list[Event], event: Event) -> Difference | None:
    """Hold one journaled event against the replay; `expected` is what the step under way has still to show."""
    if event.cause == 0:
        if expected:
            return Difference(event.seq, _words(event), _words(expected[0]))
        expected[:] = restored.engine.step(event.data, event.ts)
    if not expected:
        return Difference(event.seq, _words(event), "nothing")
    mine = expected.pop(0)
    if mine.data != event.data or (mine.seq, mine.ts, mine.cause) != (event.seq, event.ts, event.cause):
        return Difference(event.seq, _words(event, mine), _words(mine, event))
    return None


def _words(event: Event, beside: Event | None = None) -> str:
    """Which event it is; beside another one of its sort only what that one has otherwise."""
    said = f"{event.type} {event.key}"
    if beside is None or (event.type, event.key) != (beside.type, beside.key):
        return said
    mine, other = (
        {"seq": one.seq, "ts": one.ts, "cause": one.cause} | msgspec.to_builtins(one.data)
        for one in (event, beside)
    )
    told = [f"{name} {value}" for name, value in mine.items() if value != other[name]]
    return f"{said} with {', '.join(told)}" if told else said
