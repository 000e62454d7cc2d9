"""What a screen makes of a list that it was sent whole and of what differs from that (as frame.js does)."""

import json
from typing import Any

from tradekit.widgets.lists import LISTS


def rows_of(pane: Any, name: str) -> list[dict[str, Any]]:
    """The rows of a list of a pane or a widget."""
    since = getattr(pane, f"{name}_since")
    return joined(name, json.loads(getattr(pane, name)), json.loads(since) if since else None)


def joined(name: str, whole: dict[str, Any], since: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The rows of a whole list and what has come since."""
    rows: list[dict[str, Any]] = whole["rows"]
    if since is None or since["number"] != whole["number"]:
        return rows
    known = {row[LISTS[name]]: row for row in (*rows, *since["rows"])}
    return [known[key] for key in since["keys"]]
