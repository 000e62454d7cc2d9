"""Subject patterns: `*` stands for one token, a last `>` for one or more.

Knows no subject of its own.
"""

import functools
from collections.abc import Sequence

from tradekit.errors import ProtocolError

__all__ = ["Topics"]


class Topics:
    """A set of patterns; equal sets are equal and hash alike, so that such clients share their frames."""

    __slots__ = ("_match", "_patterns")

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = frozenset(patterns)
        compiled = [_tokens(pattern) for pattern in sorted(self._patterns)]

        @functools.lru_cache(maxsize=4096)
        def match(subject: str) -> bool:
            tokens = subject.split(".")
            return any(_matches(pattern, tokens) for pattern in compiled)

        self._match = match

    def match(self, subject: str) -> bool:
        """Whether any of the patterns fits the dotted subject."""
        return self._match(subject)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topics) and self._patterns == other._patterns

    def __hash__(self) -> int:
        return hash(self._patterns)


def _tokens(pattern: str) -> list[str]:
    tokens = pattern.split(".")
    if "" in tokens or ">" in tokens[:-1]:
        raise ProtocolError(
            f"topic {pattern!r}: tokens are parted by single dots and '>' may only be the last"
        )
    return tokens


def _matches(pattern: list[str], tokens: list[str]) -> bool:
    if pattern[-1] == ">":
        return len(tokens) >= len(pattern) and _equal(pattern[:-1], tokens)
    return len(tokens) == len(pattern) and _equal(pattern, tokens)


def _equal(pattern: list[str], tokens: list[str]) -> bool:
    return all(want in ("*", token) for want, token in zip(pattern, tokens, strict=False))
