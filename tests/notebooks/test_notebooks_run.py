"""The notebooks in a real kernel: each runs from top to bottom, and a kernel's restart costs a session nothing."""

import json
import re
from pathlib import Path

import pytest

from tests.notebooks.book import Book
from tests.notebooks.conftest import ROOT, ends
from tradekit.client import registry

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LIVE = "01_from_idea_to_live.ipynb"


def seq(shown: str) -> int:
    """The event number in a session's repr."""
    found = re.search(r"#([\d,]+)", shown)
    assert found, shown
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_are_named_in_words_that_stay(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []


@pytest.mark.notebook
@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_a_notebook_runs_from_top_to_bottom_and_leaves_nothing_behind(project: Path, name: str) -> None:
    with Book.open(project / "notebooks" / name) as book:
        book.run()
        left = registry.entries()
        assert all(ends(entry.pid) for entry in left), f"still running: {left}"


@pytest.mark.notebook
def test_a_kernels_restart_costs_the_session_nothing(project: Path) -> None:
    with Book.open(project / "notebooks" / LIVE) as book:
        book.run(last="detach")
        [before] = registry.entries()
        assert book.said("same") == "True", "paper fills as the backtest does"
        assert "halted" in book.said("halt")
        left = seq(book.said("halt"))
        book.restart()
        book.run(first="attach", last="commands")
        [after] = registry.entries()
        assert (after.pid, after.started) == (before.pid, before.started)
        assert "halted" in book.said("attach")
        assert seq(book.said("attach")) > left
        assert "gaps: 0" in book.said("whole")
        for command in ("set_param", "halt"):
            assert command in book.said("commands")
        book.run(first="stop")
        assert ends(before.pid)
    assert registry.entries() == []
