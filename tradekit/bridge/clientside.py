"""The client's side of the bridge's protocol without any I/O: bytes go in, what arrived comes out.

Knows no socket, no thread, no clock and no replica.
"""

import msgspec

from tradekit.bridge.frames import (
    PROTOCOL,
    Ack,
    Beat,
    ErrorFrame,
    EventsFrame,
    GapFrame,
    Hello,
    ResultFrame,
    Since,
    SnapshotPart,
    TicksFrame,
    Welcome,
    encode_frame,
    parse_server,
)
from tradekit.bridge.slices import SnapshotParts
from tradekit.errors import ProtocolError

__all__ = ["ClientAction", "ClientSide", "Events", "Gap", "Incompatible", "Snapshot"]


class Snapshot(msgspec.Struct, frozen=True):
    """The whole state after event `seq`: the raw JSON of each top-level path."""

    journal: str
    epoch: int
    reducer: int
    seq: int
    state: dict[str, bytes]


class Events(msgspec.Struct, frozen=True):
    """Every event first..last that was asked for, as raw envelopes."""

    first: int
    last: int
    payloads: list[bytes]


class Gap(msgspec.Struct, frozen=True):
    """The events first..last will not come."""

    first: int
    last: int


class Incompatible(msgspec.Struct, frozen=True):
    """This client must not show numbers from that session."""

    reason: str


ClientAction = (
    Welcome | Snapshot | Events | Gap | TicksFrame | Beat | Ack | ErrorFrame | ResultFrame | Incompatible
)


class ClientSide:
    """One connection as its client sees it: checks that nothing is missing and says what arrived.

    `since` is where the replica stands; with `topics` there is no replica and no snapshot. `reducer` is the
    version of the fold that the replica runs, None if it runs none.
    """

    def __init__(
        self, *, since: Since | None = None, topics: list[str] | None = None, reducer: int | None = None
    ) -> None:
        self.since = since
        self.welcome: Welcome | None = None
        self.muted = False
        self.lost: Gap | None = None
        self._topics = topics
        self._reducer = reducer
        self._seq: int | None = None  # None while a snapshot is due
        self._parts: SnapshotParts | None = None

    def hello(self) -> bytes:
        """The first frame to send (after the token, if that is not in a header)."""
        return encode_frame(Hello(PROTOCOL, self.since, self._topics))

    @property
    def caught_up(self) -> bool:
        """Whether everything that had happened when the session welcomed this client has arrived."""
        return self.welcome is not None and self._seq is not None and self._seq >= self.welcome.seq

    def mute(self) -> None:
        """Let no state and no events through any more; commands, queries and beats go on."""
        self.muted = True

    def receive(self, data: bytes) -> ClientAction | None:
        """What arrived; None for a part of something. Raises ProtocolError when a rule is broken."""
        frame = parse_server(data)
        if self.welcome is None:
            if isinstance(frame, Welcome):
                return self._welcomed(frame)
            raise ProtocolError("the session did not begin with its welcome")
        if self.muted and isinstance(frame, SnapshotPart | EventsFrame | GapFrame | TicksFrame):
            return None
        if isinstance(frame, SnapshotPart):
            return self._part(frame, self.welcome)
        if isinstance(frame, EventsFrame):
            return self._events(frame, self.welcome)
        if isinstance(frame, GapFrame):
            return self._gap(frame)
        if isinstance(frame, Welcome):
            raise ProtocolError("the session sent a second welcome")
        return frame

    def _welcomed(self, frame: Welcome) -> Welcome | Incompatible:
        self.welcome = frame
        if frame.protocol != PROTOCOL:
            self.mute()
            return Incompatible(f"the session speaks protocol {frame.protocol}, this client {PROTOCOL}")
        if self._reducer is not None and frame.reducer != self._reducer:
            self.mute()
            return Incompatible(
                f"the session folds its state by version {frame.reducer}, this client by {self._reducer}; "
                "use the same version of tradekit on both sides"
            )
        if frame.resume:
            if self.since is None:
                raise ProtocolError("the session resumes where nothing was asked for")
            self._seq = self.since.seq
        elif self._topics is not None:
            self.lost = _lost(self.since, frame)
            self._seq = frame.seq
        else:
            self.since = None
        self._move(self._seq, frame)
        return frame

    def _part(self, frame: SnapshotPart, welcome: Welcome) -> Snapshot | None:
        if self._seq is not None:
            raise ProtocolError(f"a snapshot of seq {frame.seq} came without being due")
        if self._parts is None:
            self._parts = SnapshotParts(frame.seq, frame.parts)
        self._parts.take(frame)
        if not self._parts.complete:
            return None
        state, self._parts, self._seq = self._parts.state(), None, frame.seq
        self._move(frame.seq, welcome)
        return Snapshot(welcome.journal, welcome.epoch, welcome.reducer, frame.seq, state)

    def _events(self, frame: EventsFrame, welcome: Welcome) -> Events:
        if self._seq is None:
            raise ProtocolError(f"events {frame.first}..{frame.last} came before the snapshot they follow")
        if frame.first != self._seq + 1 or frame.last < frame.first:
            raise ProtocolError(f"events {frame.first}..{frame.last} do not follow {self._seq}")
        count, expected = len(frame.events), frame.last - frame.first + 1
        if count > expected or (self._topics is None and count != expected):
            raise ProtocolError(f"events {frame.first}..{frame.last} hold {count} events")
        self._seq = frame.last
        self._move(frame.last, welcome)
        return Events(frame.first, frame.last, [bytes(raw) for raw in frame.events])

    def _gap(self, frame: GapFrame) -> Gap:
        if self._seq is None or frame.first != self._seq + 1 or frame.last < frame.first:
            raise ProtocolError(f"a gap {frame.first}..{frame.last} does not follow {self._seq}")
        self._seq = None if self._topics is None else frame.last
        self.since = None
        self._move(self._seq, self.welcome)
        return Gap(frame.first, frame.last)

    def _move(self, seq: int | None, welcome: Welcome | None) -> None:
        if seq is not None and welcome is not None:
            self.since = Since(welcome.journal, welcome.epoch, seq)


def _lost(since: Since | None, welcome: Welcome) -> Gap | None:
    """What a client with topics misses when it is welcomed but not resumed."""
    if since is None:
        return None
    known = since.journal == welcome.journal and since.seq <= welcome.seq
    first = since.seq + 1 if known else 1
    return Gap(first, welcome.seq) if first <= welcome.seq else None
