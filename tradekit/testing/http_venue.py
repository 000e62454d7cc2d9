"""The bones of a local venue over HTTP and WebSocket: a line that breaks on demand, answers and requests that are lost.

Needs aiohttp. Knows no venue: what is answered is said by who inherits it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

__all__ = ["HttpVenue"]


class HttpVenue:
    """A server on loopback.

    url      "http://127.0.0.1:PORT", once it is open
    hanging  requests that were never answered, so far
    """

    def __init__(self) -> None:
        self.url = ""
        self.hanging = 0
        self._hangs = ""
        self._faults: list[str | tuple[int, Any, dict[str, str]]] = []
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        """Answer a request, or serve a WebSocket until it ends."""
        raise NotImplementedError

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

    def keep_answer(self) -> None:
        """Carry the next POST out, and never answer it: it is under way for as long as its sender waits."""
        self._hangs = "answer"

    def keep_request(self) -> None:
        """Neither look at the next POST nor answer it."""
        self._hangs = "request"

    def answer_next(self, status: int, body: Any = "", **headers: str) -> None:
        """Answer the next request so, without looking at it; text is sent as a page, anything else as JSON."""
        self._faults.append(
            (status, body, {name.replace("_", "-"): value for name, value in headers.items()})
        )

    # --- requests -------------------------------------------------------------------------------------------

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Play the next fault."""
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
        hangs = ""
        if request.method == "POST":
            hangs, self._hangs = self._hangs, ""
        if hangs == "request":
            await self._hang()
        answer = await handler(request)
        if hangs:
            await self._hang()
        if fault == "answer":
            _abort(request)
        return answer

    async def _hang(self) -> None:
        self.hanging += 1
        await asyncio.Event().wait()  # ends with the connection

    async def _routed(self, request: web.Request) -> web.StreamResponse:
        return await self.answer(request, f"/{request.match_info['path']}")


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
