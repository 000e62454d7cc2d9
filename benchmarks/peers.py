"""Servers that others use as a durable log, each in its strictest setting: Redis AOF always, NATS JetStream.

Bare sockets and their wire protocols, so that no client library is measured. Knows nothing of tradekit.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["nats_rate", "redis_rate"]

START_S = 10.0


def redis_rate(folder: Path, payload: bytes, events: int, in_flight: int) -> float | None:
    """Events/s of RPUSH with `appendfsync always`, so many on the way; None when there is no redis-server."""
    port = _free_port()
    command = ["redis-server", "--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "yes"]
    with _server([*command, "--appendfsync", "always"], port) as line:
        if line is None:
            return None
        push = b"*3\r\n$5\r\nRPUSH\r\n$3\r\nlog\r\n$%d\r\n%b\r\n" % (len(payload), payload)
        return _pump(line, push, b"\r\n", events, in_flight)


def nats_rate(folder: Path, payload: bytes, events: int, in_flight: int) -> float | None:
    """Events/s of JetStream publishes to a file store, so many on the way; None when there is no nats-server.

    By default it syncs every two minutes: faster than what survives a power cut, and still a peer.
    """
    port = _free_port()
    with _server(
        ["nats-server", "-p", str(port), "-js", "-sd", str(folder), "-l", str(folder / "log")], port
    ) as line:
        if line is None:
            return None
        config = json.dumps({"name": "LOG", "subjects": ["log"], "storage": "file"}).encode()
        line.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB in.* 1\r\n')
        line.sendall(b"PUB $JS.API.STREAM.CREATE.LOG in.made %d\r\n%b\r\n" % (len(config), config))
        while b'"created"' not in line.recv(65_536):
            pass
        publish = b"PUB log in.ack %d\r\n%b\r\n" % (len(payload), payload)
        return _pump(line, publish, b"MSG in.ack", events, in_flight)


def _pump(line: socket.socket, request: bytes, ack: bytes, events: int, in_flight: int) -> float:
    """Keep `in_flight` requests on the way until so many were acknowledged; acknowledged ones a second."""
    began = time.perf_counter()
    sent = acked = 0
    rest = b""
    while acked < events:
        more = min(in_flight - (sent - acked), events - sent)
        if more:
            line.sendall(request * more)
            sent += more
        data = rest + line.recv(1 << 16)
        found = data.count(ack)
        acked += found
        rest = data[data.rfind(ack) + len(ack) :] if found else data
    return events / (time.perf_counter() - began)


@contextlib.contextmanager
def _server(command: list[str], port: int) -> Iterator[socket.socket | None]:
    """A server for as long as it is used, and a line to it; None where it is not installed."""
    if shutil.which(command[0]) is None:
        yield None
        return
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with contextlib.closing(_connect(port)) as line:
            yield line
    finally:
        process.terminate()
        process.wait(START_S)


def _connect(port: int) -> socket.socket:
    end = time.monotonic() + START_S
    while True:
        try:
            line = socket.create_connection(("127.0.0.1", port), START_S)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return line


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
