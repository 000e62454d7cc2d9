"""The notebook in real JupyterLab: its widget moves while no cell runs, its session outlives the kernel."""

import re
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.chromium import Browser
from tests.notebooks.conftest import ends
from tests.notebooks.lab import Lab, serve
from tradekit.client import registry

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(480)]

SHOWN = """(cell) => {  // the event number that a pane in the cell shows
    const [, number] = cell.querySelector('section.tk')?.innerText.match(/#([\\d,]+)/) ?? [];
    return Number((number ?? '0').replaceAll(',', ''));
}"""
BEYOND = f"([cell, seen]) => ({SHOWN})(cell) > seen"


def number(text: str) -> int:
    """The event number in a session's repr."""
    found = re.search(r"#([\d,]+)", text)
    assert found, text
    return int(found[1].replace(",", ""))


def moves(page: Any, pane: Any) -> None:
    """Wait until the event number in a pane grows, twice."""
    pane.locator("section.tk").first.wait_for()
    for _ in range(2):
        arg = [pane.element_handle(), pane.evaluate(SHOWN)]
        page.wait_for_function(BEYOND, arg=arg, polling=250)


def test_the_widget_moves_while_no_cell_runs_and_the_session_outlives_the_kernel(
    project: Path, browser: Browser, screenshots: Path
) -> None:
    lab = Lab(browser.page)
    with serve(project) as address:
        lab.open(address.format(path="notebooks/01_from_idea_to_live.ipynb"))
        lab.run(last="dashboard")
        [session] = registry.entries()

        # blotter and cockpit go on while the kernel is idle and no cell runs, also after they were out of view
        counts = lab.counts()
        for cell in ("blotter", "dashboard", "blotter", "dashboard"):
            pane = lab.show(cell)
            moves(browser.page, pane)
            browser.page.screenshot(path=screenshots / f"lab-{cell}.png")
        assert lab.counts() == counts
        assert browser.errors == []

        # they follow the notebook's theme
        lab.theme("JupyterLab Dark")
        for cell in ("blotter", "dashboard"):
            lab.show(cell).locator("section.tk[data-theme=dark]").first.wait_for()
            browser.page.screenshot(path=screenshots / f"lab-{cell}-dark.png")

        # the kernel is restarted: another process, the same session, further on
        lab.run("change", "detach")
        left = number(lab.said("halt"))
        lab.restart_kernel()
        assert psutil.Process(session.pid).is_running()
        for cell in ("blotter", "dashboard"):  # what the old kernel told is old, and says so
            lab.show(cell).locator("section.tk[data-state=stale]").first.wait_for()
        lab.run("attach", "commands")
        assert str(session.pid) in lab.said("attach-sessions")
        assert number(lab.said("attach")) > left
        assert "gaps: 0" in lab.said("whole")
        browser.page.screenshot(path=screenshots / "lab-again-dark.png")

        lab.run("stop", "stop")
        assert ends(session.pid)

    assert browser.outside == []
