"""A client's connection to a session: kept up from a thread of its own, usable from any other.

Knows bytes, seqs and whether the line is alive; what the state means is the replica's business.
"""

import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from tradekit.bridge.access import is_loopback
from tradekit.bridge.clientside import Events, Gap, Snapshot
from tradekit.bridge.frames import Ack, CommandAsked, QueryAsked, ResultFrame, TicksFrame
from tradekit.bridge.source import Page
from tradekit.bridge.thread import LoopThread
from tradekit.client.line import Line
from tradekit.client.status import LineStatus, Status
from tradekit.client.trust import trust
from tradekit.core.clock import Clock, SystemClock, new_id
from tradekit.errors import ConfigError, ConnectionLostError, RefusedError

__all__ = ["Connection", "Status"]

T = TypeVar("T")


class Connection:
    """A line to the session at `uri` ("ws://127.0.0.1:8765"), from `start` until `close`.

    uri          the address, or a function that tells it, asked before each attempt (a session that comes back may
                 have another port)
    token        the token, or a function that reads it, asked before each attempt (a token file may change)
    on_snapshot  (journal, epoch, reducer, seq, state): everything anew; raw JSON by top-level path
    on_events    (first, last, envelopes): every event of the range (that matches `topics`), as raw JSON
    on_gap       (first, last): these events will not come; without topics a snapshot follows
    on_ticks     (ts, items): display ticks, latest by `key`; `ts` [UTC ns]
    on_status    (Status): how the line is
    ca           a PEM file that signed the session's certificate, for wss:// with one of your own
    topics       subject patterns ("order.>"): events of these only, and no snapshot
    reducer      the version of the fold that `on_snapshot` feeds; another one makes the line incompatible

    The callbacks run on the connection's thread, one at a time, in the order of arrival, and should be quick.
    One that raises VersionError makes the line incompatible; after any other error everything comes anew.
    """

    def __init__(
        self,
        uri: str | Callable[[], str],
        token: str | Callable[[], str],
        *,
        on_snapshot: Callable[[str, int, int, int, Mapping[str, bytes]], None],
        on_events: Callable[[int, int, Sequence[bytes]], None],
        on_ticks: Callable[[int, Sequence[dict[str, Any]]], None] = lambda ts, items: None,
        on_status: Callable[[Status], None] = lambda status: None,
        on_gap: Callable[[int, int], None] = lambda first, last: None,
        ca: str | Path | None = None,
        topics: Sequence[str] | None = None,
        reducer: int | None = None,
        reconnect_cap_s: float = 5.0,
        stale_after_s: float = 2.5,
        dead_after_s: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self._where: Callable[[], str] = (lambda: uri) if isinstance(uri, str) else uri
        self._read_token = (lambda: token) if isinstance(token, str) else token
        self._on_snapshot, self._on_events, self._on_gap = on_snapshot, on_events, on_gap
        self._on_ticks = on_ticks
        self._clock = clock or SystemClock()
        self._status = LineStatus(self._clock, on_status)
        self._line = Line(
            lambda: _full_uri(self._where()),
            self._read_token,
            self,
            self._status,
            self._clock,
            tls=trust(self._where(), ca),
            topics=None if topics is None else list(topics),
            reducer=reducer,
            reconnect_cap_s=reconnect_cap_s,
            stale_after_s=stale_after_s,
            dead_after_s=dead_after_s,
        )
        self._thread: LoopThread | None = None
        self._lock = threading.Lock()
        self._closed = False

    def start(self) -> "Connection":
        """Begin to connect and return at once; callbacks may come from now on."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = LoopThread("tradekit-client")
                self._thread.run(self._line.keep())
        return self

    @property
    def uri(self) -> str:
        """The address of the last attempt, with its path."""
        return self._line.uri

    @property
    def status(self) -> Status:
        """How the line is now."""
        return self._status.current

    @property
    def lag_s(self) -> float | None:
        """How old the last beat was when it arrived, by both sides' clocks [s]; None before the first."""
        return self._line.lag_s

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the token allows ("read", "operate", "trade"); None before the session has said so."""
        return self._line.scopes

    def wait_settled(self, timeout_s: float) -> Status:
        """Wait until the line is live or cannot become so by itself, at most so long; the status then."""
        return self._status.wait_while(("connecting", "stale"), timeout_s)

    def send_command(
        self,
        name: str,
        args: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 5.0,
        id: str | None = None,
    ) -> int:
        """Give a command and wait until it is journaled; its seq.

        `id` names the command: the session carries out one id once, so that it may be given again after a
        ConnectionLostError. Raises RefusedError when the session says no, ConnectionLostError when nothing.
        """
        frame = CommandAsked(id or new_id(), name, dict(args or {}), timeout_s, self._line.server_ms())
        answer = self._wait_for(self._line.ask(frame, timeout_s), name, timeout_s)
        if not isinstance(answer, Ack):
            raise ConnectionLostError(f"{name} was answered by something else; look whether it happened")
        return answer.seq

    def query(self, name: str, args: Mapping[str, Any] | None = None, *, timeout_s: float = 10.0) -> Page:
        """One page of an answer: raw JSON items and the next page's cursor. Raises like `send_command`."""
        answer = self._wait_for(
            self._line.ask(QueryAsked(new_id(), name, dict(args or {})), timeout_s), name, timeout_s
        )
        if not isinstance(answer, ResultFrame):
            raise ConnectionLostError(f"the query {name} was answered by something else; ask again")
        return Page([bytes(raw) for raw in answer.items], answer.next)

    def query_all(
        self, name: str, args: Mapping[str, Any] | None = None, *, timeout_s: float = 10.0
    ) -> Iterator[bytes]:
        """Every item of an answer, fetched page by page as it is read; `timeout_s` is for each page."""
        given = dict(args or {})
        while True:
            page = self.query(name, given, timeout_s=timeout_s)
            yield from page.items
            if page.next is None:
                return
            given["cursor"] = page.next

    def close(self) -> None:
        """Detach: no callback comes after this (but one that is running), and the session is not touched."""
        with self._lock:
            self._closed, thread, self._thread = True, self._thread, None
        self._status.turn("closed")
        if thread is None:
            return
        if not thread.is_current:
            farewell = thread.run(self._line.close())
            concurrent.futures.wait([farewell], timeout=0.6)
        thread.stop(0.3)

    def __enter__(self) -> "Connection":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def arrived(self, action: Snapshot | Events | Gap | TicksFrame) -> None:
        """For the line: hand on what arrived."""
        if self._closed:
            return
        match action:
            case Events(first, last, payloads):
                self._on_events(first, last, payloads)
            case TicksFrame(ts, items):
                self._on_ticks(ts, items)
            case Snapshot(journal, epoch, reducer, seq, state):
                self._on_snapshot(journal, epoch, reducer, seq, state)
            case Gap(first, last):
                self._on_gap(first, last)

    def _wait_for(self, work: Coroutine[Any, Any, T], name: str, timeout_s: float) -> T:
        thread = self._thread
        if thread is None or thread.is_current:
            work.close()
            if thread is None:
                raise ConnectionLostError(f"{name} was not sent: this connection is closed; connect again")
            raise RefusedError(
                f"{name} from a callback would wait for itself; ask from another thread", code="thread"
            )
        try:
            future = thread.run(work)
        except RuntimeError:  # it was closed by another thread just now
            raise ConnectionLostError(
                f"{name} was not sent: this connection is closed; connect again"
            ) from None
        try:
            return future.result(
                2 * timeout_s + 0.5
            )  # the line keeps the time itself unless its thread is held up
        except TimeoutError:
            future.cancel()
            raise ConnectionLostError(f"no answer to {name}: a callback holds the connection up") from None
        except concurrent.futures.CancelledError:
            raise ConnectionLostError(
                f"{name}: the connection was closed; it may or may not have happened"
            ) from None


def _full_uri(uri: str) -> str:
    """The address with its path; ConfigError if it is none or would carry a token in clear."""
    url = urlsplit(uri)
    if url.scheme not in ("ws", "wss") or not url.hostname or url.query or url.username:
        raise ConfigError(f"{uri!r} is not a session's address such as ws://127.0.0.1:8765")
    if url.scheme == "ws" and not is_loopback(url.hostname):
        raise ConfigError(
            f"{uri}: a token would cross the network in clear; use wss:// or an SSH tunnel to 127.0.0.1"
        )
    return urlunsplit((url.scheme, url.netloc, "/ws" if url.path in ("", "/") else url.path, "", ""))
