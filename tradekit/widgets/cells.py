"""Which notebook cell made a widget: when the cell runs again, what its last run made is closed.

Outside a notebook nothing is remembered. Knows no widget class.
"""

import sys
import weakref
from typing import Any, Protocol

__all__ = ["adopt", "current_cell"]


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> object:
        """Release everything."""


_made: dict[
    str, tuple[int, list[weakref.ref[Closable]]]
] = {}  # cell id -> execution count, what that run made


def current_cell() -> tuple[str, int] | None:
    """The id and execution count of the cell that runs now; None outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    parent = getattr(shell, "get_parent", None)
    if shell is None or parent is None:
        return None
    cell = (parent() or {}).get("metadata", {}).get("cellId")
    return (str(cell), int(shell.execution_count)) if cell else None


def adopt(widget: Closable) -> None:
    """Remember that the running cell made `widget`, and close what an earlier run of the same cell made."""
    cell = current_cell()
    if cell is None:
        return
    name, run = cell
    before, made = _made.get(name, (run, []))
    if before != run:
        for old in made:
            found = old()
            if found is not None:
                found.close()
        made = []
    _made[name] = (run, [*made, weakref.ref(widget)])
