"""The replica: a session's state in this process, folded by the same reducer from what the bridge pushes.

Knows no socket: a connection feeds it, and whoever shows it watches it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from tradekit.client.status import Status
from tradekit.core.clock import Clock, SystemClock
from tradekit.core.codec import decode_event
from tradekit.core.event import Event, Unknown
from tradekit.core.store import Store
from tradekit.errors import VersionError
from tradekit.state.reducer import apply
from tradekit.state.shape import State, fingerprint

__all__ = ["ALL", "Replica", "Watcher"]

Changed = Callable[[frozenset[str], list[Event]], object]
Ticked = Callable[[list[dict[str, Any]]], object]

ALL = frozenset({"*"})  # what a fresh snapshot changes


class Watcher:
    """A handle on three callbacks; `cancel` ends them."""

    def __init__(
        self, of: "Replica", changed: Changed, ticked: Ticked | None, turned: Callable[[str], object] | None
    ) -> None:
        self.changed, self.ticked, self.turned = changed, ticked, turned
        self._of = of

    def cancel(self) -> None:
        """Call back no more."""
        self._of.forget(self)


class Replica:
    """A state that follows a session. Read `state` under `lock`; all else may be read at any time.

    journal, epoch  which history it follows
    store           the fold, with its paths and their ages
    ticks           display ticks, the latest by key: an overlay that is no part of the state
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.journal = ""
        self.epoch = 0
        self.ticks: dict[str, dict[str, Any]] = {}
        self.lag: Callable[[], float | None] = lambda: None
        self._clock = clock or SystemClock()
        self.store: Store[State] = self._empty()
        self._status = Status("connecting", self._clock.monotonic())
        self._watchers: tuple[Watcher, ...] = ()
        self._arrived = threading.Condition()
        self._turn = 0  # counts what arrived

    def _empty(self) -> "Store[State]":
        return Store(State(), apply, fingerprint=fingerprint, clock=self._clock)

    # --- reading --------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The state; read it under `lock`."""
        return self.store.state

    @property
    def lock(self) -> threading.RLock:
        """Held while a frame is folded."""
        return self.store.lock

    @property
    def seq(self) -> int:
        """The last event that was folded."""
        return self.store.seq

    @property
    def status(self) -> str:
        """connecting, live, stale, refused, incompatible or closed."""
        return self._status.name

    @property
    def status_since(self) -> float:
        """When it became so [s on this process's monotonic clock]."""
        return self._status.since

    @property
    def problem(self) -> str:
        """Why it is not live, in words."""
        return self._status.reason

    @property
    def alarm(self) -> str:
        """What is wrong with the session itself and so not in its state, "" when nothing is."""
        return self._status.alarm

    @property
    def lag_ms(self) -> float | None:
        """How old the last beat was when it arrived [ms]; None before the first."""
        lag = self.lag()
        return None if lag is None else lag * 1000.0

    def hash(self) -> str:
        """The state's canonical hash: equal to the session's at the same seq."""
        with self.lock:
            return self.store.hash()

    # --- watching -------------------------------------------------------------------------------------------

    def watch(
        self,
        callback: Changed,
        *,
        ticks: Ticked | None = None,
        status: Callable[[str], object] | None = None,
    ) -> Watcher:
        """Call back after each folded frame with the top-level names it changed ({"*"} after a snapshot) and its
        events; with display ticks; with each new status. On the connection's thread: be quick, raise nothing.
        """
        watcher = Watcher(self, callback, ticks, status)
        with self._arrived:
            self._watchers = (*self._watchers, watcher)
        return watcher

    def forget(self, watcher: Watcher) -> None:
        """End a watch."""
        with self._arrived:
            self._watchers = tuple(w for w in self._watchers if w is not watcher)

    def wait_for(self, predicate: Callable[[State], object], timeout_s: float) -> bool:
        """Wait until `predicate(state)` is true, at most so long; whether it did. Not on a callback's thread."""
        end = self._clock.monotonic() + timeout_s
        while True:
            turn = self._turn
            with self.lock:  # never within `_arrived`: whoever holds the state still may begin to watch
                if predicate(self.state):
                    return True
            left_s = end - self._clock.monotonic()
            with self._arrived:
                if left_s <= 0 or not self._arrived.wait_for(lambda: self._turn != turn, left_s):  # noqa: B023
                    return False

    # --- fed by a connection --------------------------------------------------------------------------------

    def on_snapshot(
        self, journal: str, epoch: int, reducer: int, seq: int, parts: Mapping[str, bytes]
    ) -> None:
        """Begin anew from a whole state."""
        try:
            fields = {name: msgspec.Raw(raw) for name, raw in parts.items()}
            state = msgspec.json.decode(msgspec.json.encode(fields), type=State)
        except msgspec.ValidationError as error:
            raise VersionError(
                f"the session's state cannot be read here ({error}); use the same tradekit"
            ) from error
        with self.lock:
            self.journal, self.epoch = journal, epoch
            self.store.replace(state, seq)
        self._changed(ALL, [])

    def on_events(self, first: int, last: int, envelopes: Sequence[bytes]) -> None:
        """Fold a range of events."""
        events = [decode_event(raw) for raw in envelopes]
        for event in events:
            if isinstance(event.data, Unknown):
                raise VersionError(
                    f"event {event.seq} is a {event.type} v{event.v}, which this tradekit does not know; update it"
                )
        changed: set[str] = {"seq", "time"}
        with self.lock:
            for event in events:
                changed.update(path[0] for path in self.store.apply(event))
                self.epoch = event.epoch
        self._changed(frozenset(changed), events)

    def on_ticks(self, ts: int, items: Sequence[dict[str, Any]]) -> None:
        """Lay display ticks over the state."""
        for item in items:
            self.ticks[str(item["key"])] = item
        shown = list(items)
        for watcher in self._watchers:
            if watcher.ticked is not None:
                watcher.ticked(shown)

    def on_status(self, status: Status) -> None:
        """Take note of how the line is."""
        before = self._status
        turned = (status.name, status.alarm) != (before.name, before.alarm)
        self._status = status
        self._wake()
        if turned:
            for watcher in self._watchers:
                if watcher.turned is not None:
                    watcher.turned(status.name)

    def _changed(self, names: frozenset[str], events: list[Event]) -> None:
        self._wake()
        for watcher in self._watchers:
            watcher.changed(names, events)

    def _wake(self) -> None:
        with self._arrived:
            self._turn += 1
            self._arrived.notify_all()
