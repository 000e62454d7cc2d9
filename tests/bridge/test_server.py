"""The bridge on a real port: who comes in and what they get."""

import asyncio
import functools
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from tests.bridge.talk import HELLO, hear, join, tell
from tests.sessions import wait_until
from tradekit.bridge.access import Tokens
from tradekit.bridge.limits import Limits
from tradekit.bridge.server import Bridge
from tradekit.errors import ConfigError, TradekitError
from tradekit.testing.source import FakeSource

pytestmark = pytest.mark.shell

Serve = Callable[..., Bridge]


def get(bridge: Bridge, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Status, headers and body."""
    line = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=30)
    try:
        line.request("GET", path)
        reply = line.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        line.close()


def test_a_client_gets_welcome_state_and_events(serve: Serve, source: FakeSource, token: str) -> None:
    bridge = serve()
    with join(bridge, token) as ws:
        tell(ws, **HELLO)
        assert json.loads(ws.recv(timeout=30)) == {
            "op": "welcome",
            "protocol": 1,
            "journal": "fake",
            "epoch": 1,
            "seq": 2,
            "reducer": 1,
            "scopes": ["operate", "read", "trade"],
            "resume": False,
        }
        assert hear(ws, "snapshot")["state"] == {"values": {"a": 1, "b": 2}}
        source.append(("a", 3))
        events = hear(ws, "events")
        assert (events["from"], events["to"], events["events"][0]["data"]) == (3, 3, {"value": 3})
        assert hear(ws, "beat")["seq"] == 3


def test_a_browser_shows_its_token_in_the_first_message(serve: Serve, read_token: str) -> None:
    bridge = serve()
    with join(bridge, None, origin=f"http://localhost:{bridge.port}") as ws:
        tell(ws, op="auth", token=read_token)
        tell(
            ws,
            **HELLO,
        )
        assert hear(ws, "welcome")["scopes"] == ["read"]


def test_a_wrong_token_is_refused_in_either_place(serve: Serve) -> None:
    bridge = serve()
    with pytest.raises(InvalidStatus) as refused:
        join(bridge, "wrong" * 8)
    assert refused.value.response.status_code == 401
    with join(bridge, None) as ws:
        tell(ws, op="auth", token="wrong" * 8)
        with pytest.raises(ConnectionClosed) as closed:
            ws.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_who_says_nothing_is_shown_out(serve: Serve, token: str) -> None:
    bridge = serve(limits=Limits(auth_s=0.2))

    def told(shown: str | None) -> int:
        """The code that a silent client is closed with; 0 where its handshake took too long as well."""
        try:
            with join(bridge, shown) as ws:
                ws.recv(timeout=30)
        except ConnectionClosed as closed:
            return 0 if closed.rcvd is None else closed.rcvd.code
        except (OSError, EOFError, WebSocketException):
            return 0
        raise AssertionError("it was told something")

    for shown in (None, token):
        assert wait_until(functools.partial(told, shown)) == 4408


def test_a_token_in_the_address_is_refused_even_if_it_is_good(serve: Serve, token: str, raw: Any) -> None:
    bridge = serve()
    host = f"Host: 127.0.0.1:{bridge.port}"
    assert raw(bridge.port).request(f"/ws?token={token}", host, "Upgrade: websocket") == 400


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.com",
        "http://localhost.evil.com:{port}",
        "https://localhost:{port}",
        "http://localhost",
        "null",
    ],
)
def test_a_foreign_page_gets_nothing_even_with_a_token(
    serve: Serve, token: str, raw: Any, origin: str
) -> None:
    port = serve().port
    headers = (f"Host: localhost:{port}", f"Origin: {origin.format(port=port)}")
    assert raw(port).upgrade(*headers, f"Authorization: Bearer {token}") == 403
    for path in ("/", "/health", "/metrics"):
        assert raw(port).request(path, *headers) == 403


@pytest.mark.parametrize(
    "hosts",
    [(), ("evil.com",), ("evil.com:{port}",), ("localhost",), ("localhost:{port}", "localhost:{port}")],
)
def test_a_request_by_another_name_gets_nothing(
    serve: Serve, token: str, raw: Any, hosts: tuple[str, ...]
) -> None:
    port = serve().port
    headers = [f"Host: {host.format(port=port)}" for host in hosts]
    assert raw(port).upgrade(*headers, f"Authorization: Bearer {token}") == 403
    for path in ("/", "/health", "/metrics"):
        assert raw(port).request(path, *headers) == 403


def test_the_right_names_come_in(serve: Serve, token: str, raw: Any) -> None:
    port = serve(origins=["http://localhost:8888"], hosts=["desk.local:1"]).port
    for host, origin in [
        (f"[::1]:{port}", f"http://[::1]:{port}"),
        ("desk.local:1", "http://localhost:8888"),
    ]:
        headers = (f"Host: {host}", f"Origin: {origin}", f"Authorization: Bearer {token}")
        assert raw(port).upgrade(*headers) == 101


def test_only_get_is_answered(serve: Serve, raw: Any) -> None:
    port = serve().port
    assert raw(port).request("/health", f"Host: localhost:{port}", method="POST") == 405
    assert raw(port).request("/nothing", f"Host: localhost:{port}") == 404


def test_health_metrics_and_the_page_are_served(serve: Serve, source: FakeSource) -> None:
    bridge = serve()
    status, headers, body = get(bridge, "/health")
    health = json.loads(body)
    assert (status, health["live"], health["ready"], health["bridge"]["seq"]) == (200, True, True, 2)
    status, headers, body = get(bridge, "/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b"fake_seq 2" in body
    status, headers, body = get(bridge, "/")
    policy = headers["Content-Security-Policy"]
    assert b"<title>tradekit session</title>" in body
    assert "default-src 'none'" in policy
    assert f"ws://127.0.0.1:{bridge.port}" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]


def test_a_session_that_is_not_live_says_so_by_its_status(serve: Serve, source: FakeSource) -> None:
    source.health = lambda: {"live": False, "ready": False, "reasons": ["dead"]}  # type: ignore[method-assign]
    status, _, body = get(serve(), "/health")
    assert (status, json.loads(body)["reasons"]) == (503, ["dead"])


def test_a_page_that_fails_tells_the_log_and_not_the_caller(
    serve: Serve, source: FakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    source.metrics = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    status, _, body = get(serve(), "/metrics")
    assert status == 500
    assert b"division" not in body
    assert "division" in caplog.text


def test_a_reader_may_ask_but_not_act(serve: Serve, source: FakeSource, read_token: str) -> None:
    with join(serve(), read_token) as ws:
        tell(ws, **HELLO)
        tell(ws, op="command", id="1", name="kill")
        assert hear(ws, "error", "ack")["code"] == "scope"
        tell(ws, op="query", id="2", name="events", args={"limit": 1})
        result = hear(ws, "result")
        assert (len(result["items"]), result["next"]) == (1, 1)
    assert source.commands == []


def test_a_command_sent_again_over_a_new_line_is_not_done_again(
    serve: Serve, source: FakeSource, token: str
) -> None:
    bridge = serve()
    acks = []
    for _ in range(2):
        with join(bridge, token) as ws:
            tell(ws, **HELLO)
            tell(ws, op="command", id="once", name="halt", args={"reason": "lunch"})
            acks.append(hear(ws, "ack"))
    assert acks == [{"op": "ack", "id": "once", "seq": 3}] * 2
    assert [(c.name, c.args, c.user) for c in source.commands] == [("halt", {"reason": "lunch"}, "trader")]


def test_topics_give_their_events_and_no_state(serve: Serve, source: FakeSource, token: str) -> None:
    with join(serve(), token) as ws:
        tell(ws, **{**HELLO, "topics": ["value.*.a"]})
        hear(ws, "welcome")
        source.append(("b", 1), ("a", 2), ("b", 3))
        frame = hear(ws, "events", "snapshot")
        assert (frame["op"], frame["from"], frame["to"]) == ("events", 3, 5)
        assert [event["key"] for event in frame["events"]] == ["a"]


def test_nonsense_closes_the_connection_and_says_why(serve: Serve, token: str) -> None:
    bridge = serve()
    for message, code in [("[]", 4400), ("{", 4400), ("x" * 70_000, 1009)]:
        with join(bridge, token) as ws:
            ws.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                ws.recv(timeout=30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code


def test_display_ticks_are_fewer_than_were_told_and_end_with_the_latest_of_each_key(
    serve: Serve, token: str
) -> None:
    bridge = serve(limits=Limits(ticks_s=0.05))
    with join(bridge, token) as ws:
        tell(ws, **HELLO)
        hear(ws, "snapshot")
        frames: list[dict[str, Any]] = []
        sent = threading.Thread(
            target=lambda: [
                bridge.ticks([{"key": "a", "n": n}, {"key": "b", "n": n}]) or time.sleep(0.001)
                for n in range(200)
            ]
        )
        sent.start()
        while not frames or frames[-1]["items"][0]["n"] < 199:
            frames.append(hear(ws, "ticks"))
        sent.join()
    assert len(frames) < 200
    assert [item["key"] for item in frames[-1]["items"]] == ["a", "b"]


def test_who_comes_later_gets_the_ticks_there_are(serve: Serve, token: str) -> None:
    bridge = serve()
    bridge.ticks([{"key": "a", "last": 1.5}])
    with join(bridge, token) as ws:
        tell(ws, **HELLO)
        assert hear(ws, "ticks")["items"] == [{"key": "a", "last": 1.5}]


def test_a_state_that_cannot_be_had_costs_its_client_the_line_and_nobody_else(
    serve: Serve, source: FakeSource, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    source.snapshot = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    bridge = serve()
    with join(bridge, token) as ws:
        tell(ws, **HELLO)
        with pytest.raises(ConnectionClosed):
            hear(ws, "snapshot")
    assert "could not be fetched" in caplog.text
    with join(bridge, token) as ws:
        tell(ws, **{**HELLO, "topics": [">"]})
        assert hear(ws, "welcome")["seq"] == 2


def test_a_port_in_use_is_named_with_the_ways_out(source: FakeSource, tokens: Tokens) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port} is in use.*websocket\.port"):
            Bridge(source, tokens=tokens, port=port).start()
    wait_until(lambda: not any(one.name.startswith("tradekit-bridge") for one in threading.enumerate()))


def test_one_that_does_not_open_in_time_blames_no_port(
    source: FakeSource, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: Bridge) -> int:
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr("tradekit.bridge.server._OPEN_S", 0.01)
    monkeypatch.setattr(Bridge, "_open", never)
    with pytest.raises(TradekitError, match=r"did not open within 0\.01 s") as told:
        Bridge(source, tokens=tokens, port=0).start()
    assert "websocket.port" not in str(told.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "desk.local", ""])  # noqa: S104
def test_nothing_but_loopback_is_listened_on(source: FakeSource, tokens: Tokens, host: str) -> None:
    with pytest.raises(ConfigError, match=r"use 127\.0\.0\.1"):
        Bridge(source, tokens=tokens, host=host)


def test_a_bridge_starts_once(serve: Serve) -> None:
    bridge = serve()
    with pytest.raises(TradekitError, match="has been started before"):
        bridge.start()


def test_no_token_reaches_a_log_at_any_level(
    serve: Serve, token: str, read_token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bridge = serve()
    with join(bridge, token, logger=logging.getLogger("tests.quiet")) as ws:
        tell(ws, **HELLO)
        hear(ws, "welcome")
    with connect(bridge.uri, proxy=None, logger=_silent()) as ws:
        ws.send(json.dumps({"op": "auth", "token": read_token}))
        tell(ws, **HELLO)
        hear(ws, "welcome")
    bridge.close()
    ours = [record for record in caplog.records if not record.name.startswith("tests.")]
    said = "\n".join(record.getMessage() for record in ours)
    assert token not in said
    assert read_token not in said


def _silent() -> logging.Logger:
    logger = logging.getLogger("tests.silent")
    logger.setLevel(logging.CRITICAL)
    return logger
