"""The widgets in real JupyterLab, and in Jupyter Notebook: they live while a cell runs, and the kill switch does not
wait for it."""

import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
import yaml
from playwright.sync_api import expect

import tradekit as tk
from tests.chromium import Browser
from tests.notebooks.conftest import copied, ends
from tests.notebooks.lab import Lab, serve
from tests.sessions import wait_until
from tradekit.client import registry

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(480)]

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


WIDGETS = (
    "Ticker", "Chart", "Blotter", "Positions", "PnL", "Orders", "Signals", "Log", "Controls", "KillSwitch", "Session",
)  # fmt: skip
MOVING = [kind for kind in WIDGETS if kind not in ("Controls", "KillSwitch")]  # those change by commands
EACH_BAR = """import tradekit as tk


class EachBar(tk.Strategy):
    \"\"\"In and out from bar to bar, so that all there is to see changes with each.\"\"\"

    def on_bar(self, bar):
        self.signal("each", 1.0, note=f"at {bar.close}")
        if self.position() == 0:
            self.buy(0.1, stop_loss=bar.close * 0.9)
        else:
            self.close()
"""
EVERY = {
    "start": "import tradekit as tk\nsession = tk.start('config/two.yaml')",
    **{kind: f"tk.widgets.{kind}(session)" for kind in WIDGETS},
    "busy": "import time\ntime.sleep(3600)",
    "again": "len(session.replica._watchers)",
    "attach": "import tradekit as tk\nsession = tk.connect('two')\nsession.seq",
    "stop": "session.stop()",
}
SHOWN = """(cell) => {  // what a pane shows beside its first line
    const whole = cell.querySelector("section.tk");
    const pane = whole?.querySelector(".hero") ?? whole; // the ages on a ribbon change by themselves
    const first = pane?.querySelector(".first")?.innerText ?? "";
    return pane ? pane.innerText.replace(first, "").replace(/#[\\d,]+/g, "") : null;
}"""
CHANGED = f"([cell, before]) => ![null, before].includes(({SHOWN})(cell))"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One project for all tests of this module; each has a notebook, a kernel and a session of its own."""
    with copied(tmp_path_factory.mktemp("lab")) as folder:
        yield folder


@pytest.fixture(scope="module")
def address(project: Path) -> Iterator[str]:
    """One JupyterLab for all of them."""
    with serve(project) as found:
        yield found


def write(project: Path, name: str, cells: Mapping[str, str]) -> str:
    """A notebook of these cells."""
    made = [nbformat.v4.new_code_cell(source, id=cell) for cell, source in cells.items()]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = nbformat.v4.new_notebook(cells=made, metadata=kernel)
    nbformat.write(book, project / "notebooks" / f"{name}.ipynb")
    return f"notebooks/{name}.ipynb"


def configure(project: Path, name: str, address: str, **sections: Any) -> None:
    """A paper session that lets this page connect."""
    at = urlsplit(address)
    config = yaml.safe_load((project / "config" / "paper.yaml").read_text(encoding="utf-8"))
    config["session"]["name"] = name
    config["event_bus"]["event_log_file"] = f"logs/{name}.log"
    config["state_store"]["snapshot_dir"] = f"data/{name}"
    config["websocket"] = {"enabled": True, "port": 0, "allowed_origins": [f"{at.scheme}://{at.netloc}"]}
    (project / "config" / f"{name}.yaml").write_text(yaml.safe_dump(config | sections), encoding="utf-8")


def says(cell: Any, selector: str, *words: str) -> None:
    """Wait until an element in a cell says all of these."""
    for word in words:
        expect(cell.locator(selector).first).to_contain_text(word, use_inner_text=True)


def read(lab: Lab) -> dict[str, str | None]:
    """What every widget shows now."""
    return {kind: lab.cell(kind).evaluate(SHOWN) for kind in WIDGETS}


def change(lab: Lab, shown: Mapping[str, str | None], kinds: Iterable[str]) -> None:
    """Wait until what each of these widgets shows, one after the other, is not what it was."""
    for kind in kinds:
        arg = [lab.cell(kind).element_handle(), shown[kind]]
        lab.page.wait_for_function(CHANGED, arg=arg, polling=100)


def watchers_become(lab: Lab, count: int) -> None:
    """Wait until so many watch the session; the page waits a moment before it says that nobody looks."""

    def counted() -> int:
        lab.run("again", "again")
        return int(lab.said("again"))

    wait_until(lambda: counted() == count, 60, period_s=0.1)


@pytest.fixture(autouse=True)
def _ended(address: str) -> Iterator[None]:
    """A session that a test leaves behind, failing, is not the next one's."""
    yield
    for entry in registry.entries():
        os.kill(entry.pid, signal.SIGKILL)
        assert ends(entry.pid)


def test_widgets_live_and_the_kill_switch_kills_while_a_cell_runs(
    project: Path, address: str, browser: Browser, screenshots: Path
) -> None:
    lab, page = Lab(browser.page), browser.page
    at = urlsplit(address)
    configure(project, "one", address)
    page.add_init_script(NOTE_TICKETS)
    lab.open(address.format(path=write(project, "kill", CELLS)))
    lab.run(last="far")

    # all of it in one: numbers, chart, and a parameter that is changed from its form
    whole = lab.show("whole")
    says(whole, ".controls .way", "own line")
    says(whole, ".hero", "Equity")
    whole.locator(".chart canvas").first.wait_for()
    whole.locator(".params input[aria-label=fast]").first.fill("12")
    whole.locator(".params .apply").first.click()
    says(whole, ".params .ack", "fast 10 → 12", "#")
    page.screenshot(path=screenshots / "widget-session-light.png")
    whole.locator("[role=tab]:has-text('Log')").first.click()
    says(whole, ".log", "parameters: fast=12")

    # where a page has no line of its own the kernel serves, and the widget says so; arming goes that way always
    far = lab.show("far")
    says(far, ".way", "through the kernel", "could not be reached", f"{at.scheme}://{at.netloc}")
    page.screenshot(path=screenshots / "widget-far-light.png")
    far.locator("button.halt").first.click()
    says(far, ".ack", "halted, #")
    whole = lab.show("whole")
    whole.locator("button.power:has-text('Arm')").first.click()
    says(whole, ".controls .ack", "armed, #")

    # a cell runs: what is shown goes on, and Halt and Kill do not wait for its end
    kill = lab.show("kill")
    says(kill, ".way", "own line")
    lab.begin("busy")
    says(kill, ".way", "kernel busy", "do not wait")
    first = kill.locator(".first")
    expect(first).not_to_have_text(first.inner_text(), use_inner_text=True)
    kill.locator("button.halt").first.click()
    says(kill, ".ack", "halted, #")
    kill.locator("button.kill").first.click()
    kill.locator("input").first.fill("on")
    expect(kill.locator("form button.kill").first).to_be_disabled()
    kill.locator("input").first.fill("one")
    page.screenshot(path=screenshots / "widget-kill-light.png")
    kill.locator("form button.kill").first.click()
    says(kill, ".ack", "killed, #")
    says(kill, ".now", "KILLED")
    assert lab.busy()
    lab.theme("JupyterLab Dark")
    kill.locator("section.tk[data-theme=dark]").first.wait_for()
    page.screenshot(path=screenshots / "widget-kill-dark.png")
    (project / "notebooks" / "done").touch()
    lab.rest()

    # running a cell again watches no more than before and commands nothing; without its output it watches nothing
    lab.run("watchers", "watchers")
    before = int(lab.said("watchers"))
    lab.run("whole", "whole")
    watchers_become(lab, before)
    lab.run("params", "params")
    fast_now, commands = eval(lab.said("params"))  # noqa: S307 - our own cell's repr
    assert fast_now == 12
    assert commands == ["set_param", "halt", "arm", "halt", "kill"]
    lab.show("whole").locator("section.tk[data-theme=dark]").first.wait_for()
    page.screenshot(path=screenshots / "widget-session-dark.png")
    lab.clear("kill")
    watchers_become(lab, before - 1)

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


def test_every_widget_lives_while_no_cell_runs_and_while_one_does_and_lets_go_of_its_session(
    project: Path, address: str, browser: Browser, screenshots: Path
) -> None:
    lab, page = Lab(browser.page), browser.page
    (project / "strategies").mkdir()
    (project / "strategies" / "each_bar.py").write_text(EACH_BAR, encoding="utf-8")
    market = {"bars": ["sample:BTCUSDT-1m"], "speed": 60, "timeframes": ["1m"], "fast_forward_bars": 60}
    configure(
        project, "two", address, strategy={"class": "strategies/each_bar.py:EachBar"}, market_data=market
    )
    lab.open(address.format(path=write(project, "every", EVERY)))
    lab.unroll()
    lab.run(last="Session")
    [entry] = registry.entries()

    # no cell runs: what the market changes, changes; and what a command of somebody else changes
    shown = read(lab)
    counts = lab.counts()
    change(lab, shown, MOVING)
    with tk.connect("two") as other:
        other.disarm("from elsewhere")
        change(lab, shown, WIDGETS)
        other.arm()
    page.screenshot(path=screenshots / "widget-every.png")
    assert lab.counts() == counts

    # a cell runs that never ends: all goes on, and a halt gets through
    kill = lab.cell("KillSwitch")
    says(kill, ".way", "own line")
    says(kill, ".now", "ARMED")
    lab.begin("busy")
    shown = read(lab)
    change(lab, shown, MOVING)
    kill.locator("button.halt").first.click()
    says(kill, ".ack", "halted, #")
    change(lab, shown, WIDGETS)
    assert lab.busy()
    lab.interrupt()

    # a widget watches the session once, however often its cell runs, and no more when its output is gone
    lab.run("again", "again")
    before = int(lab.said("again"))
    assert before >= len(WIDGETS)
    for kind in ("Ticker", "Controls", "Session"):
        lab.run(kind, kind)
    watchers_become(lab, before)
    lab.clear("Ticker")
    watchers_become(lab, before - 1)

    # the kernel is gone, the session is not: running the cells again shows it, further on
    with tk.connect("two") as other:
        left = other.seq
    lab.restart_kernel()
    says(lab.cell("Orders"), ".badge", "stale")
    lab.run("attach", "attach")
    assert int(lab.said("attach")) > left
    lab.run("Orders", "Orders")
    [again] = registry.entries()
    assert (again.pid, again.started) == (entry.pid, entry.started)
    says(lab.cell("Orders"), ".first", "PAPER", "two")
    shown = read(lab)
    with tk.connect("two") as other:
        other.arm()
    change(lab, shown, ["Orders"])
    assert psutil.Process(entry.pid).is_running()
    lab.run("stop", "stop")
    assert ends(entry.pid)
    assert browser.outside == []


def test_widgets_live_in_jupyter_notebook_too_and_a_halt_does_not_wait_there_either(
    project: Path, address: str, browser: Browser, screenshots: Path
) -> None:
    lab, page = Lab(browser.page), browser.page
    market = {"bars": ["sample:BTCUSDT-1m"], "speed": 120, "timeframes": ["1m"], "fast_forward_bars": 60}
    configure(project, "three", address, market_data=market)
    cells = {
        "start": "import tradekit as tk\nsession = tk.start('config/three.yaml')",
        "whole": "tk.widgets.Session(session)",
        "busy": "while True:\n    pass",
        "stop": "session.stop()",
    }
    classic = address.replace("/lab/tree/", "/notebooks/")
    lab.open(classic.format(path=write(project, "classic", cells)))
    assert "JupyterNotebook" in page.evaluate("() => window.jupyterapp.name.replace(' ', '')")
    lab.run(last="whole")

    # a cell runs that never ends: the numbers go on, and a halt gets through
    whole = lab.show("whole")
    whole.locator(".chart canvas").first.wait_for()
    says(whole, ".controls .way", "own line")
    lab.begin("busy")
    change(lab, {"whole": whole.evaluate(SHOWN)}, ["whole"])
    whole.locator("button.halt").first.click()
    says(whole, ".controls .ack", "halted, #")
    page.screenshot(path=screenshots / "widget-session-notebook.png")
    assert lab.busy()
    lab.interrupt()
    lab.run("stop", "stop")
    assert browser.outside == []
