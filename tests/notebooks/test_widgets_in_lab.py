"""The widgets in real JupyterLab: they live while a cell runs, and the kill switch does not wait for it."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
import yaml

from tests.notebooks.conftest import Browser
from tests.notebooks.lab import Lab, serve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

NOTE_TICKETS = """
    window.tickets = [];
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        if (typeof data === "string" && data.startsWith('{"op":"auth"')) window.tickets.push(JSON.parse(data).token);
        return send.call(this, data);
    };"""
CELLS = {
    "start": "import tradekit as tk\nsession = tk.start('config/one.yaml')",
    "whole": "tk.widgets.Session(session)",
    "kill": "tk.widgets.KillSwitch(session)",
    "far": 'far = tk.widgets.KillSwitch(session)\nfar.line = \'{"uri": "ws://127.0.0.1:1/ws"}\'\nfar',
    "busy": """import pathlib, time
while not pathlib.Path("done").exists():
    time.sleep(0.05)""",
    "watchers": "len(session.replica._watchers)",
    "again": "len(session.replica._watchers)",
    "params": "session.state.strategy.params['fast'], [c.name for c in session.state.commands]",
    "state": """import json, ipywidgets
models = ipywidgets.Widget.get_manager_state()["state"].values()
json.dumps([{k: v for k, v in one["state"].items() if k != "_esm"} for one in models], default=str)""",
    "stop": "session.stop()",
}


@pytest.fixture
def notebook(project: Path) -> str:
    """A notebook of these cells."""
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=kernel), project / "notebooks" / "widgets.ipynb"
    )
    return "notebooks/widgets.ipynb"


def configure(project: Path, origin: str) -> None:
    """A paper session that lets this page connect."""
    config = yaml.safe_load((project / "config" / "paper.yaml").read_text(encoding="utf-8"))
    config["session"]["name"] = "one"
    config["websocket"] = {"enabled": True, "port": 0, "allowed_origins": [origin]}
    (project / "config" / "one.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def says(browser: Browser, pane: Any, selector: str, *words: str, timeout_ms: int = 15_000) -> None:
    """Wait until an element in a cell says all of these."""
    browser.page.wait_for_function(
        "([cell, selector, words]) => words.every((one) => cell.querySelector(selector)?.innerText.includes(one))",
        arg=[pane, selector, list(words)],
        timeout=timeout_ms,
    )


def watchers_become(lab: Lab, count: int) -> bool:
    """Whether the session is soon watched by so many; the page waits a moment before it says that nobody looks."""
    for _ in range(50):
        lab.run("again", "again")
        if int(lab.said("again")) == count:
            return True
    return False


def test_widgets_live_and_the_kill_switch_kills_while_a_cell_runs(
    project: Path, notebook: str, browser: Browser, screenshots: Path
) -> None:
    lab, page = Lab(browser.page), browser.page
    with serve(project) as address:
        at = urlsplit(address)
        configure(project, f"{at.scheme}://{at.netloc}")
        page.add_init_script(NOTE_TICKETS)
        lab.open(address.format(path=notebook))
        lab.run(last="far")

        # all of it in one: numbers, chart, and a parameter that is changed from its form
        whole = lab.show("whole")
        says(browser, whole, ".controls .way", "own line")
        says(browser, whole, ".hero", "Equity")
        whole.wait_for_selector(".chart canvas")
        fast = whole.wait_for_selector(".params input[aria-label=fast]")
        fast.fill("12")
        whole.query_selector(".params .apply").click()
        says(browser, whole, ".params .ack", "fast 10 → 12", "#")
        page.screenshot(path=screenshots / "widget-session-light.png")
        whole.query_selector("[role=tab]:has-text('Log')").click()
        says(browser, whole, ".log", "parameters: fast=12")

        # where a page has no line of its own the kernel serves, and the widget says so; arming goes that way always
        far = lab.show("far")
        says(browser, far, ".way", "through the kernel", "could not be reached", f"{at.scheme}://{at.netloc}")
        page.screenshot(path=screenshots / "widget-far-light.png")
        far.query_selector("button.halt").click()
        says(browser, far, ".ack", "halted, #")
        whole = lab.show("whole")
        whole.wait_for_selector("button.power:has-text('Arm')").click()
        says(browser, whole, ".controls .ack", "armed, #")

        # a cell runs: what is shown goes on, and Halt and Kill do not wait for its end
        kill = lab.show("kill")
        says(browser, kill, ".way", "own line")
        lab.begin("busy")
        says(browser, kill, ".way", "kernel busy", "do not wait")
        shown = kill.query_selector(".first").inner_text()
        page.wait_for_function(
            "([cell, shown]) => cell.querySelector('.first').innerText !== shown", arg=[kill, shown]
        )
        kill.query_selector("button.halt").click()
        says(browser, kill, ".ack", "halted, #")
        kill.query_selector("button.kill").click()
        kill.query_selector("input").fill("on")
        assert kill.query_selector("form button.kill").is_disabled()
        kill.query_selector("input").fill("one")
        page.screenshot(path=screenshots / "widget-kill-light.png")
        kill.query_selector("form button.kill").click()
        says(browser, kill, ".ack", "killed, #")
        says(browser, kill, ".now", "KILLED")
        assert lab.busy()
        lab.theme("JupyterLab Dark")
        kill.wait_for_selector("section.tk[data-theme=dark]")
        page.screenshot(path=screenshots / "widget-kill-dark.png")
        (project / "notebooks" / "done").touch()
        lab.rest()

        # running a cell again watches no more than before and commands nothing; without its output it watches nothing
        lab.run("watchers", "watchers")
        before = int(lab.said("watchers"))
        lab.run("whole", "whole")
        lab.run("again", "params")
        assert int(lab.said("again")) == before
        fast_now, commands = eval(lab.said("params"))  # noqa: S307 - our own cell's repr
        assert fast_now == 12
        assert commands == ["set_param", "halt", "arm", "halt", "kill"]
        lab.show("whole").wait_for_selector("section.tk[data-theme=dark]")
        page.screenshot(path=screenshots / "widget-session-dark.png")
        lab.clear("kill")
        assert watchers_become(lab, before - 1)

        # what a notebook saves of its widgets holds every part of them, and none of the tickets that were shown
        lab.run("state", "state")
        state, tickets = lab.said("state"), page.evaluate("() => window.tickets")
        assert "allowed" in state
        assert tickets
        assert [ticket for ticket in tickets if ticket in state or ticket in lab.saved()] == []
        lab.run("stop", "stop")

    refused = "WebSocket connection to"  # the browser's own words for an address where nobody is
    assert [error for error in browser.errors if refused not in error] == []
    assert browser.outside == []
