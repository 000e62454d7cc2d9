"""Ways to push an encoded event to many WebSocket clients: ours, bare frames, `websockets.broadcast`, FastAPI.

Each is made, takes events from `push`, and is closed. Knows no clients.
"""

import asyncio
import contextlib
import importlib
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.frames import Frame, Opcode

from tradekit.bridge.access import Tokens
from tradekit.bridge.limits import Limits
from tradekit.bridge.protocol import SCOPES, Grant
from tradekit.bridge.server import Bridge
from tradekit.bridge.thread import LoopThread
from tradekit.core.event import Event
from tradekit.core.journal import Stored
from tradekit.core.sqlite import SqliteJournal
from tradekit.model.market import MarkUpdated
from tradekit.testing.source import FakeSource

__all__ = ["BareFrames", "Broadcast", "DurableBridge", "FastApi", "OurBridge"]

TOKEN = "bench-" + "b" * 32


class OurBridge:
    """The bridge, fed as a session feeds it."""

    name, token = "tradekit", TOKEN

    def __init__(self) -> None:
        self.source = FakeSource()
        tokens = Tokens({TOKEN: Grant("bench", frozenset(SCOPES))})
        limits = Limits(clients=1_100, handshakes=1_100, queue_bytes=64 * 2**20, queue_frames=100_000)
        self.bridge = Bridge(self.source, tokens=tokens, port=0, limits=limits)
        self.bridge.start()
        self.source.publish = self.bridge.publish
        self.uri = self.bridge.uri

    def push(self) -> None:
        """One event, stamped now."""
        self.source.append(("k", time.monotonic_ns()))

    def close(self) -> None:
        """End it."""
        self.bridge.close()


class DurableBridge:
    """The bridge behind a journal, as in a session: told once the commit is on stable storage."""

    name, token = "journal and bridge", TOKEN

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tradekit-bench-")
        self._journal = SqliteJournal(Path(self._folder.name) / "events.log")
        source = _Durable(self._journal)
        self.bridge = Bridge(source, tokens=Tokens({TOKEN: Grant("bench", frozenset(SCOPES))}), port=0)
        self._journal.on_commit(self._committed)
        self.bridge.start()
        self.uri = self.bridge.uri

    def _committed(self, stored: tuple[Stored, ...]) -> None:
        subjects = [one.event.subject for one in stored]
        self.bridge.publish(stored[0].event.seq, [one.payload for one in stored], subjects)

    def push(self) -> None:
        """One critical event, stamped now."""
        mark, seq = MarkUpdated("BTCUSDT", float(time.monotonic_ns())), self._journal.last_seq + 1
        event = Event(seq, 0, seq, 0, mark.TYPE, mark.V, 0, mark.key, mark)
        self._journal.append_async([event], critical=True)

    def close(self) -> None:
        """End it."""
        self.bridge.close()
        self._journal.close()
        self._folder.cleanup()


class _Durable(FakeSource):
    """A source whose events are a journal's."""

    def __init__(self, journal: SqliteJournal) -> None:
        super().__init__()
        self._events = journal

    def seq(self) -> int:
        return self._events.durable_seq

    def snapshot(self) -> tuple[int, list[tuple[str, bytes]]]:
        return self.seq(), [("values", b"{}")]

    def payloads(self, since: int, until: int) -> list[tuple[int, bytes]]:
        return list(self._events.payloads(since, until))


class _OnALoop:
    """A server on an event loop of its own thread; `send` runs there with each event."""

    token = None

    def __init__(self) -> None:
        self._lines: set[ServerConnection] = set()
        self._seq = 0
        self._thread = LoopThread("peer")
        self._server = self._thread.run(self._listen()).result(10)
        self.uri = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ws"

    async def _listen(self) -> Any:
        return await serve(self._serve, "127.0.0.1", 0, compression=None, ping_interval=None)

    async def _serve(self, ws: ServerConnection) -> None:
        self._lines.add(ws)
        try:
            await ws.wait_closed()
        finally:
            self._lines.discard(ws)

    def push(self) -> None:
        """One event, stamped now."""
        self._seq += 1
        self._thread.loop.call_soon_threadsafe(self._send, _event(self._seq))

    def _send(self, event: bytes) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """End it."""

        async def end() -> None:
            self._server.close()
            for ws in self._lines:
                ws.transport.abort()

        self._thread.run(end()).result(60)  # behind what was pushed faster than it could be sent
        self._thread.stop(2)


class Broadcast(_OnALoop):
    """The library's own `broadcast`."""

    name = "websockets.broadcast"

    def _send(self, event: bytes) -> None:
        broadcast(self._lines, event.decode())


class BareFrames(_OnALoop):
    """The limit: one frame encoded once, its bytes written to each socket; no queue, no bound, no watch."""

    name = "bare frames"

    def _send(self, event: bytes) -> None:
        frame = Frame(Opcode.TEXT, event).serialize(mask=False)
        for ws in self._lines:
            if not ws.transport.is_closing():
                ws.transport.write(frame)


class FastApi:
    """FastAPI on uvicorn, and the loop over its clients that its documentation shows."""

    name, token = "FastAPI", None

    def __init__(self) -> None:
        fastapi, uvicorn = importlib.import_module("fastapi"), importlib.import_module("uvicorn")
        app = fastapi.FastAPI()
        self._lines: set[Any] = set()
        self._seq = 0
        ended = fastapi.WebSocketDisconnect

        async def follow(ws: Any) -> None:
            await ws.accept()
            self._lines.add(ws)
            try:
                with contextlib.suppress(ended):
                    while True:
                        await ws.receive_text()
            finally:
                self._lines.discard(ws)

        follow.__annotations__["ws"] = fastapi.WebSocket
        app.websocket("/ws")(follow)
        sock = socket.create_server(("127.0.0.1", 0))
        self.uri = f"ws://127.0.0.1:{sock.getsockname()[1]}/ws"
        config = uvicorn.Config(
            app, log_level="critical", ws_per_message_deflate=False, ws_ping_interval=None,
            lifespan="off",
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._thread = threading.Thread(target=self._run, args=(sock,), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def _run(self, sock: socket.socket) -> None:
        asyncio.set_event_loop(self._loop)
        sender = self._loop.create_task(self._send())
        self._loop.run_until_complete(self._server.serve(sockets=[sock]))
        left = asyncio.all_tasks(self._loop)
        for task in (sender, *left):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _send(self) -> None:
        while True:
            text = await self._waiting.get()
            for ws in list(self._lines):
                await ws.send_text(text)

    def push(self) -> None:
        """One event, stamped now."""
        self._seq += 1
        self._loop.call_soon_threadsafe(self._waiting.put_nowait, _event(self._seq).decode())

    def close(self) -> None:
        """End it."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(5)


def _event(seq: int) -> bytes:
    """An envelope as ours, byte for byte but for its numbers."""
    return (
        b'{"seq":%d,"epoch":1,"ts":%d,"recorded":%d,"type":"value.changed","v":1,"cause":0,"key":"k",'
        b'"data":{"value":%d}}' % (seq, seq, seq, time.monotonic_ns())
    )
