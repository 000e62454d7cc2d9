"""A viewer's look into the journal: the events of a subject, newest first, page by page, and each new one on top.

Read over the wire on a worker's thread, followed on the connection's. Knows no pane.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from tradekit.core.event import Event
from tradekit.core.subject import fits, tokens
from tradekit.errors import ConfigError, TradekitError
from tradekit.widgets import diary
from tradekit.widgets.source import Subscription

__all__ = ["PAGE", "Search", "back_from"]

PAGE = 100  # lines that are fetched at a time
_FIRST, _LARGEST = 500, 20_000  # events that are looked through in one question
_SCAN = 200_000  # and until it is asked whether to go on
_log = logging.getLogger(__name__)


def back_from(session: Any, subject: str, before: int, count: int = PAGE) -> tuple[list[Event], int]:
    """The last events of `subject` before the seq `before`, newest first, about `count`; and how far back was looked.

    Everything after that seq has been looked through: 0 is the journal's beginning.
    """
    found: list[Event] = []
    end, size = before - 1, _FIRST
    while end > 0 and len(found) < count and before - end <= _SCAN:
        begin = max(0, end - size)
        found.extend(reversed(list(session.events(subject, since=begin, until=end))))
        end, size = begin, min(4 * size, _LARGEST)
    return found, end


class Search:
    """One viewer's filter. `told` is called when `found` changes, on any thread.

    found  what to show: subject, state ("" for no filter, busy, ok or error), rows, more (whether there may be older
           ones), problem
    """

    def __init__(self, session: Any, *, told: Callable[[], object], pool: Executor) -> None:
        self._session = session
        self._told = told
        self._pool = pool
        self._lock = threading.Lock()
        self._count = 0
        self._pattern: list[str] = []
        self._lines: dict[int, diary.Line] = {}
        self._most = PAGE
        self._end = 0  # everything after this seq has been looked through
        self._watch: Subscription | None = None
        self.found: dict[str, Any] = _nothing("")

    def ask(self, subject: str) -> None:
        """Show the events of a subject, a pattern such as `order.>`; "" shows none and follows no more."""
        self.close()
        if not subject:
            self._show(_nothing(""))
            return
        try:
            pattern = tokens(subject)
        except ConfigError as error:
            self._show({**_nothing(subject), "state": "error", "problem": str(error)})
            return
        with self._lock:
            self._pattern, self._lines, self._most = pattern, {}, PAGE
            replica = self._session.replica
            with replica.lock:  # from here on they are followed, up to here they are read
                self._watch = replica.watch(self._arrived)
                self._end = replica.seq + 1
        self._show({**_nothing(subject), "state": "busy"})
        self._pool.submit(self._read, subject, self._count)

    def older(self) -> None:
        """Show more of the past."""
        if self.found["state"] == "ok" and self.found["more"]:
            self._most += PAGE
            self._show({**self.found, "state": "busy"})
            self._pool.submit(self._read, self.found["subject"], self._count)

    def close(self) -> None:
        """Follow no more."""
        with self._lock:
            self._count += 1
            watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()

    def _read(self, subject: str, number: int) -> None:
        try:
            events, end = back_from(self._session, subject, self._end)
        except TradekitError as error:
            found: dict[str, Any] = {**_nothing(subject), "state": "error", "problem": str(error)}
        except Exception as error:
            _log.exception("the search for %s failed", subject)
            found = {**_nothing(subject), "state": "error", "problem": f"{type(error).__name__}: {error}"}
        else:
            with self._lock:
                if number != self._count:
                    return
                self._end = end + 1
                self._note(events)
                found = {"subject": subject, "state": "ok", "problem": "", **self._rows()}
        if number == self._count:
            self._show(found)

    def _arrived(self, changed: frozenset[str], events: list[Event]) -> None:
        """New events, on the connection's thread; after a gap what was missed is read again."""
        if "*" in changed:
            subject = self.found["subject"]
            self._pool.submit(self.ask, subject)
            return
        fresh = [event for event in events if fits(self._pattern, event.subject.split("."))]
        if not fresh:
            return
        with self._lock:
            self._note(fresh)
            if self.found["state"] == "ok":
                self.found = {**self.found, **self._rows()}
        self._told()

    def _note(self, events: list[Event]) -> None:
        known = self._session.replica.state.instruments
        self._lines |= {event.seq: diary.line(event, known) for event in events}

    def _rows(self) -> dict[str, Any]:
        newest = sorted(self._lines, reverse=True)
        if len(newest) > self._most + PAGE:  # a busy subject pushes its oldest lines out again
            for seq in newest[self._most :]:
                del self._lines[seq]
            newest = newest[: self._most]
            self._end = newest[-1]
        return {"rows": [self._lines[seq] for seq in newest], "more": self._end > 1}

    def _show(self, found: dict[str, Any]) -> None:
        self.found = found
        self._told()


def _nothing(subject: str) -> dict[str, Any]:
    return {"subject": subject, "state": "", "rows": [], "more": False, "problem": ""}
