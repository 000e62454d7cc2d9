"""How many messages a channel may send, and what becomes of the rest: a ration of letters, a digest of what waited.

Pure: the time is handed in. Knows no channel and nothing of what a message says.
"""

from collections import Counter, deque
from collections.abc import Sequence

import msgspec

__all__ = ["Letter", "Message", "Ration"]

_SHOWN = 10  # texts in a digest
_KEPT = 200  # messages kept word for word; of older ones only the count by kind is left
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0
_MINUTE_S = 60.0


class Message(msgspec.Struct, frozen=True):
    """Something to tell: the number of the event behind it (0 for none), how grave (0 is least), its kind, its text."""

    seq: int
    rank: int
    kind: str
    text: str


class Letter(msgspec.Struct, frozen=True):
    """What is sent at once: one message, or a digest of several. `seq` is the last event in it, 0 for none."""

    seq: int
    rank: int
    kind: str
    text: str
    count: int


class Ration:
    """Messages that wait for a channel which may send so many letters a minute, a burst included.

    What waits longer goes as one digest, so nothing is left out without being counted. A letter that could not be sent
    stays, and is tried again after a pause that doubles, from 5 s to 5 min.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._tokens, self._filled_at = float(per_minute), 0.0
        self._waiting: list[Message] = []
        self._old: deque[str] = deque()  # kinds of those that are not kept any more, oldest first
        self._last = 0  # the last of their events
        self._gravest = 0
        self._pause, self._until = 0.0, 0.0
        self.sent = self.failed = 0

    @property
    def waiting(self) -> int:
        """Messages that have not been sent."""
        return len(self._waiting) + len(self._old)

    def add(self, message: Message) -> None:
        """Take a message."""
        self._waiting.append(message)
        if len(self._waiting) > _KEPT:
            old = self._waiting.pop(0)
            self._old.append(old.kind)
            self._last, self._gravest = max(self._last, old.seq), max(self._gravest, old.rank)

    def wait_s(self, now: float) -> float | None:
        """How long until a letter may be sent [s], 0 for now; None while there is none."""
        if not self.waiting:
            return None
        tokens = self._refilled(now)
        fill_s = 0.0 if tokens >= 1 else (1 - tokens) * _MINUTE_S / self._per_minute
        return max(fill_s, self._until - now, 0.0)

    def letter(self, *, now: float, last: bool = False) -> Letter | None:
        """The next letter, or None while none may be sent; `last`: everything that waits, whatever the ration says."""
        wait_s = self.wait_s(now)
        if wait_s is None or (wait_s > 0 and not last):
            return None
        if self._old or last or len(self._waiting) > int(self._refilled(now)):
            return self._digest() if self.waiting > 1 else _alone(self._waiting[0])
        return _alone(self._waiting[0])

    def told(self, letter: Letter, *, now: float) -> None:
        """The letter has been sent: what it holds waits no more."""
        self._tokens, self._filled_at = max(self._refilled(now) - 1, 0.0), now
        old = min(letter.count, len(self._old))  # while it was on its way, kept ones may have become old ones
        for _ in range(old):
            self._old.popleft()
        del self._waiting[: letter.count - old]
        if not self._old:
            self._last = self._gravest = 0
        self._pause = self._until = 0.0
        self.sent += letter.count

    def refused(self, *, now: float) -> None:
        """It could not be sent."""
        self._pause = min(2 * self._pause or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._until = now + self._pause
        self.failed += 1

    def _refilled(self, now: float) -> float:
        return min(self._per_minute, self._tokens + (now - self._filled_at) * self._per_minute / _MINUTE_S)

    def _digest(self) -> Letter:
        waiting = self._waiting
        kinds = Counter(self._old) + Counter(one.kind for one in waiting)
        named = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        grave = sorted(waiting, key=lambda one: -one.rank)[:_SHOWN]
        lines = [f"{self.waiting} messages: {named}", *_in_order(grave, waiting)]
        if self.waiting > len(grave):
            lines.append(f"and {self.waiting - len(grave)} more")
        seq = max(self._last, *(one.seq for one in waiting))
        rank = max(self._gravest, *(one.rank for one in waiting))
        return Letter(seq, rank, "digest", "\n".join(lines), self.waiting)


def _alone(message: Message) -> Letter:
    return Letter(message.seq, message.rank, message.kind, message.text, 1)


def _in_order(chosen: Sequence[Message], waiting: Sequence[Message]) -> list[str]:
    known = {id(one) for one in chosen}
    return [f"{one.kind}: {one.text}" for one in waiting if id(one) in known]
