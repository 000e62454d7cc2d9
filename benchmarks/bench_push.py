"""From publishing an event to the callback of each client in another process, beside other ways to push.

Server and clients share this machine's cores, as they do at a trader's. An event that waits for the clients' own work
counts as late; that is the same for all.
"""

import json
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.pushers import BareFrames, Broadcast, DurableBridge, FastApi, OurBridge
from benchmarks.stopwatch import resident_mb

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[1]
CELLS = [(rate, clients) for rate in (100, 1_000, 10_000) for clients in (1, 10, 100)]
MOST_A_SECOND = 100_000  # deliveries; beyond it every way is only a queue that grows
RUN_S, WARM_S, ROUNDS = 2.0, 0.4, 3
IDLE = 1_000
Row = dict[str, Any]


class Crowd:
    """The clients' process."""

    def __init__(self, uri: str, clients: int, token: str | None) -> None:
        command = [sys.executable, "-m", "benchmarks.crowd", uri, str(clients), *([token] if token else [])]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._read() == "ready"

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, word: str) -> None:
        """`go` or `tell`."""
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def told(self) -> dict[str, float]:
        """What it has measured since `go`."""
        self.say("tell")
        said: dict[str, float] = json.loads(self._read())
        return said

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def push_at(push: Callable[[], None], rate: float, seconds: float, burst_s: float = 0.0) -> int:
    """Push so many a second; how many it was in the end. `burst_s` computes for so long every tenth of a second."""
    began, pushed, total = time.perf_counter(), 0, int(rate * seconds)
    computed = began
    while pushed < total:
        if burst_s and time.perf_counter() - computed > 0.1:
            computed = time.perf_counter()
            while time.perf_counter() - computed < burst_s:
                sum(range(200))
        due = min(int((time.perf_counter() - began) * rate) + 1, total)
        while pushed < due:
            push()
            pushed += 1
        time.sleep(max(0.0, min(began + pushed / rate - time.perf_counter(), 0.05)))
    return pushed


def measured(make: Callable[[], Any], rate: int, clients: int, burst_s: float = 0.0) -> dict[str, float]:
    """One way to push, one rate, one crowd: how late [ms], and this process's core time a delivery [us]."""
    server = make()
    crowd = Crowd(server.uri, clients, server.token)
    try:
        push_at(server.push, rate, WARM_S)
        time.sleep(0.1)
        crowd.say("go")
        core = time.process_time()
        pushed = push_at(server.push, rate, RUN_S, burst_s)
        core = time.process_time() - core
        time.sleep(0.2)
        told = crowd.told()
    finally:
        crowd.close()
        server.close()
    return told | {"us": 1e6 * core / (pushed * clients), "share": told["events"] / (pushed * clients)}


def median(of: list[dict[str, float]]) -> dict[str, float]:
    """Each number's median over the rounds."""
    return {name: statistics.median(one[name] for one in of) for name in of[0]}


def words(told: dict[str, float]) -> str:
    """One way's figures."""
    part = "" if told["share"] > 0.999 else f", {told['share']:.0%} arrived"
    tail = f"{told['p50']:.1f}/{told['p99']:.1f}/{told['p999']:.1f} ms, {told['us']:.1f} us a delivery"
    return tail + part


def cell(rate: int, clients: int, peers: list[Any]) -> list[Row]:
    """A row for each peer; all are measured in turns."""
    rounds: dict[str, list[dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for make in (OurBridge, *peers):
            rounds.setdefault(make.name, []).append(measured(make, rate, clients))
    found = {name: median(of) for name, of in rounds.items()}
    ours, rows = found.pop(OurBridge.name), []
    for name, told in found.items():
        p99 = statistics.median(
            a["p99"] / b["p99"] for a, b in zip(rounds[OurBridge.name], rounds[name], strict=True)
        )
        aim = "p99 <= 1x" if name != BareFrames.name and (rate, clients) == (1_000, 100) else "-"
        rows.append(
            {
                "name": "push: p50/p99/p99.9", "size": f"{rate:,} events/s, {clients} clients", "ours": words(ours),
                "limit": f"{name} {words(told)}", "ratio": p99, "aim": aim,
            }
        )  # fmt: skip
    return rows


def durable(burst_s: float) -> Row:
    """A critical event: appended, on stable storage, pushed, in the client's callback."""
    told = median([measured(DurableBridge, 1_000, 1, burst_s) for _ in range(ROUNDS)])
    aim = "p50 2 ms, p99 10 ms" if burst_s else "p50 1 ms, p99 2.5 ms"
    beside = f", beside {burst_s * 1e3:.0f} ms bursts of work" if burst_s else ""
    return {
        "name": "critical publish, durable, client", "size": f"1,000 events/s{beside}",
        "ours": words(told), "limit": "nobody publishes it", "ratio": None, "aim": aim,
    }  # fmt: skip


def idle() -> Row:
    """A thousand clients that only hear the beat."""
    server = OurBridge()
    before = resident_mb()
    crowd = Crowd(server.uri, IDLE, server.token)
    try:
        core, began = time.process_time(), time.perf_counter()
        time.sleep(5.0)
        share = (time.process_time() - core) / (time.perf_counter() - began)
        held, grown = server.bridge.stats()["clients"], resident_mb() - before
    finally:
        crowd.close()
        server.close()
    return {
        "name": "idle clients held", "size": f"{IDLE:,} clients",
        "ours": f"{held:,}, {grown * 1024 / IDLE:.0f} KiB each",
        "limit": f"{share:.0%} of a core for their beats", "ratio": None, "aim": "all held",
    }  # fmt: skip


def slowdown(rate: int) -> Row:
    """What a hundred attached clients take from a thread that computes, as an engine does."""
    server = OurBridge()
    works: dict[str, list[float]] = {"alone": [], "attached": []}

    def work() -> float:
        """How much a computing thread gets done in a second while events are pushed."""
        began, done, pushed = time.perf_counter(), 0, 0
        while (now := time.perf_counter() - began) < 1.0:
            sum(range(500))
            done += 1
            if pushed < now * rate:
                server.push()
                pushed += 1
        return done

    try:
        for _ in range(ROUNDS):
            works["alone"].append(work())
            crowd = Crowd(server.uri, 100, server.token)
            try:
                works["attached"].append(work())
            finally:
                crowd.close()
    finally:
        server.close()
    ratio = statistics.median(a / b for a, b in zip(works["alone"], works["attached"], strict=True))
    return {
        "name": "engine beside 100 clients", "size": f"{rate:,} events/s",
        "ours": f"{ratio - 1:+.1%} time for its work",
        "limit": "no clients", "ratio": ratio, "aim": "<= 1.05x",
    }  # fmt: skip


def main() -> list[Row]:
    """The rows for the table."""
    sys.setswitchinterval(0.0005)  # as a session's process
    logging.getLogger("asyncio").setLevel(
        logging.ERROR
    )  # else it tells of each frame to a crowd that has left
    peers: list[Any] = [BareFrames, Broadcast]
    try:
        FastApi().close()
        peers.append(FastApi)
    except ImportError:
        sys.stderr.write("bench_push: FastAPI and uvicorn are not installed; left out\n")
    rows = [
        row
        for rate, clients in CELLS
        if rate * clients <= MOST_A_SECOND
        for row in cell(rate, clients, peers)
    ]
    rows += [durable(0.0), durable(0.015)]
    return [*rows, slowdown(10), slowdown(100), slowdown(1_000), idle()]
