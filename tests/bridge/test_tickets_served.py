"""Tickets on a real port: asked for over one connection, shown on another, written down nowhere."""

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.bridge.talk import HELLO, hear, join, tell
from tradekit.bridge.access import Tokens
from tradekit.bridge.minted import MintedTokens
from tradekit.bridge.protocol import CloseCode
from tradekit.bridge.server import Bridge
from tradekit.testing.source import FakeSource

pytestmark = pytest.mark.shell

Serve = Callable[..., Bridge]


def ask(ws: ClientConnection, *scopes: str) -> str:
    """A ticket, asked for on a connection that has said hello."""
    tell(ws, op="query", id="t", name="ticket", args={"scopes": list(scopes)})
    ticket: str = hear(ws, "result")["items"][0]["ticket"]
    return ticket


@contextlib.contextmanager
def come(bridge: Bridge, ticket: str) -> Iterator[ClientConnection]:
    """A page's connection: the ticket first, then its hello, which may come too late where the ticket is refused."""
    with join(bridge, None, origin=f"http://localhost:{bridge.port}") as page:
        tell(page, op="auth", token=ticket)
        with contextlib.suppress(ConnectionClosed):
            tell(page, **{**HELLO, "topics": ["risk.>"]})
        yield page


def test_a_page_comes_in_by_ticket_and_commands_what_its_scope_allows(
    serve: Serve, source: FakeSource, token: str
) -> None:
    bridge = serve()
    with join(bridge, token) as ws:
        tell(ws, **HELLO)
        ticket = ask(ws, "operate")
        with come(bridge, ticket) as page:
            assert hear(page, "welcome")["scopes"] == ["operate", "read"]
            tell(page, op="command", id="1", name="kill", args={})
            assert hear(page, "ack")["id"] == "1"
            assert [command.user for command in source.commands] == ["trader"]
            tell(page, op="command", id="2", name="arm", args={})
            assert hear(page, "error")["code"] == "scope"
            tell(page, op="query", id="3", name="ticket", args={})
            assert hear(page, "error")["code"] == "scope"


def test_a_ticket_opens_one_connection_and_is_no_header(serve: Serve, token: str) -> None:
    bridge = serve()
    with join(bridge, token) as ws:
        tell(ws, **HELLO)
        ticket = ask(ws)
        with pytest.raises(InvalidStatus, match="401"), join(bridge, ticket):
            pass
        with come(bridge, ticket) as page:
            assert hear(page, "welcome")["scopes"] == ["read"]
            with come(bridge, ticket) as again, pytest.raises(ConnectionClosed) as closed:
                hear(again, "welcome")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CloseCode.TOKEN


def test_who_may_only_look_gets_no_ticket_to_operate(serve: Serve, read_token: str) -> None:
    with join(serve(), read_token) as ws:
        tell(ws, **HELLO)
        tell(ws, op="query", id="t", name="ticket", args={"scopes": ["operate"]})
        assert hear(ws, "error")["code"] == "scope"


def test_a_ticket_falls_with_the_token_behind_it(serve: Serve, tokens: Tokens, tmp_path: Path) -> None:
    minted = MintedTokens(tmp_path / "t.tokens")
    tokens._minted = minted
    own = minted.mint("desk", frozenset({"operate"}))
    bridge = serve()
    with join(bridge, own) as ws:
        tell(ws, **HELLO)
        used, unused = ask(ws, "operate"), ask(ws, "operate")
        with come(bridge, used) as page:
            hear(page, "welcome")
            hear(page, "beat")  # one whole beat on: it is let stay
            hear(page, "beat")
            minted.revoke("desk")
            with pytest.raises(ConnectionClosed):
                hear(page, "never")
        with come(bridge, unused) as late, pytest.raises(ConnectionClosed):
            hear(late, "welcome")


def test_no_ticket_is_logged_or_journaled(
    serve: Serve, source: FakeSource, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        bridge = serve()
        with join(bridge, token) as ws:
            tell(ws, **HELLO)
            tickets = [ask(ws, "operate") for _ in range(3)]
            with come(bridge, tickets[0]) as page:
                hear(page, "welcome")
                tell(page, op="command", id="1", name="halt", args={})
                hear(page, "ack")
            with come(bridge, tickets[0]) as again, pytest.raises(ConnectionClosed):
                hear(again, "welcome")
    server_side = [record.getMessage() for record in caplog.records if record.name.startswith("tradekit")]
    written = (
        json.dumps(server_side) + repr([payload for _, payload in source.payloads(0, 99)]) + repr(bridge)
    )
    assert source.seq() == 3
    assert not [ticket for ticket in tickets if ticket in written]
