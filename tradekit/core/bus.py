"""The bus: tells an event to everyone who asked for its subject, in order, in the teller's own thread.

Synchronous and without I/O; knows no journal (what is told was written before) and no event loop.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from threading import get_ident
from types import TracebackType
from typing import Self

from tradekit.core.event import Event
from tradekit.core.subject import fits, subject_matches, tokens
from tradekit.errors import RefusedError, TradekitError

__all__ = ["Bus", "Handler", "OnError", "Subscription", "subject_matches"]

log = logging.getLogger(__name__)

Handler = Callable[[Event], object]
OnError = Callable[[str, str, Exception], object]  # handler's name, subject, what it raised

MAX_ROUTES = 10_000  # resolved subjects kept; beyond it they are resolved anew
MAX_HANDED_OVER = 10_000  # events from other threads that may wait for `drain`


class Subscription:
    """A handler's place on the bus; cancel it, or use it in a `with` statement.

    `errors` counts what the handler has raised. A cancelled one hears nothing from the next event on.
    """

    __slots__ = ("_bus", "errors", "handler", "name", "pattern", "tokens")

    def __init__(self, bus: "Bus", pattern: str, handler: Handler) -> None:
        self._bus = bus
        self.pattern = pattern
        self.tokens = tokens(pattern)
        self.handler = handler
        self.name = getattr(handler, "__qualname__", None) or repr(handler)
        self.errors = 0

    def cancel(self) -> None:
        """Hear no more; a second call does nothing."""
        self._bus._cancel(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.cancel()


class Bus:
    """One owner publishes, in the thread that published first; others hand over with `publish_threadsafe`.

    max_history  events kept for `history`
    on_error     told of each failure of a handler; the other handlers go on
    on_handover  called in the other thread after a hand-over: wake the owner, who calls `drain`
    """

    def __init__(
        self,
        *,
        max_history: int = 1_000,
        on_error: OnError | None = None,
        on_handover: Callable[[], object] | None = None,
    ) -> None:
        self.errors = 0
        self._history: deque[Event] = deque(maxlen=max_history)
        self._subscriptions: tuple[Subscription, ...] = ()
        self._routes: dict[str, dict[str, tuple[Handler, ...]]] = {}  # by type, then key: no string is built
        self._resolved = 0
        self._on_error = on_error
        self._on_handover = on_handover
        self._handed_over: deque[Event] = deque()
        self._change = threading.Lock()
        self._owner: int | None = None

    def subscribe(self, pattern: str, handler: Handler) -> Subscription:
        """Call `handler(event)` for every event whose subject fits; raises ConfigError for a bad pattern."""
        subscription = Subscription(self, pattern, handler)
        with self._change:
            self._subscriptions = (*self._subscriptions, subscription)
            self._forget()
        return subscription

    def publish(self, event: Event) -> None:
        """Tell an event now; handlers are called in the order in which they subscribed."""
        if get_ident() != self._owner:
            self._own()
        self._history.append(event)
        try:
            handlers = self._routes[event.type][event.key]
        except KeyError:
            handlers = self._resolve(event)
        for handler in handlers:
            try:
                handler(event)
            except Exception as error:
                self._failed(handler, event, error)

    def publish_threadsafe(self, event: Event) -> None:
        """Hand an event over to the owner, from any thread; raises RefusedError when too many wait."""
        if len(self._handed_over) >= MAX_HANDED_OVER:
            raise RefusedError(
                f"{MAX_HANDED_OVER} events wait for the bus's owner, which has stopped draining them; "
                f"{event.subject} was not taken",
                code="busy",
            )
        self._handed_over.append(event)
        if self._on_handover is not None:
            self._on_handover()

    def drain(self) -> int:
        """Publish what was handed over, in the order it came; returns how many. The owner calls this."""
        count = 0
        while self._handed_over:
            self.publish(self._handed_over.popleft())
            count += 1
        return count

    def history(
        self, pattern: str = ">", *, since: int = 0, since_ts: int | None = None, limit: int | None = None
    ) -> list[Event]:
        """The remembered events that fit, oldest first.

        After seq `since`, from time `since_ts` on [UTC ns], at most the last `limit` of them.
        """
        wanted = tokens(pattern)
        found = [
            event
            for event in self._history.copy()
            if event.seq > since
            and (since_ts is None or event.ts >= since_ts)
            and fits(wanted, event.subject.split("."))
        ]
        return found if limit is None else found[-limit:] if limit > 0 else []

    @property
    def waiting(self) -> int:
        """Events that other threads have handed over and nobody has published yet."""
        return len(self._handed_over)

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Who listens, in the order in which they subscribed."""
        return self._subscriptions

    def _own(self) -> None:
        if self._owner is not None:
            raise TradekitError(
                "only the thread that owns the bus publishes on it; from another one use publish_threadsafe"
            )
        self._owner = get_ident()

    def _resolve(self, event: Event) -> tuple[Handler, ...]:
        subject = event.subject.split(".")
        with self._change:
            handlers = tuple(s.handler for s in self._subscriptions if fits(s.tokens, subject))
            if self._resolved >= MAX_ROUTES:
                self._forget()
            self._routes.setdefault(event.type, {})[event.key] = handlers
            self._resolved += 1
        return handlers

    def _cancel(self, subscription: Subscription) -> None:
        with self._change:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)
            self._forget()

    def _forget(self) -> None:
        self._routes, self._resolved = {}, 0

    def _failed(self, handler: Handler, event: Event, error: Exception) -> None:
        self.errors += 1
        name = repr(handler)
        for subscription in self._subscriptions:
            if subscription.handler is handler:
                subscription.errors += 1
                name = subscription.name
                break
        log.warning("handler %s failed at %s (seq %d): %r", name, event.subject, event.seq, error)
        if self._on_error is not None:
            try:
                self._on_error(name, event.subject, error)
            except Exception:
                log.exception("the bus's error handler failed")
