"""A session from the outside: its replica, its frames, its commands, over one connection.

Attached and detached without stopping anything. Knows no process and no dashboard.
"""

import http.client
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from tradekit.bridge.access import read_token_file
from tradekit.client.commands import Commands
from tradekit.client.connection import Connection
from tradekit.client.lives import life_of
from tradekit.client.notices import watch_paths
from tradekit.client.pages import read_page
from tradekit.client.replica import Replica, Watcher
from tradekit.client.view import Past, View
from tradekit.core.changes import OnChange
from tradekit.core.codec import decode_event
from tradekit.core.event import Event
from tradekit.errors import ConnectionLostError, RefusedError, VersionError
from tradekit.health.diagnosis import read_metrics
from tradekit.report.story import Story
from tradekit.report.trades import Method
from tradekit.state.reducer import REDUCER
from tradekit.state.shape import State

if TYPE_CHECKING:
    from tradekit.report.tradelog import TradeLog

__all__ = ["SessionClient", "read_token"]


class _Part(msgspec.Struct):
    path: str
    value: msgspec.Raw


class _Ticket(msgspec.Struct):
    ticket: str


class SessionClient(Commands, View):
    """A live view of a session, and the commands to it.

    Frames are current whenever they are read. Commands return the journal seq that they were recorded under; they
    raise RefusedError when the session says no and ConnectionLostError when it does not answer.
    """

    def __init__(
        self,
        uri: str | Callable[[], str],
        token: str | Callable[[], str],
        *,
        name: str = "",
        ca: str | Path | None = None,
        reconnect_cap_s: float = 5.0,
    ) -> None:
        self.replica = Replica()
        self._name = name
        self._ca = ca
        self.connection = Connection(
            uri,
            token,
            on_snapshot=self.replica.on_snapshot,
            on_events=self.replica.on_events,
            on_ticks=self.replica.on_ticks,
            on_status=self.replica.on_status,
            ca=ca,
            reducer=REDUCER,
            reconnect_cap_s=reconnect_cap_s,
        )
        self.replica.lag = lambda: self.connection.lag_s
        super().__init__(self.connection)
        self.connection.start()

    @classmethod
    def attach(
        cls,
        uri: str | Callable[[], str],
        token: str | Callable[[], str],
        *,
        timeout_s: float = 10.0,
        **options: Any,
    ) -> Self:
        """Connect and wait until the state is here.

        Raises RefusedError (token), VersionError (another tradekit) or ConnectionLostError (nobody there in time).
        """
        client = cls(uri, token, **options)
        status = client.connection.wait_settled(timeout_s)
        if status.name == "live" and client.replica.wait_for(lambda state: state.seq > 0, timeout_s):
            return client
        client.close()
        uri, reason = client.uri, status.reason or "no answer"
        if status.name == "refused":
            raise RefusedError(f"{uri} refused the connection: {reason}", code="token")
        if status.name == "incompatible":
            raise VersionError(f"{uri}: {reason}")
        raise ConnectionLostError(
            f"no session answers at {uri} ({reason}); `tradekit sessions` lists those that run"
        )

    # --- what it shows --------------------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        """Where the session is, or was last."""
        return self.connection.uri

    @property
    def name(self) -> str:
        """The session's name."""
        return self.replica.state.session.name or self._name

    @property
    def status(self) -> str:
        """How the connection is: connecting, live, stale, refused, incompatible or closed."""
        return self.replica.status

    @property
    def seq(self) -> int:
        """The journal's last event that is shown here."""
        return self.replica.seq

    @property
    def state(self) -> State:
        """The whole state; read it under `replica.lock` where it must hold still."""
        return self.replica.state

    @property
    def _held(self) -> AbstractContextManager[Any]:
        return self.replica.lock

    def at(self, when: "int | str | datetime") -> Past:
        """The session as it was: after event `when` (int), or at a session time (text or datetime, UTC by default).

        Raises RefusedError for a moment that the journal does not hold.
        """
        asked = when.isoformat() if isinstance(when, datetime) else when
        parts = [
            msgspec.json.decode(raw, type=_Part)
            for raw in self.connection.query_all("state_at", {"at": asked})
        ]
        fields = {part.path: part.value for part in parts}
        return Past(msgspec.json.decode(msgspec.json.encode(fields), type=State))

    def wait_for(self, predicate: Callable[[State], object], timeout_s: float = 10.0) -> bool:
        """Wait until `predicate(state)` is true, at most so long; whether it became true."""
        return self.replica.wait_for(predicate, timeout_s)

    def subscribe(self, pattern: str, callback: OnChange) -> Watcher:
        """Call `callback(change)` for every value at a path that fits, each time it has changed.

        "account.equity" is one value, "orders.*.status" one of each order, "positions" the whole of it. `change` has
        path, old, new and the event that did it (None after a gap, when a whole state came). Called on the connection's
        thread: be quick, and ask the session nothing there. Cancel what is returned to hear no more. Raises ConfigError
        for a bad pattern.
        """
        return watch_paths(self.replica, pattern, callback)

    def events(self, subject: str = ">", *, since: int = 0, until: int | None = None) -> Iterator[Event]:
        """The journal's events, oldest first, over the wire: page by page as they are read.

        subject  a pattern of subjects: "order.>", "order.filled.BTCUSDT"
        since    events after this seq; `until` is the last one

        Raises RefusedError for a bad pattern, ConnectionLostError when the session does not answer.
        """
        args = {"since": since, "subject": subject, **({} if until is None else {"until": until})}
        return map(decode_event, self.connection.query_all("events", args))

    def ticket(self, *scopes: str) -> str:
        """A token that opens one connection, within 30 s: for a page's own script. `scopes` are at most this client's.

        Raises RefusedError for a scope that this client lacks, ConnectionLostError when the session does not answer.
        """
        page = self.connection.query("ticket", {"scopes": list(scopes)})
        return msgspec.json.decode(page.items[0], type=_Ticket).ticket

    def why(self, order: str) -> Story:
        """Why an order exists and what became of it: what led to it, its life, its fills and their rules in words.

        Prints as lines, shows itself as a table in a notebook. Raises NotFoundError for an order that the journal
        does not have, ConnectionLostError when the session does not answer.
        """
        with self.replica.lock:
            known = self.state.orders.get(order)
            since, instrument = (known.intent, known.instrument) if known is not None else (0, "")
        return life_of(order, self.events, since=since, instrument=instrument)

    def trade_log(self, method: Method = "fifo") -> "TradeLog":
        """Every closed trade since the journal began, with its why, its fills and its slippage (docs/trade-log.md).

        The whole journal comes over the wire for it: of a long one, read the file with `tk.research.trade_log`. Raises
        ConnectionLostError when the session does not answer.
        """
        from tradekit.client.tradelog import trade_log

        return trade_log(self.events(), method=method)

    def declaration(self) -> list[dict[str, Any]]:
        """The running strategy's parameters as it declares them, a row each; see `strategy.declaration`."""
        return [msgspec.json.decode(raw) for raw in self.connection.query_all("parameters")]

    def indicators(self) -> list[dict[str, Any]]:
        """The running strategy's indicators that a chart can draw, a row each; see `indicators.study`."""
        return [msgspec.json.decode(raw) for raw in self.connection.query_all("indicators")]

    def vitals(self, *, timeout_s: float = 3.0) -> tuple[dict[str, Any], dict[str, float]]:
        """How the session's process is: its `/health`, and its `/metrics` by name (docs/metrics.md).

        The metrics are empty where monitoring.metrics is off. Raises ConnectionLostError when there is no answer.
        """
        try:
            pages = [
                read_page(self.uri, path, ca=self._ca, timeout_s=timeout_s)
                for path in ("/health", "/metrics")
            ]
            return msgspec.json.decode(pages[0]), read_metrics(pages[1])
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            why = str(error) or type(error).__name__
            raise ConnectionLostError(f"the pages at {self.uri} give no answer: {why}") from error

    @property
    def scopes(self) -> frozenset[str] | None:
        """What this client's token allows: "read", "operate", "trade"; None before the session has said so."""
        return self.connection.scopes

    # --- detaching ------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Detach; the session goes on."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        with self.replica.lock:
            state, risk = self.state, self.state.risk
            power = next((word for word in ("killed", "halted", "armed") if getattr(risk, word)), "disarmed")
            power = power if state.session.open else "ended"
            if risk.reason and power not in ("armed", "ended"):
                power = f"{power} ({risk.reason})"
            account, alarm = state.account, self.replica.alarm
            return (
                f"<Session {self.name} {state.session.mode} {power}, {self.status}, #{state.seq:,}, "
                f"equity {account.equity:,.2f} {account.currency}{f'; {alarm}' if alarm else ''}>"
            )


def read_token(path: str | Path) -> Callable[[], str]:
    """A reader of a session's token file, asked at each attempt to connect.

    It raises ConnectionLostError when there is none (a session takes its file with it), ConfigError when it cannot
    be read or others may read it.
    """
    file = Path(path)

    def read() -> str:
        if not file.exists():
            raise ConnectionLostError(f"the session is not running: its token file {file} is gone")
        return read_token_file(file)

    return read
