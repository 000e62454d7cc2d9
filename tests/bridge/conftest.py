"""A source made of a list and a bridge on a free port, closed after the test."""

import socket
from collections.abc import Callable, Iterator

import pytest

from tradekit.bridge.access import Tokens
from tradekit.bridge.limits import Limits
from tradekit.bridge.protocol import Grant
from tradekit.bridge.server import Bridge
from tradekit.testing.source import FakeSource

TOKEN = "trader-" + "t" * 32
READ_TOKEN = "reader-" + "r" * 32


@pytest.fixture
def token() -> str:
    return TOKEN


@pytest.fixture
def read_token() -> str:
    return READ_TOKEN


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(
        {
            TOKEN: Grant("trader", frozenset({"read", "operate", "trade"})),
            READ_TOKEN: Grant("reader", frozenset({"read"})),
        }
    )


@pytest.fixture
def source() -> FakeSource:
    source = FakeSource()
    source.append(("a", 1), ("b", 2))
    return source


@pytest.fixture
def serve(source: FakeSource, tokens: Tokens) -> Iterator[Callable[..., Bridge]]:
    """`serve(limits=..., source=...)`: a started bridge that the source publishes to."""
    bridges: list[Bridge] = []

    def start(
        *, of: FakeSource = source, limits: Limits | None = None, port: int = 0, **options: object
    ) -> Bridge:
        bridge = Bridge(of, tokens=tokens, port=port, limits=limits, **options)  # type: ignore[arg-type]
        bridge.start()
        of.publish = bridge.publish
        bridges.append(bridge)
        return bridge

    yield start
    for bridge in bridges:
        bridge.close()


class RawClient:
    """A TCP connection that says exactly what it is told and reads only when asked."""

    def __init__(self, port: int) -> None:
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.settimeout(30)
        self.sock.connect(("127.0.0.1", port))

    def request(self, path: str, *headers: str, method: str = "GET") -> int:
        """Send a request with these header lines and nothing else; the status of the answer."""
        self.sock.sendall("\r\n".join((f"{method} {path} HTTP/1.1", *headers, "", "")).encode("latin-1"))
        reply = b""
        while b"\r\n\r\n" not in reply:
            data = self.sock.recv(1)
            if not data:
                raise ConnectionError(f"closed after {reply!r}")
            reply += data
        return int(reply.split(b" ", 2)[1])

    def upgrade(self, *headers: str) -> int:
        """Ask for the WebSocket with these headers beside the necessary ones; the status of the answer."""
        key = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        return self.request("/ws", *key, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *headers)

    def send(self, message: bytes) -> None:
        """One text message of less than 126 bytes, masked with zeros."""
        self.sock.sendall(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)


@pytest.fixture
def raw() -> Iterator[Callable[[int], RawClient]]:
    """`raw(port)`: a connection without manners."""
    clients: list[RawClient] = []

    def connect(port: int) -> RawClient:
        clients.append(RawClient(port))
        return clients[-1]

    yield connect
    for client in clients:
        client.sock.close()
