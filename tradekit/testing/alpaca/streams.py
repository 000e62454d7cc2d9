"""The venue's WebSocket sides: the account's updates in binary frames, the market's minutes and trades in text frames.

Knows no account.
"""

import contextlib
import json
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from tradekit.testing.alpaca.venue import Venue

__all__ = ["Streams"]

Socket = web.WebSocketResponse


class Streams:
    """Connections by what they listen to.

    untold  symbols that are confirmed to nobody
    """

    def __init__(self, venue: "Venue") -> None:
        self._venue = venue
        self._account: list[Socket] = []
        self._market: dict[Socket, set[tuple[str, str]]] = {}  # what each follows: channel, symbol
        self.untold: set[str] = set()
        self._refusal: tuple[int, str] | None = None

    @property
    def listeners(self) -> int:
        """How many listen to the account's stream."""
        return len(self._account)

    @property
    def followed(self) -> set[tuple[str, str]]:
        """What somebody follows of the market: ("bars", "AAPL")."""
        return {one for wanted in self._market.values() for one in wanted}

    async def tell(self, message: dict[str, Any]) -> None:
        """Say something on the account's stream."""
        for one in list(self._account):
            with contextlib.suppress(ConnectionError):
                await one.send_bytes(json.dumps(message).encode())

    async def tell_market(self, channel: str, *messages: dict[str, Any]) -> None:
        """Say something on a channel of the market, at once, to those who follow its symbol."""
        for one, wanted in list(self._market.items()):
            if (channel, messages[0]["S"]) in wanted:
                with contextlib.suppress(ConnectionError):
                    await one.send_str(json.dumps(messages))

    async def drop(self) -> None:
        """Close every connection."""
        for one in [*self._account, *self._market]:
            await one.close()

    def refuse(self, code: int, words: str) -> None:
        """Turn everybody away who signs in to the market's stream."""
        self._refusal = (code, words)

    def deafen(self) -> None:
        """Forget what is followed, while the connections stand."""
        for wanted in self._market.values():
            wanted.clear()

    async def serve(self, request: web.Request, path: str) -> Socket:
        """One connection, until it ends."""
        socket = Socket(autoping=True)
        await socket.prepare(request)
        try:
            if path == "/stream":
                await self._serve_account(socket)
            elif path in ("/v2/iex", "/v2/sip"):
                await self._serve_market(socket)
        finally:
            self._market.pop(socket, None)
            if socket in self._account:
                self._account.remove(socket)
        return socket

    # --- the account ----------------------------------------------------------------------------------------

    async def _serve_account(self, socket: Socket) -> None:
        known = False
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            sent = json.loads(message.data)
            data = sent.get("data", {})
            if sent.get("action") == "authenticate":
                known = self._venue.knows(data.get("key_id", ""), data.get("secret_key", ""))
                status = "authorized" if known else "unauthorized"
                await _say(socket, "authorization", {"status": status, "action": "authenticate"})
                if not known:
                    return
            elif sent.get("action") == "listen" and known:
                wanted = [name for name in data.get("streams", []) if name == "trade_updates"]
                if wanted and socket not in self._account:
                    self._account.append(socket)
                await _say(socket, "listening", {"streams": wanted})

    # --- the market -----------------------------------------------------------------------------------------

    async def _serve_market(self, socket: Socket) -> None:
        await socket.send_json([{"T": "success", "msg": "connected"}])
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            sent = json.loads(message.data)
            if sent.get("action") == "auth":
                no = self._refused(sent)
                if no is not None:
                    await socket.send_json([{"T": "error", "code": no[0], "msg": no[1]}])
                    return
                self._market[socket] = set()
                await socket.send_json([{"T": "success", "msg": "authenticated"}])
            elif sent.get("action") == "subscribe" and socket in self._market:
                wanted = self._market[socket]
                for channel in ("trades", "quotes", "bars", "updatedBars", "dailyBars"):
                    wanted |= {(channel, symbol) for symbol in sent.get(channel, [])}
                told = {
                    channel: sorted(
                        symbol for one, symbol in wanted if one == channel and symbol not in self.untold
                    )
                    for channel in ("trades", "quotes", "bars")
                }
                await socket.send_json([{"T": "subscription", **told}])

    def _refused(self, sent: dict[str, Any]) -> tuple[int, str] | None:
        """Why somebody may not follow the market: code and words."""
        if self._refusal is not None:
            return self._refusal
        if not self._venue.knows(sent.get("key", ""), sent.get("secret", "")):
            return 402, "auth failed"
        return (406, "connection limit exceeded") if self._market else None


async def _say(socket: Socket, stream: str, data: dict[str, Any]) -> None:
    await socket.send_bytes(json.dumps({"stream": stream, "data": data}).encode())
