"""JupyterLab as a user has it, in a real Chromium: its cells are run and read through the page.

Jupyter Notebook (version 7) is served beside it and has the same commands. Knows nothing of what the cells do.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Lab", "serve"]

START_S = 90  # a bound, not an expectation
CELL_MS = 60_000
QUIET = {"@jupyterlab/apputils-extension:announcements": True}  # asks for news on the network, in a pop-up

PRELUDE = """
    const book = window.jupyterapp.shell.currentWidget;
    const cells = book.content.widgets;
    const find = (id) => cells.findIndex((cell) => cell.model.id === id);
    const idle = () => book.sessionContext.session?.kernel?.status === 'idle';
"""


class Lab:
    """One notebook open in JupyterLab."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def open(self, url: str) -> None:
        """Go there and wait until the notebook's kernel is ready."""
        self.page.goto(url, timeout=CELL_MS)
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=CELL_MS
        )
        self._wait("return idle() && cells.length > 0")
        self._do("cells.forEach((cell) => { cell.node.dataset.cell = cell.model.id; })")

    def run(self, first: str | None = None, last: str | None = None) -> None:
        """Run the code cells from `first` to `last` (ids, both included), each as Shift+Enter would."""
        ids = self._do("return cells.filter((c) => c.model.type === 'code').map((c) => c.model.id)")
        begin = 0 if first is None else ids.index(first)
        end = len(ids) if last is None else ids.index(last) + 1
        for cell in ids[begin:end]:
            self._do("book.content.activeCellIndex = find(arg)", cell)
            self._do("return window.jupyterapp.commands.execute('notebook:run-cell').then(() => 0)", cell)
            failed = self._do(
                "return cells[find(arg)].model.outputs.toJSON().filter((o) => o.output_type === 'error')",
                cell,
            )
            assert not failed, f"{cell}: {failed[0]['ename']}: {failed[0]['evalue']}"

    def begin(self, cell: str) -> None:
        """Start a cell and do not wait for its end: the kernel is busy from now on."""
        self._do("book.content.activeCellIndex = find(arg)", cell)
        self._do("window.jupyterapp.commands.execute('notebook:run-cell')", cell)
        self._wait("return !idle()")

    def busy(self) -> bool:
        """Whether the kernel is at work."""
        return bool(self._do("return !idle()"))

    def rest(self) -> None:
        """Wait until the kernel has nothing to do."""
        self._wait("return idle()")

    def clear(self, cell: str) -> None:
        """Take a cell's output away."""
        self._do("book.content.activeCellIndex = find(arg)", cell)
        self._do(
            "return window.jupyterapp.commands.execute('notebook:clear-cell-output').then(() => 0)", cell
        )

    def saved(self) -> str:
        """The notebook's text, as it is saved now with all widgets' states."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save').then(() => 0)")
        text: str = self._do("return JSON.stringify(book.context.model.toJSON())")
        return text

    def interrupt(self) -> None:
        """Kernel > Interrupt Kernel, and wait until it has nothing to do."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:interrupt-kernel'); }")
        self.rest()

    def unroll(self) -> None:
        """Have every output drawn at once, not only those near the view: a setting of JupyterLab's notebooks."""
        self._do(
            "book.content.notebookConfig = { ...book.content.notebookConfig, windowingMode: 'none' }; return 0"
        )

    def cell(self, cell: str) -> Any:
        """A cell on the page: a locator, as what is in it may be drawn anew."""
        return self.page.locator(f'[data-cell="{cell}"]')

    def show(self, cell: str) -> Any:
        """Scroll to a cell; its output is drawn only while it is near the view."""
        self._do("book.content.activeCellIndex = find(arg)", cell)
        self._do("return book.content.scrollToItem(find(arg), 'start')", cell)
        self._wait(
            "const { top, bottom } = book.content.node.getBoundingClientRect();"
            "const at = cells[find(arg)].node.getBoundingClientRect();"
            "cells[find(arg)].node.scrollIntoView(); return at.top >= top - 1 && at.top < bottom - 200",
            cell,
        )
        return self.cell(cell)

    def said(self, cell: str) -> str:
        """The text of a cell's output, as the notebook has it: drawn or not."""
        text: str = self._do(
            "const said = cells[find(arg)].model.outputs.toJSON();"
            "return said.map((one) => one.text ?? one.data?.['text/plain'] ?? '').flat().join('')",
            cell,
        )
        return text

    def counts(self) -> list[int]:
        """The execution count of each cell: the same twice when nothing ran in between."""
        counts: list[int] = self._do("return cells.map((cell) => cell.model.executionCount ?? 0)")
        return counts

    def restart_kernel(self) -> None:
        """Kernel > Restart Kernel..., and yes to the question."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('kernelmenu:restart'); }")
        self.page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()
        self._wait("return !idle()")
        self._wait("return idle()")

    def theme(self, name: str) -> None:
        """ "JupyterLab Light" or "JupyterLab Dark"."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )

    def _do(self, body: str, arg: str = "") -> Any:
        return self.page.evaluate(_js(body), arg)

    def _wait(self, body: str, arg: str = "") -> None:
        self.page.wait_for_function(_js(body), arg=arg, timeout=CELL_MS)


def _js(body: str) -> str:
    return f"(arg) => {{{PRELUDE}{body}}}"


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """JupyterLab on `folder`, with settings and files of its own; gives the address of a path below, `{path}` open."""
    config, runtime = (Path(os.environ[name]) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"))
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "page_config.json").write_text(json.dumps({"disabledExtensions": QUIET}))
    token = secrets.token_hex(16)
    options = [
        "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0",
        f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (folder / "lab.log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], stdout=log, stderr=log)
    try:
        yield f"{_address(server, runtime, folder / 'lab.log')}lab/tree/{{path}}?reset&token={token}"
    finally:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            server.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(30)
                break


def _address(server: "subprocess.Popen[bytes]", runtime: Path, log: Path) -> str:
    """Where the server answers: it writes its address down before it listens there."""
    file = runtime / f"jpserver-{server.pid}.json"
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(file.read_text())
            socket.create_connection(("127.0.0.1", told["port"]), timeout=1).close()
            return str(told["url"])
        time.sleep(0.05)
    raise AssertionError(f"JupyterLab did not start in {START_S} s: {log.read_text()}")
