"""The bridge under clients that crowd, stall, lag or never end their sentence."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK, InvalidStatus, WebSocketException

from tests.bridge.talk import HELLO, hear, join, tell
from tests.sessions import WAIT_S, wait_until
from tradekit.bridge.limits import Limits
from tradekit.bridge.server import Bridge
from tradekit.testing.source import FakeSource

pytestmark = pytest.mark.process

Serve = Callable[..., Bridge]


def test_no_more_clients_than_there_is_room_for(serve: Serve, token: str) -> None:
    bridge = serve(limits=Limits(clients=2))
    with join(bridge, token), join(bridge, token):
        with pytest.raises(InvalidStatus) as refused:
            join(bridge, token)
        assert refused.value.response.status_code == 503
    wait_until(lambda: bridge.stats()["clients"] == 0)
    with join(bridge, token):
        assert bridge.stats()["clients"] == 1


def test_a_crowd_of_silent_connections_keeps_nobody_out_for_long(serve: Serve, token: str, raw: Any) -> None:
    bridge = serve(limits=Limits(handshakes=20, auth_s=0.3))
    crowd = [raw(bridge.port) for _ in range(60)]
    crowd[0].sock.sendall(b"GET /ws HT")
    wait_until(lambda: _comes_in(bridge, token))


def _comes_in(bridge: Bridge, token: str) -> bool:
    """Whether there is room; a connection that is dropped in its handshake fails in several ways."""
    try:
        with join(bridge, token):
            return True
    except (OSError, EOFError, WebSocketException):
        return False


def stall(bridge: Bridge, raw: Any, token: str) -> Any:
    """A client that says hello and never reads again."""
    client = raw(bridge.port)
    host = f"Host: 127.0.0.1:{bridge.port}"
    assert client.upgrade(host, f"Authorization: Bearer {token}") == 101
    client.send(json.dumps(HELLO).encode())
    return client


def test_a_client_that_takes_nothing_is_cut_off_and_delays_nobody(
    serve: Serve, source: FakeSource, token: str, raw: Any
) -> None:
    bridge = serve(limits=Limits(progress_s=0.5, send_buffer=8192, queue_bytes=65_536))
    with join(bridge, token, max_size=None) as ws:
        tell(ws, **HELLO)
        hear(ws, "snapshot")
        stall(bridge, raw, token)
        wait_until(lambda: bridge.stats()["clients"] == 2)
        last, end = source.seq(), time.monotonic() + WAIT_S
        while bridge.stats()["stalled"] == 0:
            assert time.monotonic() < end, "the stalled client is still there"
            head = source.append(("a", "x" * 2000))
            while last < head:
                frame = hear(ws, "events", "gap")
                assert frame["op"] == "events"
                assert frame["from"] == last + 1
                last = frame["to"]
    wait_until(lambda: bridge.stats()["clients"] == 0)
    assert bridge.stats()["stalled"] == 1


def test_a_slow_client_gets_a_gap_and_a_snapshot(serve: Serve, source: FakeSource, token: str) -> None:
    bridge = serve(limits=Limits(send_buffer=8192, queue_frames=5, frame_bytes=20_000))
    with join(bridge, token, max_size=None, max_queue=1) as ws:
        tell(ws, **HELLO)
        hear(ws, "snapshot")
        source.append(("b", 0))
        assert hear(ws, "events")["to"] == 3
        last = 3
        while bridge.stats()["gaps"] == 0:  # the test does not read meanwhile
            source.append(("a", "x" * 20_000))
            assert source.seq() < 2000, "the queue has no bound"
            if source.seq() % 50 == 0:
                while bridge.stats()["gaps"] == 0 and (frame := hear(ws, "events", "gap"))["op"] == "events":
                    assert frame["from"] == last + 1
                    last = frame["to"]
        while (frame := hear(ws, "events", "gap", "snapshot"))["op"] == "events":
            assert frame["from"] == last + 1
            last = frame["to"]
        if frame["op"] == "gap":
            assert frame["from"] == last + 1
            frame = hear(ws, "snapshot", "events")
        assert frame["op"] == "snapshot"


def test_closing_comes_to_its_end_whatever_clients_do(
    serve: Serve, source: FakeSource, token: str, raw: Any
) -> None:
    patient = {"auth_s": 3600, "beat_s": 3600, "progress_s": 3600}  # nothing but closing ends any of them
    bridge = serve(limits=Limits(**patient, send_buffer=8192, queue_bytes=10**9, ring_bytes=10**9))
    lines = contextlib.ExitStack()
    healthy = lines.enter_context(join(bridge, token))
    tell(healthy, **HELLO)
    hear(healthy, "snapshot")
    stall(bridge, raw, token)
    raw(bridge.port)  # says nothing at all
    raw(bridge.port).sock.sendall(b"GET /health HTTP/1.1\r\n")  # never ends its request
    lines.enter_context(join(bridge, None))  # shows no token
    wait_until(lambda: bridge.stats()["clients"] == 2)
    for _ in range(500):
        source.append(("a", "x" * 20_000))
    bridge.close()
    assert [thread.name for thread in threading.enumerate() if thread.name == "tradekit-bridge"] == []
    bridge.close()
    source.append(("a", 1))  # publishing to a closed bridge does no harm
    bridge.ticks([{"key": "a"}])
    lines.close()


def test_a_client_hears_the_last_events_and_the_good_bye(
    serve: Serve, source: FakeSource, token: str
) -> None:
    bridge = serve(limits=Limits(send_buffer=8192, queue_bytes=10**8))
    heard: list[int] = []

    def listen() -> None:
        with contextlib.suppress(ConnectionClosedOK):
            while True:
                heard.append(hear(ws, "events")["to"])

    with join(bridge, token, max_size=None) as ws:
        tell(ws, **HELLO)
        hear(ws, "snapshot")
        listener = threading.Thread(target=listen)
        listener.start()
        for _ in range(50):
            source.append(("a", "x" * 20_000))
        bridge.close()
        listener.join(30)
        assert heard[-1] == source.seq()
        assert ws.close_code == 1001
