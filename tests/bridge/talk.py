"""How tests talk to a bridge: frames as dicts over a blocking WebSocket."""

import json
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tradekit.bridge.server import Bridge

HELLO = {"op": "hello", "protocol": 1, "since": None, "topics": None}


def join(bridge: Bridge, token: str | None, **options: Any) -> ClientConnection:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return connect(bridge.uri, additional_headers=headers, compression=None, proxy=None, **options)


def tell(ws: ClientConnection, **frame: Any) -> None:
    ws.send(json.dumps(frame))


def hear(ws: ClientConnection, *ops: str) -> dict[str, Any]:
    """The next frame of one of these kinds."""
    while True:
        frame: dict[str, Any] = json.loads(ws.recv(timeout=30))
        if frame["op"] in ops:
            return frame
