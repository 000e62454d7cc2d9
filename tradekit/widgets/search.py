"""A viewer's look into the journal: the events of a subject, newest first, page by page, and each new one on top.

Read over the wire on a worker's thread, followed on the connection's. Knows no pane.
"""

import functools
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
        self._count = 0  # of the question whose answer is shown
        self._lines: dict[int, diary.Line] = {}
        self._most = PAGE
        self._end = 0  # everything after this seq has been looked through
        self._watch: Subscription | None = None
        self.found: dict[str, Any] = _nothing("")

    def ask(self, subject: str) -> None:
        """Show the events of a subject, a pattern such as `order.>`; "" shows none and follows no more."""
        self._ask(subject, self._turn())

    def older(self) -> None:
        """Show more of the past."""
        with self._lock:
            if self.found["state"] != "ok" or not self.found["more"]:
                return
            self._most += PAGE
            self.found = {**self.found, "state": "busy"}
            asked = (self.found["subject"], self._count, self._end)
        self._told()
        self._pool.submit(self._read, *asked)

    def close(self) -> None:
        """Follow no more."""
        self._turn()

    def _turn(self, after: int | None = None) -> int:
        """Another question from now on, or none; its number, 0 if `after` is no longer the last one's."""
        with self._lock:
            if after is not None and after != self._count:
                return 0
            self._count += 1
            number, watch, self._watch = self._count, self._watch, None
        if watch is not None:
            watch.cancel()
        return number

    def _ask(self, subject: str, number: int) -> None:
        found = _nothing(subject)
        try:
            pattern = tokens(subject) if subject else []
        except ConfigError as error:
            pattern, found = [], {**found, "state": "error", "problem": str(error)}
        if not pattern:
            self._show(found, number)
            return
        with self._lock:
            if number != self._count:
                return
            self._lines, self._most = {}, PAGE
            self.found = {**found, "state": "busy"}
        self._told()
        replica = self._session.replica
        with replica.lock:  # from here on they are followed, up to here they are read
            watch = replica.watch(functools.partial(self._arrived, number, pattern))
            end = replica.seq + 1
        with self._lock:
            current = number == self._count
            if current:
                self._watch, self._end = watch, end
        if current:
            self._pool.submit(self._read, subject, number, end)
        else:  # another was asked for meanwhile
            watch.cancel()

    def _read(self, subject: str, number: int, end: int) -> None:
        try:
            events, end = back_from(self._session, subject, end)
        except TradekitError as error:
            self._show({**_nothing(subject), "state": "error", "problem": str(error)}, number)
        except ReferenceError:
            return  # a widget holds its session weakly: who asked looks no more
        except Exception as error:
            _log.exception("the search for %s failed", subject)
            problem = f"{type(error).__name__}: {error}"
            self._show({**_nothing(subject), "state": "error", "problem": problem}, number)
        else:
            with self._lock:
                if number != self._count:
                    return
                self._end = end + 1
                self._note(events)
                self.found = {"subject": subject, "state": "ok", "problem": "", **self._rows()}
            self._told()

    def _arrived(self, number: int, pattern: list[str], changed: frozenset[str], events: list[Event]) -> None:
        """New events, on the connection's thread; after a gap what was missed is read again."""
        if "*" in changed:
            self._pool.submit(self._again, number)
            return
        fresh = [event for event in events if fits(pattern, event.subject.split("."))]
        if not fresh:
            return
        with self._lock:
            if number != self._count:
                return
            self._note(fresh)
            if self.found["state"] == "ok":
                self.found = {**self.found, **self._rows()}
        self._told()

    def _again(self, number: int) -> None:
        subject = self.found["subject"]
        turn = self._turn(after=number)
        if turn:  # nobody has asked for another, or closed this, meanwhile
            self._ask(subject, turn)

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

    def _show(self, found: dict[str, Any], number: int) -> None:
        with self._lock:
            if number != self._count:
                return
            self.found = found
        self._told()


def _nothing(subject: str) -> dict[str, Any]:
    return {"subject": subject, "state": "", "rows": [], "more": False, "problem": ""}
