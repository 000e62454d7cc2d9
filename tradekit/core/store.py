"""The store: a state, the one reducer that folds events into it, and what is known of each part's age.

Knows nothing of what the state holds; a session's own store and a client's replica are this same class.
"""

import logging
import math
import threading
from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from tradekit.core.clock import Clock, SystemClock
from tradekit.core.codec import canonical_hash
from tradekit.core.event import Event
from tradekit.core.path import MISSING, StatePath, overlap, split, walk
from tradekit.errors import ConfigError, JournalError

__all__ = ["Fresh", "StateView", "Store", "Touched", "Watch", "Watcher"]

log = logging.getLogger(__name__)

S = TypeVar("S")
Touched = Iterable[tuple[str, ...]]
Watcher = Callable[[str, Event], object]  # the dotted path that was touched, and by what

MAX_PATHS = 10_000  # touched paths whose watchers are remembered


class Fresh(msgspec.Struct, frozen=True, gc=False):
    """The last live event that touched a part: its seq, ts [UTC ns], type, and receipt [monotonic s]."""

    seq: int
    ts: int
    source: str
    received: float


class Watch:
    """A watcher's place; `cancel` it to hear no more. `errors` counts what the callback has raised."""

    __slots__ = ("_store", "callback", "errors", "pattern", "tokens")

    def __init__(self, store: "Store[Any]", pattern: str, callback: Watcher) -> None:
        self._store = store
        self.pattern, self.callback, self.errors = pattern, callback, 0
        self.tokens = pattern.split(".")

    def cancel(self) -> None:
        """Hear no more from the next event on; a second call does nothing."""
        self._store._unwatch(self)

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()


class StateView(Protocol):
    """What a reader gets: it cannot tell whether the store is next door or across a wire."""

    @property
    def state(self) -> Any:
        """The state; hold `lock` while reading more than one value of it from another thread."""

    @property
    def seq(self) -> int:
        """The last event that is folded in."""

    @property
    def lock(self) -> Any:
        """The state stands still while this is held: `with view.lock: ...`."""

    def get(self, path: StatePath, default: Any = None) -> Any:
        """The value at a path such as "positions.BTC-USD.qty", or `default` where there is none."""

    def subscribe(self, pattern: str, callback: Watcher) -> Watch:
        """Call back after each event that touches a path that fits."""

    def age(self, path: StatePath) -> float:
        """Seconds since the path's top-level part was last touched live; infinite if never."""

    def is_stale(self, path: StatePath, max_age_s: float) -> bool:
        """Whether it is older than that."""


class Store(Generic[S]):
    """State + reducer + seq. One thread applies; any thread reads, holding `lock` for more than one value.

    apply_event  changes the state in place and returns the paths it touched: ("orders", "sma-1")
    fingerprint  gives equal states an equal hash
    """

    def __init__(
        self,
        state: S,
        apply_event: Callable[[S, Event], Touched],
        *,
        seq: int = 0,
        clock: Clock | None = None,
        fingerprint: Callable[[S], str] = canonical_hash,
    ) -> None:
        self.lock = threading.RLock()
        self._state, self._apply, self._seq = state, apply_event, seq
        self._monotonic = (clock or SystemClock()).monotonic
        self._fingerprint = fingerprint
        self._fresh: dict[str, Fresh] = {}
        self._watches: tuple[Watch, ...] = ()
        self._watching: dict[tuple[str, ...], tuple[Watch, ...]] = {}  # resolved once for each touched path

    @property
    def state(self) -> S:
        """The state itself, read only for everyone but the reducer."""
        return self._state

    @property
    def seq(self) -> int:
        """The last event that is folded in."""
        return self._seq

    def apply(self, event: Event) -> tuple[tuple[str, ...], ...]:
        """Fold a live event in, then tell the watchers; returns the touched paths.

        An event that is folded in already does nothing; raises JournalError where one is missing before it.
        """
        with self.lock:
            if not self._next(event):
                return ()
            touched = tuple(self._apply(self._state, event))
            self._seq = event.seq
            if touched:
                fresh = Fresh(event.seq, event.ts, event.type, self._monotonic())
                for path in touched:
                    self._fresh[path[0]] = fresh
        if self._watches:
            self._tell(touched, event)
        return touched

    def fold(self, events: Iterable[Event]) -> int:
        """Fold history in (restore, rewind): nobody is told, nothing becomes fresh; returns the last seq."""
        with self.lock:
            for event in events:
                if self._next(event):
                    for _ in self._apply(self._state, event):
                        pass  # a reducer may be a generator
                    self._seq = event.seq
            return self._seq

    def replace(self, state: S, seq: int) -> None:
        """Put another state in (a snapshot); what was fresh is so no longer."""
        with self.lock:
            self._state, self._seq = state, seq
            self._fresh.clear()

    def get(self, path: StatePath, default: Any = None) -> Any:
        """The value at a path, through structs, mappings and lists; `default` where there is none."""
        with self.lock:
            found = walk(self._state, split(path))
        return default if found is MISSING else found

    def subscribe(self, pattern: str, callback: Watcher) -> Watch:
        """Call `callback(path, event)` after each live event that touches a path that fits the glob.

        "orders" hears of every order, "orders.sma-*" of those, "orders.sma-1.status" of that one order.
        """
        if not pattern or not all(pattern.split(".")):
            raise ConfigError(
                f"path pattern {pattern!r} is not understood; write names joined by dots: orders.sma-*"
            )
        watch = Watch(self, pattern, callback)
        with self.lock:
            self._watches = (*self._watches, watch)
            self._watching = {}
        return watch

    def meta(self, path: StatePath) -> Fresh | None:
        """What last touched the path's top-level part, None if nothing live has."""
        return self._fresh.get(split(path)[0])

    def age(self, path: StatePath) -> float:
        """Seconds since the path's top-level part was last touched live; infinite if never."""
        fresh = self.meta(path)
        return math.inf if fresh is None else self._monotonic() - fresh.received

    def is_stale(self, path: StatePath, max_age_s: float) -> bool:
        """Whether the path's top-level part was not touched within `max_age_s`."""
        return self.age(path) > max_age_s

    def hash(self) -> str:
        """The state's fingerprint: equal for equal states, everywhere."""
        with self.lock:
            return self._fingerprint(self._state)

    def _next(self, event: Event) -> bool:
        if event.seq == self._seq + 1:
            return True
        if event.seq <= self._seq:
            return False
        raise JournalError(
            f"event {event.seq} came after {self._seq}: {event.seq - self._seq - 1} are missing"
        )

    def _tell(self, touched: tuple[tuple[str, ...], ...], event: Event) -> None:
        for path in touched:
            watches = self._watching.get(path)
            if watches is None:
                watches = self._resolve(path)
            for watch in watches:
                try:
                    watch.callback(".".join(path), event)
                except Exception:
                    watch.errors += 1
                    log.exception("a watcher of %s failed at seq %d", watch.pattern, event.seq)

    def _resolve(self, path: tuple[str, ...]) -> tuple[Watch, ...]:
        tokens = ".".join(path).split(".")
        with self.lock:
            watches = tuple(w for w in self._watches if overlap(w.tokens, tokens))
            if len(self._watching) >= MAX_PATHS:
                self._watching = {}
            self._watching[path] = watches
        return watches

    def _unwatch(self, watch: Watch) -> None:
        with self.lock:
            self._watches = tuple(w for w in self._watches if w is not watch)
            self._watching = {}
