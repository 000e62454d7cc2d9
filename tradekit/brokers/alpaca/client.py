"""alpaca-py's REST client, held to the port's rules: nothing goes out twice, and numbers stay exact both ways.

The library's models are passed by: they put quantities and prices through floats. The one place that imports it, and
only when a client is made. Knows no order and no report.
"""

import asyncio
import contextlib
import importlib
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import msgspec

from tradekit.brokers.alpaca.errors import Answered, NotSent, Unreadable
from tradekit.core.clock import Clock
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError
from tradekit.trading.broker import Stopped, free
from tradekit.trading.quota import Quota

__all__ = ["INSTALL", "Access", "Client", "load_library"]

INSTALL = 'pip install "tradekit[alpaca]"'
PATIENCE_S = 2.0  # so long a request waits for its turn; what would wait longer is not sent
_A_MINUTE = 200.0  # requests that the venue takes, by key
_LEAST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 60.0  # after a 429 that does not say how long, and at most

T = TypeVar("T")


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where the venue is reached, and with which key.

    paper      the venue's own paper exchange, which has keys of its own
    tape       whose trades make the bars: iex (one exchange, free) or sip (all of them, by subscription)
    url        another address in place of the venue's, for a venue of one's own ("http://127.0.0.1:8080")
    timeout_s  what has no answer by then has none [s]
    """

    key: Secret
    secret: Secret
    paper: bool = False
    tape: str = "iex"
    url: str = ""
    timeout_s: float = 8.0

    @property
    def trading(self) -> str:
        """The address of orders and books."""
        return self.url or _address("TRADING_PAPER" if self.paper else "TRADING_LIVE")

    @property
    def data(self) -> str:
        """The address of the market's history."""
        return self.url or _address("DATA")

    @property
    def account_stream(self) -> str:
        """The address of the account's stream."""
        own = "TRADING_STREAM_PAPER" if self.paper else "TRADING_STREAM_LIVE"
        return f"{_as_stream(self.url)}/stream" if self.url else _address(own)

    @property
    def market_stream(self) -> str:
        """The address of the market's stream."""
        return f"{_as_stream(self.url) if self.url else _address('MARKET_DATA_STREAM')}/v2/{self.tape}"


def load_library() -> Any:
    """The module `alpaca.common.rest`; raises ConfigError with the line to run where it is not installed.

    No more of the library is imported: its trading client brings a WebSocket client that is deprecated, and pandas.
    """
    try:
        return importlib.import_module("alpaca.common.rest")
    except ImportError as error:
        raise ConfigError(f"the broker alpaca needs the package alpaca-py; run: {INSTALL}") from error


class Client:
    """Requests to one host of the venue, each in a thread of its own: the library waits where it stands.

    quota  what the host takes
    """

    def __init__(self, access: Access, host: str, clock: Clock) -> None:
        self.quota = Quota(_A_MINUTE, 60.0)
        self._clock, self._timeout_s = clock, access.timeout_s
        self._library = load_library()
        self._rest = self._library.RESTClient(
            base_url=host, api_key=access.key.reveal(), secret_key=access.secret.reveal(), raw_data=True
        )
        # it would send again after a 429 and a 504; an attempt count of 0 is taken for "not given"
        self._rest._retry, self._rest._retry_codes = 0, []
        if access.url:
            self._rest._session.trust_env = False  # no proxy on the way to this machine
        self._own = threading.local()
        for adapter in self._rest._session.adapters.values():
            adapter.poolmanager.pool_classes_by_scheme = _asking(self._ask_gate)
        self._send = self._rest._session.request
        self._rest._session.request = self._sent

    async def get(self, path: str, query: Mapping[str, str] | None = None, *, urgent: bool = True) -> Any:
        """Ask for something."""
        return await self._call(partial(self._rest.get, path, dict(query or {})), urgent=urgent)

    async def post(self, path: str, body: Mapping[str, str], *, stopped: Stopped = free) -> Any:
        """Send something; its numbers are text."""
        return await self._call(partial(self._rest.post, path, dict(body)), urgent=False, stopped=stopped)

    async def patch(self, path: str, body: Mapping[str, str], *, stopped: Stopped = free) -> Any:
        """Change something."""
        return await self._call(partial(self._rest.patch, path, dict(body)), urgent=False, stopped=stopped)

    async def delete(self, path: str) -> Any:
        """Ask for something's end."""
        return await self._call(partial(self._rest.delete, path), urgent=True)

    def close(self) -> None:
        """Let the connections go."""
        self._rest._session.close()

    # --- pieces ---------------------------------------------------------------------------------------------

    async def _call(self, request: Callable[[], Any], *, urgent: bool, stopped: Stopped = free) -> Any:
        """Send once, when it is its turn; raises Answered for what is no success, and what the line raises."""
        await self._turn(urgent=urgent)

        def sent() -> tuple[Any, Any]:
            self._own.stopped = stopped
            try:
                return request(), self._own.response
            except self._library.APIError as error:  # an answer, and none of success
                return str(error), self._own.response

        async with asyncio.timeout(self._timeout_s):
            answer, response = await _aside(sent)
        self._seen(response)
        if not 200 <= response.status_code < 300:
            raise Answered(response.status_code, answer if isinstance(answer, str) else "")
        return answer

    def _sent(self, method: str, url: str, **how: Any) -> Any:
        """What the library sends with: a bound on the wait, and numbers with a point read as they are written."""
        self._ask_gate()
        response = self._send(method, url, timeout=self._timeout_s, **how)
        response.json = partial(response.json, parse_float=Decimal, parse_constant=_no_number)
        self._own.response = response
        return response

    def _ask_gate(self) -> None:
        """Behind a wait, for a turn, for this thread, for a connection: raises NotSent where the gate is shut."""
        if why := self._own.stopped():
            raise NotSent(why)

    async def _turn(self, *, urgent: bool) -> None:
        """Wait for one's turn; raises NotSent where it is too far off."""
        left = PATIENCE_S
        while (wait := self.quota.wait(1.0, self._clock.monotonic(), urgent=urgent)) > 0:
            if wait > left:
                raise NotSent(f"not sent: the limit of requests is used up; again in {wait:.0f} s")
            left -= wait
            await asyncio.sleep(wait)

    def _seen(self, response: Any) -> None:
        """What the venue counts, others with this key included, and how long it wants us to wait."""
        most, left = (_number(response.headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining"))
        now = self._clock.monotonic()
        if most and left is not None:
            self.quota.told((most - left) / most * _A_MINUTE, now)
        if response.status_code == 429:
            after = _number(response.headers.get("Retry-After"))
            reset = _number(response.headers.get("X-RateLimit-Reset"))  # [s], of the clock
            if after is None and reset is not None:
                after = reset - self._clock.now() / 1e9
            wait = _LEAST_PAUSE_S if after is None else min(max(after, 1.0), _LONGEST_PAUSE_S)
            self.quota.pause(wait, now)


def _asking(asked: Callable[[], None]) -> dict[str, Any]:
    """urllib3's pools, by scheme: `asked` is called once a connection is made, and before anything is sent on it."""
    made = {}
    for scheme, pool in importlib.import_module("urllib3.poolmanager").pool_classes_by_scheme.items():

        def connect(connection: Any, kind: Any = pool.ConnectionCls) -> None:
            kind.connect(connection)
            asked()

        kind = type("Connection", (pool.ConnectionCls,), {"connect": connect})
        made[scheme] = type("Pool", (pool,), {"ConnectionCls": kind})
    return made


async def _aside(work: Callable[[], T]) -> T:
    """Do something that waits where it stands in a thread, which nobody waits for when the program ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(settle: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            settle(value)

    def run() -> None:
        try:
            told: tuple[Callable[[Any], None], Any] = (done.set_result, work())
        except BaseException as error:  # it is raised where it is awaited
            told = (done.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits
            loop.call_soon_threadsafe(tell, *told)

    threading.Thread(target=run, name="alpaca", daemon=True).start()
    return await done


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _no_number(text: str) -> Any:
    raise Unreadable(f"{text} is no number")


def _address(name: str) -> str:
    return str(getattr(load_library().BaseURL, name).value)


def _as_stream(url: str) -> str:
    return url.replace("http", "ws", 1)
