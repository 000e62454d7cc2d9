"""A notebook in a real kernel, cell by cell, by the ids of its cells; the kernel may be restarted in between.

Knows Jupyter, nothing of what the cells do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

__all__ = ["Book"]

CELL_S = 120  # the longest a cell may take


class Book:
    """An open notebook: `run` executes cells in order, and raises what a cell raises."""

    def __init__(self, notebook: nbformat.NotebookNode, client: NotebookClient) -> None:
        self.cells = notebook.cells
        self._client = client

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """The notebook with a kernel of its own, which works in the notebook's folder and ends with the block."""
        notebook = nbformat.read(path, as_version=4)
        where = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(notebook, timeout=CELL_S, kernel_name="python3", resources=where)
        with client.setup_kernel():
            yield cls(notebook, client)

    def run(self, first: str | None = None, last: str | None = None) -> None:
        """Execute the code cells from `first` to `last` (ids, both included; default: the whole notebook)."""
        ids = [cell.id for cell in self.cells]
        begin = 0 if first is None else ids.index(first)
        end = len(ids) if last is None else ids.index(last) + 1
        for index in range(begin, end):
            if self.cells[index].cell_type == "code":
                self._client.execute_cell(self.cells[index], index)

    def restart(self) -> None:
        """A new kernel process for the same notebook: every variable is gone."""
        run_sync(self._client.km.restart_kernel)(now=True)
        run_sync(self._client.kc.wait_for_ready)(timeout=CELL_S)

    def said(self, cell_id: str, mime: str = "text/plain") -> str:
        """What a cell shows: the text of its results and displays, and what it printed."""
        cell: Any = next(cell for cell in self.cells if cell.id == cell_id)
        shown = [output.get("text", "") or output.get("data", {}).get(mime, "") for output in cell.outputs]
        return "\n".join(text for text in shown if text)
