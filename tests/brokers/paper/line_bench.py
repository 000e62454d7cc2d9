"""The paper broker behind a line that a test cuts, loses requests on, and mends.

Knows no chance: nothing goes wrong that was not asked for.
"""

from tests.brokers.paper.bench import PaperBench
from tradekit.testing.faults import Fault, Faults
from tradekit.testing.faulty import FaultyBroker


class OneFault:
    """Strikes once, with what it was told last."""

    def __init__(self) -> None:
        self.next: Fault | None = None

    def strikes(self, fault: Fault, step: str) -> bool:
        struck = fault is self.next
        if struck:
            self.next = None
        return struck

    def part(self) -> float:
        return 0.5


class LineBench(PaperBench):
    """A `LinkBench`."""

    def __init__(self) -> None:
        super().__init__()
        self.fate = OneFault()
        self.line = FaultyBroker(self.paper, Faults(timeout_s=0.0), self.fate, now=self.clock.now)
        self.broker = self.line  # type: ignore[assignment]

    async def cut(self) -> None:
        self.line.cut()

    async def heal(self) -> None:
        self.line.heal()

    async def lose_answer(self) -> None:
        self.fate.next = Fault.LOST_REPLY

    async def lose_request(self) -> None:
        self.fate.next = Fault.LOST_REQUEST
