"""What the bridge does on its own loop: let clients in, fan out, beat, watch, close.

Knows bytes and seqs; commands and states are the source's.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypedDict

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from tradekit.bridge.access import Gate, Tokens, bearer_token
from tradekit.bridge.admission import Admission, Visitor
from tradekit.bridge.answers import Answers
from tradekit.bridge.feed import Feed, Ticker
from tradekit.bridge.frames import Beat, encode_frame
from tradekit.bridge.limits import Limits
from tradekit.bridge.pages import Pages, respond
from tradekit.bridge.protocol import Grant
from tradekit.bridge.ring import Ring
from tradekit.bridge.source import Source
from tradekit.bridge.supply import Supply
from tradekit.bridge.tickets import Tickets
from tradekit.bridge.visit import Hall, Visit
from tradekit.core.clock import Clock
from tradekit.core.redact import secrets

__all__ = ["BridgeStats", "Service"]

_log = logging.getLogger(__name__)
_wire_log = logging.getLogger("tradekit.bridge.wire")
_wire_log.setLevel(logging.WARNING)  # below that the library logs every header and frame, tokens among them

_PAGE_S = 2.0  # patience with the source for /health and /metrics
_QUIET_S = 0.004  # without events: whoever waits for the next one shall have it at once
_DRAIN_S = 0.8  # at closing, for events that are on their way


class BridgeStats(TypedDict):
    """What is now, and counts since the start (gaps, stalled, snapshots); `lag_ms`: how late the loop was."""

    clients: int
    seq: int
    gaps: int
    stalled: int
    snapshots: int
    lag_ms: int


class _Connection(ServerConnection):
    """A connection that the service knows from its first byte on, so that none can hide in the handshake."""

    service: "Service"
    visitor: Visitor | None = None
    grant: Grant | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.service.knocked(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.service.left(self)
        super().connection_lost(exc)


class Service:
    """One open bridge; made and used on its loop, `stats` excepted."""

    def __init__(self, source: Source, feed: Feed, *, tokens: Tokens, limits: Limits, clock: Clock) -> None:
        loop = asyncio.get_running_loop()
        self._source, self._feed, self._limits, self._clock, self._tokens = (
            source,
            feed,
            limits,
            clock,
            tokens,
        )
        self._ticker = Ticker(loop, limits.ticks_s, self._send_ticks)
        feed.open(
            loop, self._send_events, self._ticker.take
        )  # before the seq is read: no event falls between
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="tradekit-bridge-worker")
        ring = Ring(
            source.seq(), events=limits.ring_events, size=limits.ring_bytes, frame_bytes=limits.frame_bytes
        )
        self._hall = Hall(
            source,
            limits,
            clock,
            tokens,
            Tickets(clock),
            Admission(limits),
            ring,
            Supply(source, ring, limits, self._executor),
            Answers(source, limits, clock),
            self._ticker.overlay,
        )
        self._pages = Pages(source)
        self._gate = Gate(0)
        self._server: Server | None = None
        self._connections: set[_Connection] = set()
        self._visits: set[Visit] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._gaps_of_gone = self._stalled = 0
        self._sent = 0.0  # when events were last sent [monotonic s]
        self._lag_s = 0.0

    async def open(
        self,
        host: str,
        port: int,
        *,
        origins: Sequence[str],
        hosts: Sequence[str],
        tls: ssl.SSLContext | None = None,
    ) -> int:
        """Listen; the port. Raises OSError when it cannot be had."""
        limits = self._limits
        self._server = await serve(
            self._serve,
            host,
            port,
            process_request=self._process_request,
            ssl=tls,
            compression=None,
            server_header=None,
            open_timeout=limits.auth_s,
            ping_interval=limits.ping_s,
            ping_timeout=limits.ping_s,
            close_timeout=1.0,
            max_size=limits.message_bytes,
            logger=_wire_log,
            create_connection=type("Connection", (_Connection,), {"service": self}),
            start_serving=False,
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        self._gate = Gate(bound, tls=tls is not None, origins=origins, hosts=hosts)
        await self._server.start_serving()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._beat()), loop.create_task(self._watch())]
        return bound

    async def close(self, timeout_s: float) -> None:
        """Send what is on its way, say good-bye, and cut off whoever does not go."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        self._feed.close()
        self._ticker.stop()
        if self._server is not None:
            self._server.close(close_connections=False)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained(), _DRAIN_S)
        for task in self._tasks:
            task.cancel()
        leaving = [
            loop.create_task(c.close(1001, "the session is closing"))
            for c in self._connections
            if _flowing(c)
        ]
        for connection in set(self._connections):
            if not _flowing(connection):
                connection.transport.abort()
        if leaving:
            await asyncio.wait(leaving, timeout=max(end - loop.time(), 0.1) / 2)
        for connection in set(self._connections):
            connection.transport.abort()
        if self._server is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), max(end - loop.time(), 0.1))
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _drained(self) -> None:
        while not all(visit.idle for visit in self._visits):  # noqa: ASYNC110 - kernel buffers tell nobody
            await asyncio.sleep(0.01)

    def stats(self) -> BridgeStats:
        """See `BridgeStats`; from any thread."""
        return BridgeStats(
            clients=self._hall.admission.clients,
            seq=self._hall.ring.head,
            gaps=self._gaps_of_gone + sum(visit.gaps for visit in self._visits.copy()),
            stalled=self._stalled,
            snapshots=self._hall.supply.snapshots,
            lag_ms=int(self._lag_s * 1000),
        )

    def knocked(self, connection: _Connection) -> None:
        """A TCP connection is there; it is dropped if too many have not got beyond this."""
        peer = connection.transport.get_extra_info("peername")
        connection.visitor = self._hall.admission.knock(peer[0] if peer else "")
        if connection.visitor is None:
            connection.transport.abort()
            return
        self._connections.add(connection)
        sock = connection.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._limits.send_buffer)

    def left(self, connection: _Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        if connection.visitor is not None:
            self._hall.admission.leave(connection.visitor)

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        headers = request.headers
        path, _, query = request.path.partition("?")
        if not self._gate.host_allowed(headers.get_all("Host")):
            return respond(
                403, b"this Host is not served here; use 127.0.0.1 or add it to websocket.allowed_hosts\n"
            )
        if not self._gate.origin_allowed(headers.get_all("Origin")):
            return respond(403, b"this Origin is not allowed; add it to websocket.allowed_origins\n")
        if request.method != "GET":
            return respond(405, b"GET only\n", headers={"Allow": "GET"})
        if path != "/ws":
            return await self._page(path, headers["Host"])
        if query:
            return respond(400, b"no query here; a token goes into the Authorization header\n")
        return self._admit(connection, bearer_token(headers.get_all("Authorization")))

    def _admit(self, connection: ServerConnection, token: str | None) -> Response | None:
        grant = None if token is None else self._tokens.check(token)
        if token is not None and grant is None:
            return respond(401, b"this session does not know the token; read its token file again\n")
        if not isinstance(connection, _Connection) or connection.visitor is None:
            return respond(503, b"too many connections\n")
        connection.grant = grant
        full = self._hall.admission.admit(connection.visitor, proved=grant is not None)
        return None if full is None else respond(503, f"{full}\n".encode())

    async def _page(self, path: str, host: str) -> Response:
        work = partial(self._pages.get, path, host, self.stats())
        try:
            async with asyncio.timeout(_PAGE_S):
                return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except TimeoutError:
            return respond(503, b"the session did not answer in time\n")

    async def _serve(self, connection: ServerConnection) -> None:
        if not isinstance(connection, _Connection) or connection.visitor is None:
            return
        visit = Visit(connection, self._hall, connection.visitor, connection.grant)
        self._visits.add(visit)
        try:
            await visit.run()
        finally:
            self._visits.discard(visit)
            self._gaps_of_gone += visit.gaps

    def _send_events(self, first: int, payloads: list[bytes], subjects: list[str]) -> None:
        self._hall.ring.add(first, payloads, subjects)
        now = self._clock.monotonic()
        quiet, self._sent = now - self._sent > _QUIET_S, now
        for visit in self._visits:
            visit.wake(quiet=quiet)

    def _send_ticks(self, items: Mapping[str, bytes]) -> None:
        now = self._clock.now()
        for visit in self._visits:
            visit.put_ticks(now, items)

    async def _beat(self) -> None:
        while True:
            frame = encode_frame(
                Beat(self._hall.ring.head, self._clock.now(), secrets.clean(self._source.alarm))
            )
            for visit in list(self._visits):
                if visit.allowed():
                    visit.put_beat(frame)
                else:
                    _log.warning("a client's token was revoked or has expired; its line is cut")
                    visit.abort()
            await asyncio.sleep(self._limits.beat_s)

    async def _watch(self) -> None:
        """Cut off clients that take nothing; measure how late this loop is."""
        loop = asyncio.get_running_loop()
        period = min(0.25, self._limits.progress_s / 8)
        while True:
            due = loop.time() + period
            await asyncio.sleep(period)
            now = loop.time()
            self._lag_s = max(now - due, self._lag_s / 2)
            for visit in list(self._visits):
                if visit.stalled(now):
                    self._stalled += 1
                    _log.warning("a client took nothing for %g s and was cut off", self._limits.progress_s)
                    visit.abort()


def _flowing(connection: ServerConnection) -> bool:
    """Whether good-byes can reach the client."""
    return connection.protocol.state.name == "OPEN" and connection.transport.get_write_buffer_size() == 0
