"""Every error tradekit raises: the class says what to do, the message says what, where and how to mend it.

Knows nothing of the trade; an error holds plain values only, so that it can be logged, journaled and sent.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BrokerError",
    "ConfigError",
    "ConnectionLostError",
    "DataError",
    "JournalCorruptError",
    "JournalError",
    "JournalLockedError",
    "NotFoundError",
    "OrderError",
    "ProtocolError",
    "RefusedError",
    "ReplayError",
    "StrategyError",
    "TradekitError",
    "VersionError",
    "did_you_mean",
]


class TradekitError(Exception):
    """The base of all.

    exit_code  what the command line ends with when it meets one
    place      where in the user's own code it came up, "" where that is not known
    """

    exit_code = 2
    place = ""

    def __str__(self) -> str:
        said = super().__str__()
        return f"{said} ({self.place})" if self.place else said


class ConfigError(TradekitError):
    """A configuration is wrong: name the file, the key and the allowed values; the user edits and tries again."""


class DataError(TradekitError):
    """Market data breaks a rule: name the source, the row and the column; the user repairs or drops the rows."""


class StrategyError(TradekitError):
    """A strategy cannot be found, imported, configured, or misused its interface; the user mends the strategy."""


class OrderError(TradekitError):
    """A wish makes no sense (negative quantity, stop without price); nothing was sent."""


class BrokerError(TradekitError):
    """A venue will not have us, and waiting mends nothing (a key, a permission, a symbol); the user mends that."""

    exit_code = 1


class NotFoundError(TradekitError):
    """What was named does not exist (session, sample, order, sequence number)."""


class JournalError(TradekitError):
    """The journal cannot be read or written; the session that meets it halts."""

    exit_code = 1


class JournalLockedError(JournalError):
    """Another process writes this journal; attach to it or stop it."""

    exit_code = 2


class JournalCorruptError(JournalError):
    """The journal does not prove what it claims; it opens read-only and nothing may trade on it."""

    exit_code = 2


class VersionError(JournalError):
    """Written by a newer tradekit than this one; update tradekit, the file is left as it is."""

    exit_code = 2


class ReplayError(TradekitError):
    """A replay gave other outputs than the journal holds; the session stays disarmed until a human decides."""

    exit_code = 1


class ProtocolError(TradekitError):
    """A peer broke the bridge's protocol; its connection is closed."""


class RefusedError(TradekitError):
    """The other side understood and said no (scope, state, expired); `code` is its machine name."""

    def __init__(self, message: str, *, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


class ConnectionLostError(TradekitError):
    """No answer from the session in time; what was asked may or may not have happened: look before asking again."""

    exit_code = 1


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint in brackets that names the known word nearest to `word`, whatever its case; "" when none is."""
    lowered = {one.lower(): one for one in known}
    near = get_close_matches(word.lower(), lowered, n=1, cutoff=0.7)
    return f" (did you mean {lowered[near[0]]!r}?)" if near else ""
