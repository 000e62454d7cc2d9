"""When a timer comes due, from the words that a strategy uses.

Knows no clock: `now` is told.
"""

from datetime import datetime, timedelta

from tradekit.errors import DataError, StrategyError
from tradekit.model.instrument import duration

__all__ = ["Every", "Moment", "moment", "period"]

Moment = int | str | datetime  # UTC ns, ISO 8601, or a datetime with its zone
Every = str | timedelta  # "15m", or a length of time

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def moment(at: Moment) -> int:
    """A moment [UTC ns]; a text without a zone is UTC. Raises StrategyError for one that cannot be read."""
    if isinstance(at, str):
        try:
            read = datetime.fromisoformat(at)
        except ValueError:
            raise StrategyError(f"a timer's time {at!r} cannot be read; write 2022-12-13T14:30:00Z") from None
        return moment(read if read.tzinfo is not None else read.replace(tzinfo=_EPOCH.tzinfo))
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise StrategyError(f"a timer's time {at} has no zone; give it one, such as datetime.UTC")
        return (at - _EPOCH) // timedelta(microseconds=1) * 1000
    return at


def period(every: Every) -> int:
    """A length of time [ns]; raises StrategyError for one that is not positive or not understood."""
    if isinstance(every, timedelta):
        length = every // timedelta(microseconds=1) * 1000
        if length <= 0:
            raise StrategyError(f"a timer cannot fire every {every}; give a length of time above zero")
        return length
    try:
        return duration(every)
    except DataError as error:
        raise StrategyError(f"a timer cannot fire every {every!r}: {error}") from None
