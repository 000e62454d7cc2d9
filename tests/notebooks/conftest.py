"""A copy of the project's notebooks and configurations to work in, and an end to every session started there."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tradekit.client import registry

__all__ = ["copied", "ends", "project", "screenshots"]

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def copied(place: Path) -> Iterator[Path]:
    """A project's folder as a user has it, below `place`; whatever runs from it in the end is ended."""
    folder = place / "project"
    for name in ("notebooks", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRADEKIT_RUNTIME_DIR", str(place / "run"))
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(place / name.lower()))
        yield folder
        for entry in registry.entries():
            os.kill(entry.pid, signal.SIGKILL)
            assert ends(entry.pid)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """The project of one test."""
    with copied(tmp_path) as folder:
        yield folder


@pytest.fixture
def screenshots() -> Path:
    """Where pictures for the eye go; git knows nothing of it."""
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder


def ends(pid: int, timeout_s: float = 60) -> bool:
    """Whether a process that need not be our child ends in time; one that nobody has buried yet has ended."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False
