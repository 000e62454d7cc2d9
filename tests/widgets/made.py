"""How tests make widgets: closed again after each, and read part by part."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.widgets.test_flusher import eventually
from tradekit.widgets.flusher import FLUSHER

__all__ = ["Make", "made", "part", "told"]

Make = Callable[..., Any]


@pytest.fixture
def made() -> Iterator[Make]:
    """`made(Kind, session, ...)`: a widget; after the test all are closed and nobody flushes any more."""
    widgets: list[Any] = []

    def make(kind: Callable[..., Any], *args: Any, **options: Any) -> Any:
        widgets.append(kind(*args, **options))
        return widgets[-1]

    yield make
    for widget in widgets:
        widget.close()
    assert eventually(lambda: not FLUSHER.running)


def part(widget: Any, name: str) -> Any:
    """A part as the page reads it."""
    return json.loads(getattr(widget, name))


def told(kind: type, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What widgets of a kind send to their pages from now on, beside their parts."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(kind, "send", lambda widget, content, buffers=None: messages.append(content))
    return messages
