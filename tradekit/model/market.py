"""Facts from the market: closed bars, marks, and what a feed says of itself.

Knows no account and no order.
"""

from tradekit.core.event import Fact, fact

__all__ = ["Bar", "FeedEnded", "FeedStarted", "MarkUpdated"]


@fact("bar.closed")
class Bar(Fact, frozen=True, gc=False):
    """A bar has closed. The event's `ts` is the close; the bar's own `ts` is its open, which labels it.

    instrument, timeframe   which series ("BTCUSDT", "15m")
    ts                      open time [UTC ns]
    open, high, low, close  prices [quote currency]
    volume                  [base units], 0 when unknown
    """

    instrument: str
    timeframe: str
    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0

    @property
    def key(self) -> str:
        """Instrument and timeframe: `bar.closed.BTCUSDT.15m`."""
        return f"{self.instrument}.{self.timeframe}"


@fact("mark.updated")
class MarkUpdated(Fact, frozen=True, gc=False):
    """The price that risk and unrealised profit use has moved (last, and bid and ask where known)."""

    instrument: str
    last: float
    bid: float | None = None
    ask: float | None = None

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("feed.started", critical=True)
class FeedStarted(Fact, frozen=True, gc=False):
    """A feed delivers from now on; `source` says where from, in words."""

    feed: str
    source: str

    @property
    def key(self) -> str:
        """The feed's name."""
        return self.feed


@fact("feed.ended", critical=True)
class FeedEnded(Fact, frozen=True, gc=False):
    """A feed has nothing more to give; the session stays up."""

    feed: str
    reason: str

    @property
    def key(self) -> str:
        """The feed's name."""
        return self.feed
