"""Facts of what watches an open position beside its resting orders: several targets, break-even, a time exit.

Knows neither how a price is looked at nor what follows.
"""

from decimal import Decimal

import msgspec

from tradekit.core.event import Fact, fact

__all__ = ["MonitorEnded", "MonitorMoved", "MonitorSet", "Part"]


class Part(msgspec.Struct, frozen=True):
    """A part of an entry and the ids of the exits that protect it, "" where there is none [base units].

    The parts of an entry are all of it, and fill one after the other.
    """

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
    """What was waited for has come, or what is watched has changed.

    "break_even"  `price` is where stops go
    "watch"       a stop of it has come to an early end: at `price` what is left is left, and that is seen to here
    "time"        its time is over, and "stop": that price has come; what is left of it is left from now on
    "closing"     `order` is to leave it, at the market
    "parts"       its entry has another quantity: `sizes` are those of its parts from now on [base units]
    """

    id: str
    instrument: str
    what: str
    price: Decimal | None = None
    order: str = ""
    sizes: tuple[Decimal, ...] = ()

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
