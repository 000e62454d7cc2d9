"""What the panes need of a session: a replica to read and to watch, and a name.

Knows nothing of sockets; `tradekit.client` has the real ones, tests have their own.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tradekit.core.event import Event
from tradekit.state.shape import State

__all__ = ["Changed", "Replica", "Session", "Subscription", "Ticked"]

Changed = Callable[[frozenset[str], list[Event]], object]
Ticked = Callable[[list[dict[str, Any]]], object]


class Subscription(Protocol):
    """A handle on callbacks."""

    def cancel(self) -> object:
        """Call back no more."""


class Replica(Protocol):
    """A state that follows a session; read it under `lock`."""

    @property
    def state(self) -> State:
        """What it holds at `seq`."""

    @property
    def seq(self) -> int:
        """The last event that was folded."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Hold it while reading `state`."""

    @property
    def status(self) -> str:
        """connecting, live, stale, closed, incompatible or refused."""

    @property
    def status_since(self) -> float:
        """When it became so [monotonic s]."""

    @property
    def lag_ms(self) -> float | None:
        """How far behind the session it is; None while unknown."""

    @property
    def problem(self) -> str:
        """Why it is not live, in words."""

    @property
    def alarm(self) -> str:
        """What is wrong with the session though its state cannot tell; "" for nothing. A change is a status."""

    def watch(
        self,
        callback: Changed,
        *,
        ticks: Ticked | None = None,
        status: Callable[[str], object] | None = None,
    ) -> Subscription:
        """Call back on the connection's thread: names of what a frame changed, its events; ticks; status."""


class Session(Protocol):
    """A session that is attached to: its name and its replica."""

    @property
    def name(self) -> str:
        """The session's name."""

    @property
    def replica(self) -> Replica:
        """Its state here."""
