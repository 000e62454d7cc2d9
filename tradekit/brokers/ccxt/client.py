"""ccxt's own client for a venue, held to the port's rules: nothing goes out twice, and every answer is looked at.

The one place that imports ccxt, and only when a client is made (it takes seconds). Knows no order and no report.
"""

import asyncio
import hashlib
import importlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from tradekit.brokers.ccxt.errors import Call, NotSent
from tradekit.brokers.ccxt.limiter import SharedQuota
from tradekit.core.clock import Clock
from tradekit.core.secret import Secret
from tradekit.errors import BrokerError, ConfigError
from tradekit.trading.broker import Stopped, free
from tradekit.trading.quota import Quota

__all__ = ["INSTALL", "Access", "calling", "load_library", "make_client"]

INSTALL = 'pip install "tradekit[ccxt]"'
PATIENCE_S = 2.0  # so long a request waits for its turn; what would wait longer is not sent
_PING_S = 15.0  # a connection without a pong for twice that is lost
_LEAST_PAUSE_S, _LEAST_BAN_S = 5.0, 120.0  # where the venue does not say how long

_call: ContextVar[Call | None] = ContextVar("call", default=None)


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where a venue is reached, and with which key.

    venue      its name in ccxt
    key, secret  None where only the market is looked at
    sandbox    the venue's own test exchange
    url        another address in place of the venue's, for a venue of one's own ("http://127.0.0.1:8080")
    timeout_s  what has no answer by then has none [s]
    limits     the folder where requests are counted together with other processes; None counts one's own
    """

    venue: str
    key: Secret | None = None
    secret: Secret | None = None
    sandbox: bool = False
    url: str = ""
    timeout_s: float = 8.0
    limits: Path | None = None


def load_library() -> Any:
    """The module `ccxt.pro`; raises ConfigError with the line to run where it is not installed."""
    try:
        return importlib.import_module("ccxt.pro")
    except ImportError as error:
        raise ConfigError(f"the broker ccxt needs the package ccxt; run: {INSTALL}") from error


def make_client(
    access: Access, options: Mapping[str, Any], *, quota: Quota, unit: float, clock: Clock
) -> Any:
    """A client of the venue, on the running event loop.

    options  ccxt's own, as the dialect wants them
    quota    in ccxt's units of cost; `unit` is what one of the venue's is of them
    """
    kind = getattr(load_library(), access.venue, None)
    if not isinstance(kind, type):
        raise ConfigError(f"ccxt knows no venue {access.venue!r}")
    made = type("Client", (_Held, kind), {})(
        {
            "apiKey": "" if access.key is None else access.key.reveal(),
            "secret": "" if access.secret is None else access.secret.reveal(),
            "timeout": int(access.timeout_s * 1000),
            "enableRateLimit": True,
            "options": {**options, "maxRetriesOnFailure": 0},
            "streaming": {"keepAlive": int(_PING_S * 1000)},
        }
    )
    if access.sandbox:
        made.set_sandbox_mode(True)
    if access.url:
        made.urls["api"] = _moved(made.urls["api"], access.url)
    made.has["fetchCurrencies"] = False  # needs rights beyond trading, and tells nothing that is needed
    counted = (
        quota if access.limits is None else SharedQuota(quota, access.limits / _limits_file(access, options))
    )
    made.quota, made.unit, made.clock = counted, unit, clock
    if access.url.startswith("http:"):
        made.timeout_on_exit = 0  # only connections under TLS take their time to close
    return made


def _limits_file(access: Access, options: Mapping[str, Any]) -> str:
    """One file an address and market: that is what venues count requests by."""
    there = f"{access.venue} {options.get('defaultType')} {access.sandbox} {access.url}"
    return f"limits-{hashlib.sha256(there.encode()).hexdigest()[:16]}.json"


@contextmanager
def calling(*, urgent: bool = False, stopped: Stopped = free) -> Iterator[Call]:
    """What is requested inside is one call; what is seen of it stands in the `Call`."""
    call = Call(urgent=urgent, stopped=stopped)
    token = _call.set(call)
    try:
        yield call
    finally:
        _call.reset(token)


@cache
def _asking_class() -> Any:
    """Aiohttp's request, which asks the gate where its last wait is over: it has a connection, and has sent nothing."""

    class Asking(importlib.import_module("aiohttp").ClientRequest):  # type: ignore[misc]
        async def send(self, conn: Any) -> Any:
            call = _call.get()
            if call is not None and (why := call.stopped()):
                raise NotSent(why)
            return await super().send(conn)

    return Asking


class _Held:
    """Mixed into ccxt's class of the venue.

    tap  is shown every message of a connection first; true keeps it from the library's own caches
    """

    quota: Quota | SharedQuota
    unit: float
    clock: Clock
    tap: Callable[[Any, Any], bool] | None = None

    def open(self, lazy: bool = False) -> None:
        super().open(lazy)  # type: ignore[misc]
        session = getattr(self, "session", None)
        if session is not None:
            # aiohttp sends a DELETE or PUT again by itself when a kept connection breaks under it: a cancel whose
            # answer was lost would come back as "no such order". There is no public switch.
            session._retry_connection = False
            session._request_class = _asking_class()  # nor for this one

    async def throttle(self, cost: float | None = None) -> None:
        """Wait for one's turn; raises NotSent where it is too far off."""
        call = _call.get()
        urgent = call is not None and call.urgent
        left = PATIENCE_S
        while True:
            wait = self.quota.wait(1.0 if cost is None else cost, self.clock.monotonic(), urgent=urgent)
            if wait <= 0:
                return
            if wait > left:
                why = "it has banned us" if self.quota.banned else "its limit of requests is used up"
                raise NotSent(f"not sent: {why}; again in {wait:.0f} s")
            left -= wait
            await asyncio.sleep(wait)

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        call = _call.get()
        if call is not None:
            call.sent, call.status, call.code = True, 0, None
        return await super().fetch(url, method, headers, body)  # type: ignore[misc]

    def handle_errors(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Any,
        body: Any,
        response: Any,
        *more: Any,
    ) -> Any:
        if method:  # none for answers on a WebSocket
            self._seen(code, {name.lower(): value for name, value in (headers or {}).items()}, response)
        return super().handle_errors(code, reason, url, method, headers, body, response, *more)  # type: ignore[misc]

    def _seen(self, status: int, headers: Mapping[str, str], response: Any) -> None:
        now = self.clock.monotonic()
        used = _number(headers.get("x-mbx-used-weight-1m"))
        if used is not None:
            self.quota.told(used * self.unit, now)
        after = _number(headers.get("retry-after"))
        if status in (418, 429):
            least = _LEAST_BAN_S if status == 418 else _LEAST_PAUSE_S
            self.quota.pause(least if after is None else after, now, banned=status == 418)
        call = _call.get()
        if call is None:
            return
        call.status, call.retry_after_s = status, after
        code = _number(str(response["code"])) if isinstance(response, dict) and "code" in response else None
        if code is not None:  # the library has put numbers in quotes
            call.code, call.said = int(code), str(response.get("msg", ""))

    def handle_message(self, client: Any, message: Any) -> None:
        if self.tap is None or not self.tap(client, message):
            super().handle_message(client, message)  # type: ignore[misc]

    def delay(self, timeout: float, method: Callable[..., Awaitable[Any]], *args: Any) -> asyncio.TimerHandle:
        """A timer of the library (it renews the key of a stream); closing ends it."""
        timer: asyncio.TimerHandle = super().delay(timeout, method, *args)  # type: ignore[misc]
        timers: list[asyncio.TimerHandle] = self.__dict__.setdefault("timers", [])
        timers[:] = [
            one for one in timers if not one.cancelled() and one.when() > timer.when() - timeout / 1000
        ]
        timers.append(timer)
        return timer

    def end_timers(self) -> None:
        """Renew nothing any more."""
        for timer in self.__dict__.pop("timers", ()):
            timer.cancel()

    async def close(self, *args: Any) -> None:
        self.end_timers()
        await super().close(*args)  # type: ignore[misc]


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _moved(urls: Any, to: str) -> Any:
    """The same paths at another host; a WebSocket's address keeps its scheme's kind."""
    if isinstance(urls, dict):
        return {name: _moved(one, to) for name, one in urls.items()}
    there, here = urlsplit(to), urlsplit(urls)
    if there.scheme not in ("http", "https"):
        raise BrokerError(f"{to!r} is no address of a venue; write http://HOST:PORT")
    secure = there.scheme == "https"
    scheme = ("wss" if secure else "ws") if here.scheme in ("ws", "wss") else there.scheme
    return urlunsplit((scheme, there.netloc, here.path, here.query, ""))
