"""What a session sees of its markets and links: trading hours, timers, and how regularly facts come.

Records of the state's shape; knows neither how they change (`state.hours`, `state.reducer`) nor who shows them.
"""

import msgspec

__all__ = ["FeedHealth", "Health", "Market", "SeriesHealth", "Timer"]


class Market(msgspec.Struct, frozen=True):
    """A calendar's trading session, under way or the last one: its date, when it opens and closes [UTC ns].

    next  when the one after it opens, 0 while it is under way or when unknown
    """

    open: bool
    session: str
    opens: int
    closes: int
    next: int = 0


class Timer(msgspec.Struct):
    """When a timer comes due [UTC ns], and how long after that again [ns], 0 for once."""

    due: int
    every: int = 0


class FeedHealth(msgspec.Struct):
    """A feed: "running" or "ended", since when, and the last bar's close [UTC ns]."""

    status: str
    since: int
    detail: str = ""
    last: int = 0


class SeriesHealth(msgspec.Struct):
    """How regularly the bars of a series come.

    expected  when the next one opens unless one is missing [UTC ns], 0 while the market rests
    missing   how many never came; late how many came after a later one, and were left out
    """

    expected: int = 0
    missing: int = 0
    late: int = 0


class Health(msgspec.Struct):
    """What the links say of themselves; `series` by instrument and timeframe ("BTC-USD.1m")."""

    feeds: dict[str, FeedHealth] = {}
    series: dict[str, SeriesHealth] = {}
    errors: int = 0
    last_error: str = ""
