"""A trader's project folder and the processes of its sessions, for tests that need the real thing.

Every process is ended with the project. Knows the command line only.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tradekit.core.event import Event
from tradekit.core.open import open_journal

REPOSITORY = Path(__file__).resolve().parent.parent
START_S = 60.0  # a bound, not an expectation: two cores may be shared
WAIT_S = 60.0

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout_s: float = WAIT_S, *, period_s: float = 0.002) -> T:
    """The condition's first true value; fails when it stays false for so long."""
    end = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {timeout_s:g} s"
        time.sleep(period_s)
    return value


@dataclass
class Running:
    """A session's process and what it announced."""

    process: "subprocess.Popen[bytes]"
    told: dict[str, Any]
    log: Path

    @property
    def uri(self) -> str:
        """Where its bridge listens."""
        return str(self.told["uri"])

    @property
    def token_file(self) -> Path:
        """Where its token lies."""
        return Path(self.told["token_file"])

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.kill()
        self.process.wait(WAIT_S)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)


class Project:
    """A folder with a configuration, and what is run in it. A key of `sections` is a section of the configuration.

    The registry of sessions is the project's own.
    """

    def __init__(self, root: Path, **sections: Any) -> None:
        self.root = root
        self.config = root / "config" / "paper.yaml"
        self.journal = root / "logs" / "events.log"
        self.runtime = root / "runtime"
        self.understood = root / "state"  # what its user has said yes to
        self.env = os.environ | {
            "TRADEKIT_RUNTIME_DIR": str(self.runtime),
            "TRADEKIT_STATE_DIR": str(self.understood),
            "PYTHONPATH": str(REPOSITORY),
        }
        self.sections: dict[str, Any] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self.config.parent.mkdir(parents=True)
        self.write(**(DEFAULTS | sections))

    def write(self, **sections: Any) -> None:
        """Write the configuration anew with these sections in place of those it had."""
        self.sections |= sections
        self.config.write_text(json.dumps(self.sections), encoding="utf-8")  # JSON is YAML

    def spawn(self, *words: str) -> "tuple[subprocess.Popen[bytes], Path]":
        """`tradekit run` in a process of its own; its log."""
        log = self.root / f"run-{len(self._processes)}.stderr"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "tradekit", "run", str(self.config), "--json", *words],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, env=self.env, cwd=self.root,
            )  # fmt: skip
        self._processes.append(process)
        return process, log

    def run(self, *words: str) -> Running:
        """A session that serves."""
        process, log = self.spawn(*words)
        assert process.stdout is not None
        with process.stdout as stdout:
            line = stdout.readline()
        assert line, f"it did not start: {log.read_text(encoding='utf-8')}"
        return Running(process, json.loads(line), log)

    def refused(self, *words: str) -> tuple[int, str]:
        """A start that must fail: its exit code and what it said."""
        process, log = self.spawn(*words)
        out, _ = process.communicate(timeout=START_S)
        assert not out, "it announced itself"
        return process.returncode, log.read_text(encoding="utf-8")

    def events(self, *types: str) -> list[Event]:
        """The journal's durable events (of these types)."""
        with open_journal(self.journal) as journal:
            return list(journal.events(types=types or None))

    def wait_for_event(self, tag: str, *, count: int = 1) -> list[Event]:
        """Wait until the journal holds so many of a type."""

        def found() -> list[Event]:
            events = self.events(tag)
            return events if len(events) >= count else []

        return wait_until(found, period_s=0.02)

    def close(self) -> None:
        """End whatever still runs."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait(WAIT_S)
            if process.stdout is not None:
                process.stdout.close()


DEFAULTS: dict[str, Any] = {
    "session": {"name": "paper", "cash": 100_000},
    "strategy": {
        "class": "tradekit.strategy.library:SmaCross",
        "params": {"fast": 10, "slow": 20, "qty": 0.5},
    },
    "market_data": {"bars": ["sample:BTCUSDT-1m"], "speed": "max"},
    "broker": {"fee": 0.0005, "slippage": 0.0001},
    "websocket": {"port": 0},
}


def opened_project(root: Path, **sections: Any) -> Iterator[Project]:
    """A project for a fixture: `yield from opened_project(tmp_path)`."""
    project = Project(root, **sections)
    try:
        yield project
    finally:
        project.close()
