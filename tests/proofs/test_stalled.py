"""One client that takes nothing beside many that do: it costs little, not for long, and delays nobody."""

import json
import socket
import time
from collections.abc import Callable

import psutil
import pytest

from benchmarks.bench_push import Crowd
from benchmarks.pushers import TOKEN
from tests.builders import FULL
from tests.sessions import wait_until
from tradekit.bridge.access import Tokens
from tradekit.bridge.limits import Limits
from tradekit.bridge.protocol import SCOPES, Grant
from tradekit.bridge.server import Bridge
from tradekit.testing.source import FakeSource

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

HEALTHY, PERIOD_S = 49, 0.02
COST_MIB, CLOSED_S = 2.0, 2.0
FILL_S = 5.0  # its buffers fill up before it takes nothing; then it is looked at four times a second
CUT_S = 30.0  # a bound, not an expectation: what else the machine does delays it
PAD = "x" * 4_000  # so that the stalled client's buffers are full soon


class Told:
    """What one stretch of pushing did: the healthy clients' lateness [ms], and memory gained beyond the events' own."""

    def __init__(self, source: FakeSource, crowd: Crowd, until: Callable[[float], bool]) -> None:
        process, first, began = psutil.Process(), source.seq(), time.monotonic()
        used, most, kept = process.memory_info().rss, 0.0, 0
        self.pushed = 0
        crowd.say("go")
        while not until(time.monotonic() - began):
            source.append(("pad", PAD), ("k", time.monotonic_ns()))
            self.pushed += 1
            kept = (source.seq() - first) * (len(PAD) // 2 + 200)
            most = max(most, (process.memory_info().rss - used - kept) / 2**20)
            time.sleep(PERIOD_S)
        self.seconds, self.gained, end = time.monotonic() - began, most, time.monotonic() + 20
        self.late = crowd.told()
        while self.late["events"] < HEALTHY * self.pushed and time.monotonic() < end:
            self.late = crowd.told()


def stalled_client(port: int) -> socket.socket:
    """One that says hello and never reads again."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    lines = [
        "GET /ws HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", f"Authorization: Bearer {TOKEN}",
    ]  # fmt: skip
    sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    assert sock.recv(12) == b"HTTP/1.1 101"
    hello = json.dumps({"op": "hello", "protocol": 1, "since": None, "topics": None}).encode()
    sock.sendall(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
    return sock


def test_a_stalled_client_costs_little_is_cut_off_and_delays_nobody(
    proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    patience = proof_size(ci=3, full=10)  # 10 s is the bridge's own
    source = FakeSource()
    tokens = Tokens({TOKEN: Grant("crowd", frozenset(SCOPES))})
    bridge = Bridge(source, tokens=tokens, port=0, limits=Limits(progress_s=patience))
    bridge.start()
    source.publish = bridge.publish
    crowd = Crowd(bridge.uri, HEALTHY, TOKEN)
    try:
        Told(source, crowd, lambda passed: passed > 1)  # warm
        alone = Told(source, crowd, lambda passed: passed > patience + FILL_S / 2)
        stalled = stalled_client(bridge.port)
        wait_until(lambda: bridge.stats()["clients"] == HEALTHY + 1)
        beside = Told(source, crowd, lambda passed: bridge.stats()["stalled"] == 1 or passed > 60)
        assert bridge.stats()["stalled"] == 1
        assert bridge.stats()["clients"] == HEALTHY
        began = time.monotonic()
        bridge.close()
        closed = time.monotonic() - began
        stalled.close()
    finally:
        bridge.close()
        crowd.close()
    if FULL:  # at CI size whatever else the machine does may hold it up
        assert closed < CLOSED_S + 0.5
        assert beside.seconds < patience + CUT_S
    assert beside.gained < alone.gained + COST_MIB
    assert beside.late["events"] == HEALTHY * beside.pushed
    proof_record(
        "a stalled client costs little, is cut off and delays nobody",
        size=f"1 stalled beside {HEALTHY} healthy clients",
        result=f"cut off after {beside.seconds:.1f} s, {max(beside.gained - alone.gained, 0):.1f} MiB at most; "
        f"closed in {closed:.1f} s",
        note=f"the others' p99 {beside.late['p99']:.1f} ms, {alone.late['p99']:.1f} ms without it",
    )
