"""Clients of a push server, many in one process of its own: how late each event arrives, and at what cost.

    python -m benchmarks.crowd URI CLIENTS [TOKEN]

With a token they speak the bridge's protocol, without one each message is an event by itself. An event's value is the
monotonic clock [ns] at which it was published; both processes read the same clock. Reads words from stdin: `go` forgets
what was measured so far, `tell` answers with one line of JSON, the end of stdin ends it.
"""

import asyncio
import json
import sys
import threading
import time

import msgspec
import numpy as np
from websockets.asyncio.client import connect

HELLO = json.dumps({"op": "hello", "protocol": 1, "since": None, "topics": None})


class _Data(msgspec.Struct):
    value: int | str = ""
    last: float = 0.0  # of a mark: the clock again, exact up to 2^53


class _Event(msgspec.Struct):
    data: _Data


class _Events(msgspec.Struct, tag_field="op", tag="events"):
    events: list[_Event]


class _Op(msgspec.Struct):
    op: str


class Crowd:
    """So many clients on one loop, and what they have seen."""

    def __init__(self, uri: str, clients: int, token: str | None) -> None:
        self.late: list[int] = []
        self._uri, self._clients, self._token = uri, clients, token
        self._op = msgspec.json.Decoder(_Op)
        self._frame, self._single = msgspec.json.Decoder(_Events), msgspec.json.Decoder(_Event)

    async def run(self) -> None:
        """Connect all, say so, and take what comes until stdin ends."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        lines = []
        for _ in range(self._clients):
            ws = await connect(
                self._uri,
                additional_headers=headers,
                compression=None,
                proxy=None,
                max_queue=None,
                ping_interval=None,
            )
            if self._token:
                await ws.send(HELLO)
            lines.append(asyncio.ensure_future(self._follow(ws)))
        print("ready", flush=True)
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        threading.Thread(target=self._listen, args=(loop, ended), daemon=True).start()
        await ended.wait()
        for line in lines:
            line.cancel()

    async def _follow(self, ws) -> None:  # type: ignore[no-untyped-def]
        late, clock, framed = self.late, time.monotonic_ns, bool(self._token)
        while True:
            data = await ws.recv(decode=False)
            now = clock()
            if not framed:
                late.append(now - int(self._single.decode(data).data.value))
            elif self._op.decode(data).op == "events":
                stamps = [e.data.value or int(e.data.last) for e in self._frame.decode(data).events]
                late.extend([now - stamp for stamp in stamps if type(stamp) is int])

    def _listen(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
        began = time.process_time()
        for word in map(str.strip, sys.stdin):
            if word == "go":
                self.late.clear()
                began = time.process_time()
            elif word == "tell":
                late = np.array(self.late[:], dtype=np.int64) / 1e6
                shown = np.percentile(late, [50, 99, 99.9]).tolist() if len(late) else [float("nan")] * 3
                told = {"events": len(late), "p50": shown[0], "p99": shown[1], "p999": shown[2]}
                print(json.dumps(told | {"cpu_s": time.process_time() - began}), flush=True)
        loop.call_soon_threadsafe(ended.set)


if __name__ == "__main__":
    asyncio.run(Crowd(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None).run())
