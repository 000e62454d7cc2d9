"""Slow look-ups outside (an instrument list, a fee table) remembered for a while; the cache is cachetools'.

Knows no venue, and nothing that a decision depends on: that is journaled, never cached.
"""

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tradekit.core.clock import Clock, SystemClock

__all__ = ["remembered"]

P = ParamSpec("P")
T = TypeVar("T")


def remembered(
    ttl_s: float, *, max_size: int = 128, clock: Clock | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorator: an answer holds for `ttl_s` seconds, by its (hashable) arguments; at most `max_size` answers.

    Safe between threads, and many who ask at once are answered by one look-up. What raises is not remembered.
    """
    from cachetools import TTLCache, cached

    timer = (clock or SystemClock()).monotonic

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        answers: TTLCache[object, T] = TTLCache(max_size, ttl_s, timer=timer)
        found: Callable[P, T] = cached(answers, condition=threading.Condition())(function)
        return found

    return decorate
