"""The "did you mean" of error messages.

Knows only words.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean"]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """" (did you mean 'x'?)" for the known word that is nearest to `word`, upper and lower case alike, else ""."""
    lowered = {one.lower(): one for one in known}
    near = get_close_matches(word.lower(), lowered, n=1, cutoff=0.7)
    return f" (did you mean {lowered[near[0]]!r}?)" if near else ""
