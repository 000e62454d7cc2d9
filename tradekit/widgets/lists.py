"""Long lists on their way to a screen: whole now and then, and between that only the rows that differ.

Pure; knows no pane and no wire. The parts `X` (whole) and `X_since` (what differs from it) are complete together, so
that a second view of the same pane, or one that opens later, needs nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["LISTS", "Lists", "with_news"]

LISTS = {
    "positions": "key",
    "orders": "key",
    "fills": "key",
    "signals": "key",
    "trades": "key",
    "differences": "key",
    "alerts": "seq",
    "found": "seq",
    "entries": "seq",
    "days": "key",
    "prices": "key",
    "markers": "key",
}
_SINCE = "_since"
_MOST = (
    14  # rows that differ before all are sent anew: of 100 rows fewest are sent in all at the root of 2 x 100
)

Part = dict[str, Any]  # {"rows": [...], ...}; a row is named by its value at LISTS[part]


def with_news(parts: Iterable[str]) -> list[str]:
    """The names of parts as they are written: each list and what differs from it."""
    return [name for part in parts for name in ((part, part + _SINCE) if part in LISTS else (part,))]


class Lists:
    """One screen's lists: what it was sent last as a whole."""

    def __init__(self) -> None:
        self._whole: dict[str, dict[Any, Part]] = {}  # by part, then by the row's name
        self._number: dict[str, int] = {}  # of the whole, by part

    def news(self, parts: Mapping[str, Any]) -> dict[str, Any]:
        """`parts` with each list as what is to be written of it."""
        written: dict[str, Any] = {}
        for name, value in parts.items():
            if name in LISTS:
                written |= self._news(name, value)
            else:
                written[name] = value
        return written

    def _news(self, name: str, value: Part) -> Part:
        rows = {row[LISTS[name]]: row for row in value["rows"]}
        known = self._whole.get(name, {})
        differ = [row for key, row in rows.items() if known.get(key) != row]
        if name not in self._whole or len(differ) > _MOST:
            self._whole[name] = rows
            self._number[name] = self._number.get(name, 0) + 1
            return {name: {**value, "number": self._number[name]}}
        since = {**value, "number": self._number[name], "keys": list(rows), "rows": differ}
        return {name + _SINCE: since}
