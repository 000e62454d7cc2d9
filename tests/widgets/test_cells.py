import sys
from types import SimpleNamespace

import pytest

from tradekit.core.clock import ManualClock
from tradekit.widgets import cells


class Made:
    closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A kernel that says which cell runs."""
    shell = SimpleNamespace(execution_count=1, parent={"metadata": {"cellId": "a"}})
    shell.get_parent = lambda: shell.parent
    shell.heard = {}
    shell.events = SimpleNamespace(register=lambda name, run: shell.heard.setdefault(name, run))
    monkeypatch.setattr(cells, "_cells", cells._Cells())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(cells, "_made", {})
    return shell


def test_running_a_cell_again_closes_what_it_made_before(notebook: SimpleNamespace) -> None:
    first, second, third = Made(), Made(), Made()
    cells.adopt(first)
    cells.adopt(second)
    assert not first.closed, "two in one run live side by side"
    notebook.execution_count = 2
    cells.adopt(third)
    assert first.closed
    assert second.closed
    assert not third.closed


def test_another_cell_closes_nothing(notebook: SimpleNamespace) -> None:
    made = Made()
    cells.adopt(made)
    notebook.execution_count, notebook.parent = 2, {"metadata": {"cellId": "b"}}
    cells.adopt(Made())
    assert not made.closed


def test_what_was_collected_need_not_be_closed(notebook: SimpleNamespace) -> None:
    cells.adopt(Made())
    notebook.execution_count = 2
    cells.adopt(Made())


@pytest.mark.parametrize("parent", [None, {}, {"metadata": {}}])
def test_a_front_end_that_names_no_cell_is_no_notebook(notebook: SimpleNamespace, parent: object) -> None:
    notebook.parent = parent
    assert cells.current_cell() is None


def test_outside_a_notebook_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert cells.current_cell() is None
    monkeypatch.delitem(sys.modules, "IPython")
    assert cells.current_cell() is None
    cells.adopt(Made())


def test_a_cell_keeps_the_kernel_busy_from_its_begin_to_its_end(
    notebook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(1_670_889_600_000_000_000)
    monkeypatch.setattr(cells, "_clock", clock)
    assert cells.busy_s() == 0
    cells.adopt(Made())
    clock.advance(3)
    assert cells.busy_s() == 3, "the cell that makes a widget runs"
    notebook.heard["post_run_cell"](None)
    assert cells.busy_s() == 0
    notebook.heard["pre_run_cell"](None)
    clock.advance(2)
    cells.adopt(Made())
    assert cells.busy_s() == 2, "a second widget is no second begin"
