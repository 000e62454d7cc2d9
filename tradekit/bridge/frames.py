"""The bridge's frames as structs, and the few that are composed from bytes already encoded.

Knows neither sockets nor the meaning of an event: an event is bytes with a sequence number.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, field

from tradekit.core.redact import secrets
from tradekit.errors import ProtocolError

__all__ = [
    "PROTOCOL",
    "Ack",
    "Auth",
    "Beat",
    "ClientFrame",
    "CommandAsked",
    "ErrorFrame",
    "EventsFrame",
    "GapFrame",
    "Hello",
    "QueryAsked",
    "ResultFrame",
    "ServerFrame",
    "Since",
    "SnapshotPart",
    "TicksFrame",
    "Welcome",
    "encode_frame",
    "error_frame",
    "events_frame",
    "parse_client",
    "parse_server",
    "result_frame",
    "ticks_frame",
]

PROTOCOL = 1
"""The version both sides must speak."""

Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Pattern = Annotated[str, Meta(min_length=1, max_length=256)]


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a client stands: the last event it has, in which journal, told in which epoch."""

    journal: Annotated[str, Meta(max_length=128)]
    epoch: Seq
    seq: Seq


class Auth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="auth"):
    """The first message of a client that cannot set headers (a browser)."""

    token: Annotated[str, Meta(max_length=512)]

    def __repr__(self) -> str:
        return "Auth(token=***)"


class Hello(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="hello"):
    """What a client wants: to go on after `since`, or everything; all subjects, or some `topics`."""

    protocol: int
    since: Since | None = None
    topics: Annotated[list[Pattern], Meta(min_length=1)] | None = None


class CommandAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="command"):
    """Do this. `at_ms` is the server's clock as the sender estimates it [UTC ms]: delay counts as age."""

    id: Id
    name: Name
    args: dict[str, Any] = {}
    expires_s: Annotated[float, Meta(gt=0)] | None = None
    at_ms: Seq | None = None


class QueryAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="query"):
    """Tell me this, a page at a time; changes nothing."""

    id: Id
    name: Name
    args: dict[str, Any] = {}


ClientFrame = Auth | Hello | CommandAsked | QueryAsked


class Welcome(msgspec.Struct, frozen=True, tag_field="op", tag="welcome"):
    """Which journal this is and how far it has come; `resume`: whether the events after `since` follow."""

    protocol: int
    journal: str
    epoch: int
    seq: int
    reducer: int
    scopes: list[str]
    resume: bool


class SnapshotPart(msgspec.Struct, frozen=True, tag_field="op", tag="snapshot"):
    """One part of the state after event `seq`: a top-level path or a slice of one; parts count from 1."""

    seq: int
    part: int
    parts: int
    state: dict[str, Raw]


class EventsFrame(msgspec.Struct, frozen=True, tag_field="op", tag="events"):
    """The events of a range that the client asked for; the range is complete even where nothing is sent."""

    first: int = field(name="from")
    last: int = field(name="to")
    events: list[Raw]


class GapFrame(msgspec.Struct, frozen=True, tag_field="op", tag="gap"):
    """These events will not come; a snapshot follows, unless the client asked for topics."""

    first: int = field(name="from")
    last: int = field(name="to")


class Beat(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="op", tag="beat"):
    """The session is there: its last seq and its clock [UTC ns]. `alarm`: what is wrong with the session itself."""

    seq: int
    ts: int
    alarm: str = ""


class TicksFrame(msgspec.Struct, frozen=True, tag_field="op", tag="ticks"):
    """The latest display ticks by key, gathered at `ts` [UTC ns]; outside the log and never decided on."""

    ts: int
    items: list[dict[str, Any]]


class Ack(msgspec.Struct, frozen=True, tag_field="op", tag="ack"):
    """The command is journaled at `seq`."""

    id: str
    seq: int


class ErrorFrame(msgspec.Struct, frozen=True, tag_field="op", tag="error"):
    """The command or query `id` was not carried out; `code` is for programs, `message` for people."""

    id: str
    code: str
    message: str


class ResultFrame(msgspec.Struct, frozen=True, tag_field="op", tag="result"):
    """One page of an answer; `next` goes into the next query's args as `cursor`, null at the end."""

    id: str
    items: list[Raw]
    next: str | int | None = None


ServerFrame = (
    Welcome | SnapshotPart | EventsFrame | GapFrame | Beat | TicksFrame | Ack | ErrorFrame | ResultFrame
)

_client: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_server: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)
_json = msgspec.json.Encoder()


def parse_client(data: bytes, *, max_bytes: int = 65_536, max_depth: int = 16) -> ClientFrame:
    """A client's message; raises ProtocolError for anything too large, too deep or not of this protocol."""
    if len(data) > max_bytes:
        raise ProtocolError(f"a message of {len(data)} bytes is over the limit of {max_bytes}")
    try:
        frame = _client.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError(f"not a message of this protocol: {error}") from None
    if isinstance(frame, CommandAsked | QueryAsked) and not _shallow(frame.args, max_depth - 1):
        raise ProtocolError(f"a message is nested deeper than {max_depth} levels")
    return frame


def parse_server(data: bytes) -> ServerFrame:
    """A session's message; raises ProtocolError for anything that is not of this protocol."""
    try:
        return _server.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError(f"not a message of this protocol: {error}") from None


def encode_frame(frame: ClientFrame | ServerFrame) -> bytes:
    """Any frame as one JSON object."""
    return _json.encode(frame)


def error_frame(id: str, code: str, message: str) -> bytes:
    """The frame of an error, whose message may quote anything: secrets are blotted out."""
    return encode_frame(ErrorFrame(id, code, secrets.clean(message)))


def events_frame(first: int, last: int, payloads: Sequence[bytes]) -> bytes:
    """The frame of a range, joined from envelopes that are encoded already."""
    return b'{"op":"events","from":%d,"to":%d,"events":[%b]}' % (first, last, b",".join(payloads))


def ticks_frame(ts: int, items: Sequence[bytes]) -> bytes:
    """A frame of display ticks, each encoded already; `ts` in UTC ns."""
    return b'{"op":"ticks","ts":%d,"items":[%b]}' % (ts, b",".join(items))


def result_frame(id: str, items: Sequence[bytes], next: str | int | None) -> bytes:
    """A page of an answer, each item encoded already."""
    return b'{"op":"result","id":%b,"items":[%b],"next":%b}' % (
        _json.encode(id),
        b",".join(items),
        _json.encode(next),
    )


def _shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    if levels == 0:
        return False
    return all(_shallow(item, levels - 1) for item in (value.values() if isinstance(value, dict) else value))
