"""Which notebook cell made a widget, and whether one runs now: when a cell runs again, what it made last is closed.

Outside a notebook nothing is remembered. Knows no widget class.
"""

import sys
import weakref
from typing import Any, Protocol

from tradekit.core.clock import SystemClock

__all__ = ["adopt", "busy_s", "current_cell"]

_clock = SystemClock()


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> object:
        """Release everything."""


_made: dict[
    str, tuple[int, list[weakref.ref[Closable]]]
] = {}  # cell id -> execution count, what that run made


class _Cells:
    """Since when a cell of this kernel has been running [monotonic s]; None while none is."""

    def __init__(self) -> None:
        self.since: float | None = None
        self._shell: Any = None

    def watch(self, shell: Any) -> None:
        """Hear of each cell's begin and end; the one that says so is running."""
        if shell is self._shell:
            return
        self._shell = shell
        self._begun()
        shell.events.register("pre_run_cell", self._begun)
        shell.events.register("post_run_cell", self._ended)

    def _begun(self, *_: object) -> None:
        self.since = _clock.monotonic()

    def _ended(self, *_: object) -> None:
        self.since = None


_cells = _Cells()


def busy_s() -> float:
    """How long the cell that runs now has been running [s]; 0 while none does, and before the first `adopt`."""
    since = _cells.since
    return 0.0 if since is None else _clock.monotonic() - since


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def current_cell() -> tuple[str, int] | None:
    """The id and execution count of the cell that runs now; None outside a notebook."""
    shell = _shell()
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
    _cells.watch(_shell())
    name, run = cell
    before, made = _made.get(name, (run, []))
    if before != run:
        for old in made:
            found = old()
            if found is not None:
                found.close()
        made = []
    _made[name] = (run, [*made, weakref.ref(widget)])
