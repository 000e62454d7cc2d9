"""The last events, framed once for every client: what clients that keep up are served from.

Knows no client; bounded by events and bytes, the oldest go first.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice

from tradekit.bridge.frames import events_frame
from tradekit.bridge.topics import Topics
from tradekit.errors import ProtocolError

__all__ = ["Batch", "Ring"]


_SHARED = 64  # wishes whose frames of one batch are remembered


class Batch:
    """Neighbouring events and their frame; `start` counts the frame bytes of all batches before it."""

    __slots__ = ("_narrowed", "first", "frame", "last", "payloads", "start", "subjects")

    def __init__(self, first: int, payloads: Sequence[bytes], subjects: Sequence[str], start: int) -> None:
        self.first = first
        self.last = first + len(payloads) - 1
        self.payloads = payloads
        self.subjects = subjects
        self.start = start
        self.frame = events_frame(first, self.last, payloads)
        self._narrowed: dict[tuple[Topics, int], bytes | None] = {}

    def narrowed(self, topics: Topics, told: int) -> bytes | None:
        """The frame of told+1..last with the events that match, None if none does; made once for all."""
        key = (topics, told)
        if key in self._narrowed:
            return self._narrowed[key]
        kept = [
            payload
            for seq, (payload, subject) in enumerate(
                zip(self.payloads, self.subjects, strict=True), self.first
            )
            if seq > told and topics.match(subject)
        ]
        frame = events_frame(told + 1, self.last, kept) if kept else None
        if len(self._narrowed) < _SHARED:
            self._narrowed[key] = frame
        return frame


class Ring:
    """The newest batches up to event `head`."""

    def __init__(self, head: int, *, events: int, size: int, frame_bytes: int) -> None:
        self.head = head
        self._events, self._size, self._frame_bytes = events, size, frame_bytes
        self._batches: list[Batch] = []
        self._lasts: list[int] = []
        self._end = 0

    @property
    def floor(self) -> int:
        """The ring holds every event after this one."""
        return self._batches[0].first - 1 if self._batches else self.head

    def add(self, first: int, payloads: Sequence[bytes], subjects: Sequence[str]) -> None:
        """Take the next events. After a hole the ring starts anew; events it has already are left out."""
        if len(payloads) != len(subjects):
            raise ProtocolError(f"{len(payloads)} events came with {len(subjects)} subjects")
        if first <= self.head:
            known = self.head + 1 - first
            first, payloads, subjects = self.head + 1, payloads[known:], subjects[known:]
        elif first > self.head + 1:
            self._batches, self._lasts = [], []
        start, size = 0, 0
        for i, payload in enumerate(payloads):
            if i > start and size + len(payload) > self._frame_bytes:
                self._append(first + start, payloads[start:i], subjects[start:i])
                start, size = i, 0
            size += len(payload) + 1
        if start < len(payloads):
            self._append(first + start, payloads[start:], subjects[start:])
        self._trim()

    def frame(self, seq: int) -> tuple[bytes, int]:
        """The frame of the events after `seq` (floor <= seq < head) and its last event.

        It is the shared frame for a client that keeps up; what queued while a write was under way is joined.
        """
        i = bisect_left(self._lasts, seq + 1)
        batch = self._batches[i]
        if seq < batch.first and batch.last == self.head:
            return batch.frame, batch.last
        payloads = list(batch.payloads[max(seq + 1 - batch.first, 0) :])
        for later in islice(self._batches, i + 1, None):
            if later.start + len(later.frame) - batch.start > self._frame_bytes:
                break
            payloads += later.payloads
        last = seq + len(payloads)
        return events_frame(seq + 1, last, payloads), last

    def narrowed(self, seq: int, topics: Topics, told: int) -> tuple[bytes | None, int]:
        """The next batch after `seq` for a client with topics: its frame, if any, and its last event."""
        batch = self._batches[bisect_left(self._lasts, seq + 1)]
        return batch.narrowed(topics, told), batch.last

    def behind(self, seq: int) -> tuple[int, int]:
        """How many frames and bytes lie between event `seq` (not below the floor) and the head."""
        if seq >= self.head:
            return 0, 0
        i = bisect_left(self._lasts, seq + 1)
        return len(self._batches) - i, self._end - self._batches[i].start

    def _append(self, first: int, payloads: Sequence[bytes], subjects: Sequence[str]) -> None:
        batch = Batch(first, payloads, subjects, self._end)
        self._batches.append(batch)
        self._lasts.append(batch.last)
        self._end += len(batch.frame)
        self.head = batch.last

    def _trim(self) -> None:
        drop = 0
        while drop < len(self._batches) - 1 and (
            self.head - self._batches[drop].first >= self._events
            or self._end - self._batches[drop].start > self._size
        ):
            drop += 1
        if drop:
            del self._batches[:drop], self._lasts[:drop]
