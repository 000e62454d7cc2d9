"""From the journal to the screen: a fill of a paper session until its row stands in the dashboard's page.

Session, dashboard and Chromium are the processes that a user starts. An event carries the wall time at which it was
written; the page notes the wall time at which its row appears (both this machine's clock). Paint is not measured.
"""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tradekit.core.open import open_journal

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[1]
EVENTS_A_SECOND = 100
EVENTS_A_BAR = 4  # the bar, a signal, an order, its fill
WARM_FILLS, FILLS = 40, 500
START_S, RUN_S = 60.0, 120.0
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
Row = dict[str, Any]

STRATEGY = '''\
from tradekit import Strategy

class Restless(Strategy):
    """Says something and trades at every bar."""

    def on_bar(self, bar):
        held = self.position()
        self.signal("turn", -1 if held else 1)
        self.close() if held else self.buy_to(1)
'''

# Notes the wall time at which each row of the table of fills appears, wherever in the shadow roots it stands. Beside
# that, how late the page's own timer is: on a machine that is busy otherwise no page could be quicker.
WATCH = """() => {
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
  globalThis.late = []
  let due = performance.now() + 20
  const tick = () => {
    globalThis.late.push(performance.now() - due)
    due = performance.now() + 20
    setTimeout(tick, 20)
  }
  setTimeout(tick, 20)
}"""


def write_project(root: Path) -> Path:
    """A folder with the strategy and a config; returns the config."""
    (root / "strategies").mkdir()
    (root / "strategies" / "restless.py").write_text(STRATEGY, encoding="utf-8")
    (root / "config").mkdir()
    config = {
        "session": {"name": "restless", "cash": 1_000_000},
        "strategy": {"class": "strategies/restless.py:Restless"},
        "market_data": {"bars": ["sample:EURUSD-1h"], "speed": EVENTS_A_SECOND / EVENTS_A_BAR * 3600},
        "websocket": {"port": 0},
    }
    path = root / "config" / "restless.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    return path


@contextmanager
def running(*words: str, root: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A tradekit command in a process of its own, ended on the way out."""
    env = os.environ | {"TRADEKIT_RUNTIME_DIR": str(root / "runtime"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tradekit", *words]
    with (root / f"{words[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=root, env=env, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
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


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def core_seconds(process: "subprocess.Popen[bytes]") -> float:
    """What a process has used of the cores so far [s]."""
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


def watch_page(url: str) -> tuple[dict[int, int], list[float]]:
    """When the row of each fill appeared [UTC ms], by the fill's seq; how late the page's timer was [ms]."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise RuntimeError("no Chromium on PATH: install Debian's chromium package")
    with sync_playwright() as run:
        browser = run.chromium.launch(executable_path=program, args=list(CHROMIUM))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(START_S * 1000)
        page.goto(url)
        page.get_by_role("tab", name="Fills").click()
        page.get_by_role("table", name="Fills").locator("tbody tr").first.wait_for()
        page.evaluate(WATCH)
        enough = f"() => Object.keys(globalThis.seen).length >= {WARM_FILLS + FILLS}"
        page.wait_for_function(enough, timeout=RUN_S * 1000, polling=500)
        seen: dict[str, int] = page.evaluate("() => globalThis.seen")
        late: list[float] = page.evaluate("() => globalThis.late")
        browser.close()
    return {int(seq): at for seq, at in seen.items()}, late


def measure() -> tuple[list[float], list[float], float]:
    """Latencies [ms] of the fills seen, without the first ones; the timer's [ms]; the events/s meanwhile."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tradekit-dom-") as folder:
        root = Path(folder)
        config = write_project(root)
        with running("run", str(config), "--json", root=root) as session:
            told = json.loads(until_told(session, root / "run.log", '"journal"'))
            words = ("dashboard", "restless", "--no-show", "--port", str(free_port()))
            with running(*words, root=root) as dashboard:
                line = until_told(dashboard, root / "dashboard.log", "http://")
                seen, late = watch_page(next(word for word in line.split() if word.startswith("http")))
                used = f"session {core_seconds(session):.1f} s, dashboard {core_seconds(dashboard):.1f} s of a core"
                print(f"{used} in {time.monotonic() - started:.0f} s, their starts included", flush=True)
        with open_journal(Path(told["journal"])) as journal:
            events = list(journal.events())
    written = {event.seq: event.recorded / 1e6 for event in events}
    kept = sorted(seen)[WARM_FILLS:]
    missing = [seq for seq in kept if seq not in written]
    if missing:
        raise AssertionError(f"the page shows fills that the journal does not have: {missing[:5]}")
    first, last = kept[0], kept[-1]
    rate = (last - first) / (written[last] - written[first]) * 1e3
    return [seen[seq] - written[seq] for seq in kept], late, rate


def main() -> list[Row]:
    """The rows for the table."""
    started = time.monotonic()
    latencies, late, rate = measure()
    cuts, timer = statistics.quantiles(latencies, n=100), statistics.quantiles(late, n=100)
    load = os.getloadavg()[0]
    print(
        f"event to DOM: p50 {cuts[49]:.0f} ms, p90 {cuts[89]:.0f}, p99 {cuts[98]:.0f}, most {max(latencies):.0f}; "
        f"{rate:.0f} events/s, load {load:.1f}, {time.monotonic() - started:.0f} s in all",
        flush=True,
    )
    return [
        {
            "name": f"fill to DOM, p{p}",
            "size": f"{len(latencies)} fills at {rate:.0f} events/s, load {load:.1f}",
            "ours": f"{cuts[p - 1]:.0f} ms",
            "limit": f"the page's timer late by {timer[p - 1]:.0f} ms",
            "ratio": None,
            "aim": f"<= {aim} ms",
        }
        for p, aim in ((50, 20), (99, 80))
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(), indent=1) + "\n")
