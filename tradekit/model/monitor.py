"""Facts of what watches an open position beside its resting orders: several targets, break-even, a time exit.

Knows neither how a price is looked at nor what follows.
"""

from decimal import Decimal

import msgspec

from tradekit.core.event import Fact, fact

__all__ = ["MonitorEnded", "MonitorMoved", "MonitorSet", "Part"]


class Part(msgspec.Struct, frozen=True):
    """A part of a position and the ids of the exits that protect it, "" where there is none [base units]."""

    qty: Decimal
    stop: str = ""
    target: str = ""


@fact("monitor.set", critical=True)
class MonitorSet(Fact, frozen=True, gc=False):
    """A position is watched from its entry on, which is the order `id`.

    parts       what it is left in
    break_even  once the price has moved so far in its favour [quote currency], stops go to the entry's price
    exit_after  so long after the entry's first fill what is left of it is left [ns]; 0 where it is not
    """

    id: str
    instrument: str
    strategy: str
    parts: tuple[Part, ...] = ()
    break_even: Decimal | None = None
    exit_after: int = 0

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("monitor.moved", critical=True)
class MonitorMoved(Fact, frozen=True, gc=False):
    """What was waited for has come: "break_even" (`price` is where stops go), or "time": the position is left."""

    id: str
    instrument: str
    what: str
    price: Decimal | None = None

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("monitor.ended", critical=True)
class MonitorEnded(Fact, frozen=True, gc=False):
    """There is nothing to watch any more, and why."""

    id: str
    instrument: str
    reason: str

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument
