"""Take the pictures of docs/pictures: every page of the dashboard, dark and light, at 1440 and 900 px.

A real session on a sample, the real dashboard, a real Chromium; it knows no page's inside but what it clicks on.
"""

import argparse
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
SIZES = {1440: 900, 900: 1200}  # width, height [px]
THEMES = ("dark", "light")
COLOURS = 256  # of a picture; what is drawn has hardly more
START_S = 60.0
STRATEGY = '''\
import param
import tradekit as tk


class Trend(tk.Strategy):
    """Long above its average, with a stop and a target."""

    window = param.Integer(20, bounds=(2, 200), doc="window of the average [bars]")
    risk = param.Number(0.001, bounds=(0.0005, 0.02), doc="distance of the stop [fraction of the price]")

    def on_start(self):
        self.average = self.indicator(tk.EMA, self.window)
        self.rsi = self.indicator(tk.RSI, 14)

    def on_bar(self, bar):
        if not self.rsi.ready or self.position():
            return
        if bar.close > self.average.value and self.rsi.value > 55:
            stop = bar.close * (1 - self.risk)
            self.signal("trend", 1.0, note=f"RSI {self.rsi.value:.0f}")
            self.buy(0.5, stop_loss=stop, take_profit=2 * bar.close - stop)
'''
SESSION = """\
session: {name: desk, cash: 100000}
strategy: {class: "strategies/trend.py:Trend"}
market_data: {bars: ["sample:BTCUSDT-1m"], speed: 60, timeframes: [1m, 15m, 1h], fast_forward_bars: 420}
broker: {fee: 0.0001, slippage: 0.0001}
risk: {max_position: 1, leverage: 2, max_daily_loss: 5000}
event_bus: {event_log_file: logs/desk.log}
state_store: {snapshot_dir: data/desk}
websocket: {port: 0}
"""


def main(argv: list[str] | None = None) -> int:
    """Take them all; returns the process's exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    out: Path = parser.parse_args(argv).out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tradekit-pictures-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        shutil.copytree(ROOT / "config", root / "config")
        (root / "strategies").mkdir()
        (root / "strategies" / "trend.py").write_text(STRATEGY, encoding="utf-8")
        (root / "config" / "desk.yaml").write_text(SESSION, encoding="utf-8")
        with process(root, "dashboard", "--no-show", "--port", "0") as url:
            shoot(url, out, {"start": start})
            with process(root, "run", "config/desk.yaml"):
                shoot(
                    url, out, {"live": live, "order": order, "monitoring": monitoring, "research": research}
                )
    return 0


@contextlib.contextmanager
def process(root: Path, *words: str) -> Iterator[str]:
    """A command of ours while it runs; gives the address that it tells."""
    env = os.environ | {"TRADEKIT_RUNTIME_DIR": str(root / "runtime")}
    log = root / f"{words[0]}.log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "tradekit", *words]
        running = subprocess.Popen(command, cwd=root, env=env, stdout=file, stderr=file)
    try:
        yield address(running, log)
    finally:
        running.terminate()
        running.wait(START_S)


def address(running: "subprocess.Popen[bytes]", log: Path) -> str:
    """The first address in a log; raises RuntimeError when none comes."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and running.poll() is None:
        found = re.search(r"(http|ws)://[^\s/]+/?", log.read_text(encoding="utf-8"))
        if found:
            return found[0]
        time.sleep(0.05)
    raise RuntimeError(log.read_text(encoding="utf-8"))


def shoot(url: str, out: Path, pages: dict[str, Any]) -> None:
    """Each page in each look; `pages` are by name what brings a page to where it is worth a picture."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, bring in pages.items():
            for theme in THEMES:
                for width, height in SIZES.items():
                    page = browser.new_page(viewport={"width": width, "height": height})
                    page.set_default_timeout(START_S * 1000)
                    bring(page, url, theme)
                    keep(page.screenshot(), out / f"{name}-{theme}-{width}.png")
                    page.close()
        browser.close()


def keep(picture: bytes, file: Path) -> None:
    """With as few colours as it takes."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS).save(file, optimize=True)


def start(page: Any, url: str, theme: str) -> None:
    """No session: the configurations."""
    page.goto(f"{url}?theme={theme}")
    page.get_by_text("desk.yaml").first.wait_for()


def live(page: Any, url: str, theme: str) -> None:
    """The live page, its chart drawn."""
    page.goto(f"{url}?session=desk&theme={theme}")
    page.locator(".chart canvas").first.wait_for()
    page.locator(".ribbon .seq").wait_for()
    time.sleep(1)


def order(page: Any, url: str, theme: str) -> None:
    """One of its fills explained."""
    live(page, url, theme)
    page.get_by_role("tab", name="Fills", exact=True).click()
    page.locator("table[aria-label=Fills] tbody tr").first.click()
    page.get_by_text("order submitted").first.wait_for()


def monitoring(page: Any, url: str, theme: str) -> None:
    """How the session's process is."""
    page.goto(f"{url}?session=desk&page=monitoring&theme={theme}")
    time.sleep(6)  # lines need a few readings


def research(page: Any, url: str, theme: str) -> None:
    """A run with its result."""
    page.goto(f"{url}?page=research&theme={theme}")
    run = page.get_by_role("button", name="Run", exact=True)
    run.wait_for()
    page.locator(".facts", has_text="bars").wait_for()
    run.click()
    page.locator(".result .framed.drawn:not(.waits)").wait_for()
    time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
