"""What this program would lift when it reads a journal: every type and version in it, and whether it can be read.

Nothing is written: journals are lifted on read and never rewritten. Knows no fact of the trade.
"""

from collections import Counter
from enum import StrEnum

import msgspec

from tradekit.core.codec import decode_fact
from tradekit.core.event import fact_class
from tradekit.core.journal import JournalReader
from tradekit.errors import JournalError

__all__ = ["Lift", "Reading", "readings"]


class Reading(StrEnum):
    """How this program reads a type of one version."""

    CURRENT = "current"  # as it is
    LIFTED = "lifted"  # by upcasters, on read
    UNKNOWN = "unknown"  # no such type here: kept whole, not folded
    NEWER = "newer"  # of a version from a newer tradekit: kept whole, and the journal is not written
    BROKEN = "broken"  # it cannot be read


class Lift(msgspec.Struct, frozen=True):
    """One type in one version: how many events, how they are read, up to which version, and what is wrong."""

    type: str
    v: int
    events: int
    reading: Reading
    to: int
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether this program can both read and write a journal with such events."""
        return self.reading in (Reading.CURRENT, Reading.LIFTED, Reading.UNKNOWN)


class _Head(msgspec.Struct, frozen=True, gc=False):
    seq: int
    type: str
    v: int
    data: msgspec.Raw


def readings(journal: JournalReader) -> list[Lift]:
    """Read every event as this program would, by type and version."""
    decode = msgspec.json.Decoder(_Head).decode
    counts: Counter[tuple[str, int]] = Counter()
    problems: dict[tuple[str, int], str] = {}
    for _, payload in journal.payloads():
        head = decode(payload)
        kind = (head.type, head.v)
        counts[kind] += 1
        if kind not in problems:
            try:
                decode_fact(head.type, head.v, head.data)
            except (JournalError, msgspec.MsgspecError) as error:
                problems[kind] = f"seq {head.seq}: {error}"
    return [_lift(*kind, count, problems.get(kind, "")) for kind, count in sorted(counts.items())]


def _lift(tag: str, v: int, events: int, problem: str) -> Lift:
    known = fact_class(tag)
    to = v if known is None else known.V
    if problem:
        reading = Reading.BROKEN
    elif known is None:
        reading = Reading.UNKNOWN
    else:
        reading = Reading.CURRENT if v == to else Reading.LIFTED if v < to else Reading.NEWER
    return Lift(tag, v, events, reading, to, problem)
