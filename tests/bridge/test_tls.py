"""The bridge over TLS: what may listen elsewhere than on loopback, and whom a client believes."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.bridge.talk import HELLO, hear, join, tell
from tests.sessions import wait_until
from tradekit.bridge.access import Tokens
from tradekit.bridge.minted import MintedTokens
from tradekit.bridge.server import Bridge
from tradekit.client.connection import Connection
from tradekit.client.oneshot import OneShot
from tradekit.client.trust import trust
from tradekit.errors import ConfigError, ConnectionLostError
from tradekit.testing.source import FakeSource

pytestmark = pytest.mark.shell

Serve = Callable[..., Bridge]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def test_with_a_certificate_it_may_listen_for_other_machines(
    serve: Serve, tls: ssl.SSLContext, token: str, ca: Path
) -> None:
    bridge = serve(host="0.0.0.0", tls=tls)  # noqa: S104
    uri = f"wss://localhost:{bridge.port}/ws"
    assert OneShot(uri, token, ca=ca).send_command("halt") == 3


def test_a_client_follows_over_tls(serve: Serve, tls: ssl.SSLContext, token: str, ca: Path) -> None:
    bridge = serve(tls=tls)
    assert bridge.uri == f"wss://127.0.0.1:{bridge.port}/ws"
    with Connection(
        bridge.uri, token, ca=ca, on_snapshot=lambda *_: None, on_events=lambda *_: None, reducer=1
    ) as line:
        assert line.wait_settled(30).name == "live"


def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    serve: Serve, tls: ssl.SSLContext, token: str
) -> None:
    bridge = serve(tls=tls)
    with pytest.raises(ConnectionLostError, match="certificate verify failed"):
        OneShot(bridge.uri, token).send_command("halt")


def test_a_page_over_http_is_foreign_to_it(serve: Serve, tls: ssl.SSLContext, token: str, ca: Path) -> None:
    bridge = serve(tls=tls)
    believed = trust(bridge.uri, ca)
    with pytest.raises(InvalidStatus) as refused:
        join(bridge, token, ssl=believed, origin=f"http://127.0.0.1:{bridge.port}")
    assert refused.value.response.status_code == 403
    with join(bridge, token, ssl=believed, origin=f"https://127.0.0.1:{bridge.port}") as ws:
        tell(ws, **HELLO)
        assert hear(ws, "welcome")["seq"] == 2


def test_without_tls_there_is_nothing_to_believe() -> None:
    assert trust("ws://127.0.0.1:8765/ws", "no-such-file") is None


def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for path in (tmp_path / "missing.pem", empty):
        with pytest.raises(ConfigError, match=rf"{path.name} cannot be read"):
            trust("wss://desk.local:8765", path)


def test_a_line_is_cut_when_its_token_is_revoked(source: FakeSource, tmp_path: Path) -> None:
    minted = MintedTokens(tmp_path / "tokens")
    token = minted.mint("risk-desk", frozenset({"read"}))
    bridge = Bridge(source, tokens=Tokens(minted=minted), port=0)
    bridge.start()
    try:
        with join(bridge, token) as ws:
            tell(ws, **HELLO)
            hear(ws, "beat")
            minted.revoke("risk-desk")
            with pytest.raises(ConnectionClosed):
                hear(ws, "never said")
        wait_until(lambda: bridge.stats()["clients"] == 0)
    finally:
        bridge.close()
