"""A paper session that trades at each bar, and screens that show its fills: the dashboard's page, a notebook's widget
in JupyterLab, and a Streamlit page that polls.

Session, servers and browser are the processes that a user starts. Knows no measurement.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.bench_backtest import made_up_bars
from tests.notebooks.lab import Lab, serve

__all__ = [
    "NOTE_PAGE",
    "NOTE_STREAMLIT",
    "Screen",
    "page_in_browser",
    "panel",
    "paper_session",
    "streamlit",
    "widget",
]

ROOT = Path(__file__).resolve().parents[1]
EVENTS_A_BAR = 4  # the bar, a signal, an order, its fill
START_S = 60.0
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

STRATEGY = '''\
from tradekit import Strategy

class Restless(Strategy):
    """Says something and trades at every bar."""

    def on_bar(self, bar):
        held = self.position()
        self.signal("turn", -1 if held else 1)
        self.close() if held else self.buy_to(1)
'''

POLLING = """\
import streamlit as st
import tradekit as tk

@st.cache_resource
def session():
    return tk.connect("restless")

@st.fragment(run_every=1.0)
def fills():
    rows = [{"seq": fill.seq, "price": str(fill.price), "qty": str(fill.qty)} for fill in session().state.fills[-100:]]
    st.table(rows[::-1])

fills()
"""

# Each notes the wall time at which the row of a fill appears. Rows of ours are named by their keys, wherever in the
# shadow roots they stand; a table of Streamlit's is written anew, cell by cell.
NOTE_PAGE = """() => {
  globalThis.seen = {}
  const note = (node) => {
    if (node.nodeName === "TR" && node.dataset.key && node.closest("table")?.ariaLabel === "Fills")
      globalThis.seen[node.dataset.key] ??= Date.now()
  }
  const watch = (root) => {
    new MutationObserver((changes) => {
      for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) note(node)
    }).observe(root, { childList: true, subtree: true })
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) watch(node.shadowRoot)
  }
  watch(document)
}"""
NOTE_STREAMLIT = """() => {
  globalThis.seen = {}
  const look = () => {
    for (const row of document.querySelectorAll("[data-testid=stTable] tbody tr"))
      globalThis.seen[row.querySelector("td").innerText] ??= Date.now()
  }
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true })
}"""


@dataclass
class Screen:
    """Where to look, who serves it, how to get there in a page, and what notes its fills."""

    name: str
    server: psutil.Process
    show: Callable[[Any], None]
    note: str


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*words: str, root: Path, name: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A module's command in a process of its own, ended on the way out; its words go to `name`.log."""
    env = os.environ | {"TRADEKIT_RUNTIME_DIR": str(root / "runtime"), "PYTHONPATH": str(ROOT)}
    with (root / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", *words], cwd=root, env=env, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def until_told(process: "subprocess.Popen[bytes]", log: Path, word: str) -> str:
    """The first line of the log that has `word` in it; raises RuntimeError when none comes."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        for line in log.read_text(encoding="utf-8").splitlines():
            if word in line:
                return line
        time.sleep(0.05)
    raise RuntimeError(f"{log.stem} did not start: {log.read_text(encoding='utf-8')}")


@contextmanager
def paper_session(root: Path, events_a_second: float, bars: int) -> Iterator[tuple[psutil.Process, Path]]:
    """A session that writes so many events a second while its bars last: its process and its journal."""
    for folder in ("strategies", "config", "data"):
        (root / folder).mkdir()
    (root / "strategies" / "restless.py").write_text(STRATEGY, encoding="utf-8")
    made_up_bars(bars).to_csv(root / "data" / "bars.csv")
    config = {
        "session": {"name": "restless", "cash": 1_000_000},
        "strategy": {"class": "strategies/restless.py:Restless"},
        "market_data": {"bars": ["data/bars.csv"], "speed": events_a_second / EVENTS_A_BAR * 60},
        "websocket": {"port": 0},
    }
    path = root / "config" / "restless.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    with running("tradekit", "run", str(path), "--json", root=root, name="run") as process:
        told = json.loads(until_told(process, root / "run.log", '"journal"'))
        yield psutil.Process(process.pid), Path(told["journal"])


@contextmanager
def panel(root: Path) -> Iterator[Screen]:
    """The dashboard's page, its fills in front."""
    words = ("tradekit", "dashboard", "restless", "--no-show", "--port", str(free_port()))
    with running(*words, root=root, name="dashboard") as process:
        line = until_told(process, root / "dashboard.log", "http://")
        url = next(word for word in line.split() if word.startswith("http"))

        def show(page: Any) -> None:
            page.goto(url)
            _fills(page)

        yield Screen("Panel page", psutil.Process(process.pid), show, NOTE_PAGE)


@contextmanager
def widget(root: Path) -> Iterator[Screen]:
    """`tk.widgets.Blotter` in JupyterLab, its fills in front; the server measured is the kernel."""
    cells = {
        "tables": "import os, tradekit as tk\ntk.widgets.Blotter(tk.connect('restless'))",
        "pid": "os.getpid()",
    }
    book = {
        "cells": [
            {
                "cell_type": "code",
                "id": name,
                "source": source,
                "metadata": {},
                "outputs": [],
                "execution_count": None,
            }
            for name, source in cells.items()
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (root / "fills.ipynb").write_text(json.dumps(book), encoding="utf-8")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    os.environ.update({name: str(root / name.lower()) for name in names})
    os.environ.update({"TRADEKIT_RUNTIME_DIR": str(root / "runtime"), "PYTHONPATH": str(ROOT)})
    with serve(root) as address:
        screen = Screen("widget in JupyterLab", psutil.Process(), lambda page: None, NOTE_PAGE)

        def show(page: Any) -> None:
            lab = Lab(page)
            lab.open(address.format(path="fills.ipynb"))
            lab.run()
            screen.server = psutil.Process(int(lab.said("pid")))
            lab.show("tables")
            _fills(page)

        screen.show = show
        yield screen


@contextmanager
def streamlit(root: Path) -> Iterator[Screen]:
    """A plain Streamlit page that asks each second for the last hundred fills."""
    (root / "polling.py").write_text(POLLING, encoding="utf-8")
    port = str(free_port())
    words = ("streamlit", "run", "polling.py", "--server.headless", "true", "--server.port", port)
    quiet = (
        "--browser.gatherUsageStats",
        "false",
        "--server.address",
        "127.0.0.1",
        "--server.fileWatcherType",
        "none",
    )
    with running(*words, *quiet, root=root, name="streamlit") as process:
        until_told(process, root / "streamlit.log", "http://")

        def show(page: Any) -> None:
            page.goto(f"http://127.0.0.1:{port}")
            page.locator("[data-testid=stTable] tbody tr").first.wait_for()

        yield Screen(
            "Streamlit page that polls each second", psutil.Process(process.pid), show, NOTE_STREAMLIT
        )


@contextmanager
def page_in_browser() -> Iterator[Any]:
    """A page of 1440 x 900 in a Chromium without a screen."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise RuntimeError("no Chromium on PATH: install Debian's chromium package")
    with ExitStack() as stack:
        run = stack.enter_context(sync_playwright())
        browser = run.chromium.launch(executable_path=program, args=list(CHROMIUM))
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(START_S * 1000)
        yield page


def _fills(page: Any) -> None:
    page.get_by_role("tab", name="Fills", exact=True).click()
    page.get_by_role("table", name="Fills", exact=True).locator("tbody tr").first.wait_for()
