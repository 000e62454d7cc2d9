"""The whole road as a trader has it: a session's process, the dashboard's process, and a browser that looks at both.

Knows the command line and the page, nothing of what lies between them.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.chromium import Browser
from tests.sessions import REPOSITORY, START_S, Project, opened_project, wait_until
from tradekit.data.load import load_bars
from tradekit.wiring.demo import free_port

__all__ = ["FAST", "SLOW", "Served", "project", "serve", "shot"]

KEEP = os.environ.get("TRADEKIT_SCREENSHOTS")  # a folder: pictures of the page on the way are kept there
FAST, SLOW = 3, 8  # windows of the strategy's averages [bars]
SPEED = 600  # a minute of the market each tenth of a second
DAYS = 5  # of bars, so that they outlast the test on any machine: a day passes in 2.4 minutes


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A folder whose session trades every few bars, on a port that stays the same from run to run."""
    day = load_bars("sample:BTCUSDT-1m")
    days = pd.concat([day.set_axis(day.index + pd.Timedelta(days=n)) for n in range(DAYS)])
    days.to_csv(tmp_path / "BTCUSDT.csv")
    yield from opened_project(
        tmp_path / "project",
        session={"name": "road", "cash": 100_000},
        strategy={
            "class": "tradekit.strategy.library:SmaCross",
            "params": {"fast": FAST, "slow": SLOW, "qty": 0.5},
        },
        market_data={
            "bars": [str(tmp_path / "BTCUSDT.csv")],
            "speed": SPEED,
            "timeframes": ["1m", "15m"],
            "fast_forward_bars": 180,
        },
        websocket={"port": free_port(0)},
    )


@dataclass
class Served:
    """A dashboard's process and its address."""

    process: "subprocess.Popen[bytes]"
    url: str


@dataclass
class Dashboards:
    """`tradekit dashboard` in processes of their own, ended with the test."""

    project: Project
    made: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def spawn(self, port: int) -> Callable[[], Served]:
        """Start one; what is returned waits until it serves."""
        log = self.project.root / f"dashboard-{len(self.made)}.stderr"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "tradekit", "dashboard", "--no-show", "--port", str(port)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, env=self.project.env,
                cwd=REPOSITORY,
            )  # fmt: skip
        self.made.append(process)

        def address() -> str:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            found = re.search(r"http://\S+", log.read_text(encoding="utf-8"))
            return found[0] if found else ""

        return lambda: Served(process, wait_until(address, START_S, period_s=0.05))


@pytest.fixture
def serve(project: Project) -> Iterator[Callable[[int], Callable[[], Served]]]:
    """`serve(port)` starts a dashboard, `serve(port)()` waits for it too."""
    dashboards = Dashboards(project)
    yield dashboards.spawn
    for process in dashboards.made:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(30)


@pytest.fixture
def shot(browser: Browser) -> Callable[[str], Any]:
    """`shot("halted")`: a picture for the eye, if anybody wants it."""

    def take(name: str) -> None:
        if KEEP:
            Path(KEEP).mkdir(parents=True, exist_ok=True)
            browser.page.screenshot(path=Path(KEEP) / f"{name}.png", full_page=True)

    return take
