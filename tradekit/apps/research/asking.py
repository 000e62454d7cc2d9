"""Who answers a page: a process by what it is for, each request with what is to be done with its answer.

Knows no page and not what is asked. An answer that comes too late, for a process that was let go, reaches nobody.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

__all__ = ["Answered", "Asked", "Asker", "Make"]


class Asked(Protocol):
    """A process as `run.aside.Aside` is one."""

    def ask(self, request: Any) -> None:
        """Hand a request over."""

    def end(self) -> None:
        """End it, whatever it is doing."""


Answered: TypeAlias = Callable[[str, Any], object]  # "done" and the answer, or "failed" and why
Make: TypeAlias = Callable[[Callable[[str, Any], object]], Asked]


class Asker:
    """One process and what its answers are for. Not safe for threads: its owner calls it under one lock.

    make   starts the process, given who hears it
    heard  is given what the process says and passes it to `take`, under the owner's lock
    news   is called with the news of what is under way
    """

    def __init__(
        self,
        make: Make,
        *,
        heard: Callable[["Asker", str, Any], object],
        news: Callable[[Any], object] = lambda _: None,
    ) -> None:
        self.ended = False
        self._news = news
        self._waiting: deque[Answered] = deque()
        self._process = make(lambda kind, value: heard(self, kind, value))

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer of it."""
        return bool(self._waiting)

    def ask(self, request: Any, then: Answered) -> None:
        """Hand a request over; `then` is called with what comes of it, unless the process is let go before."""
        self._waiting.append(then)
        self._process.ask(request)

    def take(self, kind: str, value: Any) -> None:
        """What the process said, to whom it is for."""
        if self.ended:
            return
        if kind == "news":
            self._news(value)
        elif kind == "gone":
            waiting = [*self._waiting]
            self.end()
            for then in waiting:
                then("failed", value)
        elif self._waiting:
            self._waiting.popleft()(kind, value)

    def end(self) -> None:
        """Let the process go; nothing is answered any more."""
        self.ended = True
        self._waiting.clear()
        self._process.end()
