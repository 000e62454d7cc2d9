"""A venue of Binance's shape on this machine: an HTTP and WebSocket server that client libraries take for the real one.

It keeps an account (`account`), checks signatures, clocks and numbers as the venue does, and breaks its line when it
is told to. Needs aiohttp, which comes with ccxt (`pip install "tradekit[ccxt]"`). Knows no client.

    venue = Venue("spot")
    await venue.open()                       # venue.url is where it is reached, venue.key and venue.secret open it
    await venue.trade("my-order", Decimal("0.1"))
"""

import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tradekit.core.clock import Clock, SystemClock, new_id
from tradekit.testing.binance import shapes
from tradekit.testing.binance.account import Account, Market, Refusal
from tradekit.testing.binance.requests import Requests
from tradekit.testing.binance.streams import Streams
from tradekit.testing.http_venue import HttpVenue

__all__ = ["Venue"]

_RECV_WINDOW_MS = 5_000


class Venue(HttpVenue):
    """One market, spot or linear, and one account with a key.

    url         "http://127.0.0.1:PORT", once it is open
    skew_ms     what its clock is ahead of this machine's
    requests    what it was asked for, oldest first: (method, path, parameters)
    withdraws   whether the key may withdraw
    uid         what the account is called, and `more_keys` are taken for it too
    """

    def __init__(
        self,
        market: str = "spot",
        *,
        markets: list[Market] | None = None,
        cash: Mapping[str, Decimal] | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self.spot = market == "spot"
        kept = {one.symbol: one for one in markets or [Market()]}
        self.account = Account(kept, cash or {"USDT": Decimal(100_000), "BTC": Decimal(1)}, spot=self.spot)
        self.key, self.secret = f"key-{new_id()}", f"secret-{new_id()}"
        self.uid, self.more_keys = 354937868, set[str]()
        self.skew_ms = 0
        self.hedged = False
        self.withdraws = False
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.klines: dict[tuple[str, str], list[list[Any]]] = {}  # by symbol and interval, oldest first
        self.streams = Streams(self)
        self._clock = clock or SystemClock()
        self._answers = Requests(self)

    def now(self) -> int:
        """The venue's clock [ms]."""
        return self._clock.now() // 1_000_000 + self.skew_ms

    # --- the market's hand ----------------------------------------------------------------------------------

    async def trade(self, client_id: str, qty: Decimal) -> None:
        """Somebody takes so much of a resting order."""
        order = next(one for one in reversed(self.account.orders.values()) if one.client_id == client_id)
        trade = self.account.trade(order, qty, self.now())
        await self.streams.tell(shapes.order_event(order, "TRADE", spot=self.spot, trade=trade))

    # --- requests -------------------------------------------------------------------------------------------

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        """Answer out of the account, or word a refusal."""
        if request.headers.get("Upgrade"):
            return await self.streams.serve(request, path)
        sent = (await request.text()) if request.method in ("POST", "PUT") else request.query_string
        params = dict(parse_qsl(sent, keep_blank_values=True))
        self.requests.append((request.method, path, params))
        try:
            if self._answers.signed(request.method, path):
                self.check(request.headers.get("X-MBX-APIKEY", ""), params, sent.rpartition("&signature=")[0])
            answer, events = self._answers.answer(request.method, path, params)
        except Refusal as no:
            return web.json_response({"code": no.code, "msg": no.words}, status=no.status)
        for event in events:
            await self.streams.tell(event)
        return web.json_response(answer, headers={"X-MBX-USED-WEIGHT-1M": str(len(self.requests))})

    def check(self, key: str, params: Mapping[str, str], signed: str) -> None:
        """Refuse what is not signed with the key, or not of this moment."""
        if key not in (self.key, *self.more_keys):
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
