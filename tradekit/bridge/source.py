"""What the bridge asks of the session it serves: identity, state, events, an ear for commands.

Knows nothing of trading: the session's shell implements it.
"""

from collections.abc import Awaitable
from concurrent.futures import Future
from typing import Any, Protocol

import msgspec

from tradekit.bridge.protocol import Command

__all__ = ["Page", "Source"]


class Page(msgspec.Struct, frozen=True):
    """One page of an answer: encoded items, and the cursor of the next page (None at the end)."""

    items: list[bytes]
    next: str | int | None = None


class Source(Protocol):
    """The session as its bridge sees it. The thread that each method is called on is part of the contract."""

    journal: str
    epoch: int
    reducer: int

    @property
    def alarm(self) -> str:
        """What is wrong with the session itself and so not in its journal; told with each beat. At once."""

    def seq(self) -> int:
        """The last committed event. Any thread; at once."""

    def snapshot(self) -> tuple[int, list[tuple[str, bytes]]]:
        """A seq and the encoded top-level paths of the state after it. On a worker thread."""

    def payloads(self, since: int, until: int) -> list[tuple[int, bytes]]:
        """The encoded events since < seq <= until, ascending, as far as there are any. On a worker thread."""

    def command(self, command: Command) -> "Future[int]":
        """Take a command; the future gives the seq under which it was journaled, or raises RefusedError.

        Called on the bridge's thread, so that a gate can close at once; must not block. The session calls the
        future's `set_running_or_notify_cancel()` before it journals the command: false means that the command
        expired and must not act.
        """

    def query(self, name: str, args: dict[str, Any]) -> "Future[Page] | Awaitable[Page]":
        """Answer a query, RefusedError if it makes no sense. Called on the bridge's thread; must not block.

        A page is at most 512 KiB. `args["cursor"]` is the `next` of the page before.
        """

    def health(self) -> dict[str, Any]:
        """`live` and `ready` (bool), `reasons` (texts) and what else is worth showing. On a worker thread."""

    def metrics(self) -> bytes:
        """Prometheus text. On a worker thread."""
