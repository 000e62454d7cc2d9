"""Change notices: what a value in the state was and what it is now, for whoever asks by a path pattern.

Works on any view, next door or across a wire. Knows nothing of what the state holds.
"""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Protocol

import msgspec

from tradekit.core.codec import plain
from tradekit.core.event import Event
from tradekit.core.store import StateView, Watch

__all__ = ["Change", "Compared", "OnChange", "watch_changes"]


class Standing(Protocol):
    """A state that stands still while its lock is held."""

    @property
    def state(self) -> Any:
        """The state."""

    @property
    def lock(self) -> Any:
        """Held, nothing changes."""


class Change(msgspec.Struct, frozen=True):
    """The value at `path` went from `old` to `new` with this event.

    Both are plain copies (dicts, lists, numbers, Decimals, text) that no later event alters; None where there is none.
    `event` is None where a replica took over a whole state, after it had missed what led there.
    """

    path: str
    old: Any
    new: Any
    event: Event | None


class Compared:
    """The values at a pattern as they were last; `changes` compares them with those of now."""

    def __init__(self, view: Standing, pattern: str) -> None:
        self._view, self._tokens = view, pattern.split(".")
        self._known = self._values()

    def changes(self, event: Event | None) -> list[Change]:
        """What differs from the last time, by path."""
        before, self._known = self._known, self._values()
        return [
            Change(path, before.get(path), self._known.get(path), event)
            for path in {**before, **self._known}
            if before.get(path) != self._known.get(path)
        ]

    def _values(self) -> dict[str, Any]:
        with self._view.lock:
            return {path: plain(value) for path, value in _expand(self._view.state, self._tokens, ())}


OnChange = Callable[[Change], object]


def watch_changes(view: StateView, pattern: str, callback: OnChange) -> Watch:
    """Call `callback(change)` after each live event for every path that fits and whose value has changed.

    "account.equity" is one value, "orders.*.status" one of each order, "positions" the whole of it. It is told once for
    each path and event, in the thread that applies, and nothing where a value was touched and is the same.
    Raises ConfigError for a bad pattern. Cancel the watch to hear no more.
    """
    last_seq = 0

    def touched(_: str, event: Event) -> None:
        nonlocal last_seq
        if event.seq == last_seq:
            return  # another path of the same event: all was compared
        last_seq = event.seq
        for change in compared.changes(event):
            callback(change)

    with view.lock:
        compared = Compared(view, pattern)
        return view.subscribe(pattern, touched)


def _expand(value: Any, tokens: list[str], path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Every value below that the pattern leads to, with its path."""
    if not tokens:
        yield ".".join(path), value
        return
    if isinstance(value, dict):
        named = value.items()
    elif isinstance(value, msgspec.Struct):
        named = ((name, getattr(value, name)) for name in value.__struct_fields__)  # type: ignore[assignment]
    elif isinstance(value, list | tuple):
        named = ((str(index), item) for index, item in enumerate(value))  # type: ignore[assignment]
    else:
        return
    for name, item in named:
        parts = str(name).split(".")  # a key may hold dots: BTCUSDT.15m
        if len(parts) <= len(tokens) and all(map(fnmatchcase, parts, tokens)):
            yield from _expand(item, tokens[len(parts) :], (*path, str(name)))
