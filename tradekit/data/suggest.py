"""The "did you mean" of error messages.

Knows only words.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean"]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint in brackets that names the known word nearest to `word`, whatever its case; "" when none is."""
    lowered = {one.lower(): one for one in known}
    near = get_close_matches(word.lower(), lowered, n=1, cutoff=0.7)
    return f" (did you mean {lowered[near[0]]!r}?)" if near else ""
