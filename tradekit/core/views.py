"""Derived views: a value worked out from the state once, and again only when the state has moved.

Knows nothing of what the state holds.
"""

from collections.abc import Callable, Hashable
from typing import Generic, ParamSpec, TypeVar

from tradekit.core.store import StateView

__all__ = ["Derived"]

P = ParamSpec("P")
T = TypeVar("T")

MAX_VALUES = 256  # of one view at one seq


class Derived(Generic[P, T]):
    """`exposure = Derived(view, lambda state, instrument: ...)`; `exposure("BTCUSDT")` asks it.

    The function is given the state, with the view's lock held, and hashable arguments. It must be pure; what it returns
    is shared between callers until the next event. `computed` counts how often it was worked out.
    """

    def __init__(self, view: StateView, function: Callable[..., T]) -> None:
        self._view, self._function = view, function
        self._at: tuple[int, int] | None = None
        self._values: dict[Hashable, T] = {}
        self.computed = 0

    def __call__(self, *args: P.args, **named: P.kwargs) -> T:
        """The value for these arguments, as of the view's seq."""
        with self._view.lock:
            at = (self._view.seq, id(self._view.state))  # a replaced state may be at the same seq
            if at != self._at or len(self._values) >= MAX_VALUES:
                self._at, self._values = at, {}
            asked = (args, tuple(sorted(named.items())))
            if asked not in self._values:
                self._values[asked] = self._function(self._view.state, *args, **named)
                self.computed += 1
            return self._values[asked]
