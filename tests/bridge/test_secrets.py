"""The bridge's last line: whatever a source says, no registered secret leaves in a frame, a page or a farewell."""

import urllib.request
from collections.abc import Iterator

import msgspec
import pytest

from tests.sessions import wait_until
from tradekit.bridge.access import Tokens
from tradekit.bridge.frames import error_frame, parse_server
from tradekit.bridge.protocol import Grant
from tradekit.bridge.server import Bridge
from tradekit.client.connection import Connection
from tradekit.core.clock import new_token
from tradekit.core.redact import secrets
from tradekit.errors import RefusedError
from tradekit.testing.source import FakeSource

pytestmark = pytest.mark.shell

SECRET = "s3cret-of-the-bridge"


@pytest.fixture
def source() -> FakeSource:
    secrets.add(SECRET)
    return FakeSource()


@pytest.fixture
def served(source: FakeSource) -> Iterator[tuple[Bridge, str]]:
    token = new_token()
    bridge = Bridge(source, tokens=Tokens({token: Grant("x", frozenset({"read", "operate"}))}), port=0)
    bridge.start()
    try:
        yield bridge, token
    finally:
        bridge.close()


def test_an_error_says_what_it_may() -> None:
    secrets.add(SECRET)
    frame = parse_server(error_frame("1", "refused", f"no {SECRET} here"))
    assert msgspec.to_builtins(frame)["message"] == "no *** here"


@pytest.mark.parametrize("path", ["health", "metrics"])
def test_a_page_is_clean(source: FakeSource, served: tuple[Bridge, str], path: str) -> None:
    source.health = lambda: {"live": True, "reasons": [f"for {SECRET}"]}  # type: ignore[method-assign]
    source.metrics = lambda: f'x{{y="for {SECRET}"}} 1\n'.encode()  # type: ignore[method-assign]
    page = served[0].uri.replace("ws://", "http://").replace("/ws", f"/{path}")
    with urllib.request.urlopen(page, timeout=30) as answer:  # noqa: S310 - loopback
        body = answer.read().decode()
    assert "for ***" in body
    assert SECRET not in body


def test_a_refusal_and_an_alarm_are_clean(source: FakeSource, served: tuple[Bridge, str]) -> None:
    bridge, token = served
    source.refuse["halt"] = f"not with {SECRET}"
    source.alarm = f"stuck at {SECRET}"
    beats: list[str] = []
    line = Connection(
        bridge.uri,
        token,
        on_snapshot=lambda *state: None,
        on_events=lambda *events: None,
        on_status=lambda status: beats.append(status.alarm),
    ).start()
    try:
        with pytest.raises(RefusedError, match=r"not with \*\*\*"):
            line.send_command("halt")
        assert wait_until(lambda: [alarm for alarm in beats if alarm])[0] == "stuck at ***"
    finally:
        line.close()
