"""The page's own line to the session: where it is, and the tickets that open it, minted ahead and handed out once.

A ticket never stands in a trait: traits are saved into the notebook. Knows no widget and no socket.
"""

import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from tradekit.core.clock import Clock
from tradekit.errors import TradekitError
from tradekit.widgets.source import Session

__all__ = ["FRESH_S", "SCOPE", "PageLine"]

SCOPE = "operate"  # what stops a session; arming it and giving it orders goes through the kernel
FRESH_S = 10.0  # a ticket is good for 30 s: a page that lost its line while a cell runs has one within this


class PageLine:
    """Mints tickets on a worker's thread. `told` is called there when `take` has something to say to the page."""

    def __init__(self, session: Session, *, told: Callable[[], object], clock: Clock, pool: Executor) -> None:
        self._session = weakref.ref(session)
        self._told = told
        self._clock = clock
        self._pool = pool
        self._asking = threading.Lock()  # held from the question to its answer
        self._asked_at = float("-inf")
        self._messages: deque[dict[str, Any]] = deque(maxlen=1)

    @property
    def address(self) -> str:
        """Where the session listens; "" when it cannot be had."""
        return str(getattr(self._session(), "uri", ""))

    def keep_fresh(self) -> None:
        """Ask for a ticket if the last was asked for some time ago; call it now and then."""
        if self._clock.monotonic() - self._asked_at >= FRESH_S:
            self.ask()

    def ask(self) -> None:
        """Ask the session for a ticket, unless that is under way or the session is not there."""
        session = self._session()
        if session is None or session.replica.status != "live" or not self._asking.acquire(blocking=False):
            return
        self._asked_at = self._clock.monotonic()
        self._pool.submit(self._mint)

    def take(self) -> dict[str, Any] | None:
        """What to send to the page, once: a ticket, or why there is none."""
        try:
            return self._messages.popleft()
        except IndexError:
            return None

    def _mint(self) -> None:
        session: Any = self._session()
        try:
            message = {"op": "ticket", "ticket": session.ticket(SCOPE)}
        except (TradekitError, AttributeError) as error:
            message = {"op": "ticket", "problem": str(error)}
        finally:
            self._asking.release()
        self._messages.append(message)
        self._told()

    def __repr__(self) -> str:
        return f"PageLine({self.address!r})"
