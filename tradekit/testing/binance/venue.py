"""A venue of Binance's shape on this machine: an HTTP and WebSocket server that client libraries take for the real one.

It keeps an account (`account`), checks signatures, clocks and numbers as the venue does, and breaks its line when it
is told to. Needs aiohttp, which comes with ccxt (`pip install "tradekit[ccxt]"`). Knows no client.

    venue = Venue("spot")
    await venue.open()                       # venue.url is where it is reached, venue.key and venue.secret open it
    await venue.trade("my-order", Decimal("0.1"))
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tradekit.core.clock import Clock, SystemClock, new_id
from tradekit.testing.binance import shapes
from tradekit.testing.binance.account import Account, Market, Refusal
from tradekit.testing.binance.requests import Requests
from tradekit.testing.binance.streams import Streams

__all__ = ["Venue"]

_RECV_WINDOW_MS = 5_000


class Venue:
    """One market, spot or linear, and one account with a key.

    url         "http://127.0.0.1:PORT", once it is open
    skew_ms     what its clock is ahead of this machine's
    requests    what it was asked for, oldest first: (method, path, parameters)
    withdraws   whether the key may withdraw
    """

    def __init__(
        self,
        market: str = "spot",
        *,
        markets: list[Market] | None = None,
        cash: Mapping[str, Decimal] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.spot = market == "spot"
        kept = {one.symbol: one for one in markets or [Market()]}
        self.account = Account(kept, cash or {"USDT": Decimal(100_000), "BTC": Decimal(1)}, spot=self.spot)
        self.key, self.secret = f"key-{new_id()}", f"secret-{new_id()}"
        self.url = ""
        self.skew_ms = 0
        self.hedged = False
        self.withdraws = False
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.klines: dict[tuple[str, str], list[list[Any]]] = {}  # by symbol and interval, oldest first
        self.streams = Streams(self)
        self._clock = clock or SystemClock()
        self._faults: list[str | tuple[int, Any, dict[str, str]]] = []
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._answers = Requests(self)

    def now(self) -> int:
        """The venue's clock [ms]."""
        return self._clock.now() // 1_000_000 + self.skew_ms

    # --- the line -------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Listen on loopback; again after `cut`, at the same port."""
        app = web.Application(middlewares=[self._guarded])
        app.router.add_route("*", "/{path:.*}", self._routed)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def close(self) -> None:
        """Break every connection, and take no new one."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for connection in list(runner.server.connections if runner.server else ()):
            if connection.transport is not None:
                connection.transport.abort()
        await runner.cleanup()

    async def cut(self) -> None:
        """The same; `heal` takes connections again."""
        await self.close()

    async def heal(self) -> None:
        """Listen again."""
        await self.open()

    def lose_answer(self) -> None:
        """Carry the next request out, and break its connection in place of an answer."""
        self._faults.append("answer")

    def lose_request(self) -> None:
        """Break the connection of the next request, which is not looked at."""
        self._faults.append("request")

    def answer_next(self, status: int, body: Any = "", **headers: str) -> None:
        """Answer the next request so, without looking at it; text is sent as a page, anything else as JSON."""
        self._faults.append(
            (status, body, {name.replace("_", "-"): value for name, value in headers.items()})
        )

    # --- the market's hand ----------------------------------------------------------------------------------

    async def trade(self, client_id: str, qty: Decimal) -> None:
        """Somebody takes so much of a resting order."""
        order = next(one for one in reversed(self.account.orders.values()) if one.client_id == client_id)
        trade = self.account.trade(order, qty, self.now())
        await self.streams.tell(shapes.order_event(order, "TRADE", spot=self.spot, trade=trade))

    # --- requests -------------------------------------------------------------------------------------------

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Play the next fault, and word refusals."""
        if request.headers.get("Upgrade"):
            return await handler(request)
        fault = self._faults.pop(0) if self._faults else None
        if fault == "request":
            _abort(request)
            raise asyncio.CancelledError
        if isinstance(fault, tuple):
            status, body, headers = fault
            if isinstance(body, str):
                return web.Response(status=status, text=body, content_type="text/html", headers=headers)
            return web.json_response(body, status=status, headers=headers)
        try:
            answer = await handler(request)
        except Refusal as no:
            answer = web.json_response({"code": no.code, "msg": no.words}, status=no.status)
        if fault == "answer":
            _abort(request)
        return answer

    async def _routed(self, request: web.Request) -> web.StreamResponse:
        path = f"/{request.match_info['path']}"
        if request.headers.get("Upgrade"):
            return await self.streams.serve(request, path)
        sent = (await request.text()) if request.method in ("POST", "PUT") else request.query_string
        params = dict(parse_qsl(sent, keep_blank_values=True))
        self.requests.append((request.method, path, params))
        if self._answers.signed(request.method, path):
            self.check(request.headers.get("X-MBX-APIKEY", ""), params, sent.rpartition("&signature=")[0])
        answer, events = self._answers.answer(request.method, path, params)
        for event in events:
            await self.streams.tell(event)
        return web.json_response(answer, headers={"X-MBX-USED-WEIGHT-1M": str(len(self.requests))})

    def check(self, key: str, params: Mapping[str, str], signed: str) -> None:
        """Refuse what is not signed with the key, or not of this moment."""
        if key != self.key:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        made = hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(made, params.get("signature", "")):
            raise Refusal(-1022, "Signature for this request is not valid.")
        stamp = int(params.get("timestamp", "0"))
        window = int(params.get("recvWindow", _RECV_WINDOW_MS))
        if stamp > self.now() + 1000:
            raise Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if stamp < self.now() - window:
            raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
