"""Lines that break in every way, hundreds of times: each client is soon back at the state, and nothing leaks."""

import contextlib
import json
import random
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme

from tests.client.wire import TOKEN, TOKENS, Replica, client_threads
from tests.proofs.lives import ROOT
from tests.proofs.proxy import Relay
from tests.sessions import wait_until
from tradekit.bridge.access import write_token_file
from tradekit.bridge.limits import Limits
from tradekit.bridge.server import Bridge
from tradekit.testing.source import FakeSource

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3600)]

BACK_S = 2.0  # within which a client must be at the session's state again, its own jitter left out
JITTER_S = 0.05  # the cap of `QUICK`
LIMITS = Limits(beat_s=0.1, progress_s=3.0, ping_s=1.0)  # who keeps a line open and answers nothing goes soon
SLACK_S = 1.0  # two cores may be shared with whatever else runs


class Busy:
    """A source to which somebody keeps appending."""

    def __init__(self) -> None:
        self.source = FakeSource()
        self._pause, self._end = threading.Event(), threading.Event()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._append, daemon=True)
        self._thread.start()

    def _append(self) -> None:
        rng, n = random.Random(1), 0
        while not self._end.is_set():
            if self._pause.is_set():
                self._idle.set()
                time.sleep(0.001)
                continue
            self._idle.clear()
            n += 1
            self.source.append((f"k{rng.randrange(20)}", n), (f"k{rng.randrange(20)}", n))
            time.sleep(0.002)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[int]:
        """Nothing is appended; the last seq."""
        self._idle.clear()
        self._pause.set()
        assert self._idle.wait(30)
        try:
            yield self.source.seq()
        finally:
            self._pause.clear()

    def close(self) -> None:
        self._end.set()
        self._thread.join(30)


@pytest.fixture
def busy() -> Iterator[Busy]:
    made = Busy()
    yield made
    made.close()


@contextlib.contextmanager
def served(busy: Busy, **options: Any) -> Iterator[Bridge]:
    bridge = Bridge(busy.source, tokens=TOKENS, port=0, limits=LIMITS, **options)
    bridge.start()
    busy.source.publish = bridge.publish
    try:
        yield bridge
    finally:
        bridge.close()


@pytest.mark.parametrize("failure", ["cut", "hush"])
def test_a_line_that_breaks_is_made_anew_and_misses_nothing(
    busy: Busy,
    proof_size: Callable[..., int],
    proof_record: Callable[..., None],
    failure: str,
) -> None:
    times, rng, process = proof_size(ci=8, full=400), random.Random(2), psutil.Process()
    worst, before, early = 0.0, process.num_fds(), 0.0
    with Relay() as relay, served(busy, hosts=[f"127.0.0.1:{relay.port}"]) as bridge:
        relay.to = bridge.port
        replica = Replica(f"ws://127.0.0.1:{relay.port}/ws", stale_after_s=0.3, dead_after_s=0.6)
        with replica.connection:
            for n in range(times):
                wait_until(lambda: replica.connection.status.name == "live")
                time.sleep(rng.random() * 0.05)
                told = len(replica.statuses)
                getattr(relay, failure)()
                wait_until(
                    lambda told=told: len(replica.statuses) > told
                )  # it may be back before anybody looks
                began = time.monotonic()
                wait_until(lambda told=told: "live" in replica.names[told:])
                with busy.quiet() as seq:
                    wait_until(lambda seq=seq: replica.is_at(seq))
                    assert replica.values == busy.source.values
                worst = max(worst, time.monotonic() - began)
                if n == times // 4:
                    early = process.memory_info().rss / 2**20
        wait_until(lambda: bridge.stats()["clients"] == 0, 15)
        grown = process.memory_info().rss / 2**20 - early
    wait_until(lambda: not client_threads())
    wait_until(lambda: process.num_fds() <= before)
    if times >= 400:  # at CI size whatever else the machine does may hold it up
        assert worst < BACK_S + JITTER_S + SLACK_S + (0.6 if failure == "hush" else 0)
        assert grown < 5 + busy.source.seq() * 300 / 2**20, (
            "memory grows with each line"
        )  # the source keeps its events
    proof_record(
        f"a line that is {'cut' if failure == 'cut' else 'silent but open'} is made anew and misses nothing",
        size=f"{times} times, 1,000 events/s",
        result=f"equal states each time, the slowest after {worst:.1f} s; no descriptor or thread left",
        note=f"{len(replica.gaps)} gaps told, {len(replica.snapshots)} snapshots",
    )


class Follower:
    """A client's process."""

    def __init__(self, uri: str, token_file: Path, *more: str, under: tuple[str, ...] = ()) -> None:
        command = [*under, sys.executable, "-m", "tests.proofs.follower", uri, str(token_file), *more]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def sees(self, seq: int) -> dict[str, Any]:
        """What it has once it has this much."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{seq}\n")
        self.process.stdin.flush()
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()


def test_clients_that_are_killed_leave_nothing_behind(
    busy: Busy, proof_size: Callable[..., int], proof_record: Callable[..., None], tmp_path: Path
) -> None:
    times, rng, process = proof_size(ci=6, full=100), random.Random(3), psutil.Process()
    token_file = tmp_path / "token"
    write_token_file(token_file, TOKEN)
    with served(busy) as bridge:
        before = process.num_fds()
        for _ in range(times):
            follower = Follower(bridge.uri, token_file)
            with busy.quiet() as seq:
                assert follower.sees(seq) == {"seq": seq, "values": busy.source.values}
            time.sleep(rng.random() * 0.05)
            follower.kill()
            wait_until(lambda: bridge.stats()["clients"] == 0)
        wait_until(lambda: process.num_fds() <= before)
    proof_record(
        "a client killed with -9 leaves nothing behind in the session",
        size=f"{times} kills",
        result="each new client had the session's state; no descriptor left",
    )


NET = "10.87.65"


@pytest.fixture
def other_host(proof_needs: Callable[..., None]) -> Iterator[Callable[[str], None]]:
    """A host of its own in a network namespace; `other_host("down")` pulls its cable, "up" plugs it in."""
    proof_needs("root", "ip")

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    subprocess.run(["ip", "netns", "del", "tradekit-far"], check=False, capture_output=True)
    ip("netns", "add", "tradekit-far")
    try:
        ip("link", "add", "tk-near", "type", "veth", "peer", "name", "tk-far", "netns", "tradekit-far")
        ip("addr", "add", f"{NET}.1/24", "dev", "tk-near")
        ip("link", "set", "tk-near", "up")
        ip("-n", "tradekit-far", "addr", "add", f"{NET}.2/24", "dev", "tk-far")
        ip("-n", "tradekit-far", "link", "set", "tk-far", "up")
        yield lambda state: ip("link", "set", "tk-near", state)
    finally:
        subprocess.run(["ip", "netns", "del", "tradekit-far"], check=False, capture_output=True)


def test_a_client_behind_a_network_that_parts_comes_back(
    busy: Busy,
    proof_size: Callable[..., int],
    proof_record: Callable[..., None],
    other_host: Callable[[str], None],
    tmp_path: Path,
) -> None:
    times, worst, token_file, ca = proof_size(ci=3, full=100), 0.0, tmp_path / "token", tmp_path / "ca.pem"
    write_token_file(token_file, TOKEN)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(f"{NET}.1").configure_cert(tls)
    rng = random.Random(4)
    with served(busy, host=f"{NET}.1", tls=tls, hosts=[]) as first:
        port = first.port
    options = {"host": f"{NET}.1", "tls": tls, "hosts": [f"{NET}.1:{port}"]}
    bridge = Bridge(busy.source, tokens=TOKENS, port=port, limits=LIMITS, **options)  # type: ignore[arg-type]
    bridge.start()
    busy.source.publish = bridge.publish
    far = Follower(bridge.uri, token_file, str(ca), under=("ip", "netns", "exec", "tradekit-far"))
    try:
        for _ in range(times):
            far.sees(busy.source.seq())
            other_host("down")
            time.sleep(1.0 + rng.random())
            other_host("up")
            healed = time.monotonic()
            with busy.quiet() as seq:
                assert far.sees(seq) == {"seq": seq, "values": busy.source.values}
            worst = max(worst, time.monotonic() - healed)
    finally:
        far.kill()
        bridge.close()
    proof_record(
        "a client behind a network that parts comes back to the session's state",
        size=f"{times} partitions of 1 to 2 s between two network namespaces, over TLS",
        result=f"equal states each time, the slowest {worst:.1f} s after the network was whole",
    )
