"""Facts from the market: bars, quotes, trades, marks, session hours, and what a feed says of itself.

Knows no account and no order.
"""

from tradekit.core.event import Fact, fact

__all__ = [
    "Bar",
    "FeedEnded",
    "FeedStarted",
    "MarkUpdated",
    "MarketClosed",
    "MarketOpened",
    "Quote",
    "TimerCleared",
    "TimerFired",
    "TimerSet",
    "TradeTick",
    "TradingHalted",
    "TradingResumed",
]


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


@fact("quote.received")
class Quote(Fact, frozen=True, gc=False):
    """The top of an instrument's book has changed: prices [quote currency], sizes [base units], 0 when unknown."""

    instrument: str
    bid: float
    ask: float
    bid_size: float = 0.0
    ask_size: float = 0.0

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("trade.received")
class TradeTick(Fact, frozen=True, gc=False):
    """Somebody traded: price [quote currency], size [base units]; `aggressor` is "buy", "sell" or "" (unknown)."""

    instrument: str
    price: float
    size: float
    aggressor: str = ""

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("market.opened")
class MarketOpened(Fact, frozen=True, gc=False):
    """A trading session of an exchange calendar has begun.

    calendar  its name ("XNYS"); session the date it is known by ("2022-12-13")
    closes    when it will end [UTC ns]
    following the date that the session after it is known by, "" when unknown
    """

    calendar: str
    session: str
    closes: int
    following: str = ""

    @property
    def key(self) -> str:
        """The calendar."""
        return self.calendar


@fact("market.closed")
class MarketClosed(Fact, frozen=True, gc=False):
    """A trading session has ended; the next one opens at `opens` [UTC ns], 0 when unknown."""

    calendar: str
    session: str
    opens: int = 0

    @property
    def key(self) -> str:
        """The calendar."""
        return self.calendar


@fact("trading.halted", critical=True)
class TradingHalted(Fact, frozen=True, gc=False):
    """The venue has stopped trading in an instrument: nothing fills until it resumes."""

    instrument: str
    reason: str = ""

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("trading.resumed", critical=True)
class TradingResumed(Fact, frozen=True, gc=False):
    """The venue trades the instrument again."""

    instrument: str

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("timer.set")
class TimerSet(Fact, frozen=True, gc=False):
    """A strategy wants to be called at `due` [UTC ns], and `every` so many ns from then on, 0 for once."""

    name: str
    due: int
    every: int = 0

    @property
    def key(self) -> str:
        """The timer's name."""
        return self.name


@fact("timer.cleared")
class TimerCleared(Fact, frozen=True, gc=False):
    """A strategy wants to hear of a timer no more."""

    name: str

    @property
    def key(self) -> str:
        """The timer's name."""
        return self.name


@fact("timer.fired")
class TimerFired(Fact, frozen=True, gc=False):
    """A timer that a strategy set has come due; the event's `ts` is when."""

    name: str

    @property
    def key(self) -> str:
        """The timer's name."""
        return self.name


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
