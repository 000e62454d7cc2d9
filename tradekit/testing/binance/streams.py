"""The venue's WebSocket sides: the account's stream by subscription (spot) or listen key (futures), and the market's.

Knows no account.
"""

import contextlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import WSMsgType, web

from tradekit.core.clock import new_id
from tradekit.testing.binance.account import Refusal

if TYPE_CHECKING:
    from tradekit.testing.binance.venue import Venue

__all__ = ["Streams"]


class Streams:
    """Connections by what they have subscribed to.

    renewed  how often a listen key was renewed
    """

    def __init__(self, venue: "Venue") -> None:
        self.renewed = 0
        self._venue = venue
        self._keys: set[str] = set()
        self._account: list[web.WebSocketResponse] = []
        self._market: dict[str, list[web.WebSocketResponse]] = {}  # by stream's name

    def listen_key(self, *, renew: bool = False) -> str:
        """A key of the account's stream."""
        self.renewed += renew
        key = f"listen-{new_id()}"
        self._keys.add(key)
        return key

    @property
    def listeners(self) -> int:
        """How many listen to the account's stream."""
        return len(self._account)

    @property
    def subscribed(self) -> set[str]:
        """The market's streams that somebody listens to."""
        return {name for name, listeners in self._market.items() if listeners}

    async def tell(self, event: dict[str, Any]) -> None:
        """Say something on the account's stream."""
        framed = {"subscriptionId": 0, "event": event} if self._venue.spot else event
        await self._send(self._account, framed)

    async def tell_market(self, stream: str, event: dict[str, Any]) -> None:
        """Say something on a stream of the market ("btcusdt@kline_1m")."""
        await self._send(self._market.get(stream, []), event)

    async def drop(self) -> None:
        """Close every connection of the account's stream, as the venue does once a day."""
        for one in list(self._account):
            await one.close()

    async def serve(self, request: web.Request, path: str) -> web.WebSocketResponse:
        """One connection, until it ends."""
        listening = not self._venue.spot and path.startswith("/private/")
        if listening and request.query.get("listenKey") not in self._keys:
            raise web.HTTPUnauthorized
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        if listening:
            self._account.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._asked(socket, json.loads(message.data))
        finally:
            for listeners in (self._account, *self._market.values()):
                if socket in listeners:
                    listeners.remove(socket)
        return socket

    async def _asked(self, socket: web.WebSocketResponse, sent: dict[str, Any]) -> None:
        method, params = sent.get("method"), sent.get("params")
        if method == "SUBSCRIBE":
            for name in params or ():
                self._market.setdefault(name, []).append(socket)
            await socket.send_json({"result": None, "id": sent["id"]})
        elif method == "userDataStream.subscribe.signature":
            values = {name: str(value) for name, value in (params or {}).items()}
            signed = urlencode(sorted((k, v) for k, v in values.items() if k != "signature"))
            try:
                self._venue.check(values.get("apiKey", ""), values, signed)
            except Refusal as no:
                error = {"code": no.code, "msg": no.words}
                await socket.send_json({"id": sent["id"], "status": no.status, "error": error})
                return
            self._account.append(socket)
            await socket.send_json({"id": sent["id"], "status": 200, "result": {"subscriptionId": 0}})

    async def _send(self, listeners: list[web.WebSocketResponse], event: dict[str, Any]) -> None:
        for one in list(listeners):
            with contextlib.suppress(ConnectionError):
                await one.send_json(event)
