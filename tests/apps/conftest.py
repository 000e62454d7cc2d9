"""A served dashboard on a staged session."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.apps.served import Dashboard
from tradekit.testing.play import Play
from tradekit.testing.stage import StageSession

START = 1_670_889_600_000_000_000
ROWS = [
    (100.0 + i % 7, 103.0 + i % 7, 98.0 + i % 7, 101.0 + (i * 3) % 7, 5.0 + i % 4) for i in range(400)
]  # made up: the page draws any prices


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
    theme = getattr(request, "param", "dark")
    with Dashboard([played[0]], theme=theme, starter=starter, password=password) as served:
        yield served
