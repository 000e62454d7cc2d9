"""The subjects that one client asked for, as a set of patterns.

Knows no subject of its own; what a pattern means is the bus's rule.
"""

import functools
from collections.abc import Sequence

from tradekit.core.bus import subject_matches
from tradekit.errors import ConfigError, ProtocolError

__all__ = ["Topics"]


class Topics:
    """A set of patterns; equal sets are equal and hash alike, so that such clients share their frames."""

    __slots__ = ("_match", "_patterns")

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = frozenset(patterns)
        try:
            for pattern in self._patterns:
                subject_matches(pattern, "any")
        except ConfigError as error:
            raise ProtocolError(str(error)) from None

        @functools.lru_cache(maxsize=4096)
        def match(subject: str) -> bool:
            return any(subject_matches(pattern, subject) for pattern in self._patterns)

        self._match = match

    def match(self, subject: str) -> bool:
        """Whether any of the patterns fits the dotted subject."""
        return self._match(subject)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topics) and self._patterns == other._patterns

    def __hash__(self) -> int:
        return hash(self._patterns)
