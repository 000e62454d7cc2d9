"""A Chromium without a screen for the tests that look at pages: one for a module, a page of its own for a test.

One for a module and no longer, since Playwright keeps its event loop running in the thread that started it, where
other modules run loops of their own. Knows no page of ours.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

__all__ = ["BOUND_MS", "Browser", "browser", "chromium", "opened"]

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
INSIDE = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "file:")  # all that a page may ask for
SIZE = {"width": 1440, "height": 900}
BOUND_MS = 60_000  # of every wait: a bound, not an expectation


@dataclass
class Browser:
    """One page, and everything that went wrong on it."""

    page: Any
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser's process."""
    from playwright.sync_api import expect, sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "no Chromium on PATH: install Debian's chromium package"
    expect.set_options(timeout=BOUND_MS)
    with sync_playwright() as run:
        process = run.chromium.launch(executable_path=program, args=list(ARGS))
        yield process
        process.close()


@contextlib.contextmanager
def opened(chromium: Any, **context: Any) -> Iterator[Browser]:
    """A page that shares nothing with any other; closed with the block. `context` as Playwright's `new_page` has it."""
    page = chromium.new_page(**{"viewport": SIZE, **context})
    page.set_default_timeout(BOUND_MS)
    seen = Browser(page)
    page.on("request", lambda r: None if r.url.startswith(INSIDE) else seen.outside.append(r.url))
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    try:
        yield seen
    finally:
        page.close()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Browser]:
    """The page of one test."""
    with opened(chromium) as seen:
        yield seen
