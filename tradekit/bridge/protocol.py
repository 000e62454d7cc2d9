"""The session's side of the bridge's protocol without any I/O: bytes go in, actions come out.

Knows no socket, no thread and no clock: the shell passes times in.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

import msgspec

from tradekit.bridge.frames import (
    PROTOCOL,
    Auth,
    ClientFrame,
    CommandAsked,
    Hello,
    QueryAsked,
    Since,
    error_frame,
    parse_client,
)
from tradekit.bridge.limits import Limits
from tradekit.bridge.topics import Topics
from tradekit.errors import ProtocolError

__all__ = [
    "SCOPES",
    "Close",
    "CloseCode",
    "Command",
    "Grant",
    "Query",
    "Send",
    "ServerSide",
    "Start",
    "may_resume",
    "scope_of",
]

SCOPES: dict[str, frozenset[str]] = {
    "read": frozenset(),
    "operate": frozenset(
        {"halt", "disarm", "cancel", "cancel_all", "flatten", "kill", "stop", "snapshot", "reconcile"}
    ),
    "trade": frozenset({"arm", "set_param", "submit", "replace", "resolve", "claim", "swap"}),
}
"""Which commands each scope allows. `read`, which every token has, allows subscriptions and queries."""

_STOPPING = frozenset(
    {"halt", "kill", "disarm", "stop"}
)  # never refused for others' rate, nor for having been long on their way


class CloseCode(int, Enum):
    """Why the server closed (WebSocket's private range; each reads like its HTTP cousin)."""

    BROKEN = 4400
    TOKEN = 4401
    LATE = 4408
    INCOMPATIBLE = 4426


class Grant(msgspec.Struct, frozen=True):
    """Who a token speaks for and what it allows.

    minted     the hash of a token that can be revoked, else ""
    by_ticket  whether a ticket, minted by a client with that token, was shown in its place
    """

    user: str
    scopes: frozenset[str]
    minted: str = ""
    by_ticket: bool = False


class Send(msgspec.Struct, frozen=True):
    """Send this frame to the peer."""

    frame: bytes


class Start(msgspec.Struct, frozen=True):
    """The client is known and says what it wants: welcome it and let the events flow."""

    since: Since | None
    topics: Topics | None


class Command(msgspec.Struct, frozen=True):
    """A command that its sender may give; worthless after `deadline` [s on the process's monotonic clock]."""

    id: str
    name: str
    args: dict[str, Any]
    user: str
    deadline: float


class Query(msgspec.Struct, frozen=True):
    """A question that its sender may ask."""

    id: str
    name: str
    args: dict[str, Any]


class Close(msgspec.Struct, frozen=True):
    """Close the connection, saying why."""

    code: CloseCode
    reason: str


def scope_of(command: str) -> str | None:
    """The scope a command needs, or None if there is no such command."""
    return next((scope for scope, names in SCOPES.items() if command in names), None)


def may_resume(since: Since | None, *, journal: str, epoch: int, seq: int, limit: int) -> bool:
    """Whether a client that stands at `since` may be told the events after it, rather than the whole state.

    `seq` is the last event there is, `limit` how many events are still cheaper than a snapshot. For a client
    of an earlier epoch the shell must also look whether the event it stands at is the one in the journal.
    """
    return (
        since is not None
        and since.journal == journal
        and since.epoch <= epoch
        and since.seq <= seq
        and seq - since.seq <= limit
    )


class _Bucket:
    """A rate: `per_s` tokens a second, at most `burst` saved up."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._tokens, self._at = burst, 0.0

    def take(self, now: float) -> bool:
        self._tokens = min(self._burst, self._tokens + max(now - self._at, 0.0) * self._per_s)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class _Phase(Enum):
    AUTH = "its token"
    HELLO = "its hello"
    LIVE = "commands and queries"
    CLOSED = "nothing"


class ServerSide:
    """What one client may do next. Without a `grant` its first message must be a token that `check` knows."""

    def __init__(
        self,
        *,
        limits: Limits,
        grant: Grant | None = None,
        check: Callable[[str], Grant | None] = lambda token: None,
    ) -> None:
        self.grant = grant
        self._check = check
        self._limits = limits
        self._phase = _Phase.HELLO if grant else _Phase.AUTH
        self._requests = _Bucket(limits.requests_per_s, limits.requests_per_s * 2)
        self._stops = _Bucket(limits.requests_per_s, limits.requests_per_s * 2)

    @property
    def live(self) -> bool:
        """Whether the client has said hello."""
        return self._phase is _Phase.LIVE

    def receive(
        self, data: bytes, *, now: float, now_ms: int
    ) -> Send | Start | Command | Query | Close | None:
        """What to do about a message; raises ProtocolError when the client breaks the protocol.

        `now` is the process's monotonic clock [s], `now_ms` its wall clock [UTC ms].
        """
        frame = parse_client(data, max_bytes=self._limits.message_bytes, max_depth=self._limits.depth)
        if self._phase is _Phase.AUTH and isinstance(frame, Auth):
            return self._auth(frame)
        if self._phase is _Phase.HELLO and isinstance(frame, Hello):
            return self._hello(frame)
        if self._phase is _Phase.LIVE and isinstance(frame, CommandAsked | QueryAsked):
            return self._request(frame, now, now_ms)
        raise ProtocolError(f"a message {_op(frame)!r} came while waiting for {self._phase.value}")

    def _auth(self, frame: Auth) -> Close | None:
        self.grant = self._check(frame.token)
        if self.grant is None:
            self._phase = _Phase.CLOSED
            return Close(CloseCode.TOKEN, "this session does not know the token; read its token file again")
        self._phase = _Phase.HELLO
        return None

    def _hello(self, frame: Hello) -> Start | Close:
        if frame.protocol != PROTOCOL:
            self._phase = _Phase.CLOSED
            reason = (
                f"the session speaks protocol {PROTOCOL}, not {frame.protocol}; use its version of tradekit"
            )
            return Close(CloseCode.INCOMPATIBLE, reason)
        if frame.topics is not None and len(frame.topics) > self._limits.topics:
            raise ProtocolError(f"{len(frame.topics)} topics are over the limit of {self._limits.topics}")
        topics = None if frame.topics is None else Topics(frame.topics)
        self._phase = _Phase.LIVE
        return Start(frame.since, topics)

    def _request(self, frame: CommandAsked | QueryAsked, now: float, now_ms: int) -> Send | Command | Query:
        bucket = self._stops if frame.name in _STOPPING else self._requests
        if not bucket.take(now):
            per_s = self._limits.requests_per_s
            return _error(frame.id, "rate", f"more than {per_s:g} requests a second; wait and ask again")
        if isinstance(frame, QueryAsked):
            return Query(frame.id, frame.name, frame.args)
        return self._command(frame, now, now_ms)

    def _command(self, frame: CommandAsked, now: float, now_ms: int) -> Send | Command:
        grant, scope = self.grant, scope_of(frame.name)
        if scope is None:
            return _error(frame.id, "unknown", f"there is no command {frame.name!r}")
        if grant is None or scope not in grant.scopes:
            return _error(
                frame.id, "scope", f"{frame.name} needs the scope {scope!r}, which this token lacks"
            )
        expires = min(frame.expires_s or self._limits.expires_s, self._limits.expires_s)
        known = frame.at_ms is not None and frame.name not in _STOPPING
        age = max(now_ms - (frame.at_ms or 0), 0) / 1000 if known else 0.0
        if age >= expires:
            return _error(
                frame.id, "expired", f"{frame.name} arrived {age:.1f} s after it was given; nothing was done"
            )
        return Command(frame.id, frame.name, frame.args, grant.user, now + expires - age)


def _error(id: str, code: str, message: str) -> Send:
    return Send(error_frame(id, code, message))


def _op(frame: ClientFrame) -> str:
    return str(frame.__struct_config__.tag)
