"""A venue of Alpaca's shape on this machine: an HTTP and WebSocket server that client libraries take for the real one.

It keeps an account of stocks (`account`), checks keys, prices and the limit of requests as the venue does, and breaks
its line when it is told to. Needs aiohttp. Knows no client.

    venue = Venue()
    await venue.open()                       # venue.url is where it is reached, venue.key and venue.secret open it
    await venue.trade("my-order", Decimal(1))
"""

import json
from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from aiohttp import web

from tradekit.core.clock import Clock, SystemClock, new_id
from tradekit.testing.alpaca import shapes
from tradekit.testing.alpaca.account import Account, Happened, Refusal, Stock
from tradekit.testing.alpaca.requests import Requests
from tradekit.testing.alpaca.streams import Streams
from tradekit.testing.http_venue import HttpVenue

__all__ = ["Venue"]

_MINUTE = 60_000_000_000


class Venue(HttpVenue):
    """One account with a key.

    skew_ns      what its clock is ahead of this machine's
    market_open  whether orders go to the exchange at once
    a_minute     requests that it takes in a minute
    tapes        whose trades its key may see
    flags        what the account says otherwise: {"trading_blocked": True}
    bars         the history, by symbol and the venue's word for a timeframe, oldest first
    requests     what it was asked for, oldest first: (method, path, parameters)
    """

    def __init__(
        self,
        *,
        stocks: Iterable[Stock] = (),
        cash: Decimal = Decimal(100_000),
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self.account = Account(list(stocks) or [Stock()], cash)
        self.key, self.secret = f"key-{new_id()}", f"secret-{new_id()}"
        self.skew_ns = 0
        self.market_open = True
        self.a_minute = 200
        self.tapes = {"iex", "sip"}
        self.flags: dict[str, Any] = {}
        self.bars: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.streams = Streams(self)
        self._clock = clock or SystemClock()
        self._spent: deque[int] = deque()
        self._answers = Requests(self)

    def now(self) -> int:
        """The venue's clock [UTC ns]."""
        return self._clock.now() + self.skew_ns

    def knows(self, key: str, secret: str) -> bool:
        """Whether this is its key."""
        return (key, secret) == (self.key, self.secret)

    # --- the market's hand ----------------------------------------------------------------------------------

    async def trade(self, client_id: str, qty: Decimal) -> None:
        """Somebody takes so much of a resting order, at its limit."""
        await self.tell(self.account.trade(self.account.by_client_id(client_id), qty, self.now()))

    async def tell(self, *told: Happened) -> None:
        """Say on the account's stream what has happened."""
        for one in told:
            await self.streams.tell(shapes.update(one, self.account))

    # --- requests -------------------------------------------------------------------------------------------

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        """Answer out of the account, or word a refusal."""
        if request.headers.get("Upgrade"):
            return await self.streams.serve(request, path)
        body = await request.text()
        sent = {**request.query, **(json.loads(body) if body else {})}
        self.requests.append((request.method, path, sent))
        headers = self._counted()
        try:
            if headers["X-RateLimit-Remaining"] == "-1":
                raise Refusal(429, 42910000, "rate limit exceeded")
            if not self.knows(
                *(request.headers.get(f"APCA-API-{name}", "") for name in ("KEY-ID", "SECRET-KEY"))
            ):
                raise Refusal(401, 40110000, "request is not authorized")
            status, answer, told = self._answers.answer(request.method, path, sent)
        except Refusal as no:
            return web.json_response(no.body, status=no.status, headers=headers)
        await self.tell(*told)
        if answer is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(answer, status=status, headers=headers)

    def _counted(self) -> dict[str, str]:
        """Count a request, and say what is left of the minute."""
        now = self._clock.now()
        while self._spent and self._spent[0] <= now - _MINUTE:
            self._spent.popleft()
        left = self.a_minute - len(self._spent) - 1
        if left >= 0:
            self._spent.append(now)
        reset = (self._spent[0] if self._spent else now) + _MINUTE
        return {
            "X-RateLimit-Limit": str(self.a_minute),
            "X-RateLimit-Remaining": str(max(left, -1)),
            "X-RateLimit-Reset": str(reset // 1_000_000_000 + 1),
        }
