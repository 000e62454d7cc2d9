"""Who carries a session's wishes out: what its loop needs of a venue in the house and of a broker across a wire alike.

Knows no inbox and no journal: a turn of work that is to be written is handed over.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from tradekit.core.event import Event, Fact
from tradekit.trading.engine import Engine

__all__ = ["Execution", "Step"]

Step: TypeAlias = Callable[[Callable[[], list[Event]]], Awaitable[list[Event]]]
"""Let the engine work, and write what it tells; nothing has been acted on when this returns."""


class Execution(Protocol):
    """An engine, and where its orders go. `turn` writes what some work tells, and acts on it; one at a time."""

    engine: Engine

    def now(self) -> int:
        """Session time [UTC ns]."""

    def replay(self, event: Event) -> None:
        """Fold a journaled event at a start, where the venue's book is a fold of the journal."""

    def take(self, fact: Fact, ts: int) -> list[Event]:
        """One fact from outside that happened at `ts` [UTC ns]; what is told of it, as one group."""

    async def act(self, events: list[Event], step: Step) -> None:
        """Carry out the wishes among `events`, which are durable, past the gate; what is answered at once is a step."""

    async def open(self, turn: Step) -> None:
        """After the session was opened: settle what an earlier life left in the air, and compare the books."""

    async def work(self, turn: Step) -> None:
        """What goes on beside the feed and the inbox, until it is cancelled."""

    async def compare(self, turn: Step) -> None:
        """Compare the venue's books with ours now."""

    async def close(self) -> None:
        """Let go of the venue."""
