"""A served dashboard on a staged session, and a Chromium that looks at it and at nothing else."""

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tradekit.testing.play import Play
from tradekit.testing.stage import StageSession

START = 1_670_889_600_000_000_000
ROWS = [
    (100.0 + i % 7, 103.0 + i % 7, 98.0 + i % 7, 101.0 + (i * 3) % 7, 5.0 + i % 4) for i in range(400)
]  # made up: the page draws any prices
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Dashboard:
    """A server in a thread of this process, and the sessions it shows."""

    url: str
    sessions: list[StageSession]
    loop: asyncio.AbstractEventLoop

    @property
    def session(self) -> StageSession:
        return self.sessions[0]


@pytest.fixture
def played() -> tuple[StageSession, Play]:
    """A paper session after 120 bars, with trades behind it."""
    session = StageSession()
    play = Play(session, ROWS, start=START)
    for _ in range(120):
        play.step()
    return session, play


@pytest.fixture
def starter() -> Any:
    """What starts sessions from a page; a test may have its own."""
    return None


@pytest.fixture
def password() -> str:
    """What browsers are asked for; a test may have its own."""
    return ""


@pytest.fixture
def dashboard(
    played: tuple[StageSession, Play], starter: Any, password: str, request: pytest.FixtureRequest
) -> Iterator[Dashboard]:
    """Served in the theme that an indirect parameter names, else in the dark."""
    from tradekit.apps.serve import open_server

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sessions = [played[0]]
    theme = getattr(request, "param", "dark")
    ready: list[Any] = []
    up = threading.Event()

    def run() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        server = open_server(
            lambda: sessions, port=port, address="127.0.0.1", theme=theme, starter=starter, password=password
        )
        server.start()
        ready.extend([loop, server])
        loop.call_soon(up.set)
        loop.run_forever()
        server.stop()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, name="dashboard")
    thread.start()
    assert up.wait(20), "the dashboard did not come up"
    yield Dashboard(f"http://127.0.0.1:{port}/", sessions, ready[0])
    ready[0].call_soon_threadsafe(ready[0].stop)
    thread.join(10)


@dataclass
class Browser:
    """One page, and everything that went wrong on it."""

    page: Any
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "no Chromium on PATH: install Debian's chromium package"
    with playwright.sync_playwright() as run:
        chromium = run.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        seen = Browser(page)
        inside = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(inside) else seen.outside.append(r.url))
        page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        yield seen
        chromium.close()
