"""The bridge: a WebSocket server on its own thread that pushes a journal's events to every client.

Knows no trading: it is fed encoded events and asks a `Source` for the rest.
"""

import errno
import ssl
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from tradekit.bridge.access import Gate, Tokens, is_loopback
from tradekit.bridge.feed import Feed
from tradekit.bridge.limits import Limits
from tradekit.bridge.service import BridgeStats, Service
from tradekit.bridge.source import Source
from tradekit.bridge.thread import LoopThread
from tradekit.core.clock import Clock, SystemClock
from tradekit.errors import ConfigError, TradekitError

__all__ = ["Bridge"]

_OPEN_S = 60.0  # it takes milliseconds: a bound for a machine that has none to spare


class Bridge:
    """Serves `/ws`, `/health`, `/metrics` and a page at `/` on one port, from `start` until `close`.

    source         the session behind it
    tokens         who may come in
    host, port     where to listen: loopback, or with `tls` anywhere; port 0 takes a free one
    tls            the server's certificate; without one nothing but loopback is listened on
    origins, hosts web pages ("http://localhost:8888") and Host names ("desk.local:8765") allowed besides
    limits         every bound it keeps
    """

    def __init__(
        self,
        source: Source,
        *,
        tokens: Tokens,
        host: str = "127.0.0.1",
        port: int = 8765,
        origins: Iterable[str] = (),
        hosts: Iterable[str] = (),
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not is_loopback(host) and tls is None:
            raise ConfigError(
                f"websocket.host {host!r} is not this machine's loopback, and tokens would cross the network in "
                "clear: give websocket.tls_cert and tls_key, or use 127.0.0.1 and an SSH tunnel or a TLS proxy"
            )
        self.host = host
        self.port = port
        self._source, self._tokens, self._tls = source, tokens, tls
        self._limits, self._clock = limits or Limits(), clock or SystemClock()
        self._origins, self._hosts = tuple(origins), tuple(hosts)
        Gate(
            port, tls=tls is not None, origins=self._origins, hosts=self._hosts
        )  # a name written wrong is said here
        self._feed = Feed()
        self._service: Service | None = None
        self._thread: LoopThread | None = None
        self._lock = threading.Lock()

    @property
    def uri(self) -> str:
        """Where clients connect."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ws' if self._tls is None else 'wss'}://{name}:{self.port}/ws"

    def start(self) -> None:
        """Listen; returns once clients can come. Raises ConfigError when the port cannot be had,
        TradekitError when it takes longer than a minute.
        """
        with self._lock:
            if self._thread is not None:
                raise TradekitError(f"the bridge on {self.uri} has been started before; make a new one")
            self._thread = LoopThread("tradekit-bridge")
            try:
                self.port = self._thread.run(self._open()).result(timeout=_OPEN_S)
            except TimeoutError as error:  # an OSError too, and nothing of the port's
                self._thread.stop(2.0)
                raise TradekitError(
                    f"the bridge on {self.uri} did not open within {_OPEN_S:g} s: the machine is busy; start it again"
                ) from error
            except OSError as error:
                self._thread.stop(2.0)
                raise _no_port(self.host, self.port, error) from error
            except BaseException:
                self._thread.stop(2.0)
                raise

    def close(self, timeout_s: float = 2.0) -> None:
        """Tell the clients, then end every connection within `timeout_s`, whatever they do."""
        with self._lock:
            thread = self._thread
            if thread is None or self._service is None:
                return
            try:
                thread.run(self._service.close(timeout_s * 0.75)).result(timeout=timeout_s * 0.85)
            except TimeoutError:
                pass  # the loop itself is stuck; the thread is a daemon and ends with the process
            except RuntimeError:
                pass  # it was closed before
            finally:
                thread.stop(timeout_s * 0.15)

    def publish(self, first_seq: int, payloads: Sequence[bytes], subjects: Sequence[str]) -> None:
        """Events first_seq.. as committed, each an encoded envelope, and their subjects. Any thread; cheap.

        Call it in the order of the seqs. Nothing may change the sequences afterwards.
        """
        self._feed.publish(first_seq, payloads, subjects)

    def ticks(self, items: Sequence[dict[str, Any]]) -> None:
        """Display ticks: JSON objects with a `key`; clients get the latest of each key. Any thread; cheap."""
        self._feed.ticks(items)

    def stats(self) -> BridgeStats:
        """Counts for metrics; zeros before the start. Any thread."""
        if self._service is None:
            return BridgeStats(clients=0, seq=0, gaps=0, stalled=0, snapshots=0, lag_ms=0)
        return self._service.stats()

    async def _open(self) -> int:
        service = Service(
            self._source, self._feed, tokens=self._tokens, limits=self._limits, clock=self._clock
        )
        try:
            port = await service.open(
                self.host, self.port, origins=self._origins, hosts=self._hosts, tls=self._tls
            )
        except BaseException:
            await service.close(0.5)
            raise
        self._service = service
        return port


def _no_port(host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"{host}:{port} is in use, perhaps by another session (`tradekit sessions` lists them): "
            "stop it, or set websocket.port to another port (0 takes a free one)"
        )
    return ConfigError(
        f"the bridge cannot listen on {host}:{port}: {error.strerror or error}; set websocket.port"
    )
