"""Change notices of a replica: what a value in a session's state was and what it is now, whatever was missed between.

Knows no socket; `core.changes` does the comparing.
"""

import logging

from tradekit.client.replica import ALL, Replica, Watcher
from tradekit.core.changes import Compared, OnChange
from tradekit.core.event import Event
from tradekit.errors import ConfigError

__all__ = ["watch_paths"]

_log = logging.getLogger(__name__)


def watch_paths(replica: Replica, pattern: str, callback: OnChange) -> Watcher:
    """Call `callback(change)` for each changed value at a path that fits; once for each frame that touched it.

    Raises ConfigError for a bad pattern. A callback that raises is logged and called again at the next change.
    """
    first, *rest = pattern.split(".")
    if not first or not all(rest):
        raise ConfigError(
            f"path pattern {pattern!r} is not understood; write names joined by dots: orders.*.status"
        )
    known = replica.state.__struct_fields__
    if first not in known and "*" not in first:
        raise ConfigError(f"path pattern {pattern!r}: the state has no {first!r}; it has {', '.join(known)}")

    def changed(names: frozenset[str], events: list[Event]) -> None:
        if names is not ALL and first not in names and "*" not in first:
            return
        for change in compared.changes(events[-1] if events else None):
            try:
                callback(change)
            except Exception:
                _log.exception("a subscriber of %s failed", pattern)

    with replica.lock:
        compared = Compared(replica, pattern)
        return replica.watch(changed)
