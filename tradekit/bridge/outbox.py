"""What goes to one client next: a place in the shared ring, and the few frames that are its own.

Pure: the shell asks for the next frame, sends it, and fetches what `need` names.
Knows no socket and no journal.
"""

from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from tradekit.bridge.frames import GapFrame, encode_frame, events_frame, ticks_frame
from tradekit.bridge.limits import Limits
from tradekit.bridge.ring import Ring
from tradekit.bridge.topics import Topics

__all__ = ["NeedPage", "NeedSnapshot", "Outbox"]


class NeedSnapshot(msgspec.Struct, frozen=True):
    """Fetch the state and hand it to `put_snapshot`."""


class NeedPage(msgspec.Struct, frozen=True):
    """Fetch events after `since` from the journal and hand them to `put_page`."""

    since: int


class Outbox:
    """One client's way from where it stands to the ring's head.

    It starts at `since` (None: with a snapshot; a client with `topics` starts at the head instead). A client
    that has caught up and then falls behind beyond the limits gets a gap and, without topics, a snapshot.
    """

    def __init__(
        self, ring: Ring, limits: Limits, *, since: int | None = None, topics: Topics | None = None
    ) -> None:
        self.gaps = 0
        self._ring, self._limits, self._topics = ring, limits, topics
        self._resync = since is None and topics is None
        self._cursor = ring.head if since is None else since  # the last event looked at
        self._told = self._cursor  # the last event whose range went out
        self._following = False  # has caught up, so that the limits count
        self._own: deque[bytes] = deque()
        self._own_bytes = 0
        self._fetched: deque[tuple[bytes, int | None]] = deque()
        self._beat: bytes | None = None
        self._ticks: Mapping[str, bytes] = {}
        self._ticks_ts = 0

    @property
    def full(self) -> bool:
        """Whether the client has left its own answers lying beyond the limits."""
        return self._own_bytes > self._limits.queue_bytes or len(self._own) > self._limits.queue_frames

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be sent."""
        behind = self._resync or self._cursor < self._ring.head
        return not (behind or self._own or self._fetched or self._beat or self._ticks)

    def put(self, frame: bytes) -> None:
        """A frame for this client alone (welcome, answers)."""
        self._own.append(frame)
        self._own_bytes += len(frame)

    def put_beat(self, frame: bytes) -> None:
        """A beat; one that has not gone out yet is replaced."""
        self._beat = frame

    def put_ticks(self, ts: int, items: Mapping[str, bytes]) -> None:
        """Display ticks by key; those that have not gone out yet give way to newer ones of the same key."""
        self._ticks = {**self._ticks, **items} if self._ticks else items
        self._ticks_ts = ts

    def put_snapshot(self, seq: int, parts: Sequence[bytes]) -> None:
        """The state after event `seq` in frames, as `need` asked."""
        self._resync = False
        self._cursor = self._told = seq
        self._fetched.extend((part, None) for part in parts)

    def put_page(self, rows: Sequence[tuple[int, bytes, str]]) -> None:
        """Events from the journal (seq, envelope, subject) as `need` asked; none: a resync."""
        last = self._cursor
        group: list[bytes] = []
        size, told = 0, self._told
        for seq, payload, subject in rows:
            if seq != last + 1:
                break
            if self._topics is None or self._topics.match(subject):
                if group and size + len(payload) > self._limits.frame_bytes:
                    self._fetched.append((events_frame(told + 1, last, group), last))
                    told, group, size = last, [], 0
                group.append(payload)
                size += len(payload) + 1
            last = seq
        if last == self._cursor:
            self._lose()
            return
        if group:
            self._fetched.append((events_frame(told + 1, last, group), last))
        self._cursor = last

    @property
    def need(self) -> NeedSnapshot | NeedPage | None:
        """What the shell must fetch before events can go on; looked at when `next_frame` gave nothing."""
        if self._fetched:
            return None
        if self._resync:
            return NeedSnapshot()
        if self._cursor < self._ring.floor:
            return NeedPage(self._cursor)
        return None

    def next_frame(self) -> bytes | None:
        """The frame to send now, if any: own answers, then the beat, what was fetched, events, ticks."""
        if self._own:
            frame = self._own.popleft()
            self._own_bytes -= len(frame)
            return frame
        if self._beat is not None:
            return self._next_beat(self._beat)
        if self._fetched:
            frame, told = self._fetched.popleft()
            self._told = self._told if told is None else told
            return frame
        if not self._resync and self._cursor < self._ring.head:
            events = self._next_events()
            if events is not None:
                return events
            if self._own:  # a gap, just found
                return self.next_frame()
        if self._ticks:
            ticks, self._ticks = self._ticks, {}
            return ticks_frame(self._ticks_ts, list(ticks.values()))
        return None

    def _next_beat(self, beat: bytes) -> bytes:
        if self._told < self._cursor and not self._fetched and not self._resync:
            first, self._told = self._told + 1, self._cursor
            return events_frame(first, self._cursor, ())  # nothing matched, and the client shall know how far
        self._beat = None
        return beat

    def _next_events(self) -> bytes | None:
        if self._overdue():
            self._lose()
            return None
        while self._ring.floor <= self._cursor < self._ring.head:
            if self._topics is None:
                frame, self._cursor = self._ring.frame(self._cursor)
                self._told = self._cursor
            else:
                narrowed, self._cursor = self._ring.narrowed(self._cursor, self._topics, self._told)
                if narrowed is None:
                    continue
                frame, self._told = narrowed, self._cursor
            self._following = self._following or self._cursor == self._ring.head
            return frame
        self._following = self._following or self._cursor == self._ring.head
        return None

    def _overdue(self) -> bool:
        if not self._following:
            return self._ring.head - self._cursor > self._limits.resume_events
        if self._cursor < self._ring.floor:
            return True
        frames, size = self._ring.behind(self._cursor)
        return frames > self._limits.queue_frames or size > self._limits.queue_bytes

    def _lose(self) -> None:
        """Give up on the events up to the head: say so, and go on from there or from a snapshot."""
        self.gaps += 1
        self.put(encode_frame(GapFrame(self._told + 1, self._ring.head)))
        self._cursor = self._told = self._ring.head
        self._resync = self._topics is None
        self._following = self._topics is not None
